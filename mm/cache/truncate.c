/* SPDX-License-Identifier: MIT */
/*
 * Pages that leave their file: truncation, which takes all, and invalidation,
 * which takes what nobody would miss.
 *
 *			truncate		invalidate
 *	clean		goes			goes
 *	dirty		goes, is not written	stays
 *	being written	is waited for, goes	stays
 *	mapped		is unmapped, goes	stays
 *	in use		leaves the file		stays
 *
 * Locks   the page lock of one page at a time.
 */
#include <kernel/sched.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/shmem.h>
#include <mm/writeback.h>
#include "cache.h"

/*
 * The caller has taken the translations away, but a fault may have brought one
 * back since (a hole is punched inside the file). None comes while we hold the
 * page lock.
 */
static void
truncate_page(struct address_space *mapping, struct page *page)
{
	wait_on_page_writeback(page);
	if (page_mapcount(page))
		unmap_mapping_range(mapping, page->user.index, 1, false);
	delete_from_page_cache(page);
}

void
truncate_inode_pages_range(struct address_space *mapping, unsigned long first,
			   unsigned long end)
{
	struct page *pages[TRUNCATE_BATCH];
	unsigned i, n;

	while (gather_to_truncate(mapping, &first, end, pages, &n)) {
		for (i = 0; i < n; i++) {
			lock_page(pages[i]);
			if (pages[i]->user.mapping == mapping)
				truncate_page(mapping, pages[i]);
			unlock_page(pages[i]);
			put_page(pages[i]);
		}
		cond_resched();
	}
}

/*
 * page, locked: its only references are the cache's and ours. Who finds it from
 * now on waits for the lock, or reads from it what the file holds.
 */
static bool
can_go(const struct page *page)
{
	return !(READ_ONCE(page->flags) & (PG_dirty | PG_writeback)) &&
	       !page_mapcount(page) && atomic_read(&page->refcount) == 2;
}

unsigned long
invalidate_mapping_pages(struct address_space *mapping, unsigned long start,
			 unsigned long end)
{
	struct page *pages[TRUNCATE_BATCH];
	unsigned long gone = 0;
	unsigned i, n;

	if (!mapping->ops || mapping->ops->swap_backed)
		return 0;
	while (start < end && (n = find_get_pages(mapping, start, end,
						  TRUNCATE_BATCH, pages))) {
		start = pages[n - 1]->user.index + 1;
		for (i = 0; i < n; i++) {
			if (trylock_page(pages[i])) {
				if (pages[i]->user.mapping == mapping &&
				    can_go(pages[i])) {
					delete_from_page_cache(pages[i]);
					gone++;
				}
				unlock_page(pages[i]);
			}
			put_page(pages[i]);
		}
		cond_resched();
		if (!start)
			break;
	}
	return gone;
}

void
zero_cached_part(struct address_space *mapping, unsigned long index,
		 unsigned from, unsigned to)
{
	struct page *page = find_lock_page(mapping, index);
	char *addr;

	if (!page)
		return;
	if (page_uptodate(page)) {
		addr = kmap_local_page(page);
		memset(addr + from, 0, to - from);
		kunmap_local(addr);
	}
	unlock_page(page);
	put_page(page);
}
