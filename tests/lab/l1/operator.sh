# SPDX-License-Identifier: GPL-2.0
# What an operator has of vGPUs beside sysfs: mdevctl, rgvt-top, tracepoints.

EVENTS=/sys/kernel/tracing/events/rgvt
TRACE=/sys/kernel/tracing/trace
OPERATOR_UUID=22222222-2222-3333-4444-000000000001
OPERATOR_DEVICE=/sys/bus/mdev/devices/$OPERATOR_UUID

# The beginning of a command that runs a program of the root share.
OUTSIDE="env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LC_ALL=C.UTF-8 chroot /mnt"

outside() {
	$OUTSIDE "$@"
}

# shows EXPRESSION: of what rgvt-top said last, in Python; v is the only vGPU, if there is one.
shows() {
	outside python3 -c "
import json, sys
said = [json.loads(line)['vgpus'] for line in open('/tmp/top.json') if line.endswith('\n')]
last = said[-1]
v = last[0] if len(last) == 1 else None
sys.exit(not ($1))"
}

top_once() {
	outside python3 /rgvt/scripts/rgvt-top --once --json --interval 0.2 > /tmp/top.json
}

attribute_is() { # NAME VALUE
	[ "$(cat "$OPERATOR_DEVICE/rgvt/$1")" = "$2" ]
}

mdevctl_checks() {
	# What it is told to keep goes there, and the root share cannot be written.
	mount -t tmpfs etc /mnt/etc/mdevctl.d
	mdevctl_type=$(vgpu_type 1)
	mdevctl_type=${mdevctl_type##*/}
	outside mdevctl types > /tmp/types
	check "mdevctl shows the type" grep -q "  $mdevctl_type\$" /tmp/types
	check "mdevctl defines a vGPU" \
		outside mdevctl define --uuid "$OPERATOR_UUID" --parent 0000:00:02.0 --type "$mdevctl_type"
	check "mdevctl keeps an attribute" \
		outside mdevctl modify --uuid "$OPERATOR_UUID" --addattr rgvt/weight --value 20
	check "mdevctl keeps another" \
		outside mdevctl modify --uuid "$OPERATOR_UUID" --addattr rgvt/cap --value 50
	check "mdevctl starts it" outside mdevctl start --uuid "$OPERATOR_UUID"
	check "it is there" test -d "$OPERATOR_DEVICE/rgvt"
	check "it has the attributes" eval "attribute_is weight 20 && attribute_is cap 50"
	outside mdevctl list > /tmp/list
	check "mdevctl lists it" grep -q "^$OPERATOR_UUID 0000:00:02.0 $mdevctl_type" /tmp/list
	top_once
	check "rgvt-top shows it" shows "v['uuid'] == '$OPERATOR_UUID' and v['weight'] == 20 and v['cap'] == 50"
	check "mdevctl stops it" outside mdevctl stop --uuid "$OPERATOR_UUID"
	check "it is gone" wait_for 10 test ! -e "$OPERATOR_DEVICE"
	check "mdevctl is told to keep a value that is out of bounds" \
		outside mdevctl modify --uuid "$OPERATOR_UUID" --addattr rgvt/weight --value 0
	outside mdevctl start --uuid "$OPERATOR_UUID" 2> /tmp/error && not_ok "a bad value: starts all the same"
	note "mdevctl, with a value that is out of bounds: $(cat /tmp/error)"
	check "mdevctl has taken back what it cannot set up" wait_for 10 test ! -e "$OPERATOR_DEVICE"
	check "mdevctl forgets it" outside mdevctl undefine --uuid "$OPERATOR_UUID"
	umount /mnt/etc/mdevctl.d
}

top_checks() {
	check "rgvt-top runs without a vGPU" top_once
	check "it shows none" shows "last == []"
	rm /tmp/top.json
	$OUTSIDE python3 /rgvt/scripts/rgvt-top --json --interval 0.3 > /tmp/top.json 2> /tmp/top.error &
	top_pid=$!
	# It takes the emulated CPU seconds to begin.
	check "rgvt-top begins" wait_for 30 test -s /tmp/top.json
	vfio_across sleep 5
	check "rgvt-top sees a vGPU come" shows "any(said)"
	check "rgvt-top sees it work" shows "any((v['engines']['rcs0']['busy_percent'] or 0) > 0 for vs in said for v in vs)"
	check "rgvt-top sees its user" shows "any('vfio-check' in v['user'] for vs in said for v in vs)"
	check "rgvt-top sees what it has pinned" shows "any(v['pinned_mib'] > 0 for vs in said for v in vs)"
	check "rgvt-top sees it go" wait_for 10 shows "last == []"
	kill "$top_pid"
	wait "$top_pid"
	check "rgvt-top has nothing to complain of" test ! -s /tmp/top.error
}

# vfio_across COMMAND...: runs it while a vGPU is at work.
vfio_across() {
	include "vfio-check" 100 vfio-check --module "$DRIVER" across -- "$@"
}

# in_order ENGINE EVENTS: a piece of work of the engine has these events in the trace, in this order, and
# no others.
in_order() {
	awk -v engine="engine=$1" -v wanted="$2" '
	/^[^#]/ && index($0, engine) {
		match($0, /rgvt_workload_[a-z]*/)
		event = substr($0, RSTART + 14, RLENGTH - 14)
		match($0, /vgpu=[0-9]*/)
		vgpu = substr($0, RSTART, RLENGTH)
		match($0, /ticket=[0-9]*/)
		piece = vgpu substr($0, RSTART, RLENGTH)
		events[piece] = events[piece] (events[piece] == "" ? "" : " ") event
	}
	END {
		for (piece in events) if (events[piece] == wanted) found = 1
		exit !found
	}' "$TRACE"
}

# all_end: of each piece of work in the trace one end is told, and nothing after that.
all_end() {
	awk '
	/^[^#]/ && match($0, /rgvt_workload_[a-z]*/) {
		event = substr($0, RSTART + 14, RLENGTH - 14)
		match($0, /vgpu=.*ticket=[0-9]*/)
		piece = substr($0, RSTART, RLENGTH)
		if (ended[piece]) bad = 1
		ended[piece] = event ~ /^(done|refused|reset|cancelled)$/
	}
	END {
		for (piece in ended) { count++; if (!ended[piece]) bad = 1 }
		exit bad || count == 0
	}' "$TRACE"
}

traced() { # CHECK: of vfio-check
	echo > "$TRACE"
	include "vfio-check" 60 vfio-check --module "$DRIVER" device --only "$1"
}

trace_checks() {
	check "the kernel knows the tracepoints" test -e "$EVENTS/rgvt_workload_queued/format"
	traced submit/rcs
	check "nothing is traced at first" eval "! grep -q rgvt_ $TRACE"
	echo 1 > "$EVENTS/enable"
	traced submit/rcs
	check "the life of a piece of work" in_order rcs0 "queued prepared started left done"
	note "$(grep rgvt_ "$TRACE" | head -n 5)"
	traced submit/vecs
	check "the engine has its name" in_order vecs0 "queued prepared started left done"
	traced submit/unknown-command
	check "work that is refused" in_order rcs0 "queued refused"
	traced submit/reset-meanwhile
	check "the end of work whose guest resets the engine" all_end
	echo 0 > "$EVENTS/enable"
	traced submit/rcs
	check "nothing is traced afterwards" eval "! grep -q rgvt_ $TRACE"
}

gpu_load
vendor_load
top_checks
mdevctl_checks
trace_checks
vendor_unload
check "rgvt-top runs without the module" top_once
check "it shows none" shows "last == []"
gpu_unload
