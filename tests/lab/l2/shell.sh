# SPDX-License-Identifier: GPL-2.0
# A shell on the third serial line, which L1's command `l2` leads to.

gpu_load
export PS1='l2# '
while :; do
	setsid sh -c 'stty sane -F /dev/ttyS2; exec sh -i < /dev/ttyS2 > /dev/ttyS2 2>&1' \
		< /dev/null
done
