# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The machine's own apt configuration says where Debian is and how to get there.

# debian_mirror : the URI from which this machine takes Debian's main component.
debian_mirror() {
	local uri release component wanted
	if [[ -n ${RGVT_MIRROR:-} ]]; then
		printf '%s\n' "$RGVT_MIRROR"
		return
	fi
	wanted=$(machine_release)
	while IFS='|' read -r uri release component; do
		[[ $component == main ]] || continue
		case $release in
		"$wanted" | stable | oldstable) ;;
		*) continue ;;
		esac
		case $uri in
		http://* | https://*) ;;
		mirror+file:*) uri=$(mirror_of_list "${uri#mirror+file:}") || continue ;;
		*) continue ;;
		esac
		printf '%s\n' "${uri%/}"
		return
	done < <(package_indexes)
	die "no mirror of Debian's main component in /etc/apt for '$wanted'" \
		"add one there, or name it: RGVT_MIRROR=URI make setup"
}

machine_release() { (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}"); }

# URI|SUITE|COMPONENT of every package index that this machine's apt would fetch.
package_indexes() {
	# shellcheck disable=SC2016 # apt fills these in
	LC_ALL=C apt-get indextargets --no-release-info \
		--format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages'
}

# The first mirror of a mirror+file list, as cloud images have.
mirror_of_list() { # PATH
	local line
	while read -r line _; do
		case $line in
		http://* | https://*)
			printf '%s\n' "${line%/}"
			return
			;;
		esac
	done <"${1%/}"
	return 1
}

# apt_options MIRROR : apt.conf lines for the roots we make: this machine's proxies and TLS settings.
apt_options() {
	local helper=/usr/lib/apt/apt-helper proxy config
	config=$(LC_ALL=C apt-config dump)
	grep -E '^Acquire::(https?::([^ ]*::)?(Proxy|CaInfo|Verify-Peer|Verify-Host|Timeout|User-Agent)(::[^ ]*)?|Retries|ForceIPv[46]) "..*"' <<<"$config" || true
	# A command that finds the proxy is not there inside the roots: ask it here.
	if grep -qiE '^Acquire::https?::Proxy-?Auto-?Detect ".+"' <<<"$config" && [[ -x $helper ]]; then
		proxy=$("$helper" auto-detect-proxy "$1" 2>/dev/null | sed -n "s/.*[Uu]sing proxy '\([^']*\)'.*/\1/p")
		[[ -z $proxy ]] || printf 'Acquire::http::Proxy "%s";\nAcquire::https::Proxy "%s";\n' "$proxy" "$proxy"
	fi
	# Mirrors may be frozen at a date; signatures are checked all the same.
	printf '%s\n' 'Acquire::Check-Valid-Until "false";' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";'
}
