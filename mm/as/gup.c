/* SPDX-License-Identifier: MIT */
/*
 * get_user_pages: reaching the pages behind a user's addresses.
 *
 * Devices, debuggers and the kernel itself want the pages, not the addresses.
 * A page is followed through the table and a reference is taken under the
 * page-table lock, so it cannot be freed; where nothing suitable is entered, the
 * fault handler is asked as if the program had touched it, and then one looks
 * again. It may be gone again by then: hence a loop.
 *
 * Pins  A page that is only looked at may be replaced behind the looker's back
 *   (copied on the next write). One that a device writes may not: pin_user_pages
 *   adds PIN_BIAS references at once, so that a pinned page can be told
 *   (page_maybe_pinned) and fork copies it for the child.
 *
 * Dirty COW  With FOLL_FORCE a debugger writes to a page that its program may
 *   only read: into a private copy. It asks for a write fault, gets a copy that
 *   is still read-only, and looks again. Linux remembered "the copy was made"
 *   by dropping FOLL_WRITE; if the page was thrown away in between (madvise),
 *   the next round found the file's own page, took it for the copy, and the
 *   file was overwritten (CVE-2016-5195). So nothing is remembered here: every
 *   round asks of the entry itself whether it is a private copy: anonymous and
 *   dirty (can_follow_write). A test races madvise against it.
 *
 * What reclaim does meanwhile  It may unmap an anonymous page that we have and
 *   write it to swap: then it is clean, in the swap cache, and what is written to
 *   it afterwards is on the way to be forgotten. So the writer marks the page
 *   before he gives his reference up (mark_written), and the cache, before it
 *   lets a page go, takes all references and asks only then whether it is dirty
 *   (freeze_clean_page). Asked the other way round, the writer fits in between:
 *
 *	cache	dirty? no			 count 2? yes: page gone
 *	writer		   write, mark, put (3 -> 2)
 *
 * Locks   mmap_lock held by the caller, reading.
 */
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/pagecache.h>
#include <mm/seam.h>
#include "as.h"

/* May the page be written through this entry? */
static bool
can_follow_write(const struct vm_area_struct *vma, pte_t pte,
		 unsigned gup_flags)
{
	const struct page *page;

	if (pte_write(pte) && pte_dirty(pte))
		return true;
	if (!(gup_flags & FOLL_FORCE) || vma->vm_flags & VM_SHARED)
		return false;
	page = vm_normal_page(vma, pte);
	return page && page_is_anon(page) &&
	       page_mapcount(page) == 1 && pte_dirty(pte);
}

/* A reference to what lies behind addr now; NULL: ask for a fault. */
static struct page *
follow_page(struct vm_area_struct *vma, unsigned long addr, unsigned gup_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *ptep = pte_offset(&mm->context, addr), pte;
	struct page *page = NULL;

	if (!ptep)
		return NULL;
	spin_lock(&mm->page_table_lock);
	pte = *ptep;
	if (pte_mapped(pte) && !(vma->vm_flags & VM_PFNMAP) &&
	    (!(gup_flags & FOLL_WRITE) ||
	     can_follow_write(vma, pte, gup_flags))) {
		page = pfn_to_page(pte_pfn(pte));	/* of zeros, too */
		get_page(page);
	}
	spin_unlock(&mm->page_table_lock);
	return page;
}

static struct page *
follow_section(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = NULL;
	phys_addr_t pa;
	bool dirty;

	spin_lock(&mm->page_table_lock);
	if (user_section_get(&mm->context, addr, &pa, &dirty)) {
		page = phys_to_page(pa + (addr & (SECTION_SIZE - 1)));
		get_page(page);		/* of the compound page */
	}
	spin_unlock(&mm->page_table_lock);
	return page;
}

/* Does vma allow this at all? */
static int
check_vma(const struct vm_area_struct *vma, unsigned gup_flags)
{
	vm_flags_t flags = vma->vm_flags;

	if (flags & (VM_IO | VM_PFNMAP))
		return -EFAULT;
	if (gup_flags & FOLL_WRITE) {
		if (flags & VM_WRITE)
			return 0;
		return gup_flags & FOLL_FORCE && flags & VM_MAYWRITE &&
		       !(flags & VM_SHARED) ? 0 : -EFAULT;
	}
	if (flags & VM_ACCESS_FLAGS)
		return 0;
	return gup_flags & FOLL_FORCE && flags & VM_MAYREAD ? 0 : -EFAULT;
}

