# SPDX-License-Identifier: GPL-2.0
# Programs that draw by Mesa's iris, in L1 and in guests alike. Nothing is rendered, so what judges is that their frames
# come to an end, and the GPU's witness, which counts the commands that would draw.

# mesa_run NAME LIMIT COMMAND...: runs a program in Mesa's root; what it says goes to /out/NAME.log.
mesa_run() {
	mesa_name=$1
	mesa_limit=$2
	shift 2
	witness '{"cmd":"reset_counters"}' > /tmp/cleared
	env PATH=/usr/bin:/bin HOME=/tmp timeout "$mesa_limit" chroot /mesa "$@" > "/out/$mesa_name.log" 2>&1
	mesa_status=$?
	witness '{"cmd":"engines"}' > "/out/$mesa_name.json"
	# What the render engine did in all: its fields are in the order of their names.
	mesa_draws=$(sed 's/,"elapsed_ns":[0-9]*,"engine":"rcs".*//; s/.*"draws"://' "/out/$mesa_name.json")
	mesa_switches=$(sed 's/.*"engine":"rcs",//; s/},{"busy_ns".*//; s/.*"switches"://' "/out/$mesa_name.json")
	note "$mesa_name: $mesa_draws draws, $mesa_switches times to work; done after $(uptime_s) s"
	check "$mesa_name ends well (status $mesa_status)" test "$mesa_status" = 0
	check "$mesa_name draws by iris" grep -q -i 'renderer:.*Mesa Intel' "/out/$mesa_name.log"
}

# mesa_cube FRAMES: a cube on the monitor, its six sides drawn one by one. It comes by flips, at most one a vblank.
mesa_cube() {
	mesa_run kmscube 180 kmscube -c "$1"
	# The first frame sets the mode and is not counted among those rendered.
	check "kmscube shows $1 frames" grep -q "^Rendered $(($1 - 1)) frames" /out/kmscube.log
	check "the GPU is asked to draw them" test "$mesa_draws" -ge $((6 * $1))
	note "figure: $(tail -n 1 /out/kmscube.log)"
}

# mesa_scene FRAMES SCENE: a scene of glmark2's, on no monitor.
mesa_scene() {
	mesa_run "glmark2-${2%%:*}" 180 glmark2-es2-drm --off-screen -b "$2:nframes=$1"
	mesa_figure=$(grep -o 'FPS: [0-9].*' "/out/$mesa_name.log")
	check "$mesa_name comes to its frames' rate" test -n "$mesa_figure"
	check "the GPU is asked to draw them" test "$mesa_draws" -ge "$1"
	note "figure: $2: $mesa_figure"
}

# mesa_programs: the cube, and then the scenario's scenes. Its checks are "CUBE FRAMES SCENE...", CUBE the cube's
# frames and FRAMES those of each scene.
mesa_programs() {
	check "Mesa's root is mounted" image_mount /mesa || return
	monitors_detect
	# shellcheck disable=SC2086 # one word for each is wanted
	set -- $CHECKS
	mesa_cube "$1"
	mesa_frames=$2
	shift 2
	for mesa_wanted; do
		mesa_scene "$mesa_frames" "$mesa_wanted"
	done
}
