/* SPDX-License-Identifier: MIT */
/*
 * Swap areas: disks, or parts of them, cut into slots of a page.
 *
 * Ideas
 *   Slot	4096 bytes. Number 0 is the header (mkswap writes it); so no entry
 *		of a page table that names a slot is all zero.
 *   Count	how many entries name the slot: of page tables, one when a page
 *		was swapped out, one more for each fork; or the tree of a file in
 *		memory (shmem_swap.c). The swap cache may have its page too
 *		(SLOT_CACHED). A slot is free when it has neither.
 *
 *	map	[hdr][1][1|C][0][2][0|C][0] ...
 *		      |	 |    |	 |  \-- a page without translations, in the cache
 *		      |	 |    |	 \-- two spaces after fork
 *		      |	 |    \-- free
 *		      |	 \-- swapped out, and read again (or being written)
 *		      \-- swapped out
 *
 *   Finding a free one  two levels of bits; the search goes on where the last one
 *	ended, so pages that leave together lie together, and come back with one
 *	read (read-ahead).
 *   Areas	the one with the highest priority is filled first; those of equal
 *		priority take turns.
 *
 * The header (1 KiB into slot 0, little endian)
 *	u32 version = 1, u32 last slot, u32 number of bad slots, 16 bytes uuid,
 *	16 bytes label, padding to 1536; then the bad slots. "SWAPSPACE2" in
 *	the last ten bytes of the page.
 *
 * Invariants (swap_verify)
 *   P1  nr_used is the number of slots with a count or a page, and these alone
 *	 are not free in the bits.
 *   P2  the page at cache[slot] is in state SWAPCACHE and names the slot, and
 *	 the other way round.
 *   P3  a slot's count is the number of entries that name it (all spaces and
 *	 files).
 *   P4  swap_sum is what the active areas have, together.
 * Locks   swap_lock: all areas; taken inside page_table_lock and the page lock.
 *	   swapon_mutex: areas come and go.
 * Cost	   7 bytes a slot, allocated once: nothing is allocated to swap a page
 *	   out. Linux kept trees of pages here until 2025, when it went to tables
 *	   like these ("swap table", Kairui Song).
 * Sources  mkswap(8); Gorman, chapter 11.
 */
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/node.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/init.h>
#include <mm/mm.h>
#include <mm/pagecache.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <mm/verify.h>
#include <mm/vmalloc.h>
#include <mm/writeback.h>
#include "swap.h"

#define SWAP_MAGIC	"SWAPSPACE2"
#define MAGIC_AT	(PAGE_SIZE - 10)
#define HEADER_AT	1024u
#define BAD_PAGES_AT	1536u
#define MAX_BAD_PAGES	((MAGIC_AT - BAD_PAGES_AT) / 4)

DEFINE_SPINLOCK(swap_lock, LOCK_SWAP);
struct swap_area *swap_areas[MAX_SWAPFILES];
struct swap_sum swap_sum;
static unsigned nr_types;	/* no area from here on; swap_lock */
static unsigned last_type;			/* swap_lock: turns */
static DEFINE_MUTEX(swapon_mutex);

/* --- free slots: held: swap_lock --------------------------------------------- */

static void
mark_free(struct swap_area *area, u32 slot)
{
	area->free[slot / 32] |= 1u << slot % 32;
	area->any[slot / 1024] |= 1u << slot / 32 % 32;
}

static void
mark_used(struct swap_area *area, u32 slot)
{
	area->free[slot / 32] &= ~(1u << slot % 32);
	if (!area->free[slot / 32])
		area->any[slot / 1024] &= ~(1u << slot / 32 % 32);
}

/* The first free slot from `from' on; 0: none. */
static u32
find_free(const struct swap_area *area, u32 from)
{
	u32 words = DIV_ROUND_UP(area->nr_slots, 32), word = from / 32, bits;

	if (from >= area->nr_slots)
		return 0;
	bits = area->free[word] & ~0u << from % 32;
	for (word++; !bits && word < words; word++) {
		u32 any = area->any[word / 32] >> word % 32;

		if (!any) {
			word |= 31;
			continue;
		}
		word += ffs_long(any);
		bits = area->free[word];
	}
	return bits ? (word - 1) * 32 + ffs_long(bits) : 0;
}

