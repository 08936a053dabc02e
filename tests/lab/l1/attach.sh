# SPDX-License-Identifier: GPL-2.0
# rgvt.ko attaches to i915 and detaches from it, as often as one likes, or says in one line why not.

# The tree is part of the root share.
RGVT=/mnt/rgvt/rgvt.ko
SLOT=0000:00:02.0
I915=/sys/bus/pci/drivers/i915

# Begins a new stretch of the kernel's log; what was said before stays for the judge of dmesg.
mark() {
	dmesg -c > /tmp/said
}

# said TEXT: the stretch that the last mark ended has it.
said() {
	grep -qF "$1" /tmp/said
}

# refuses WHAT ERROR TEXT: loading fails with the error, and the log has the text in the module's only line
# of each attempt.
refuses() {
	mark
	insmod "$RGVT" 2> /tmp/error && not_ok "$1: does not load"
	mark
	note "$1: $(cat /tmp/error); $(grep 'rgvt: ' /tmp/said | head -n 1)"
	check "$1: errno" grep -q "$2" /tmp/error
	check "$1: says why" said "$3"
	check "$1: says no more" test "$(grep 'rgvt: ' /tmp/said | grep -v taint | grep -vcF "$3")" = 0
}

# types_show SUFFIX MODE: the types whose name ends like this have monitors of that mode.
types_show() {
	for type in "$GPU"/mdev_supported_types/*_"$1"; do
		grep -qx "resolution: $2" "$type/description" || return
	done
}

# monitor_loads MODE: the module loads with the wish for such a monitor; what it said is in the last stretch.
monitor_loads() {
	mark
	insmod "$RGVT" mode_width="${1%x*}" mode_height="${1#*x}" || return
	mark
}

attach_rounds() {
	for _ in $(seq 10); do
		mark
		insmod "$RGVT" || return
		rmmod i915 2> /dev/null && return 1
		rmmod rgvt || return
		mark
		said "$SLOT: attached" && said "$SLOT: detached" || return
	done
}

types_offered() {
	[ -d "$GPU/mdev_supported_types" ]
}

types_missing() {
	! types_offered
}

# What the module learns of the engines when it attaches, as virtual GPUs meet it.
engines_are_known() {
	for what in restores-with-the-host has-the-hosts-registers overtakes; do
		include "$1" 60 vfio-check --module rgvt --no-kvm device --only "submit/$what"
	done
}

i915_leaves() {
	echo $SLOT > $I915/unbind
}

i915_comes() {
	echo $SLOT > $I915/bind
}

# waits WHEN: the module loads while i915 drives no GPU, and says in its only line that it waits for one.
waits() {
	check "$1: i915 leaves" i915_leaves
	mark
	check "$1: loads" insmod "$RGVT"
	mark
	note "$1: $(grep 'rgvt: ' /tmp/said | tail -n 1)"
	check "$1: says that it waits" said "rgvt: waiting for a GPU, as i915 drives none"
	check "$1: offers nothing" types_missing
}

# i915 comes and goes at once, or after a while.
rebind_rounds() {
	for pause in 0 0 0.02 0.05 0.1; do
		i915_leaves && i915_comes && sleep "$pause" || return
	done
}

check "KVM loads" load kvm
check "VFIO loads" load vfio
check "i915 loads without GVT" load i915 enable_gvt=0 enable_guc=0
refuses "without enable_gvt" "not permitted" "GVT is not enabled"
waits "waits without enable_gvt"
check "an unfit GPU comes" i915_comes
mark
check "says why it is unfit" said "$SLOT: not attached: GVT is not enabled"
check "says so once" test "$(grep -c 'rgvt: ' /tmp/said)" = 1
check "offers no types" types_missing
check "unloads" rmmod rgvt
check "i915 leaves" i915_leaves
i915_comes &
binds=$!
sleep 0.1
refuses "while i915 probes an unfit GPU" "not permitted" "GVT is not enabled"
wait "$binds"
gpu_unload

gpu_load
check "attaches and detaches 10 times while i915 stays" attach_rounds

check "loads with another monitor" monitor_loads 1366x768
check "a type that can have it has it" types_show 4 1366x768
check "a type that cannot has its own" types_show 8 1024x768
check "unloads" rmmod rgvt
check "loads with a monitor that no type can have" monitor_loads 600x400
check "says that no type can have it" said "no virtual GPU can have a monitor of 600x400: mode_width and mode_height are ignored, set them from 640x480 to 2560x1600"
check "the types have their own" eval "types_show 4 1920x1200 && types_show 8 1024x768"
check "unloads" rmmod rgvt

# picture_shown: i915 shows a picture that reaches into the virtual GPUs' part of the aperture, until wide.shown is gone.
picture_shown() {
	[ -e /tmp/wide/wide.shown ]
}

check "loads" insmod "$RGVT"
mkdir /tmp/wide
i915-check wide --camera /tmp/wide > /tmp/wide/tap &
picture=$!
check "the host shows a wide picture" wait_for 60 picture_shown
vgpus_create 2 && vgpus_remove 2
rm -f /tmp/wide/wide.shown
check "the picture was shown all the time" wait "$picture"
for console in /sys/class/vtconsole/vtcon*; do
	case $(cat "$console/name") in
	*"frame buffer"*) echo 0 > "$console/bind" ;;
	esac
done
i915_leaves
mark
check "detaches when i915 leaves the GPU" said "$SLOT: detached"
i915_comes
check "attaches when i915 comes back" types_offered
mark
check "says so" said "$SLOT: attached"
engines_are_known "i915 came back"
mark
include "a guest has work" 60 vfio-check --module rgvt --no-kvm unbind
mark
check "detaches from a GPU with work" said "$SLOT: detached"
check "i915 comes back after that" i915_comes
engines_are_known "i915 left a GPU with work"
check "i915 comes and goes 5 times" rebind_rounds
check "attaches when i915 stays" types_offered
gpu_check
check "i915 leaves" i915_leaves
check "i915 comes back" i915_comes
check "unloads at once" rmmod rgvt
check "i915 leaves" i915_leaves
i915_comes &
binds=$!
sleep 0.1
check "loads while i915 probes the GPU" insmod "$RGVT"
check "the types are there when it has loaded" types_offered
wait "$binds"
engines_are_known "loaded while i915 probed"
check "unloads" rmmod rgvt
waits "without a GPU"
check "unloads while it waits" rmmod rgvt
check "i915 comes when nobody waits" i915_comes
check "offers no types" types_missing
waits "without a GPU again"
check "i915 comes" i915_comes
check "the types are there when i915 has come" types_offered
mark
check "says that it is attached" said "$SLOT: attached"
vgpus_create 1 && vgpus_remove 1
engines_are_known "loaded before i915 came"
check "i915 leaves" i915_leaves
check "no types are left" types_missing
check "i915 comes back" i915_comes
check "the types are there again" types_offered
check "i915 leaves once more" i915_leaves
i915_comes &
binds=$!
sleep 0.1
check "unloads while i915 probes the GPU" rmmod rgvt
wait "$binds"
check "no types are left behind" types_missing
gpu_check
gpu_unload
