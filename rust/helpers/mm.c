// SPDX-License-Identifier: GPL-2.0

#include <linux/mm.h>

#include <rgvt/helpers.h>

bool rgvt_page_reserved(const struct page *page)
{
	return PageReserved(page);
}

unsigned long rgvt_page_to_pfn(const struct page *page)
{
	return page_to_pfn(page);
}

void rgvt_get_page(struct page *page)
{
	get_page(page);
}

void rgvt_put_page(struct page *page)
{
	put_page(page);
}

int rgvt_io_remap_wc(struct vm_area_struct *vma, phys_addr_t start)
{
	return io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(start), vma->vm_end - vma->vm_start,
				  pgprot_writecombine(vma->vm_page_prot));
}

void rgvt_vma_set_pfnmap(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
}
