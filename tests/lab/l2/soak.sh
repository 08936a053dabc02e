# SPDX-License-Identifier: GPL-2.0
# Stores by every engine, and the IGT program that stalled guests most often.

gpu_load
gpu_check
igt_program gem_exec_store 100
