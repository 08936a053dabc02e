# SPDX-License-Identifier: GPL-2.0
# Boots guests one after the other on vGPUs that stay.

gpu_load
nested_run
gpu_unload
