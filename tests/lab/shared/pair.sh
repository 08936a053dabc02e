# SPDX-License-Identifier: GPL-2.0
# Two users of the GPU at once: programs in L1, or guests. First each has an engine of its own, then both want
# the same one for some seconds. Each waits until L1 lets both go.

# pair_user NUMBER: what a user does; what it says goes to /out/PART-NUMBER.txt.
pair_user() {
	pair_own=rcs
	[ "$1" = 1 ] || pair_own=vcs0
	for pair_part in apart same; do
		pair_only=count/$pair_own
		[ "$pair_part" = apart ] || pair_only=time/rcs
		touch "/out/$pair_part-$1.ready"
		wait_for 120 test -e "/out/$pair_part-$1.go" || return
		timeout 60 i915-check stream --only "$pair_only" > "/out/$pair_part-$1.txt" || return
	done
}