/* One page: follow, fault, follow ... *page has a reference of ours. */
static int
get_page_at(struct vm_area_struct *vma, unsigned long addr,
	    unsigned gup_flags, struct page **page)
{
	unsigned flags = FAULT_FLAG_LOCKED |
			 (gup_flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0);
	vm_fault_t result;

	for (;;) {
		*page = vma->vm_flags & VM_HUGETLB ?
			follow_section(vma, addr) :
			follow_page(vma, addr, gup_flags);
		if (*page)
			return 0;
		cond_resched();
		result = handle_mm_fault(vma, addr, flags);
		if (result & VM_FAULT_OOM)
			return -ENOMEM;
		if (result & VM_FAULT_ERROR)
			return -EFAULT;
	}
}

static long
walk_pages(struct mm_struct *mm, unsigned long start, unsigned long n,
	   unsigned gup_flags, struct page **pages, s32 bias)
{
	struct vm_area_struct *vma = NULL;
	unsigned long addr = start & PAGE_MASK, i;
	struct page *page;
	int err = 0;

	for (i = 0; i < n; i++, addr += PAGE_SIZE) {
		if (!vma || addr >= vma->vm_end) {
			vma = vma_lookup(mm, addr);
			err = vma ? check_vma(vma, gup_flags) : -EFAULT;
			if (err)
				break;
		}
		err = get_page_at(vma, addr, gup_flags, &page);
		if (err)
			break;
		if (bias)
			atomic_add(&compound_head(page)->refcount, bias);
		if (pages)
			pages[i] = page;
		else
			put_page(page);
	}
	return i ? (long)i : err;
}

long
get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long n,
	       unsigned gup_flags, struct page **pages)
{
	return walk_pages(mm, start, n, gup_flags, pages, 0);
}

long
pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned long n,
	       unsigned gup_flags, struct page **pages)
{
	return walk_pages(mm, start, n, gup_flags, pages, PIN_BIAS - 1);
}

/*
 * page was written to through a reference. Reclaim may have written it to its
 * file, or to swap, before that; a translation's mark is gone then.
 */
static void
mark_written(struct page *page)
{
	if (page_state(page) == PAGE_STATE_CACHE ||
	    page_state(page) == PAGE_STATE_SWAPCACHE)
		set_page_dirty(page);
}

void
unpin_user_pages(struct page **pages, unsigned long n, bool dirty)
{
	for (unsigned long i = 0; i < n; i++) {
		struct page *head = compound_head(pages[i]);

		if (dirty)
			mark_written(head);
		atomic_sub(&head->refcount, PIN_BIAS - 1);
		put_page(head);
	}
}

/* Copy within one page. */
static void
copy_part(struct page *page, unsigned long addr, void *buf, unsigned long n,
	  bool write)
{
	char *at = (char *)kmap_local_page(page) + (addr & ~PAGE_MASK);

	if (write) {
		memcpy(at, buf, n);
		dcache_clean_range(at, at + n);	/* it may be code */
	} else {
		memcpy(buf, at, n);
	}
	kunmap_local(at);
}

unsigned long
access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf,
		 unsigned long len, unsigned gup_flags)
{
	unsigned long done = 0;

	down_read(&mm->mmap_lock);
	while (done < len) {
		unsigned long n = min(len - done,
				      PAGE_SIZE - (addr & ~PAGE_MASK));
		struct page *page;

		if (get_user_pages(mm, addr, 1, gup_flags, &page) != 1)
			break;
		seam(SEAM_REMOTE, page);
		copy_part(page, addr, (char *)buf + done, n,
			  gup_flags & FOLL_WRITE);
		if (gup_flags & FOLL_WRITE)
			mark_written(page);
		put_page(page);
		addr += n;
		done += n;
	}
	up_read(&mm->mmap_lock);
	return done;
}
