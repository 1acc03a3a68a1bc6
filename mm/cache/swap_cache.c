/* SPDX-License-Identifier: MIT */
/*
 * The swap cache: pages that are in memory and have a slot in swap.
 *
 * Why  A page on its way out, or back, is for a while in both places, and several
 *   spaces may have it or its slot. All must meet the same page: who writes to
 *   one of two copies would write for itself. So the slot leads to the page.
 *
 *	out	ANON --add_to_swap--> SWAPCACHE dirty --unmap, write--> clean
 *		--nobody has it--> freed; the entries in the tables keep the slot
 *	in	fault --lookup--> there: map it
 *			      \-> not: new page, SWAPCACHE, read, map it
 *	written	SWAPCACHE --try_to_free_swap--> ANON	nobody else needs the slot
 *
 *   A page that was read back and not written keeps its slot: if it must go
 *   again, nothing need be written.
 *
 * Identity  page->user.private is the slot. mapping and index are those of an
 *   anonymous page once it has been mapped; before (read ahead) mapping is NULL.
 * Locks   the page lock, for all changes; swap_lock (swapfile.c) inside it.
 * Cost	   constant; a page's array slot and two counts.
 * Questions a reader asks
 *   Why must a page under write-back not give up its slot?  The slot could be
 *	given to another page, and the two writes meet there in any order.
 * Sources  Gorman, chapter 11.
 */
#include <kernel/panic.h>
#include <kernel/plug.h>
#include <kernel/psi.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/writeback.h>
#include "cache.h"
#include "swap.h"

#define SWAPIN_GFP	(GFP_HIGHUSER_MOVABLE)

int sysctl_swap_cluster = 3;
static atomic_t nr_cached;

unsigned long
total_swapcache_pages(void)
{
	return (unsigned long)atomic_read(&nr_cached);
}

