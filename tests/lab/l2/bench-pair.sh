# SPDX-License-Identifier: GPL-2.0
# One of two users of the GPU.

gpu_load
check "both parts are done" pair_user "$(tr ' ' '\n' < /proc/cmdline | sed -n 's/^lab\.user=//p')"
