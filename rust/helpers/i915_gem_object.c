// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_gem.h"
#include "i915_gem_ww.h"
#include "gem/i915_gem_object.h"

#include <rgvt/helpers.h>

int rgvt_object_lock(struct drm_i915_gem_object *obj)
{
	return i915_gem_object_lock(obj, NULL);
}

void rgvt_object_unlock(struct drm_i915_gem_object *obj)
{
	i915_gem_object_unlock(obj);
}

void rgvt_object_put(struct drm_i915_gem_object *obj)
{
	i915_gem_object_put(obj);
}

void rgvt_object_unpin_map(struct drm_i915_gem_object *obj)
{
	i915_gem_object_unpin_map(obj);
}

/*
 * Takes the lock itself: the loop that takes it again on a deadlock is a macro. What is pinned
 * cannot make room, so it is kept out of the part that the CPU reaches, as i915's own is.
 */
struct i915_vma *rgvt_object_ggtt_pin(struct drm_i915_gem_object *obj)
{
	struct i915_vma *vma = NULL;
	struct i915_gem_ww_ctx ww;
	int err;

	for_i915_gem_ww(&ww, err, false) {
		err = i915_gem_object_lock(obj, &ww);
		if (err)
			continue;

		vma = i915_gem_object_ggtt_pin_ww(obj, &ww, NULL, 0, 0, PIN_HIGH);
		err = PTR_ERR_OR_ZERO(vma);
	}

	return err ? ERR_PTR(err) : vma;
}
