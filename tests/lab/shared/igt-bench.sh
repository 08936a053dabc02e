# SPDX-License-Identifier: GPL-2.0
# IGT's benchmarks, in L1 and in guests alike. What they print is read by bench-table (tests/bench/src/igt.rs).

# igt_benchmark PROGRAM/WHAT [ARGUMENT...]: runs one, which prints what it measured, once for each time it did.
igt_benchmark() {
	igt_what=$1
	igt_begun=$(uptime_s)
	shift
	HOME=/tmp timeout 90 chroot /igt "$IGT_PROGRAMS/benchmarks/${igt_what%%/*}" "$@" > /tmp/benchmark 2> /tmp/benchmark.err
	igt_status=$?
	igt_figure=$(grep -v '^Opened device: ' /tmp/benchmark | tr '\n' ' ')
	# What it has printed nevertheless is no figure.
	[ "$igt_status" = 0 ] || igt_figure="status $igt_status"
	note "igt: $igt_what: $igt_figure"
	note "$igt_what: from $igt_begun to $(uptime_s) s"
	check "$igt_what ends well (status $igt_status)" test "$igt_status" = 0
	check "$igt_what has measured" test -n "$igt_figure"
	[ "$igt_status" = 0 ] || cat /tmp/benchmark /tmp/benchmark.err > "/out/$(echo "$igt_what" | tr / -).log"
}

# igt_benchmarks: a choice of them (Documentation/bench.rst). Each measures for two seconds, or until it has done the
# thousand that some do at least. Those that take no longer do it twice.
igt_benchmarks() {
	note "igt: begun"
	check "IGT's root is mounted" igt_mount || return
	# Empty batches: in one context, waited for, in two contexts that take turns, each in a new one.
	igt_benchmark gem_exec_ctx/nop/rcs -r 2 -b nop -e rcs
	igt_benchmark gem_exec_ctx/sync/rcs -r 2 -b nop -s -e rcs
	igt_benchmark gem_exec_ctx/sync/bcs -r 2 -b nop -s -e bcs
	igt_benchmark gem_exec_ctx/sync/vcs -r 2 -b nop -s -e vcs
	igt_benchmark gem_exec_ctx/switch/rcs -r 2 -b switch -e rcs
	igt_benchmark gem_exec_ctx/create/rcs -r 2 -b create -e rcs
	# The engines take turns.
	igt_benchmark gem_exec_nop/all -e all
	# A new object of a page for each.
	igt_benchmark gem_create/busy -b -s 4096 -r 1
	# 64 relocations to 16 objects in each, in batches that take turns.
	igt_benchmark gem_exec_reloc/cyclic -e cyclic -m lut -b 16 -r 64 -l 1
	# A player's frame: decoded, enhanced, put together, each step in a context of its own and when the one before is done.
	# Steps last 1 us: guests of kvmgt do not know how fast the clock is that times them (scenarios/common.toml).
	igt_benchmark gem_wsim/frame -r 100 -w 1.VCS.1.0.0,2.VECS.1.-1.0,3.RCS.1.-1.1
	note "igt: done"
}
