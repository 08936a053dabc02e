# SPDX-License-Identifier: GPL-2.0
# i915 probes and executes; under a vendor driver, guests do too, and all of it can be taken down.

gpu_load
gpu_check
[ "$DRIVER" = native ] || nested_run
gpu_unload
