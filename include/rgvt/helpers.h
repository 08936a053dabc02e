/* SPDX-License-Identifier: GPL-2.0 */
/* The C functions of rust/helpers: what Rust cannot call or read itself. */

#ifndef _RGVT_HELPERS_H
#define _RGVT_HELPERS_H

#include <linux/types.h>

struct atomic_notifier_head;
struct device;
struct dma_fence;
struct drm_i915_gem_object;
struct drm_i915_private;
struct file;
struct i915_address_space;
struct i915_fence_reg;
struct i915_ggtt;
struct i915_ppgtt;
struct i915_request;
struct i915_vma;
struct intel_context;
struct intel_engine_cs;
struct intel_gt;
struct module;
struct page;
struct pci_dev;
struct ratelimit_state;
struct ref_tracker;
struct task_struct;
struct vm_area_struct;

/* linux/device.h */
void rgvt_device_lock(struct device *dev);
void rgvt_device_unlock(struct device *dev);

/* linux/dma-mapping.h */
int rgvt_dma_mapping_error(struct device *dev, dma_addr_t address);

/* linux/fs.h */
long rgvt_file_count(struct file *file);

/* linux/mm.h */
bool rgvt_page_reserved(const struct page *page);
unsigned long rgvt_page_to_pfn(const struct page *page);
void rgvt_get_page(struct page *page);
void rgvt_put_page(struct page *page);
int rgvt_io_remap_wc(struct vm_area_struct *vma, phys_addr_t start);
void rgvt_vma_set_pfnmap(struct vm_area_struct *vma);

/* linux/module.h */
struct module *rgvt_this_module(void);

/* linux/notifier.h */
int rgvt_notifier_from_errno(int err);

/* linux/pm_runtime.h */
int rgvt_pm_runtime_resume_and_get(struct device *dev);
void rgvt_pm_runtime_put_autosuspend(struct device *dev);

/* linux/ratelimit.h */
void rgvt_ratelimit_init(struct ratelimit_state *rs);

/* linux/sched.h */
void rgvt_task_comm(const struct task_struct *task, char *name);
bool rgvt_is_being_killed(void);

/* linux/siphash.h */
u64 rgvt_siphash(const void *data, size_t len, const u64 key[2]);

/* linux/utsname.h */
const char *rgvt_init_utsname_release(void);

/* linux/vmalloc.h */
void *rgvt_vmalloc_user(unsigned long size);

/* i915_drv.h */
struct drm_i915_private *rgvt_pdev_to_i915(struct pci_dev *pdev);
struct pci_dev *rgvt_i915_pdev(const struct drm_i915_private *i915);
struct device *rgvt_i915_dev(const struct drm_i915_private *i915);
u32 rgvt_i915_platform(const struct drm_i915_private *i915);
bool rgvt_i915_enable_gvt(const struct drm_i915_private *i915);
bool rgvt_i915_vgpu_active(const struct drm_i915_private *i915);
bool rgvt_i915_iommu_mapped(const struct drm_i915_private *i915);
struct intel_gt *rgvt_i915_gt(const struct drm_i915_private *i915);
const void *rgvt_i915_initial_cfg_space(const struct drm_i915_private *i915);
void *rgvt_i915_gvt(const struct drm_i915_private *i915);
void rgvt_i915_set_gvt(struct drm_i915_private *i915, void *gvt);

/* i915_request.h */
void rgvt_request_get(struct i915_request *rq);
void rgvt_request_put(struct i915_request *rq);
struct dma_fence *rgvt_request_fence(struct i915_request *rq);
struct intel_context *rgvt_request_context(const struct i915_request *rq);
int rgvt_request_emit_init_breadcrumb(struct i915_request *rq);
void rgvt_request_set_preemption(struct i915_request *rq);
u32 rgvt_request_resets(const struct i915_request *rq);
bool rgvt_request_was_reset(const struct i915_request *rq, u32 resets);
bool rgvt_request_cancel(struct i915_request *rq);
bool rgvt_request_is_executed(const struct i915_request *rq);
bool rgvt_request_goes_on(const struct i915_request *rq);
u32 rgvt_request_timestamp(const struct i915_request *rq);
bool rgvt_request_is_leaving(const struct i915_request *rq);
bool rgvt_request_is_behind(const struct i915_request *rq);
void rgvt_request_beat(struct i915_request *rq);
bool rgvt_request_started(const struct i915_request *rq);
void rgvt_request_make_way(struct i915_request *rq);
void rgvt_request_come_first(struct i915_request *rq);