/* Others change flags meanwhile: not page_set_state(). Held: page lock. */
static void
change_state(struct page *page, enum page_state state)
{
	u32 old = READ_ONCE(page->flags);

#ifdef VELLUM_DEBUG
	page_check_move(page, state);
#endif
	while (!__atomic_compare_exchange_n(&page->flags, &old,
			(old & ~PAGE_STATE_MASK) | state, true,
			__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

static swp_entry_t
page_entry(const struct page *page)
{
	return (swp_entry_t){ (u32)page->user.private };
}

struct page *
lookup_swap_cache(swp_entry_t entry)
{
	struct swap_area *area;
	struct page *page = NULL;

	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	if (area)
		page = area->cache[swp_offset(entry)];
	if (page)
		get_page(page);		/* the cache has one */
	spin_unlock(&swap_lock);
	return page;
}

bool
add_to_swap(struct page *page)
{
	swp_entry_t entry = get_swap_page(page);

	/* Who finds it there already waits for the page lock. */
	assert(page->flags & PG_locked);
	if (!entry.value)
		return false;
	page->user.private = entry.value;
	get_page(page);
	change_state(page, PAGE_STATE_SWAPCACHE);
	page_set_flags(page, PG_dirty | PG_uptodate);
	atomic_inc(&nr_cached);
	return true;
}

/* page has no slot any more. Held: swap_lock. */
static void
forget_slot(struct page *page)
{
	swp_entry_t entry = page_entry(page);
	struct swap_area *area = swap_area_of(entry);

	area->cache[swp_offset(entry)] = NULL;
	area->map[swp_offset(entry)] &= SLOT_COUNT;
	swap_slot_settle(area, swp_offset(entry));
	atomic_dec(&nr_cached);
}

void
delete_from_swap_cache(struct page *page)
{
	assert(page->flags & PG_locked && !(page->flags & PG_writeback));
	spin_lock(&swap_lock);
	forget_slot(page);
	spin_unlock(&swap_lock);
	/* What is in memory now is nowhere else. */
	change_state(page, PAGE_STATE_ANON);
	page->user.private = 0;
	put_page(page);
}

void
swap_cache_take(struct page *page, swp_entry_t entry)
{
	struct swap_area *area = swap_area_of(entry);

	page->user.private = entry.value;
	change_state(page, PAGE_STATE_SWAPCACHE);
	page_set_flags(page, PG_dirty);
	area->cache[swp_offset(entry)] = page;
	area->map[swp_offset(entry)]++;
	atomic_inc(&nr_cached);
}

void
swap_cache_give(struct page *page)
{
	swp_entry_t entry = page_entry(page);

	swap_area_of(entry)->map[swp_offset(entry)]--;
	forget_slot(page);
	change_state(page, PAGE_STATE_CACHE);
	page->user.private = 0;
}

bool
try_to_free_swap(struct page *page)
{
	if (page_state(page) != PAGE_STATE_SWAPCACHE)
		return true;
	if (page->flags & PG_writeback || swap_count(page_entry(page)))
		return false;
	delete_from_swap_cache(page);
	return true;
}

void
free_swap_cache(struct page *page)
{
	if (page_state(page) != PAGE_STATE_SWAPCACHE || page_mapcount(page) ||
	    !trylock_page(page))
		return;
	try_to_free_swap(page);
	unlock_page(page);
}

bool
remove_from_swap_cache(struct page *page)
{
	bool alone;

	spin_lock(&swap_lock);
	/* The cache's and the caller's: nobody can get one under the lock. */
	alone = freeze_clean_page(page);
	if (alone)
		forget_slot(page);
	spin_unlock(&swap_lock);
	return alone;
}

/* --- reading ------------------------------------------------------------------ */

/* Put page, locked, ours, at entry, if that is in use and has none. */
static bool
enter(struct page *page, swp_entry_t entry)
{
	struct swap_area *area;
	bool ok;
	u16 *map;

	page->user.mapping = NULL;
	page->user.index = 0;
	page->user.private = entry.value;
	page_set_state(page, PAGE_STATE_ANON);
	page_set_state(page, PAGE_STATE_SWAPCACHE);
	page->flags |= PG_swapbacked;
	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	map = area ? &area->map[swp_offset(entry)] : NULL;
	ok = map && *map && *map != SLOT_BAD && !(*map & SLOT_CACHED);
	if (ok) {
		*map |= SLOT_CACHED;
		get_page(page);
		area->cache[swp_offset(entry)] = page;
	}
	spin_unlock(&swap_lock);
	if (ok)
		atomic_inc(&nr_cached);
	return ok;
}

/*
 * Begin to read entry into page, which is new; its reference stays the caller's,
 * so that it stays however short memory is. False: somebody has begun already,
 * or nobody needs it any more; page is freed.
 */
static bool
read_slot(struct page *page, swp_entry_t entry, bool ahead)
{
	trylock_page(page);
	if (!enter(page, entry)) {
		page_clear_flags(page, PG_locked);
		put_page(page);
		return false;
	}
	if (ahead)
		page_set_flags(page, PG_readahead);
	if (workingset_refault(NULL, entry.value, false))
		page_set_flags(page, PG_active | PG_workingset);
	lru_add(page);
	page_life(page, SWAP_IN, entry.value);
	count_vm_event(PSWPIN);
	count_vm_events(SWAP_RA, ahead);
	swap_area_of(entry)->ops->start(swap_area_of(entry), page,
					swp_offset(entry), false);
	return true;
}

/* Is there something to read at entry?  A hint. */
static bool
worth_reading(swp_entry_t entry)
{
	struct swap_area *area;
	bool worth = false;

	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	if (area) {
		u16 map = area->map[swp_offset(entry)];

		worth = map && map != SLOT_BAD && !(map & SLOT_CACHED);
	}
	spin_unlock(&swap_lock);
	return worth;
}

/* The 2^cluster slots around entry, which were written at about one time. */
static void
read_around(swp_entry_t entry)
{
	u32 size = 1u << sysctl_swap_cluster, offset = swp_offset(entry);
	u32 start = offset & ~(size - 1), end = start + size;

	for (start = max(start, 1u); start < end; start++) {
		swp_entry_t next = swp_entry(swp_type(entry), start);
		struct page *page;

		if (start == offset || !worth_reading(next))
			continue;
		page = alloc_page(SWAPIN_GFP | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		if (read_slot(page, next, true))
			put_page(page);
	}
}

int
swapin_readahead(swp_entry_t entry, struct page **found)
{
	struct page *page = NULL;
	struct blk_plug plug;

	/*
	 * The area cannot go: the entry is in a table, and swapoff waits for
	 * that. A page that others read may be gone before we look: again.
	 */
	while (!page && worth_reading(entry)) {
		page = alloc_page(SWAPIN_GFP);
		if (!page)
			return -ENOMEM;
		blk_start_plug(&plug);	/* neighbours are one request */
		if (!read_slot(page, entry, false))
			page = lookup_swap_cache(entry);
		else if (sysctl_swap_cluster)
			read_around(entry);
		blk_finish_plug(&plug);
	}
	*found = page ? page : lookup_swap_cache(entry);
	return 0;
}

/* page, locked, is it the one, and read? 0, -EAGAIN, -EIO. */
static int
check_swap_page(struct page *page, swp_entry_t entry)
{
	if (page_state(page) != PAGE_STATE_SWAPCACHE ||
	    page->user.private != entry.value)
		return -EAGAIN;
	if (page_uptodate(page))
		return 0;
	/* Out of the way of the next, who may have more luck; and who finds
	 * what others read ahead in vain reads for himself. */
	delete_from_swap_cache(page);
	return page->flags & PG_readahead ? -EAGAIN : -EIO;
}

int
get_swap_cache_page(swp_entry_t entry, struct page **found, bool *major)
{
	struct page *page = lookup_swap_cache(entry);
	bool stall = !page || !page_uptodate(page);
	unsigned was = stall ? psi_stall_enter(PSI_MEM_STALL) : 0;
	int err = 0;

	*major = !page;
	if (!page)
		err = swapin_readahead(entry, &page);
	if (page)
		lock_page(page);
	if (stall)
		psi_stall_leave(was);
	if (!page)
		return err ? err : -EAGAIN;
	err = check_swap_page(page, entry);
	if (err) {
		unlock_page(page);
		put_page(page);
		return err;
	}
	if (page_clear_flags(page, PG_readahead) & PG_readahead)
		count_vm_event(SWAP_RA_HIT);
	*found = page;
	return 0;
}

/* --- writing ------------------------------------------------------------------ */

void
swap_writepage(struct page *page)
{
	swp_entry_t entry = page_entry(page);

	/* Nobody needs what is in it: do not write. */
	if (try_to_free_swap(page)) {
		unlock_page(page);
		return;
	}
	set_page_writeback(page);
	unlock_page(page);
	page_life(page, SWAP_OUT, entry.value);
	count_vm_event(PSWPOUT);
	swap_area_of(entry)->ops->start(swap_area_of(entry), page,
					swp_offset(entry), true);
}
