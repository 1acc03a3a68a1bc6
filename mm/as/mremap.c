/* SPDX-License-Identifier: MIT */
/*
 * mremap: a mapping becomes shorter, longer, or lies elsewhere.
 *
 *	shorter		munmap of the tail
 *	longer		in place if the hole behind it is large enough, else (if
 *			it may move) a new place, and the translations go along
 *	moved		MREMAP_FIXED says where; what is there goes
 *	old_len 0	a second mapping of the same shared pages
 *	DONTUNMAP	the pages move, the old promise stays, empty
 *
 * Moving copies no memory: entries are taken out of one place of the table
 * and put into another. Each page is in one place at any moment, and the old
 * translation leaves the TLBs before the new one can be used, because nobody
 * faults while mmap_lock is held for writing.
 *
 * Reverse mapping  finds an anonymous page by one address, the same in all
 * spaces that share it (anon_vma.c). A page that only this space has gets its
 * new one as it moves; one that relatives have too is copied first, as a
 * write would do, and the copy moves.
 *
 * Locks  mmap_lock, writing.
 */
#include <asm/pgalloc.h>
#include <kernel/panic.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/mman.h>
#include <mm/rmap.h>
#include "as.h"

struct move {
	struct vm_area_struct *vma;	/* where the pages are */
	unsigned long from, old_len;
	unsigned long to, new_len;
	bool keep;			/* MREMAP_DONTUNMAP */
};

/* Every table that the new place needs; after this moving cannot fail. */
static int
reserve_tables(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len;

	for (; start < end; start = ALIGN_DOWN(start, SECTION_SIZE) +
				    SECTION_SIZE)
		if (!pte_alloc(mm, start))
			return -ENOMEM;
	return 0;
}

/* Has a relative that page, or may it get it from the swap cache? */
static bool
shared_anon(struct vm_area_struct *vma, pte_t pte)
{
	const struct page *page;

	if (!pte_mapped(pte))
		return false;
	page = vm_normal_page(vma, pte);
	return page && page_is_anon(page) &&
	       (page_mapcount(page) > 1 ||
		(page_state(page) == PAGE_STATE_SWAPCACHE && !pte_write(pte)));
}

/*
 * A copy of our own behind *ptep, which had pte: its bits stay. Only reclaim
 * can change the entry meanwhile; then nothing is done. 0 or -ENOMEM.
 */
static int
unshare_page(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
	     pte_t pte)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *old = vm_normal_page(vma, pte), *page;
	bool same;

	page = alloc_anon_page(mm, addr, false);
	if (!page)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	same = ptep->value == pte.value;
	if (same)
		get_page(old);
	spin_unlock(&mm->page_table_lock);
	if (!same) {
		put_page(page);
		return 0;
	}
	copy_highpage(page, old);
	spin_lock(&mm->page_table_lock);
	same = ptep->value == pte.value;
	if (same) {
		set_pte_at(&mm->context, addr, ptep, (pte_t){ 0 });
		flush_tlb_user_page(&mm->context, addr);
		vma_munlock_page(vma, old);
		page_remove_map(mm, old);
		page_add_map(mm, page);
		vma_mlock_page(vma, page);
		set_pte_at(&mm->context, addr, ptep,
			   (pte_t){ (pte.value & ~PAGE_MASK) |
				    page_to_pfn(page) << PAGE_SHIFT });
	}
	spin_unlock(&mm->page_table_lock);
	put_page(same ? old : page);	/* its translation's */
	put_page(old);
	return 0;
}

/* Copy what relatives share: afterwards no anonymous page of the range has a
 * second translation, nor gets one while mmap_lock is held. 0 or -ENOMEM. */
static int
unshare(struct vm_area_struct *vma, unsigned long addr, unsigned long len)
{
	unsigned long end = addr + len;

	if (anon_vma_alone(vma->vm_mm->anon_vma))
		return 0;
	for (; addr < end; addr += PAGE_SIZE) {
		pte_t *ptep = pte_offset(&vma->vm_mm->context, addr), pte;

		if (!ptep) {
			addr |= SECTION_SIZE - PAGE_SIZE;
			continue;
		}
		while (shared_anon(vma, pte = (pte_t){
					READ_ONCE(ptep->value) }))
			if (unshare_page(vma, addr, ptep, pte))
				return -ENOMEM;
	}
	return 0;
}

/* The page behind pte, if it is an anonymous one. Held: page_table_lock. */
static noinline struct page *
anon_page_of(struct vm_area_struct *vma, pte_t pte)
{
	struct page *page = pte_mapped(pte) ? vm_normal_page(vma, pte) : NULL;

	return page && page_is_anon(page) ? page : NULL;
}

