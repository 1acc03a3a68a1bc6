/* SPDX-License-Identifier: MIT */
/*
 * Reverse mapping: from a page to its translations.
 *
 * Tables lead from addresses to pages. Who wants to take a page away, or to
 * know whether it was used, must go the other way:
 *
 *	page of a file	mapping -> i_mmap -> each VMA	index - vm_pgoff gives
 *			of the file			the address in it
 *	anonymous	mapping -> anon_vma -> it and	index is the page number
 *	(or swap cache) its descendants			of the address itself
 *
 * What is found that way is a place to look. Whether the entry there really
 * is a translation of the page is asked under the space's page_table_lock.
 *
 * What it is used for
 *   page_referenced	was it used?  Young bits are read and cleared
 *   page_mkclean	shared pages of files become clean and write-protected
 *			before they are written out
 *   try_to_unmap	nobody shall have it any more
 *
 * Can a walk miss one?  Translations come into being by a fault (which holds
 *   the page lock for a page of a file or of swap, and makes new pages
 *   otherwise) and by fork. The walker holds the page lock, so only fork can
 *   add one. fork copies from a parent to a child with the parent's
 *   page_table_lock held, and a family is walked parents first: when the walk is
 *   at the child, the parent's entry was either copied before, and is seen now,
 *   or had been taken out before, and what fork copies is a swap entry.
 *   A walk ends early where no translation is left to be met: try_to_unmap at
 *   mapcount 0, which nobody leaves while the page is locked. page_referenced
 *   takes the mapcount of its beginning and may miss the copy of a fork
 *   that comes between: what it tells is an estimate. page_mkclean must not
 *   miss any.
 *
 * Old translations and the TLB
 *   Clearing the young bit is no use while a core remembers the old translation
 *   and never looks at the table. So it is flushed, one page at a time, as Linux
 *   does on ARM (ptep_clear_flush_young); x86, where the core itself sets the
 *   bit, leaves it stale and is content with an estimate.
 *
 * Invariants (rmap_verify; R1 with the spaces, verify.c)
 *   R1  each translation of a page that is anonymous or of a file lies where
 *	 the page's own fields lead.
 *   R2  the translations that a walk finds are as many as the mapcount.
 *   R3  anon_vma.c
 * Locks   page lock -> i_mmap_lock or anon_vma root's rwsem, reading ->
 *	   page_table_lock. Tables may go while we look, but only under the
 *	   page_table_lock; a space only after it has left the family, a VMA
 *	   after it has left its file's list.
 * Cost	   one look for each VMA of the file that covers the page, or for each
 *	   descendant, until all translations are found.
 * Sources  McCracken, "Object-based reverse mapping", OLS 2004; Corbato, 1968,
 *	    for the used bit.
 */
#include <kernel/init.h>
#include <kernel/sched.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/verify.h>
#include "as.h"

/* What one walk does with each place. */
struct walk {
	struct rmap_place place;
	rmap_fn fn;
	void *arg;
};

/* Look at one address of one space. True: go on. */
static bool
look(struct walk *w, struct mm_struct *mm, struct vm_area_struct *vma,
     unsigned long address)
{
	bool more = true;
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = pte_offset(&mm->context, address);
	if (pte && pte_mapped(*pte) &&
	    pte_pfn(*pte) == page_to_pfn(w->place.page)) {
		w->place.mm = mm;
		w->place.vma = vma;
		w->place.address = address;
		w->place.pte = pte;
		more = w->fn(&w->place, w->arg);
	}
	spin_unlock(&mm->page_table_lock);
	return more;
}

/*
 * The index may change under the walk, but only of a page that has a single
 * translation, and under that one's page_table_lock (mremap). So it is read
 * again when the lock is held.
 */
static bool
look_anon(struct walk *w, struct mm_struct *mm)
{
	struct page *page = w->place.page;
	unsigned long index;

	for (;;) {
		index = READ_ONCE(page->user.index);
		if (!look(w, mm, NULL, index << PAGE_SHIFT))
			return false;
		if (likely(READ_ONCE(page->user.index) == index))
			return true;
	}
}

static bool
walk_anon(struct walk *w)
{
	struct anon_vma *root = page_lock_anon_vma_read(w->place.page);
	struct anon_vma *top, *av;
	bool more = true;

	if (!root)
		return true;
	top = READ_ONCE(w->place.page->user.mapping);
	for (av = top; av && more; av = anon_vma_next(av, top))
		if (av->mm)
			more = look_anon(w, av->mm);
	page_unlock_anon_vma_read(root);
	return more;
}

static bool
walk_file(struct walk *w)
{
	struct address_space *mapping = w->place.page->user.mapping;
	unsigned long index = w->place.page->user.index;
	struct vm_area_struct *vma;
	bool more = true;

	if (!mapping)
		return true;
	down_read(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, mapping_node) {
		if (index < vma->vm_pgoff ||
		    index - vma->vm_pgoff >= vma_pages(vma))
			continue;
		more = look(w, vma->vm_mm, vma, vma->vm_start +
			    ((index - vma->vm_pgoff) << PAGE_SHIFT));
		if (!more)
			break;
	}
	up_read(&mapping->i_mmap_lock);
	return more;
}

