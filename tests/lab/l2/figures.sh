# SPDX-License-Identifier: GPL-2.0
# What of a guest's steps reaches the GPU.

accesses "i915's probe in a guest" 1 gpu_load
submissions
