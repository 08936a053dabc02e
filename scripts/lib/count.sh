# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Reads how many tests passed from what a test program printed.

# count_results STATUS <LOG : "PASSED FAILED SKIPPED". A closing line "N passed, N failed[, N skipped]" is
# the program's word; without one, the sum of cargo's "test result" lines. A program that counted nothing
# is one test; one that exits non-zero without a failure counted is one failure more.
count_results() {
	awk -v status="$1" '
	/^([A-Za-z0-9-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
		sub(/^[A-Za-z0-9-]+: /, "")
		closing = 1
		p = $1; f = $3; s = (NF > 4) ? $5 : 0
	}
	!closing && /^test result: / {
		for (i = 2; i <= NF; i++) {
			if ($i ~ /^passed/) p += $(i - 1)
			if ($i ~ /^failed/) f += $(i - 1)
			if ($i ~ /^ignored/) s += $(i - 1)
		}
		counted = 1
	}
	END {
		if (!closing && !counted && status == 0) p = 1
		if (status != 0 && f == 0) f = 1
		print p + 0, f + 0, s + 0
	}'
}

# count_tap <TAP : the closing line for a TAP stream; a point that its plan promised and that is not there
# has failed.
count_tap() {
	awk '
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0 }
	/^not ok / { f++ }
	/^ok / { if ($0 ~ /# SKIP/) s++; else p++ }
	END {
		if (p + f + s < plan) f += plan - p - f - s
		printf "%d passed, %d failed, %d skipped\n", p, f, s
	}'
}

# count_self_test : does it count these right?
count_self_test() {
	local status expected text found wrong=0
	while IFS='|' read -r status expected text; do
		found=$(printf '%b' "$text" | count_results "$status")
		[[ $found == "$expected" ]] && continue
		printf 'count_results: of %s: expected %s, found %s\n' "$text" "$expected" "$found"
		wrong=1
	done <<-'EOF'
		0|1 0 0|
		1|0 1 0|error: could not compile\n
		0|5 0 1|test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\ntest result: ok. 3 passed; 0 failed; 1 ignored;\n
		101|2 1 0|test result: FAILED. 2 passed; 1 failed; 0 ignored;\n
		101|2 1 0|test result: ok. 2 passed; 0 failed; 0 ignored;\nerror: aborted\n
		1|7 2 3|ok 1 - x\n7 passed, 2 failed, 3 skipped\n
		0|4 0 0|test result: ok. 9 passed; 0 failed; 0 ignored;\nlab: 4 passed, 0 failed\n
		0|1 0 0|1 passed, 0 failed\n2 passed, and more\n
		124|3 1 0|3 passed, 0 failed\n
	EOF
	found=$(printf '1..5\nok 1 - a\nok 2 - b # SKIP c\nnot ok 3 - d\nok 4 - e\n' | count_tap)
	if [[ $found != '2 passed, 2 failed, 1 skipped' ]]; then
		printf 'count_tap: found %s\n' "$found"
		wrong=1
	fi
	return $wrong
}