bool
rmap_walk(struct page *page, rmap_fn fn, void *arg)
{
	struct walk w = { .place = { .page = page }, .fn = fn, .arg = arg };

	if (page_is_anon(page))
		return walk_anon(&w);
	return page_state(page) == PAGE_STATE_CACHE ? walk_file(&w) : true;
}

/* --- was it used? --- */

struct referenced {
	int left;		/* translations that were not met yet */
	unsigned nr;
	bool exec;
};

static bool
age_place(const struct rmap_place *p, void *arg)
{
	struct referenced *r = arg;

	r->left--;
	if (!pte_young(*p->pte))
		return r->left > 0;
	set_pte_at(&p->mm->context, p->address, p->pte, pte_mkold(*p->pte));
	flush_tlb_user_page(&p->mm->context, p->address);
	r->nr++;
	if (p->vma && p->vma->vm_flags & VM_EXEC)
		r->exec = true;
	return r->left > 0;
}

unsigned
page_referenced(struct page *page, bool *exec)
{
	struct referenced r = { .left = page_mapcount(page) };

	if (r.left)
		rmap_walk(page, age_place, &r);
	*exec = r.exec;
	return r.nr;
}

/* --- clean --- */

static bool
clean_place(const struct rmap_place *p, void *arg)
{
	unsigned *nr = arg;

	if (!p->vma || !(p->vma->vm_flags & VM_SHARED) || !pte_dirty(*p->pte))
		return true;
	set_pte_at(&p->mm->context, p->address, p->pte, pte_mkclean(*p->pte));
	flush_tlb_user_page(&p->mm->context, p->address);
	++*nr;
	return true;
}

unsigned
page_mkclean(struct page *page)
{
	unsigned nr = 0;

	if (page_mapcount(page))
		rmap_walk(page, clean_place, &nr);
	return nr;
}

/* --- nobody shall have it --- */

/*
 * What stands in the entry afterwards: nothing for a page of a file (the next
 * access finds it in the cache, or reads it), the slot for an anonymous one.
 * False: it cannot be.
 */
static bool
left_behind(const struct rmap_place *p, pte_t *left)
{
	swp_entry_t entry = { (u32)p->page->user.private };

	*left = (pte_t){ 0 };
	if (!page_is_anon(p->page))
		return !(p->vma->vm_flags & VM_LOCKED);
	if (page_state(p->page) != PAGE_STATE_SWAPCACHE ||
	    p->page->flags & PG_mlocked || !swap_duplicate(entry))
		return false;
	*left = swp_entry_to_pte(entry);
	return true;
}

static bool
unmap_place(const struct rmap_place *p, void *arg)
{
	pte_t pte = *p->pte, left;

	(void)arg;
	if (!left_behind(p, &left))
		return false;
	set_pte_at(&p->mm->context, p->address, p->pte, (pte_t){ 0 });
	flush_tlb_user_page(&p->mm->context, p->address);
	if (pte_dirty(pte))
		set_page_dirty(p->page);
	mm_note_rss(p->mm);
	page_remove_map(p->mm, p->page);
	if (left.value) {
		mm_add_rss(p->mm, MM_SWAPENTS, 1);
		set_pte_at(&p->mm->context, p->address, p->pte, left);
	}
	put_page(p->page);
	return page_mapcount(p->page) != 0;
}

bool
try_to_unmap(struct page *page)
{
	if (page_mapcount(page))
		rmap_walk(page, unmap_place, NULL);
	return !page_mapcount(page);
}

/* --- verify --- */

bool
rmap_leads_to(const struct page *page, struct vm_area_struct *vma,
	      unsigned long addr)
{
	const struct address_space *mapping = page->user.mapping;

	if (page_is_anon(page))
		return page->user.index == addr >> PAGE_SHIFT &&
		       anon_vma_covers(page->user.mapping,
				       vma->vm_mm->anon_vma);
	if (page_state(page) != PAGE_STATE_CACHE)
		return true;		/* a driver's */
	return vma->vm_mapping == mapping &&
	       page->user.index == vma->vm_pgoff +
				   ((addr - vma->vm_start) >> PAGE_SHIFT);
}

static bool
count_place(const struct rmap_place *p, void *arg)
{
	int *nr = arg;

	(void)p;
	++*nr;
	return true;
}

void
rmap_verify(struct verify *v)
{
	struct page *page;
	int nr;

	verify_for_each_user(page) {
		if (!page_mapcount(page) || page_order(page) ||
		    (!page_is_anon(page) &&
		     page_state(page) != PAGE_STATE_CACHE))
			continue;
		nr = 0;
		rmap_walk(page, count_place, &nr);
		VERIFY(v, nr == page_mapcount(page), "R2",
		       "rmap: pfn %#lx has mapcount %d, a walk finds %d",
		       (unsigned long)page_to_pfn(page), page_mapcount(page),
		       nr);
	}
}