/*
 * Entries that lie in one table before and in one after: from src on, for the
 * addresses [from, end), to dst and `to'. An anonymous page is found at its new
 * place from now on. Held: page_table_lock.
 */
static noinline void
move_ptes(struct vm_area_struct *vma, unsigned long from, unsigned long end,
	  pte_t *src, unsigned long to, pte_t *dst)
{
	struct mm_struct *mm = vma->vm_mm;
	bool ask = vma->vm_flags & VM_PFNMAP;
	struct page *page;

	for (; from < end; from += PAGE_SIZE, to += PAGE_SIZE, src++, dst++) {
		pte_t pte = *src;

		if (pte_none(pte))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		if (ask || unlikely(!pte_plain_anon(pte, page)))
			page = anon_page_of(vma, pte);
		if (page) {
			assert(page_mapcount(page) == 1);
			WRITE_ONCE(page->user.index, to >> PAGE_SHIFT);
		}
		set_pte_at(&mm->context, from, src, (pte_t){ 0 });
		set_pte_at(&mm->context, to, dst, pte);
	}
}

static void
move_entries(struct vm_area_struct *vma, unsigned long from, unsigned long to,
	     unsigned long len)
{
	const unsigned long in_section = SECTION_SIZE - 1;
	struct mm_struct *mm = vma->vm_mm;
	unsigned long end = from + len, start = from, n;
	pte_t *src;

	spin_lock(&mm->page_table_lock);
	for (; from < end; from += n, to += n) {
		n = SECTION_SIZE - max(from & in_section, to & in_section);
		n = min(n, end - from);
		src = pte_offset(&mm->context, from);
		if (src)
			move_ptes(vma, from, from + n, src, to,
				  pte_offset(&mm->context, to));
	}
	spin_unlock(&mm->page_table_lock);
	flush_tlb_user_range(&mm->context, start, end);
	pte_publish();
}

/* A VMA like m->vma at the new place. NULL: no memory. */
static struct vm_area_struct *
make_copy(const struct move *m)
{
	struct vm_area_struct *copy = vma_copy(m->vma);

	if (!copy)
		return NULL;
	copy->vm_pgoff += (m->from - m->vma->vm_start) >> PAGE_SHIFT;
	vma_leave_userfault(copy);
	copy->vm_start = m->to;
	copy->vm_end = m->to + m->new_len;
	if (copy->vm_ops && copy->vm_ops->open)
		copy->vm_ops->open(copy);
	return copy;
}

/* Promise, VMA, tables for the new place; then move. 0 or -ENOMEM. */
static int
move_to_copy(struct mm_struct *mm, const struct move *m)
{
	unsigned long pages = m->new_len >> PAGE_SHIFT;
	bool account = m->vma->vm_flags & VM_ACCOUNT;
	struct vm_area_struct *copy;

	if (unshare(m->vma, m->from, min(m->old_len, m->new_len)) ||
	    (account && vm_commit(mm, pages)))
		return -ENOMEM;
	copy = make_copy(m);
	if (!copy) {
		if (account)
			vm_uncommit(pages);
		return -ENOMEM;
	}
	vma_insert(mm, copy);
	vm_stat_account(mm, copy->vm_flags, (long)pages);
	if (reserve_tables(mm, m->to, min(m->old_len, m->new_len))) {
		unmap_locked(mm, m->to, m->to + m->new_len);
		return -ENOMEM;
	}
	move_entries(m->vma, m->from, m->to, min(m->old_len, m->new_len));
	vma_merge(copy);
	return 0;
}

/*
 * The new place is free. What is to go from the old one is made a VMA of its
 * own first: then taking it away cannot fail when the pages have moved.
 */
static int
move_vma(struct mm_struct *mm, struct move *m)
{
	bool leave = !m->keep && m->old_len;
	int err = 0;

	if (mm->map_count + 3 > sysctl_max_map_count)
		return -ENOMEM;
	if (leave)
		err = vma_split_range(mm, m->from, m->from + m->old_len,
				      &m->vma);
	if (err)
		return err;
	err = move_to_copy(mm, m);
	if (!leave)
		return err;
	if (!err)
		return unmap_locked(mm, m->from, m->from + m->old_len);
	vma_merge(m->vma);
	return err;
}

