# SPDX-License-Identifier: GPL-2.0
# The checks that count, in a guest.

gpu_load
gpu_check
