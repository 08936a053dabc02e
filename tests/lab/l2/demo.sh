# SPDX-License-Identifier: GPL-2.0
# What the vGPU is for: work on its engines, and something to look at.

gpu_load
gpu_check
include "i915-check" 120 i915-check screen --only console --camera /out
include "i915-check" 120 i915-check screen --only picture/xrgb8888/x --camera /out
