/* SPDX-License-Identifier: MIT */
/*
 * Winning memory back: what goes first, what stays, and that all of memory and
 * more can be used. Steps are made by hand (reclaim_step), so that each case says
 * what one pass does.
 */
#include <drivers/zram.h>
#include <kernel/sched.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/reclaim.h>
#include <mm/trace_ring.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "disks.h"
#include "files.h"
#include "swap_helpers.h"
#include "threads.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

/* Every page of mm as if it had not been used for long. */
static void
age(struct mm_struct *mm, unsigned long pages)
{
	bool exec;

	for (unsigned long i = 0; i < pages; i++) {
		struct page *page = as_page(mm, BASE + i * P);

		if (!pte_mapped(as_pte(mm, BASE + i * P)))
			continue;
		lock_page(page);
		page_referenced(page, &exec);
		unlock_page(page);
	}
}

/* One pass over all of zone. */
static void
pass(struct zone *zone)
{
	reclaim_step(zone, 0, 1ul << 20);
}

static void
what_was_not_used_goes_to_swap(struct test *t)
{
	struct block_device *disk = swap_begin(t, 256);
	struct mm_struct *mm = as_space(t, BASE, 32);
	struct zone *zone;

	ASSERT(t, disk != NULL);
	for (unsigned i = 0; i < 32; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	zone = page_zone(as_page(mm, BASE));
	age(mm, 32);
	EXPECT_EQ(t, as_touch(mm, BASE + 3 * P, false), 0);
	pass(zone);
	EXPECT(t, pte_mapped(as_pte(mm, BASE + 3 * P)));
	EXPECT(t, as_page(mm, BASE + 3 * P)->flags & PG_active);
	EXPECT(t, pte_swap(as_pte(mm, BASE)));
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 31);
	for (unsigned i = 0; i < 32; i++)
		EXPECT_EQ(t, as_peek(mm, BASE + i * P), i + 1);
	mmput(mm);
	swap_end(t, disk);
}

/* --- swap that a case has a hand in ------------------------------------------------ */

#define HAND_SLOTS	9u

static struct {
	u8 *slots;			/* HAND_SLOTS pages; 0 is the header */
	void (*written)(void);		/* called when a page has been written */
	struct mm_struct *mm;
	bool closed;
} hand;

static void
hand_start(struct swap_area *area, struct page *page, u32 slot, bool write)
{
	u8 *at = hand.slots + slot * P, *map = kmap_local_page(page);

	(void)area;
	memcpy(write ? at : map, write ? map : at, P);
	kunmap_local(map);
	if (!write) {
		page_end_read(page, 0);
		return;
	}
	end_page_writeback(page, 0);
	if (hand.written)
		hand.written();
}

static void
hand_close(struct swap_area *area)
{
	kfree(area);
	hand.closed = true;
}

static const struct swap_operations hand_ops = {
	.start = hand_start, .close = hand_close,
};

static bool
hand_begin(struct test *t, void (*written)(void), struct mm_struct *mm)
{
	struct swap_area *area = kzalloc(sizeof(*area), GFP_KERNEL);
	u32 words[2] = { 1, HAND_SLOTS - 1 };

	hand = (typeof(hand)){ .written = written, .mm = mm };
	hand.slots = kzalloc(HAND_SLOTS * P, GFP_KERNEL);
	if (!EXPECT(t, area && hand.slots))
		return false;
	memcpy(hand.slots + 1024, words, sizeof(words));
	memcpy(hand.slots + P - 10, "SWAPSPACE2", 10);
	area->ops = &hand_ops;
	strscpy(area->name, "/dev/hand", sizeof(area->name));
	area->kind = "partition";
	area->nr_slots = HAND_SLOTS;
	area->prio = 9;
	return EXPECT_EQ(t, swap_on(area), 0);
}

static void
hand_end(struct test *t)
{
	EXPECT_EQ(t, swap_off("/dev/hand"), 0);
	EXPECT(t, hand.closed);
	kfree(hand.slots);
}

static void
unmap_it(void)
{
	hand.written = NULL;
	do_munmap(hand.mm, BASE, P);
}

/*
 * A page is unlocked while it is written, and its owner ends:
 *
 *	reclaim  unmap - write - unlocked . . . lock - take it out of its cache
 *	owner				   munmap: slot free, no cache
 *
 * What would then be taken for its file is the root of a family (anon_vma).
 */
