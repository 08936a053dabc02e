// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"

#include <rgvt/helpers.h>

struct drm_i915_private *rgvt_pdev_to_i915(struct pci_dev *pdev)
{
	return pdev_to_i915(pdev);
}

struct pci_dev *rgvt_i915_pdev(const struct drm_i915_private *i915)
{
	return to_pci_dev(i915->drm.dev);
}

struct device *rgvt_i915_dev(const struct drm_i915_private *i915)
{
	return i915->drm.dev;
}

u32 rgvt_i915_platform(const struct drm_i915_private *i915)
{
	return INTEL_INFO(i915)->platform;
}

bool rgvt_i915_enable_gvt(const struct drm_i915_private *i915)
{
	return i915->params.enable_gvt;
}

bool rgvt_i915_vgpu_active(const struct drm_i915_private *i915)
{
	return i915->vgpu.active;
}

bool rgvt_i915_iommu_mapped(const struct drm_i915_private *i915)
{
	return device_iommu_mapped(i915->drm.dev);
}

struct intel_gt *rgvt_i915_gt(const struct drm_i915_private *i915)
{
	return to_gt(i915);
}

const void *rgvt_i915_initial_cfg_space(const struct drm_i915_private *i915)
{
	return i915->vgpu.initial_cfg_space;
}

void *rgvt_i915_gvt(const struct drm_i915_private *i915)
{
	return i915->gvt;
}

/* To i915 it is but a pointer that is NULL or not. */
void rgvt_i915_set_gvt(struct drm_i915_private *i915, void *gvt)
{
	i915->gvt = gvt;
}
