# SPDX-License-Identifier: GPL-2.0
# IGT's benchmarks in the guest.

gpu_load
igt_benchmarks