static void
the_owner_may_end_while_a_page_is_written(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 2);
	struct zone *zone;

	ASSERT(t, hand_begin(t, unmap_it, mm));
	EXPECT(t, as_poke(mm, BASE, 7));
	zone = page_zone(as_page(mm, BASE));
	age(mm, 1);
	pass(zone);
	EXPECT(t, !hand.written);		/* it came to that */
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 0);
	EXPECT_VERIFIED(t);
	mmput(mm);
	hand_end(t);
}

static void
without_swap_anonymous_memory_stays(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 8);
	struct zone *zone;

	for (unsigned i = 0; i < 8; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	zone = page_zone(as_page(mm, BASE));
	age(mm, 8);
	pass(zone);
	EXPECT_EQ(t, mm_rss(mm), 8);
	mmput(mm);
}

static void
locked_and_pinned_pages_stay(struct test *t)
{
	struct block_device *disk = swap_begin(t, 256);
	struct mm_struct *mm = as_space(t, BASE, 4);
	struct page *pinned;
	struct zone *zone;

	ASSERT(t, disk != NULL);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	EXPECT_EQ(t, do_mlock(mm, BASE, P, 0), 0);
	down_read(&mm->mmap_lock);
	EXPECT_EQ(t, pin_user_pages(mm, BASE + P, 1, FOLL_WRITE, &pinned), 1);
	up_read(&mm->mmap_lock);
	zone = page_zone(as_page(mm, BASE));
	age(mm, 4);
	pass(zone);
	EXPECT(t, pte_mapped(as_pte(mm, BASE)));
	EXPECT(t, pte_mapped(as_pte(mm, BASE + P)));
	EXPECT(t, as_page(mm, BASE + P) == pinned);
	unpin_user_pages(&pinned, 1, true);
	mmput(mm);
	swap_end(t, disk);
}

/* A page that a read-only child shares goes from both. */
static void
a_shared_page_goes_from_all(struct test *t)
{
	struct block_device *disk = swap_begin(t, 256);
	struct mm_struct *a = as_space(t, BASE, 4), *b = NULL;
	struct zone *zone;

	ASSERT(t, disk != NULL);
	EXPECT(t, as_poke(a, BASE, 5));
	EXPECT_EQ(t, dup_mm(a, &b), 0);
	zone = page_zone(as_page(a, BASE));
	age(a, 1);
	pass(zone);
	EXPECT(t, pte_swap(as_pte(a, BASE)));
	EXPECT_EQ(t, as_pte(a, BASE).value, as_pte(b, BASE).value);
	EXPECT_EQ(t, as_peek(b, BASE), 5);
	mmput(a);
	mmput(b);
	swap_end(t, disk);
}

/*
 * Pages of a disk: clean ones go, dirty ones are written first, and what is
 * read later is what was written.
 */
static void
pages_of_a_disk_go_and_are_read_again(struct test *t)
{
	struct block_device *disk, *opened;
	struct page *page;
	struct zone *zone;
	void *data;

	ASSERT_EQ(t, ramdisk_create("rct", 16 * PAGE_SECTORS, false, &disk), 0);
	ASSERT_EQ(t, bdev_open(disk->dev, &opened), 0);
	for (unsigned i = 0; i < 16; i++) {
		ASSERT_EQ(t, bread(disk, i, P, &page, &data), 0);
		*(u32 *)data = i + 100;
		if (i % 2)
			set_page_dirty(page);
		zone = page_zone(page);
		put_page(page);
	}
	EXPECT_EQ(t, disk->mapping->nr_pages, 16);
	for (unsigned i = 0; i < 4 && disk->mapping->nr_pages; i++)
		pass(zone);
	EXPECT_EQ(t, disk->mapping->nr_pages, 0);
	for (unsigned i = 0; i < 16; i++) {
		ASSERT_EQ(t, bread(disk, i, P, &page, &data), 0);
		EXPECT_EQ(t, *(u32 *)data, i % 2 ? i + 100 : 0);
		put_page(page);
	}
	bdev_close(opened);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
}

static struct page *wanted;
static unsigned looks, looks_that_it_takes;

