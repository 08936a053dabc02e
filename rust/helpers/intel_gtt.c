// SPDX-License-Identifier: GPL-2.0

#include <drm/drm_cache.h>

#include "i915_drv.h"
#include "gt/intel_gt_types.h"
#include "gt/intel_gtt.h"

#include <rgvt/helpers.h>

u64 rgvt_ggtt_total(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->vm.total;
}

u64 rgvt_ggtt_mappable_end(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->mappable_end;
}

u32 rgvt_ggtt_num_fences(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->num_fences;
}

struct i915_ggtt *rgvt_ggtt(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt;
}

struct i915_address_space *rgvt_ggtt_vm(struct i915_ggtt *ggtt)
{
	return &ggtt->vm;
}

void rgvt_ggtt_lock(struct i915_ggtt *ggtt)
{
	mutex_lock(&ggtt->vm.mutex);
}

void rgvt_ggtt_unlock(struct i915_ggtt *ggtt)
{
	mutex_unlock(&ggtt->vm.mutex);
}

/* Gen8 and Gen9 have no cache attributes in these entries: PAT index 0 says nothing. */
void rgvt_ggtt_map(struct i915_ggtt *ggtt, u32 index, dma_addr_t page)
{
	gen8_pte_t __iomem *entry = (gen8_pte_t __iomem *)ggtt->gsm + index;

	writeq(ggtt->vm.pte_encode(page, 0, 0), entry);
}

void rgvt_ggtt_unmap(struct i915_ggtt *ggtt, u32 index)
{
	gen8_pte_t __iomem *entry = (gen8_pte_t __iomem *)ggtt->gsm + index;

	writeq(ggtt->vm.scratch[0]->encode, entry);
}

void rgvt_ggtt_invalidate(struct i915_ggtt *ggtt)
{
	ggtt->invalidate(ggtt);
}

int rgvt_aperture_read(struct i915_ggtt *ggtt, u64 offset, void *to, size_t len)
{
	const unsigned long start = offset_in_page(offset);
	void __iomem *from = io_mapping_map_wc(&ggtt->iomap, offset - start, start + len);

	if (!from)
		return -ENOMEM;
	memcpy_fromio(to, from + start, len);
	io_mapping_unmap(from);
	return 0;
}

int rgvt_aperture_write(struct i915_ggtt *ggtt, u64 offset, const void *from, size_t len)
{
	const unsigned long start = offset_in_page(offset);
	void __iomem *to = io_mapping_map_wc(&ggtt->iomap, offset - start, start + len);

	if (!to)
		return -ENOMEM;
	memcpy_toio(to + start, from, len);
	io_mapping_unmap(to);
	return 0;
}

struct i915_address_space *rgvt_ppgtt_vm(struct i915_ppgtt *ppgtt)
{
	return &ppgtt->vm;
}

void rgvt_vm_put(struct i915_address_space *vm)
{
	i915_vm_put(vm);
}

/* Whether the GPU reads tables past the CPU's caches. */
bool rgvt_tables_need_flush(const struct drm_i915_private *i915)
{
	return !HAS_LLC(i915);
}

/* As i915 does when it has written to a table (write_dma_entry() and others in gt/). */
void rgvt_table_flush(void *entries, size_t bytes)
{
	drm_clflush_virt_range(entries, bytes);
}
