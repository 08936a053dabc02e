# SPDX-License-Identifier: GPL-2.0
# IGT in its own root, in L1 and in guests alike.

IGT_PROGRAMS=/usr/libexec/igt-gpu-tools

# igt_mount: makes IGT's root ready at /igt.
igt_mount() {
	[ -d /igt/usr ] && return 0
	load vgem || return
	[ ! -e /lab/sw_sync.ko ] || insmod /lab/sw_sync.ko || return
	image_mount /igt
}

# igt_modules: makes an index of the modules, in which libkmod finds those that IGT reloads.
igt_modules() {
	igt_index=/tmp/lib/modules/$(uname -r)
	mkdir -p "/igt$igt_index/kernel" || return
	mount --bind /modules "/igt$igt_index/kernel" || return
	chroot /igt /usr/sbin/depmod --basedir /tmp
}

# igt_lists [FOLDER]: has IGT's own runner run the lists in /lab/lists; its results go to FOLDER of IGT's
# root, /out/igt if there is none, where a run that was broken off is taken up again. What a subtest says
# is a result and not a test point here: the table of results judges it.
igt_lists() {
	igt_results=${1:-/out/igt}
	check "IGT's root is mounted" igt_mount || return
	check "IGT's modules have an index" igt_modules || return
	cp -r /lab/lists /bin/igt-run /igt/tmp/
	env PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp IGT_KMOD_DIRNAME="$igt_index" \
		chroot /igt /tmp/igt-run /tmp/lists "$igt_results" 2>&1 |
		while read -r igt_line; do
			note "$(uptime_s) s: $igt_line"
		done
	check "IGT has left results" test -s "/igt$igt_results/progress.txt"
	# Only the runner of guests reads this; where there is none, the points below fail.
	[ ! -e "/igt$igt_results/lost" ] || echo "its driver had lost the GPU" > /out/again
	for igt_folder in "/igt$igt_results"/*/; do
		igt_folder=${igt_folder%/}
		check "IGT came to the end of ${igt_folder##*/}" test -e "$igt_folder/endtime.txt"
	done
}

# igt_program NAME LIMIT [ARGUMENT...]: runs one test program; each of its subtests is a test point.
igt_program() {
	check "IGT's root is mounted" igt_mount || return
	igt_test=$1
	igt_limit=$2
	shift 2
	HOME=/tmp timeout "$igt_limit" chroot /igt "$IGT_PROGRAMS/$igt_test" "$@" > "/tmp/$igt_test" 2>&1
	igt_status=$?
	while read -r igt_word igt_name igt_verdict igt_rest; do
		[ "$igt_word" = Subtest ] || continue
		case $igt_verdict in
		SUCCESS) ok "$igt_test: ${igt_name%:}" ;;
		SKIP) skip "$igt_test: ${igt_name%:}" "IGT's own requirement" ;;
		FAIL) not_ok "$igt_test: ${igt_name%:}" "$igt_rest" ;;
		esac
	done < "/tmp/$igt_test"
	check "$igt_test ends well (status $igt_status)" test "$igt_status" = 0
	[ "$igt_status" = 0 ] || cp "/tmp/$igt_test" "/out/$igt_test.log"
}