static u32
take_slot(struct swap_area *area)
{
	u32 slot = find_free(area, area->next);

	if (!slot)
		slot = find_free(area, 1);
	if (!slot)
		return 0;
	mark_used(area, slot);
	area->map[slot] = SLOT_CACHED;
	area->nr_used++;
	swap_sum.free--;
	area->next = slot + 1;
	return slot;
}

/* The area to take from: the highest priority, then the next in turn. */
static struct swap_area *
pick_area(void)
{
	struct swap_area *best = NULL;

	for (unsigned i = 0, type = last_type; i < nr_types; i++) {
		struct swap_area *area;

		type = type + 1 < nr_types ? type + 1 : 0;
		area = swap_areas[type];

		if (area && area->active && area->nr_used < area->nr_usable &&
		    (!best || area->prio > best->prio))
			best = area;
	}
	return best;
}

swp_entry_t
get_swap_page(struct page *page)
{
	swp_entry_t entry = { 0 };
	struct swap_area *area;

	spin_lock(&swap_lock);
	area = pick_area();
	if (area) {
		entry = swp_entry(area->type, take_slot(area));
		area->cache[swp_offset(entry)] = page;
		last_type = area->type;
	}
	spin_unlock(&swap_lock);
	return entry;
}

void
put_swap_page(swp_entry_t entry)
{
	struct swap_area *area;

	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	area->map[swp_offset(entry)] = 0;
	swap_slot_settle(area, swp_offset(entry));
	spin_unlock(&swap_lock);
}

void
swap_slot_settle(struct swap_area *area, u32 slot)
{
	if (area->map[slot])
		return;
	if (area->ops->slot_freed)
		area->ops->slot_freed(area, slot);
	mark_free(area, slot);
	area->nr_used--;
	swap_sum.free += area->active;
}

bool
swap_duplicate(swp_entry_t entry)
{
	struct swap_area *area;
	bool ok = false;

	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	if (area && area->map[swp_offset(entry)] &&
	    (area->map[swp_offset(entry)] & SLOT_COUNT) < SLOT_MAX) {
		area->map[swp_offset(entry)]++;
		ok = true;
	}
	spin_unlock(&swap_lock);
	return ok;
}

/* One user less; true: the cache has its page, which nobody names. */
static bool
drop_user(swp_entry_t entry)
{
	struct swap_area *area;
	bool left = false;
	u16 *map;

	spin_lock(&swap_lock);
	area = swap_area_of(entry);
	map = area ? &area->map[swp_offset(entry)] : NULL;
	if (map && *map & SLOT_COUNT) {
		--*map;
		swap_slot_settle(area, swp_offset(entry));
		left = *map == SLOT_CACHED;
	}
	spin_unlock(&swap_lock);
	return left;
}

void
swap_free(swp_entry_t entry)
{
	drop_user(entry);
}

void
free_swap_and_cache(swp_entry_t entry)
{
	struct page *page;

	if (!drop_user(entry))
		return;
	/* Whoever has the page locked is about to look at it, else reclaim is. */
	page = lookup_swap_cache(entry);
	if (page) {
		free_swap_cache(page);
		put_page(page);
	}
}

unsigned
swap_count(swp_entry_t entry)
{
	struct swap_area *area = swap_area_of(entry);

	return area ? READ_ONCE(area->map[swp_offset(entry)]) & SLOT_COUNT : 0;
}

/* Slots of area, and the free ones, count as swap from now on, or no more. Held:
 * swap_lock. */
static void
set_active(struct swap_area *area, bool active)
{
	unsigned long total = area->nr_usable;
	unsigned long nr_free = total - area->nr_used;

	area->active = active;
	swap_sum.total += active ? total : -total;
	swap_sum.free += active ? nr_free : -nr_free;
}

unsigned long
total_swap_pages(void)
{
	return READ_ONCE(swap_sum.total);
}

unsigned long
nr_free_swap_pages(void)
{
	return READ_ONCE(swap_sum.free);
}

bool
vm_swap_full(void)
{
	return nr_free_swap_pages() < total_swap_pages() / 2;
}

/* --- swapon ------------------------------------------------------------------ */

static u32
get32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

