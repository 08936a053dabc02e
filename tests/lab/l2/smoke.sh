# SPDX-License-Identifier: GPL-2.0
# The guest's i915 finds its vGPU and executes on it.

gpu_load
gpu_check
