# SPDX-License-Identifier: GPL-2.0
# The folders that L0 shares with L1, and what is written there all the time.

shares_up() {
	load share
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose root /mnt
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none out /out
	# The root share is read-only and shows L0's own folders; programs in it need these from here.
	for folder in /dev /proc /sys /tmp; do
		mount --rbind "$folder" "/mnt$folder"
	done
	mount --bind /out /mnt/srv
	# Starts with the oldest message that the kernel still has.
	cat /dev/kmsg > /out/l1.kmsg &
	shares_log=$!
	alive /out/l1.alive &
	shares_alive=$!
}

# The driver of these shares does not outlive a suspend.
shares_down() {
	kill "$shares_log" "$shares_alive"
	wait "$shares_log" "$shares_alive"
	sync
	umount /mnt/srv
	for folder in /dev /proc /sys /tmp; do
		umount -l "/mnt$folder"
	done
	umount /mnt /out && rmmod 9p 9pnet_virtio
}
