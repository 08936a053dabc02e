# SPDX-License-Identifier: GPL-2.0
# Plants faults, and has the witness say that it saw them. Judges the judge.

# witness_says NAME REQUEST PATTERN: a test point that passes when the answer has the pattern in it.
witness_says() {
	answer=$(witness "$2")
	case $answer in
	*$3*) ok "$1" ;;
	*) not_ok "$1" "$(echo "$answer" | cut -c 1-400)" ;;
	esac
}

# objects PATTERN...: the innermost objects of an answer in which all of these are, one a line.
objects() {
	sed 's/[{}]/\n/g' > /tmp/objects
	for pattern; do
		grep -e "$pattern" /tmp/objects > /tmp/some
		mv /tmp/some /tmp/objects
	done
	cat /tmp/objects
}

# number NAME OBJECT: what a field of an object is.
number() {
	echo "$2" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

# ran ID LRCA: the witness knows the context as one that an engine has run.
ran() {
	witness '{"cmd":"engines"}' | objects "\"id\":$1\>" "\"lrca\":$2\>" | grep -q .
}

# in_range ADDRESS: it is in the range that is granted to nobody.
in_range() {
	test "$1" -ge $((RANGE)) && test "$1" -lt $((RANGE + RANGE_BYTES))
}

# probe ENGINE: one kind of submission; its outcome does not matter here.
probe() {
	timeout 60 i915-check basic --only "basic/$1" --time-limit 20 > /tmp/probe
}

gpu_load
witness_says "no violation so far" '{"cmd":"violations"}' '"totals":{}'

# The upper half of the GGTT, where i915 has its contexts, now belongs to one that does not exist: each
# context that runs trespasses as soon as it is loaded. The lower half stays free.
RANGE=0x80000000
RANGE_BYTES=0x80000000
witness_says "a range is granted" \
	"{\"cmd\":\"grant\",\"name\":\"nobody\",\"ggtt\":[{\"start\":\"$RANGE\",\"size\":\"$RANGE_BYTES\"}],\"contexts\":[{\"lrca\":\"0xfffff000\"}]}" \
	'"ok":true'
probe nop/rcs
witness_says "a context in another's range is seen" '{"cmd":"violations","clear":true}' '"trespass":'
# $answer is the one with the records.
trespass=$(echo "$answer" | objects '"kind":"trespass"' '"engine":"rcs"' '"space":"ggtt"' '"grant":"nobody"' | head -n 1)
check "the trespasser is a context that ran" ran "$(number context "$trespass")" "$(number lrca "$trespass")"
check "its access was in the range" in_range "$(number addr "$trespass")"
witness_says "the range is given back" '{"cmd":"revoke","name":"nobody"}' '"ok":true'
witness '{"cmd":"violations","clear":true}' > /tmp/cleared

witness_says "a hang is armed" '{"cmd":"inject","fault":"hang","engine":"rcs"}' '"ok":true'
probe nop/rcs
witness_says "the hang has struck" '{"cmd":"dump"}' '"rcs":{"armed":0,"fired":1}'
check "i915 saw the hang" sh -c 'dmesg | grep -q "GPU HANG"'
check "the engine works again" probe nop/rcs

witness_says "a lost interrupt is armed" '{"cmd":"inject","fault":"lost_interrupt","engine":"bcs"}' '"ok":true'
probe nop/bcs
witness_says "the interrupt was lost" '{"cmd":"dump"}' '"bcs":{"armed":0,"fired":1}'
check "the engine works after a lost interrupt" probe nop/bcs

witness_says "a failing forcewake is armed" \
	'{"cmd":"inject","fault":"forcewake","register":"0xd84","times":1}' '"ok":true'
probe nop/rcs
witness_says "the forcewake has failed" '{"cmd":"dump"}' '"forcewake_fired":1'
check "the GPU works after a failed forcewake" probe nop/rcs

check "i915 resets an engine that meets an unknown command" \
	sh -c 'timeout 60 i915-check hang --only hang/illegal/vcs0 > /tmp/probe'
witness_says "an unknown command is seen" '{"cmd":"violations","clear":true}' '"unknown_command":1'

witness '{"cmd":"clear_injections"}' > /tmp/cleared
gpu_check
gpu_unload
