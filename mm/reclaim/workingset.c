/* SPDX-License-Identifier: MIT */
/*
 * Refaults: was a page taken away too early?
 *
 * Ideas
 *   A page that comes back soon after it was taken was needed. How soon is soon?
 *   Number the evictions; a page leaves at number e and is back at number r. In
 *   between r - e pages were evicted: had the inactive list been longer by so
 *   many, the page would not have left. It could have been, at the cost of the
 *   active list. So:
 *
 *	r - e  <=  pages on the active lists	->  it belongs to the working
 *					set: straight to the active list, where
 *					it competes with those
 *	r - e  >   pages on the active lists	->  no list that we have could
 *					have kept it: inactive, as any other
 *
 *	inactive |xxxxxx| evicted: ...e. . . . r	distance r - e
 *
 *   What is remembered of an evicted page is one word in a table, of a power of two
 *   of words, at least half as many as memory has frames: half of the word tells which page (a hash of its file and
 *   offset, or of its slot in swap), half when. Older ones are overwritten.
 *   Linux leaves the number in the slot of the file's tree ("shadow entry"), which
 *   is exact, but the trees of files that are gone from memory stay, and
 *   need a shrinker of their own. Ours costs 4 bytes a frame and never grows.
 *   A wrong answer (a hash collision: one in 65536; or a file whose structure lies
 *   where that of a file lay that has gone) is one page on the wrong list.
 *
 * Locks   none: words are read and written whole.
 * Cost    20 instructions for each page that enters a cache, once anything has
 *	   been evicted.
 * Sources  Johannes Weiner, "mm: thrash detection-based file cache sizing", Linux
 *	    3.15 (2014); van Riel, "non-resident page tracking" (2005), for the
 *	    table of hashes.
 */
#include <kernel/init.h>
#include <lib/bitops.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static u32 *table;			/* NULL: no memory for it */
static unsigned table_shift;		/* 2^shift words */
static unsigned age_shift;		/* evictions are counted in 2^shift */
static atomic_t evictions;

static u32
hash_of(const void *owner, unsigned long index)
{
	u32 h = (u32)(unsigned long)owner * 0x9e3779b1u ^ (u32)index;

	h *= 0x85ebca6bu;
	return h ^ h >> 15;
}

void
workingset_eviction(const void *owner, unsigned long index)
{
	u32 hash = hash_of(owner, index), age;

	if (!table)
		return;
	age = (u32)atomic_add_return(&evictions, 1) >> age_shift & 0xffff;
	WRITE_ONCE(table[hash >> (32 - table_shift)], (hash & 0xffff) << 16 |
		   age);
}

/* Pages that might have made room. */
static unsigned long
room(bool file)
{
	unsigned long pages = lru_pages(LRU_ACTIVE_FILE) +
			      lru_pages(LRU_ACTIVE_ANON);

	return pages + (file ? 0 : lru_pages(LRU_INACTIVE_FILE));
}

bool
workingset_refault(const void *owner, unsigned long index, bool file)
{
	u32 now = (u32)atomic_read(&evictions), hash, word;
	unsigned long distance;

	if (!now || !table)
		return false;
	hash = hash_of(owner, index);
	word = READ_ONCE(table[hash >> (32 - table_shift)]);
	if (!word || word >> 16 != (hash & 0xffff))
		return false;
	WRITE_ONCE(table[hash >> (32 - table_shift)], 0);
	count_vm_event(file ? WORKINGSET_REFAULT_FILE :
			      WORKINGSET_REFAULT_ANON);
	distance = (unsigned long)(((now >> age_shift) - word) & 0xffff) <<
		   age_shift;
	if (distance > room(file) || !reclaim_policy->two_lists)
		return false;
	count_vm_event(file ? WORKINGSET_ACTIVATE_FILE :
			      WORKINGSET_ACTIVATE_ANON);
	return true;
}

u32
workingset_evictions(unsigned *step)
{
	*step = 1u << age_shift;
	return (u32)atomic_read(&evictions);
}

static int __init
workingset_init(void)
{
	table_shift = (unsigned)fls_long(totalram_pages());
	age_shift = table_shift > 12 ? table_shift - 12 : 0;
	table = vzalloc(sizeof(u32) << table_shift);
	return 0;
}
device_initcall(workingset_init);
