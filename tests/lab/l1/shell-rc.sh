# SPDX-License-Identifier: GPL-2.0
# Read by L1's interactive shell.

# l2 [GUEST]: a guest's shell, until Ctrl-] is typed.
l2() {
	telnet 127.0.0.1 "$((7000 + ${1:-1}))"
}

echo "This is L1 ($DRIVER on $DEVICE)."
[ "$DRIVER" = native ] || echo "l2 [N] leads to guest N, Ctrl-] e back; it takes some 15 s to boot."
echo "exit powers off."
