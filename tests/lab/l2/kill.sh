# SPDX-License-Identifier: GPL-2.0
# Works until it is told to end, or is killed.

gpu_load
gpu_check
touch /out/at-work
rounds=1
while [ ! -e /out/last ]; do
	gpu_check
	rounds=$((rounds + 1))
done
note "$rounds rounds of work"
