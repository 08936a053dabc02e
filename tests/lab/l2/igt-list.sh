# SPDX-License-Identifier: GPL-2.0
# Runs a list of IGT tests in the guest.

gpu_load
igt_monitors
igt_lists