/* The bad slots of the header. 0 or -EINVAL. */
static int
mark_bad(struct swap_area *area, const u8 *header, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		u32 slot = get32(header + BAD_PAGES_AT + i * 4);

		if (!slot || slot >= area->nr_slots || area->map[slot])
			return -EINVAL;
		area->map[slot] = SLOT_BAD;
		area->nr_usable--;
	}
	return 0;
}

/* What mkswap wrote; area's tables follow. 0 or -EINVAL. */
static int
read_header(struct swap_area *area, const u8 *header)
{
	u32 last = get32(header + HEADER_AT + 4);
	u32 nr_bad = get32(header + HEADER_AT + 8);

	if (memcmp(header + MAGIC_AT, SWAP_MAGIC, 10) ||
	    get32(header + HEADER_AT) != 1 || !last ||
	    last >= area->nr_slots || nr_bad > MAX_BAD_PAGES)
		return -EINVAL;
	area->nr_slots = last + 1;
	area->nr_usable = last;
	return mark_bad(area, header, nr_bad);
}

/* Read slot 0 through the area itself. 0, -ENOMEM, -EIO, -EINVAL. */
static int
check_header(struct swap_area *area)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	trylock_page(page);
	area->ops->start(area, page, 0, false);
	lock_page(page);
	err = page_uptodate(page) ? read_header(area, page_address(page)) :
				    -EIO;
	__atomic_fetch_and(&page->flags, ~PAGE_FLAGS_MASK, __ATOMIC_RELAXED);
	put_page(page);
	return err;
}

static void
free_area_tables(struct swap_area *area)
{
	vfree(area->map);
	vfree(area->cache);
	vfree(area->free);
	vfree(area->any);
	area->map = NULL;
	area->cache = NULL;
	area->free = area->any = NULL;
}

static int
alloc_area_tables(struct swap_area *area)
{
	area->map = vzalloc(area->nr_slots * sizeof(u16));
	area->cache = vzalloc(area->nr_slots * sizeof(struct page *));
	area->free = vzalloc(DIV_ROUND_UP(area->nr_slots, 32) * sizeof(u32));
	area->any = vzalloc(DIV_ROUND_UP(area->nr_slots, 1024) * sizeof(u32));
	return area->map && area->cache && area->free && area->any ? 0 :
								      -ENOMEM;
}

/* Priorities that nobody asked for go down from -2, in order of swapon. */
static int
enter_area(struct swap_area *area)
{
	s16 lowest = -1;
	unsigned i, type = MAX_SWAPFILES;

	for (i = MAX_SWAPFILES; i-- > 0;) {
		if (!swap_areas[i])
			type = i;
		else if (swap_areas[i]->prio < lowest)
			lowest = swap_areas[i]->prio;
	}
	if (type == MAX_SWAPFILES)
		return -EBUSY;
	if (area->prio == SWAP_PRIO_DEFAULT)
		area->prio = (s16)(lowest - 1);
	area->type = type;
	spin_lock(&swap_lock);
	set_active(area, true);
	swap_areas[type] = area;
	nr_types = max(nr_types, type + 1);
	spin_unlock(&swap_lock);
	return 0;
}

static struct swap_area *
find_area(const char *name)
{
	for (unsigned i = 0; i < MAX_SWAPFILES; i++)
		if (swap_areas[i] && !strcmp(swap_areas[i]->name, name))
			return swap_areas[i];
	return NULL;
}

int
swap_on(struct swap_area *area)
{
	int err;

	if (area->nr_slots > MAX_SWAP_SLOTS)
		area->nr_slots = MAX_SWAP_SLOTS;
	if (area->nr_slots < 2)
		return -EINVAL;
	area->nr_used = 0;
	area->next = 1;
	err = alloc_area_tables(area);
	if (!err)
		err = check_header(area);
	for (u32 slot = 1; !err && slot < area->nr_slots; slot++)
		if (!area->map[slot])
			mark_free(area, slot);
	mutex_lock(&swapon_mutex);
	if (!err)
		err = find_area(area->name) ? -EBUSY : enter_area(area);
	mutex_unlock(&swapon_mutex);
	if (err)
		free_area_tables(area);
	return err;
}

/* --- swapoff ------------------------------------------------------------------ */

