# SPDX-License-Identifier: GPL-2.0
# Guests: each is a QEMU in the root share, run and watched by the runner's own program.

# guest_start NUMBER VGPU [ARGUMENT...]: runs guest NUMBER to its end; ARGUMENTs are the runner's.
guest_start() {
	guest_number=$1
	guest_vgpu=$2
	guest_port=$((7000 + guest_number))
	shift 2
	set -- "$@" --name "l2-$guest_number" --out /srv \
		--vgpu "/sys/bus/mdev/devices/$(vgpu_uuid "$guest_vgpu")" \
		--kernel "$GUEST_KERNEL" --initrd "$RUN/l2.initrd" --append "$GUEST_ARGS" \
		--limit "$GUEST_LIMIT" --stall "$GUEST_STALL" --restarts "$GUEST_RESTARTS"
	[ -z "$GUEST_RESUMES" ] || set -- "$@" --resume
	[ -z "$GUEST_SCREEN" ] || set -- "$@" --screen
	# The disk with programs, passed on to the guest.
	load disk && [ -b /dev/vda ] && set -- "$@" --disk /dev/vda
	[ -n "$SHELL_WANTED" ] && set -- "$@" --shell-port "$guest_port"
	chroot /mnt "$LAB" supervise "$@"
}

# guests_run: ROUNDS rounds of GUESTS guests at once, on vGPUs that stay.
guests_run() {
	number=0
	for round in $(seq "$ROUNDS"); do
		pids=
		for slot in $(seq "$GUESTS"); do
			number=$((number + 1))
			guest_start "$number" "$slot" > "/out/l2-$number.supervise.log" 2>&1 &
			pids="$pids $number:$!"
		done
		for pair in $pids; do
			check "guest ${pair%:*} ran (round $round)" wait "${pair#*:}"
		done
	done
	note "guests are done after $(uptime_s) s"
}

# nested_run: the whole life of a vendor driver around the guests.
nested_run() {
	vendor_load
	if vgpus_create "$GUESTS"; then
		guests_run
		vgpus_remove "$GUESTS"
	fi
	vendor_unload
}
