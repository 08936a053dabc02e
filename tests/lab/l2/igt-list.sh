# SPDX-License-Identifier: GPL-2.0
# Runs a list of IGT tests in the guest.

gpu_load
monitors_detect
igt_lists