/* Slots whose page has come back, and which no entry names any more. */
static void
drop_cached(struct swap_area *area)
{
	for (u32 slot = 1; slot < area->nr_slots; slot++) {
		struct page *page;

		if (READ_ONCE(area->map[slot]) != SLOT_CACHED)
			continue;
		page = lookup_swap_cache(swp_entry(area->type, slot));
		if (!page)
			continue;
		lock_page(page);
		wait_on_page_writeback(page);
		if (page_state(page) == PAGE_STATE_SWAPCACHE)
			try_to_free_swap(page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}
}

/* A slot may be named by a space that is coming or going: look again. */
static int
empty_area(struct swap_area *area)
{
	int err = 0;

	while (!err && READ_ONCE(area->nr_used)) {
		err = unuse_spaces(area->type);
		if (!err)
			err = shmem_unuse(area->type);
		drop_cached(area);
		if (!err && signal_pending())
			err = -EINTR;
		yield();
	}
	return err;
}

int
swap_off(const char *name)
{
	struct swap_area *area;
	int err;

	mutex_lock(&swapon_mutex);
	area = find_area(name);
	if (!area) {
		mutex_unlock(&swapon_mutex);
		return -EINVAL;
	}
	spin_lock(&swap_lock);
	set_active(area, false);
	spin_unlock(&swap_lock);
	err = empty_area(area);
	spin_lock(&swap_lock);
	if (err)
		set_active(area, true);
	else
		swap_areas[area->type] = NULL;
	spin_unlock(&swap_lock);
	mutex_unlock(&swapon_mutex);
	if (err)
		return err;
	free_area_tables(area);
	area->ops->close(area);
	return 0;
}

void
swaps_show(struct seq_buf *s)
{
	seq_puts(s, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	mutex_lock(&swapon_mutex);
	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		const struct swap_area *area = swap_areas[i];

		if (area)
			seq_printf(s, "%-39s %s\t%u\t\t%u\t\t%d\n",
				   area->name, area->kind,
				   area->nr_usable * 4, area->nr_used * 4,
				   area->prio);
	}
	mutex_unlock(&swapon_mutex);
}
NODE("swaps", swaps_show);

unsigned long
swap_users(void)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		const struct swap_area *area = swap_areas[i];

		for (u32 slot = 1; area && slot < area->nr_slots; slot++)
			if (area->map[slot] != SLOT_BAD)
				sum += area->map[slot] & SLOT_COUNT;
	}
	return sum;
}

/* --- verify ------------------------------------------------------------------- */

/* P1 and P2 of one area. */
static void
verify_area(struct verify *v, const struct swap_area *area)
{
	u32 used = 0;

	for (u32 slot = 1; slot < area->nr_slots; slot++) {
		const struct page *page = area->cache[slot];
		bool taken = area->map[slot] && area->map[slot] != SLOT_BAD;
		bool free = area->free[slot / 32] >> slot % 32 & 1;

		used += taken;
		VERIFY(v, free == !area->map[slot], "P1",
		       "swap: slot %u has %#x, but is %s", slot,
		       area->map[slot], free ? "free" : "not free");
		VERIFY(v, !page == !(taken && area->map[slot] & SLOT_CACHED) &&
		       (!page || (page_state(page) == PAGE_STATE_SWAPCACHE &&
				  page->user.private ==
				  swp_entry(area->type, slot).value)), "P2",
		       "swap: slot %u and its page %p do not name each other",
		       slot, (const void *)page);
	}
	VERIFY(v, used == area->nr_used, "P1",
	       "swap: %u slots of %s are in use, counted %u", used, area->name,
	       area->nr_used);
}

static void
swap_verify(struct verify *v)
{
	struct swap_sum sum = { 0, 0 };

	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		const struct swap_area *area = swap_areas[i];

		if (!area)
			continue;
		verify_area(v, area);
		sum.total += area->active ? area->nr_usable : 0;
		sum.free += area->active ? area->nr_usable - area->nr_used : 0;
	}
	VERIFY(v, sum.total == swap_sum.total && sum.free == swap_sum.free,
	       "P4", "swap: %lu of %lu slots are free, counted %lu of %lu",
	       sum.free, sum.total, swap_sum.free, swap_sum.total);
}

static struct verify_module swap_module = { .name = "swap",
					    .fn = swap_verify };

static int __init
swap_init(void)
{
	verify_register(&swap_module);
	return 0;
}
early_initcall(swap_init);
