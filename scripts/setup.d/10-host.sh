# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # lib/steps.sh reads step_title and step_mib
# What the machine itself must have; all else comes with the sysroot.

step_title="this machine's own tools"
step_mib=20
# command:package
host_commands=(mmdebstrap:mmdebstrap unshare:util-linux mount:mount chroot:coreutils flock:util-linux
	dpkg-deb:dpkg xz:xz-utils gpgv:gpgv)

missing_packages() {
	local pair
	for pair in "${host_commands[@]}"; do
		command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair##*:}"
	done | sort -u
}

step_key() { printf 'host\n'; }
# A tool may be removed later, so no stamp is believed here.
step_done() { [[ -z $(missing_packages) ]]; }

step_run() {
	local packages
	mapfile -t packages < <(missing_packages)
	# With a keyring that knows the releases we fetch.
	packages+=(debian-archive-keyring)
	export DEBIAN_FRONTEND=noninteractive
	apt-get update
	apt-get install -y --no-install-recommends "${packages[@]}"
}
