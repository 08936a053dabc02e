# SPDX-License-Identifier: GPL-2.0
# A shell on the third serial line; under a vendor driver a guest runs meanwhile.

gpu_load
if [ "$DRIVER" != native ]; then
	vendor_load
	vgpus_create "$GUESTS"
	for slot in $(seq "$GUESTS"); do
		guest_start "$slot" "$slot" > "/out/l2-$slot.supervise.log" 2>&1 &
	done
fi
export DRIVER DEVICE LAB RUN PS1='l1# ' ENV=/lab/shell-rc.sh
setsid sh -c 'stty sane -F /dev/ttyS2; exec sh -i < /dev/ttyS2 > /dev/ttyS2 2>&1' \
	< /dev/null
