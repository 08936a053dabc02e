/* SPDX-License-Identifier: GPL-2.0 */
/* The C functions of rust/helpers: what Rust cannot call or read itself. */

#ifndef _RGVT_HELPERS_H
#define _RGVT_HELPERS_H

#include <linux/types.h>

struct device;
struct drm_i915_private;
struct pci_dev;
struct ref_tracker;

/* linux/device.h */
void rgvt_device_lock(struct device *dev);
void rgvt_device_unlock(struct device *dev);

/* linux/utsname.h */
const char *rgvt_init_utsname_release(void);

/* i915_drv.h */
struct drm_i915_private *rgvt_pdev_to_i915(struct pci_dev *pdev);
struct device *rgvt_i915_dev(const struct drm_i915_private *i915);
u32 rgvt_i915_platform(const struct drm_i915_private *i915);
bool rgvt_i915_enable_gvt(const struct drm_i915_private *i915);
bool rgvt_i915_vgpu_active(const struct drm_i915_private *i915);
void *rgvt_i915_gvt(const struct drm_i915_private *i915);
void rgvt_i915_set_gvt(struct drm_i915_private *i915, void *gvt);

/* gt/intel_gtt.h */
u64 rgvt_ggtt_total(const struct drm_i915_private *i915);
u64 rgvt_ggtt_mappable_end(const struct drm_i915_private *i915);
u32 rgvt_ggtt_num_fences(const struct drm_i915_private *i915);

/* intel_runtime_pm.h */
struct ref_tracker *rgvt_runtime_pm_get(struct drm_i915_private *i915);
void rgvt_runtime_pm_put(struct drm_i915_private *i915, struct ref_tracker *wakeref);

/* gt/uc/intel_uc.h */
bool rgvt_uc_wants_guc_submission(const struct drm_i915_private *i915);

#endif