static unsigned long
pgoff_of(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* Checks that Linux makes in this order, with these errors. */
static int
check_range(struct mm_struct *mm, struct move *m)
{
	struct vm_area_struct *vma = vma_lookup(mm, m->from);
	/* With DONTUNMAP the old addresses stay, and all of the new come. */
	unsigned long more = m->new_len - (m->keep ? 0 : m->old_len);

	if (!vma)
		return -EFAULT;
	m->vma = vma;
	if (!m->old_len && !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_HUGETLB ||
	    (m->keep && vma->vm_flags & (VM_PFNMAP | VM_DONTEXPAND)))
		return -EINVAL;
	if (m->old_len > vma->vm_end - m->from)
		return -EFAULT;
	if (m->new_len <= m->old_len && !m->keep)
		return 0;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	/* Pages of a file have 32-bit numbers, which must not wrap. */
	if (vma->vm_file && pgoff_of(vma, m->from) + (m->new_len >> PAGE_SHIFT) <
			    pgoff_of(vma, m->from))
		return -EINVAL;
	if (vma->vm_flags & VM_LOCKED && may_lock(mm, more >> PAGE_SHIFT))
		return -EAGAIN;
	return may_expand_vm(mm, vma->vm_flags, more >> PAGE_SHIFT) ? 0 :
								      -ENOMEM;
}

/* The VMA ends with the range and the hole behind it is large enough. */
static bool
grow_in_place(struct mm_struct *mm, struct move *m)
{
	unsigned long end = m->from + m->old_len;
	unsigned long new_end = m->from + m->new_len;
	unsigned long pages = (new_end - end) >> PAGE_SHIFT;

	if (m->vma->vm_end != end || new_end > TASK_SIZE || new_end < end ||
	    vma_find_hole(mm, new_end - end, end, new_end) != end)
		return false;
	if (m->vma->vm_flags & VM_ACCOUNT && vm_commit(mm, pages))
		return false;
	vma_set_range(m->vma, m->vma->vm_start, new_end);
	vm_stat_account(mm, m->vma->vm_flags, (long)pages);
	vma_merge(m->vma);
	return true;
}

static int
mremap_fixed(struct mm_struct *mm, struct move *m)
{
	int err;

	if (m->to & ~PAGE_MASK || m->new_len > TASK_SIZE ||
	    m->to > TASK_SIZE - m->new_len)
		return -EINVAL;
	if (m->from + m->old_len > m->to && m->to + m->new_len > m->from)
		return -EINVAL;
	if (m->to < sysctl_mmap_min_addr)
		return -EPERM;
	err = check_range(mm, m);
	if (!err)
		err = unmap_locked(mm, m->to, m->to + m->new_len);
	if (!err && m->old_len > m->new_len) {
		err = unmap_locked(mm, m->from + m->new_len,
				   m->from + m->old_len);
		m->old_len = m->new_len;
	}
	if (!err)		/* what was unmapped may have split it */
		err = check_range(mm, m);
	return err ? err : move_vma(mm, m);
}

static int
mremap_anywhere(struct mm_struct *mm, struct move *m, unsigned flags)
{
	int err;

	m->to = m->from;
	if (!m->keep && m->old_len >= m->new_len) {
		if (m->old_len == m->new_len)
			return check_range(mm, m);
		if (!vma_lookup(mm, m->from))
			return -EFAULT;
		return unmap_locked(mm, m->from + m->new_len,
				    m->from + m->old_len);
	}
	err = check_range(mm, m);
	if (err)
		return err;
	if (!m->keep && m->old_len && grow_in_place(mm, m))
		return 0;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	err = get_unmapped_area(mm, 0, m->new_len, 0, &m->to);
	return err ? err : move_vma(mm, m);
}

int
do_mremap(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
	  unsigned long new_len, unsigned flags, unsigned long new_addr,
	  unsigned long *result)
{
	struct move m = {
		.from = addr, .to = new_addr,
		.old_len = ALIGN_UP(old_len, PAGE_SIZE),
		.new_len = ALIGN_UP(new_len, PAGE_SIZE),
		.keep = flags & MREMAP_DONTUNMAP,
	};
	bool locked;
	int err;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
	    addr & ~PAGE_MASK || !m.new_len || m.old_len < old_len ||
	    addr > TASK_SIZE || m.old_len > TASK_SIZE - addr ||
	    (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) &&
	     !(flags & MREMAP_MAYMOVE)) ||
	    (m.keep && m.old_len != m.new_len))
		return -EINVAL;
	down_write(&mm->mmap_lock);
	err = flags & MREMAP_FIXED ? mremap_fixed(mm, &m) :
				     mremap_anywhere(mm, &m, flags);
	locked = !err && m.new_len > m.old_len &&
		 vma_lookup(mm, m.to)->vm_flags & VM_LOCKED;
	up_write(&mm->mmap_lock);
	if (err)
		return err;
	if (locked)
		mm_populate(mm, m.to + m.old_len, m.to + m.new_len, false);
	*result = m.to;
	return 0;
}