/* All is in use, but for one page, which is so for long. */
static enum page_verdict
judge_wanted(struct page *page, unsigned nr_used, bool exec)
{
	(void)nr_used;
	(void)exec;
	return page == wanted && ++looks >= looks_that_it_takes ?
	       PAGE_RECLAIM : PAGE_KEEP;
}

/* From the first priority to the last, and again from the first: memory is not
 * used up while there is something whose use may end. */
static void
what_is_in_use_is_looked_at_again(struct test *t)
{
	static const struct reclaim_policy policy = { "test", true,
						      judge_wanted };
	const struct reclaim_policy *before = reclaim_policy;
	const unsigned too_much = 20;	/* order: there is never enough */
	struct block_device *disk, *opened;
	void *data;

	ASSERT_EQ(t, ramdisk_create("rct", 16 * PAGE_SECTORS, false, &disk), 0);
	ASSERT_EQ(t, bdev_open(disk->dev, &opened), 0);
	ASSERT_EQ(t, bread(disk, 0, P, &wanted, &data), 0);
	put_page(wanted);
	reclaim_policy = &policy;
	looks = 0;
	looks_that_it_takes = ~0u;
	EXPECT_EQ(t, try_to_free_pages(GFP_NOFS, too_much), 0);
	EXPECT(t, looks > 16);			/* it did not go on for ever */
	looks = 0;
	looks_that_it_takes = 25;	/* each of 13 priorities looks once */
	EXPECT_EQ(t, try_to_free_pages(GFP_NOFS, too_much), 1);
	EXPECT_EQ(t, looks, 25);
	EXPECT_EQ(t, disk->mapping->nr_pages, 0);
	reclaim_policy = before;
	/* Back again: it is not remembered as gone, which the next disk, whose
	 * structure may lie where this one's lay, would have to answer for. */
	ASSERT_EQ(t, bread(disk, 0, P, &wanted, &data), 0);
	put_page(wanted);
	bdev_close(opened);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
}

static void
a_page_that_comes_back_soon_is_active(struct test *t)
{
	struct block_device *disk, *opened;
	unsigned long refaults = vm_event(WORKINGSET_REFAULT_FILE);
	struct mm_struct *mm = as_space(t, BASE, 64);
	struct page *page;
	struct zone *zone;
	void *data;

	/* An active list that could have made room. */
	for (unsigned i = 0; i < 64; i++) {
		EXPECT(t, as_poke(mm, BASE + i * P, 1));
		activate_page(as_page(mm, BASE + i * P));
	}
	ASSERT_EQ(t, ramdisk_create("rct", 16 * PAGE_SECTORS, false, &disk), 0);
	ASSERT_EQ(t, bdev_open(disk->dev, &opened), 0);
	ASSERT_EQ(t, bread(disk, 3, P, &page, &data), 0);
	EXPECT(t, !(page->flags & PG_active));
	zone = page_zone(page);
	put_page(page);
	for (unsigned i = 0; i < 4 && disk->mapping->nr_pages; i++)
		pass(zone);
	ASSERT_EQ(t, bread(disk, 3, P, &page, &data), 0);
	EXPECT_EQ(t, vm_event(WORKINGSET_REFAULT_FILE), refaults + 1);
	EXPECT_EQ(t, (page->flags & PG_active) != 0,
		  reclaim_policy->two_lists);
	EXPECT_EQ(t, (page->flags & PG_workingset) != 0,
		  reclaim_policy->two_lists);
	put_page(page);
	bdev_close(opened);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
	mmput(mm);
}

/* zram keeps its buffers, once it was used. */
static void
swap_can_be_compressed_memory(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1);
	struct block_device *zram;

	if (zram_size())
		SKIP(t, "zram0 is in use");
	ASSERT_EQ(t, zram_set_size(64 * P), 0);
	zram = blk_find("zram0");
	ASSERT(t, zram != NULL);
	EXPECT_EQ(t, make_swap(zram, 63), 0);
	EXPECT_EQ(t, swap_on_disk(zram->dev, SWAP_NAME, 10), 0);
	EXPECT(t, as_poke(mm, BASE, 77));
	EXPECT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, as_peek(mm, BASE), 77);
	mmput(mm);
	EXPECT_EQ(t, swap_off(SWAP_NAME), 0);
	EXPECT_EQ(t, zram_reset(), 0);
}

/*
 * kswapd wants to write a page of a file, and its store cannot even begin: the
 * page is dirty as before, nobody's lock is left on it, and the file is told.
 */
