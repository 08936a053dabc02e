# SPDX-License-Identifier: GPL-2.0
# The disk with programs that have their own C library, in L1 and in guests alike.

# image_mount FOLDER: makes the root on the disk ready there.
image_mount() {
	load disk || return
	mkdir -p "$1"
	mount -t squashfs -o ro /dev/vda "$1" || return
	for image_folder in /dev /proc /sys /out; do
		mount --rbind "$image_folder" "$1$image_folder" || return
	done
	mount -t tmpfs tmp "$1/tmp" || return
}

# monitors_detect: has i915 look for monitors, and for their modes, as it would have done by now with a console on one.
monitors_detect() {
	for monitors_status in /sys/class/drm/card*-DP-*/status; do
		[ ! -e "$monitors_status" ] || echo detect > "$monitors_status"
	done
}
