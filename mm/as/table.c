/* SPDX-License-Identifier: MIT */
/*
 * Page tables of a space: making them, and counting what they hold.
 *
 * Ideas
 *   A table page is allocated before the lock is taken, as any page of a program
 *   (memory is won back for it, or somebody ended), and given back if
 *   somebody else was faster. It comes into being by a fault (mmap_lock held for
 *   reading) and goes only with the VMAs around it (mmap_lock held for
 *   writing), so a pte_t pointer is good as long as mmap_lock is held.
 *
 *   Page of zeros: a page that was only read needs no memory of its own. One
 *   frame serves all of them, read-only; it has no counts, so it is told by
 *   its number.
 *
 *   Each translation of a page is one reference, one of its mapcount, and one
 *   of the space's rss: the three move together (page_add_map in as.h).
 *
 *   The highest rss ever is noted where rss is about to fall, and taken into
 *   account where it is read: so a page that comes costs nothing for it.
 *
 * Locks  page_table_lock: entries, rss, nr_tables.
 * Cost	  page_add_map / page_remove_map: no lock of their own. A walk over many
 *	  entries counts by itself and tells once (struct map_counts).
 */
#include <asm/pgalloc.h>
#include <kernel/panic.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/hooks.h>
#include <mm/pagecache.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "as.h"

pfn_t zero_frame;

void
table_init(void)
{
	void *page = get_zeroed_page(GFP_KERNEL);

	if (!page)
		panic("no memory for the page of zeros");
	zero_frame = page_to_pfn(virt_to_page(page));
}

bool
is_zero_pfn(pfn_t pfn)
{
	return pfn == zero_frame;
}

pte_t *
pte_alloc(struct mm_struct *mm, unsigned long addr)
{
	pte_t *pte = pte_offset(&mm->context, addr);
	void *page;
	bool used;

	if (likely(pte != NULL))
		return pte;
	page = pgtable_alloc_user_page();
	if (!page)
		return NULL;
	spin_lock(&mm->page_table_lock);
	used = user_table_install(&mm->context, addr, page);
	mm->nr_tables += used;
	spin_unlock(&mm->page_table_lock);
	if (!used)
		pgtable_free_page(page);
	return pte_offset(&mm->context, addr);
}

enum mm_counter
mm_counter_of_file(const struct page *page)
{
	const struct address_space *mapping;

	if (page_state(page) != PAGE_STATE_CACHE)
		return MM_FILEPAGES;		/* a driver's */
	mapping = page->user.mapping;
	return mapping && mapping->ops->swap_backed ? MM_SHMEMPAGES :
						      MM_FILEPAGES;
}

unsigned long
mm_rss(const struct mm_struct *mm)
{
	return (unsigned long)(READ_ONCE(mm->rss[MM_FILEPAGES]) +
			       READ_ONCE(mm->rss[MM_ANONPAGES]) +
			       READ_ONCE(mm->rss[MM_SHMEMPAGES]));
}

unsigned long
mm_hiwater_rss(const struct mm_struct *mm)
{
	unsigned long rss = mm_rss(mm), high = READ_ONCE(mm->hiwater_rss);

	return max(rss, high);
}

void
mm_note_rss(struct mm_struct *mm)
{
	unsigned long rss = mm_rss(mm);

	if (rss > mm->hiwater_rss)
		mm->hiwater_rss = rss;
}

void
count_mapped(struct page *page, long n)
{
	if (n > 0)
		page_life(page, MAP, page->user.index);
	else
		page_life(page, UNMAP, page->user.index);
	mod_node_page_state(NODE_DATA(page_to_nid(page)),
			    likely(page_is_anon(page)) ? NR_ANON_MAPPED :
							 NR_FILE_MAPPED, n);
}

void
map_counts_tell(struct map_counts *counts, struct mm_struct *mm)
{
	unsigned nid;

	for (unsigned i = 0; i < NR_MM_COUNTERS; i++)
		mm_add_rss(mm, i, counts->rss[i]);
	for (nid = 0; nid < nr_node_ids; nid++) {
		if (counts->unmapped[0][nid])
			mod_node_page_state(NODE_DATA(nid), NR_FILE_MAPPED,
					    -counts->unmapped[0][nid]);
		if (counts->unmapped[1][nid])
			mod_node_page_state(NODE_DATA(nid), NR_ANON_MAPPED,
					    -counts->unmapped[1][nid]);
	}
}