static void
what_cannot_be_written_stays_dirty(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct address_space *mapping = d.disk->mapping;
	struct page *page;

	EXPECT_EQ(t, write_pattern(d.file, 0, P, 1), P);
	page = find_get_page(mapping, 0);
	ASSERT(t, page);
	WRITE_ONCE(mapping->private, NULL);	/* a disk that has gone */
	for (unsigned i = 0; i < 4 && !mapping->wb_err; i++) {
		put_page(page);			/* it must look unused */
		pass(page_zone(page));
		page = find_get_page(mapping, 0);
		ASSERT(t, page);
	}
	WRITE_ONCE(mapping->private, d.disk);
	EXPECT_EQ(t, errseq_check(&mapping->wb_err, 0), -ENXIO);
	EXPECT(t, page->flags & PG_dirty);
	if (!EXPECT(t, trylock_page(page)))
		page->flags &= ~PG_locked;	/* so that the case can end */
	else
		unlock_page(page);
	put_page(page);
	EXPECT_EQ(t, fsync_file(d.file), -EIO);	/* told, once */
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, P, 1));
	test_disk_free(t, &d);
}

#ifndef VELLUM_NO_TRACE

/* A page that leaves is told with where it goes; each pass over a list as well. */
static void
an_eviction_names_page_and_slot(struct test *t)
{
	struct block_device *disk = swap_begin(t, 64);
	struct mm_struct *mm = as_space(t, BASE, 8);
	static char text[16384];
	trace_mask_t vmscan = 0;
	unsigned long *nr;
	struct seq_buf s;
	char want[80];
	bool aged;
	pfn_t pfn;

	ASSERT(t, disk != NULL);
	for (unsigned i = 0; i < 8; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i));
	pfn = page_to_pfn(as_page(mm, BASE + P));
	age(mm, 8);
	for (unsigned i = 2; i < 8; i++)
		activate_page(as_page(mm, BASE + i * P));
	nr = page_zone(pfn_to_page(pfn))->lruvec.nr;
	aged = nr[LRU_INACTIVE_ANON] * 3 < nr[LRU_ACTIVE_ANON];
	EXPECT_EQ(t, trace_parse("vmscan", &vmscan), 0);
	if (trace_events || trace_start(vmscan)) {
		t->skip = "the machine was started with trace=";
	} else {
		pass(page_zone(pfn_to_page(pfn)));	/* written */
		pass(page_zone(pfn_to_page(pfn)));	/* and gone */
		trace_stop();
		seq_buf_init(&s, text, sizeof(text));
		trace_show(&s, 100);
		snprintf(want, sizeof(want), ": mm_vmscan_evict: pfn=%lu "
			 "index=%lu entry=0x%x\n", pfn, BASE / P + 1,
			 as_pte(mm, BASE + P).value);
		if (!EXPECT(t, strstr(text, want)))
			test_info(t, "no %s", want);
		EXPECT(t, strstr(text, ": mm_vmscan_lru_isolate: lru=0 "));
		if (aged)		/* others may have longer lists */
			EXPECT(t, strstr(text, ": mm_vmscan_lru_shrink_active: "
					       "lru=1 "));
		trace_release();
	}
	mmput(mm);
	swap_end(t, disk);
}

#endif

/*
 * One reading does not make a page part of a working set, however many calls it
 * takes; a second one does.
 */
static void
what_is_read_twice_is_active(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct page *page;
	char buf[64];
	u64 pos = 0;

	EXPECT_EQ(t, kernel_read(d.file, buf, 64, &pos), 64);
	page = find_get_page(d.disk->mapping, 0);
	ASSERT(t, page);
	EXPECT(t, page->flags & PG_referenced && !(page->flags & PG_active));
	EXPECT_EQ(t, kernel_read(d.file, buf, 64, &pos), 64);
	EXPECT(t, !(page->flags & PG_active));	/* it goes on */
	pos = P + 64;				/* another page, not begun */
	EXPECT_EQ(t, kernel_read(d.file, buf, 64, &pos), 64);
	EXPECT(t, !(page->flags & PG_active));
	pos = 128;
	EXPECT_EQ(t, kernel_read(d.file, buf, 64, &pos), 64);
	EXPECT_EQ(t, !!(page->flags & PG_active), reclaim_policy->two_lists);
	put_page(page);
	page = find_get_page(d.disk->mapping, 1);
	ASSERT(t, page);
	EXPECT(t, page->flags & PG_referenced && !(page->flags & PG_active));
	pos = P;
	EXPECT_EQ(t, kernel_read(d.file, buf, 64, &pos), 64);
	EXPECT_EQ(t, !!(page->flags & PG_active), reclaim_policy->two_lists);
	put_page(page);
	test_disk_free(t, &d);
}

