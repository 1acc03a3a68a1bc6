/* SPDX-License-Identifier: MIT */
/* What the files of mm/cache share. */
#ifndef MM_CACHE_CACHE_H
#define MM_CACHE_CACHE_H

#include <kernel/wait.h>
#include <mm/pagecache.h>
#include <mm/seam.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

struct page_tree_node;
struct verify;

/* Both return the flags as they were. */
static inline u32
page_set_flags(struct page *page, u32 flags)
{
	return __atomic_fetch_or(&page->flags, flags, __ATOMIC_SEQ_CST);
}

static inline u32
page_clear_flags(struct page *page, u32 flags)
{
	return __atomic_fetch_and(&page->flags, ~flags, __ATOMIC_SEQ_CST);
}

/* Where those wait who wait for a flag of page (filemap.c). */
struct wait_queue_head *page_queue(const struct page *page);

static inline void
count_node_page(const struct page *page, enum node_stat_item item, int n)
{
	mod_node_page_state(NODE_DATA(page_to_nid(page)), item, n);
}

/* Do dirty pages of mapping count, and have marks? */
static inline bool
mapping_writes_back(const struct address_space *mapping)
{
	return mapping->ops->write_page != NULL;
}

/* One page more (n = 1) or less of mapping is in memory. */
void count_cache_page(const struct address_space *mapping, struct page *page,
		      int n);
/* Nodes that were in a tree: readers may still stand in them. */
void free_tree_nodes(struct page_tree_node *list);

/*
 * What a truncation of [*index, end) takes next: pages, with references, and, at
 * once, places in swap. *index is moved behind them. False: there is nothing
 * left. Context: may sleep. shmem_swap.c
 */
#define TRUNCATE_BATCH	16u
bool gather_to_truncate(struct address_space *mapping, unsigned long *index,
			unsigned long end, struct page **pages,
			unsigned *nr_pages);

/* page, locked, leaves its file: it is not dirty any more. Held: tree_lock. */
void page_forget_dirty(struct address_space *mapping, struct page *page);

/* writeback.c: rules C4 and C5 of one page of a file. */
struct dirty_count {
	unsigned long dirty, writeback;
};
void verify_dirty_page(struct verify *v, struct page *page,
		       struct dirty_count *count);
void verify_dirty_counts(struct verify *v, const struct dirty_count *count);

/*
 * Take page, clean, from everybody: its references, the cache's and the caller's,
 * become 0. Only then is it asked whether it is dirty: who writes to it through
 * a reference of his own marks it before he gives that up. False: it stays.
 * Held: the lock under which the cache gives references out.
 */
static inline bool
freeze_clean_page(struct page *page)
{
	s32 two = 2;

	if (!__atomic_compare_exchange_n(&page->refcount.value, &two, 0, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return false;
	seam(SEAM_FREEZE, page);
	if (!(READ_ONCE(page->flags) & (PG_dirty | PG_writeback)))
		return true;
	atomic_set(&page->refcount, 2);
	return false;
}

#endif