/* i915_vma.h */
u32 rgvt_vma_ggtt_offset(const struct i915_vma *vma);
void rgvt_vma_unpin(struct i915_vma *vma);

/* gem/i915_gem_object.h */
int rgvt_object_lock(struct drm_i915_gem_object *obj);
void rgvt_object_unlock(struct drm_i915_gem_object *obj);
void rgvt_object_put(struct drm_i915_gem_object *obj);
void rgvt_object_unpin_map(struct drm_i915_gem_object *obj);
struct i915_vma *rgvt_object_ggtt_pin(struct drm_i915_gem_object *obj);

/* gt/intel_context.h */
void rgvt_context_set_vm(struct intel_context *ce, struct i915_address_space *vm);
void rgvt_context_set_submission(struct intel_context *ce);
void rgvt_context_set_alone(struct intel_context *ce, bool alone);
void rgvt_context_set_ring_size(struct intel_context *ce, u32 bytes);
int rgvt_context_pin(struct intel_context *ce);
void rgvt_context_unpin(struct intel_context *ce);
void rgvt_context_get(struct intel_context *ce);
void rgvt_context_put(struct intel_context *ce);
void *rgvt_context_image(struct intel_context *ce);
void rgvt_context_set_levels(struct intel_context *ce, bool four_levels);
void rgvt_context_set_addressing(struct intel_context *ce, bool four_levels);

/* gt/intel_engine_types.h */
struct intel_engine_cs *rgvt_engine(const struct drm_i915_private *i915, u32 id);
u32 rgvt_engine_context_size(const struct intel_engine_cs *engine);
bool rgvt_engine_preempts(const struct intel_engine_cs *engine);
int rgvt_engine_invalidate_tlb(const struct intel_engine_cs *engine);
u32 rgvt_engine_clock(const struct intel_engine_cs *engine);
int rgvt_engine_restore_batch(const struct intel_engine_cs *engine, void *to, u32 room);
struct atomic_notifier_head *rgvt_engine_context_status(struct intel_engine_cs *engine);

/* gt/intel_ggtt_fencing.h */
void rgvt_fence_set(struct i915_fence_reg *fence, u64 value);

/* gt/intel_gtt.h */
u64 rgvt_ggtt_total(const struct drm_i915_private *i915);
u64 rgvt_ggtt_mappable_end(const struct drm_i915_private *i915);
u32 rgvt_ggtt_num_fences(const struct drm_i915_private *i915);
int rgvt_aperture_read(struct i915_ggtt *ggtt, u64 offset, void *to, size_t len);
int rgvt_aperture_write(struct i915_ggtt *ggtt, u64 offset, const void *from, size_t len);
struct i915_ggtt *rgvt_ggtt(const struct drm_i915_private *i915);
struct i915_address_space *rgvt_ggtt_vm(struct i915_ggtt *ggtt);
void rgvt_ggtt_lock(struct i915_ggtt *ggtt);
void rgvt_ggtt_unlock(struct i915_ggtt *ggtt);
void rgvt_ggtt_map(struct i915_ggtt *ggtt, u32 index, dma_addr_t page);
void rgvt_ggtt_unmap(struct i915_ggtt *ggtt, u32 index);
void rgvt_ggtt_invalidate(struct i915_ggtt *ggtt);
bool rgvt_tables_need_flush(const struct drm_i915_private *i915);
void rgvt_table_flush(void *entries, size_t bytes);
struct i915_address_space *rgvt_ppgtt_vm(struct i915_ppgtt *ppgtt);
void rgvt_vm_put(struct i915_address_space *vm);

/* intel_runtime_pm.h */
struct ref_tracker *rgvt_runtime_pm_get(struct drm_i915_private *i915);
void rgvt_runtime_pm_put(struct drm_i915_private *i915, struct ref_tracker *wakeref);

/* intel_uncore.h */
u32 rgvt_uncore_read(struct drm_i915_private *i915, u32 offset);

/* gt/uc/intel_uc.h */
bool rgvt_uc_wants_guc_submission(const struct drm_i915_private *i915);

#endif