/* --- more than there is --------------------------------------------------------- */

#define NR_HOGS	16

struct hog {
	struct mm_struct *mm;
	unsigned long pages, seed;
	unsigned wrong;
	bool oom;
};

static u32
stamp(const struct hog *hog, unsigned long i, unsigned round)
{
	return (u32)(hog->seed * 0x9e3779b1u + i * 31 + round);
}

/* Write all, three times; each time what was there before is looked at. */
static void
hog_main(void *arg)
{
	struct hog *hog = arg;

	for (unsigned round = 1; round <= 3 && !hog->oom; round++) {
		for (unsigned long i = 0; i < hog->pages; i++) {
			unsigned long at = BASE + i * P + 64 * (i % 60);

			if (round > 1 &&
			    as_peek(hog->mm, at) != stamp(hog, i, round - 1))
				hog->wrong++;
			if (!as_poke(hog->mm, at, stamp(hog, i, round))) {
				hog->oom = true;
				break;
			}
			cond_resched();
		}
	}
}

/*
 * 16 programs that use one and a half times the memory, on compressed
 * swap: all of them end, and every page is right.
 */
static void
more_memory_than_there_is_can_be_used(struct test *t)
{
	unsigned long total = totalram_pages(), out = vm_event(PSWPOUT);
	static struct hog hogs[NR_HOGS];
	struct block_device *zram;
	struct task *tasks[NR_HOGS];

	if (total > 64 * SZ_1M / P)
		SKIP(t, "so much memory takes too long to fill");
	if (zram_size())
		SKIP(t, "zram0 is in use");
	ASSERT_EQ(t, zram_set_size((u64)total * 2 * P), 0);
	zram = blk_find("zram0");
	ASSERT(t, zram != NULL);
	ASSERT_EQ(t, make_swap(zram, total * 2 - 1), 0);
	ASSERT_EQ(t, swap_on_disk(zram->dev, SWAP_NAME, 10), 0);
	for (unsigned i = 0; i < NR_HOGS; i++) {
		hogs[i] = (struct hog){ .seed = i + 1 };
		hogs[i].pages = total * 3 / 2 / NR_HOGS;
		hogs[i].mm = as_space(t, BASE, hogs[i].pages);
		tasks[i] = test_start(t, hog_main, &hogs[i], "hog");
	}
	for (unsigned i = 0; i < NR_HOGS; i++) {
		test_join(tasks[i]);
		EXPECT(t, !hogs[i].oom);
		EXPECT_EQ(t, hogs[i].wrong, 0);
	}
	EXPECT(t, vm_event(PSWPOUT) - out > total / 2);
	for (unsigned i = 0; i < NR_HOGS; i++)
		mmput(hogs[i].mm);
	EXPECT_EQ(t, swap_off(SWAP_NAME), 0);
	EXPECT_EQ(t, zram_reset(), 0);
}

TEST_SUITE("reclaim",
	   TEST_CASE(what_was_not_used_goes_to_swap),
	   TEST_CASE(the_owner_may_end_while_a_page_is_written),
	   TEST_CASE(without_swap_anonymous_memory_stays),
	   TEST_CASE(locked_and_pinned_pages_stay),
	   TEST_CASE(a_shared_page_goes_from_all),
	   TEST_CASE(pages_of_a_disk_go_and_are_read_again),
	   TEST_CASE(what_is_in_use_is_looked_at_again),
	   TEST_CASE(a_page_that_comes_back_soon_is_active),
	   TEST_CASE(what_cannot_be_written_stays_dirty),
	   TEST_CASE(what_is_read_twice_is_active),
#ifndef VELLUM_NO_TRACE
	   TEST_CASE(an_eviction_names_page_and_slot),
#endif
	   TEST_CASE_KEEPS(swap_can_be_compressed_memory),
	   TEST_CASE(more_memory_than_there_is_can_be_used));
