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

# probe ENGINE: one kind of submission; its outcome does not matter here.
probe() {
	timeout 60 i915-check basic --only "basic/$1" --time-limit 20 > /tmp/probe
}

gpu_load
witness_says "no violation so far" '{"cmd":"violations"}' '"totals":{}'

# Everything in the GGTT now belongs to a context that does not exist: each context that runs trespasses
# as soon as its ring is read.
witness_says "a range is granted" \
	'{"cmd":"grant","name":"nobody","ggtt":[{"start":0,"size":"0x100000000"}],"contexts":[{"lrca":"0xfffff000"}]}' \
	'"ok":true'
probe nop/rcs
witness_says "a context in another's range is seen" '{"cmd":"violations","clear":true}' '"trespass":'
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
