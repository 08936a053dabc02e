/* SPDX-License-Identifier: GPL-2.0 */
/* What bindgen reads; the file "parameters" says what it takes from here. */

#include <generated/utsrelease.h>
#include <linux/iommu.h>
#include <linux/mdev.h>
#include <linux/srcu.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include <asm/kvm_page_track.h>

#include <drm/drm_plane.h>

#include "i915_drv.h"
#include "i915_gem_gtt.h"
#include "i915_request.h"
#include "intel_gvt.h"
#include "gem/i915_gem_object.h"
#include "gt/intel_context.h"
#include "gt/intel_execlists_submission.h"
#include "gt/intel_ggtt_fencing.h"
#include "gt/intel_gtt.h"
#include "gt/intel_ring.h"

#include <rgvt/helpers.h>
#include <trace/events/rgvt.h>
