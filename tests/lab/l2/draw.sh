# SPDX-License-Identifier: GPL-2.0
# Programs draw by Mesa in the guest.

gpu_load
mesa_programs
