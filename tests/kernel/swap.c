/* SPDX-License-Identifier: MIT */
/* Swap: slots, the swap cache, pages that go and come back. */
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <mm/highmem.h>
#include <mm/seam.h>
#include <mm/verify.h>
#include <mm/vmstat.h>
#include "swap_helpers.h"
#include "threads.h"
#include "verify_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static struct block_device *disk;	/* swap is on */
static struct mm_struct *mm;

/* Swap of so many slots, and a space of so many pages at BASE. */
static bool
begin(struct test *t, u32 slots, unsigned long pages)
{
	disk = swap_begin(t, slots);
	mm = as_space(t, BASE, pages);
	return disk && mm;
}

/* A small one, of which the first page holds word and is in swap. */
static bool
begin_sent(struct test *t, u32 word)
{
	return begin(t, 16, 4) && EXPECT(t, as_poke(mm, BASE, word)) &&
	       EXPECT(t, send_to_swap(mm, BASE));
}

static void
end(struct test *t)
{
	mmput(mm);
	EXPECT_EQ(t, nr_free_swap_pages(), total_swap_pages());
	swap_end(t, disk);
}

/* --- headers and areas -------------------------------------------------------- */

static void
a_disk_without_header_is_no_swap(struct test *t)
{
	static const u8 no_magic[SECTOR_SIZE];

	ASSERT_EQ(t, ramdisk_create("swt", 64, false, &disk), 0);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), -EINVAL);
	EXPECT_EQ(t, make_swap(disk, 7), 0);
	EXPECT_EQ(t, blk_write(disk, 7, no_magic, SECTOR_SIZE), 0);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), -EINVAL);
	EXPECT_EQ(t, make_swap(disk, 8), 0);	/* the last is slot 7 */
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), -EINVAL);
	EXPECT_EQ(t, make_swap(disk, 7), 0);
	blk_fail_requests(disk, 1u << BLK_READ, 0, 1);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), -EIO);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), 0);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, 5), -EBUSY);
	EXPECT_EQ(t, total_swap_pages(), 7);
	EXPECT_EQ(t, ramdisk_destroy(disk), -EBUSY);
	EXPECT_EQ(t, swap_off("/dev/other"), -EINVAL);
	swap_end(t, disk);
	EXPECT_EQ(t, total_swap_pages(), 0);
}

static void
each_slot_is_given_out_once_then_none(struct test *t)
{
	unsigned n = 0;

	ASSERT(t, begin(t, 500, 501));
	for (unsigned i = 0; i < 501; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i));
	for (unsigned i = 0; i < 501; i++)
		n += send_to_swap(mm, BASE + i * P);
	EXPECT_EQ(t, n, 500);
	EXPECT_EQ(t, nr_free_swap_pages(), 0);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 500);
	for (unsigned i = 0; i < 501; i++)
		if (as_peek(mm, BASE + i * P) != i)
			EXPECT_EQ(t, as_peek(mm, BASE + i * P), i);
	end(t);
}

/* --- out and in ----------------------------------------------------------------- */

static void
a_page_comes_back_as_it_went(struct test *t)
{
	pte_t pte;

	ASSERT(t, begin_sent(t, 1234));
	pte = as_pte(mm, BASE);
	EXPECT(t, pte_swap(pte) && !pte_mapped(pte) && !pte_none(pte));
	EXPECT_EQ(t, swap_count(pte_to_swp_entry(pte)), 1);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 1);
	EXPECT_EQ(t, as_peek(mm, BASE), 1234);
	EXPECT_EQ(t, mm_rss(mm), 1);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 0);
	end(t);
}

/* Read again, it keeps its slot: the next time nothing is written. */
static void
a_page_that_was_only_read_goes_without_a_write(struct test *t)
{
	u64 written;

	ASSERT(t, begin_sent(t, 1234));
	EXPECT_EQ(t, as_peek(mm, BASE), 1234);
	EXPECT_EQ(t, total_swapcache_pages(), 1);
	written = disk->requests[BLK_WRITE];
	ASSERT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, disk->requests[BLK_WRITE], written);
	EXPECT_EQ(t, as_peek(mm, BASE), 1234);
	/* A write gives the slot up. */
	EXPECT(t, as_poke(mm, BASE, 5));
	EXPECT_EQ(t, total_swapcache_pages(), 0);
	EXPECT_EQ(t, nr_free_swap_pages(), 16);
	EXPECT_EQ(t, as_peek(mm, BASE), 5);
	end(t);
}

static void
a_write_fault_takes_the_page_out_of_the_cache(struct test *t)
{
	ASSERT(t, begin_sent(t, 1));
	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	EXPECT_EQ(t, total_swapcache_pages(), 0);
	EXPECT(t, pte_write(as_pte(mm, BASE)) && pte_dirty(as_pte(mm, BASE)));
	EXPECT_EQ(t, as_peek(mm, BASE), 1);
	end(t);
}

/*
 * fork before and after; both have the slot, whoever writes has a page of its
 * own, and the other still sees what was.
 */
static void
relatives_share_a_slot_and_part_at_the_first_write(struct test *t)
{
	struct mm_struct *b = NULL, *c = NULL;
	swp_entry_t entry;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 7));
	EXPECT_EQ(t, dup_mm(mm, &b), 0);
	ASSERT(t, send_to_swap(mm, BASE));
	entry = pte_to_swp_entry(as_pte(mm, BASE));
	EXPECT_EQ(t, swap_count(entry), 2);
	EXPECT_EQ(t, as_pte(b, BASE).value, entry.value);
	EXPECT_EQ(t, dup_mm(b, &c), 0);
	EXPECT_EQ(t, swap_count(entry), 3);
	EXPECT(t, as_poke(b, BASE, 8));
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	EXPECT_EQ(t, as_peek(b, BASE), 8);
	EXPECT_EQ(t, as_peek(c, BASE), 7);
	EXPECT_EQ(t, pte_pfn(as_pte(mm, BASE)), pte_pfn(as_pte(c, BASE)));
	EXPECT_EQ(t, swap_count(entry), 0);
	mmput(mm);
	EXPECT_EQ(t, as_peek(c, BASE), 7);
	mmput(c);
	mmput(b);
	EXPECT_EQ(t, nr_free_swap_pages(), 16);
	swap_end(t, disk);
}

/* Who reads it first does not keep it from the other, who is found as well. */
static void
relatives_that_read_it_again_are_both_found(struct test *t)
{
	struct mm_struct *b = NULL;
	struct page *page;

	ASSERT(t, begin_sent(t, 7));
	ASSERT_EQ(t, dup_mm(mm, &b), 0);
	EXPECT_EQ(t, as_peek(b, BASE), 7);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	page = as_page(b, BASE);
	EXPECT(t, page == as_page(mm, BASE));
	EXPECT_EQ(t, page_mapcount(page), 2);
	EXPECT(t, send_to_swap(mm, BASE));
	EXPECT(t, pte_swap(as_pte(mm, BASE)) && pte_swap(as_pte(b, BASE)));
	EXPECT_EQ(t, as_peek(b, BASE), 7);
	mmput(b);
	end(t);
}

/* The cache's page has the other's address: the one who moved gets a copy. */
static void
an_entry_that_was_moved_comes_back_at_its_new_place(struct test *t)
{
	struct mm_struct *b = NULL;
	unsigned long to = 0;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 7));
	EXPECT_EQ(t, dup_mm(mm, &b), 0);
	ASSERT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, do_mremap(b, BASE, 4 * P, 4 * P, MREMAP_MAYMOVE |
			       MREMAP_FIXED, BASE + 16 * MIB, &to), 0);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	EXPECT_EQ(t, as_peek(b, to), 7);
	EXPECT(t, pte_pfn(as_pte(mm, BASE)) != pte_pfn(as_pte(b, to)));
	mmput(b);
	end(t);
}

static void
taking_the_memory_away_frees_the_slot(struct test *t)
{
	ASSERT(t, begin(t, 16, 4));
	for (unsigned i = 0; i < 4; i++) {
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
		ASSERT(t, send_to_swap(mm, BASE + i * P));
	}
	EXPECT_EQ(t, nr_free_swap_pages(), 12);
	EXPECT_EQ(t, do_madvise(mm, BASE, P, MADV_DONTNEED), 0);
	EXPECT_EQ(t, as_peek(mm, BASE), 0);
	EXPECT_EQ(t, nr_free_swap_pages(), 13);
	EXPECT_EQ(t, do_munmap(mm, BASE + P, P), 0);
	EXPECT_EQ(t, nr_free_swap_pages(), 14);
	/* Rights that change do not lose what is in swap. */
	EXPECT_EQ(t, do_mprotect(mm, BASE + 2 * P, P, PROT_NONE), 0);
	EXPECT_EQ(t, do_mprotect(mm, BASE + 2 * P, P, PROT_READ), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), 3);
	end(t);
}

static void
mincore_knows_what_is_in_swap(struct test *t)
{
	u8 vec[2];

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 1) && as_poke(mm, BASE + P, 1));
	ASSERT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, do_mincore(mm, BASE, 2, vec), 0);
	EXPECT(t, !vec[0] && vec[1]);
	end(t);
}

static void
neighbours_are_read_ahead(struct test *t)
{
	unsigned long ahead = vm_event(SWAP_RA), hits = vm_event(SWAP_RA_HIT);
	unsigned long in = vm_event(PSWPIN), out = vm_event(PSWPOUT);

	ASSERT(t, begin(t, 32, 16));
	for (unsigned i = 0; i < 16; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i));
	for (unsigned i = 0; i < 16; i++)
		ASSERT(t, send_to_swap(mm, BASE + i * P));
	EXPECT_EQ(t, as_peek(mm, BASE + 9 * P), 9);	/* slot 10 of 8..15 */
	EXPECT_EQ(t, vm_event(SWAP_RA), ahead + 7);
	EXPECT_EQ(t, vm_event(PSWPIN), in + 8);
	EXPECT_EQ(t, vm_event(PSWPOUT), out + 16);
	EXPECT_EQ(t, as_peek(mm, BASE + 10 * P), 10);
	EXPECT_EQ(t, vm_event(SWAP_RA_HIT), hits + 1);
	end(t);
}

/* --- errors --------------------------------------------------------------------- */

static void
a_page_that_cannot_be_read_is_a_bus_error(struct test *t)
{
	ASSERT(t, begin_sent(t, 7));
	blk_fail_requests(disk, 1u << BLK_READ, 0, 1);
	EXPECT_EQ(t, as_touch(mm, BASE, false), VM_FAULT_SIGBUS);
	end(t);
}

static void
a_page_that_cannot_be_written_stays_in_memory(struct test *t)
{
	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 7));
	blk_fail_requests(disk, 1u << BLK_WRITE, 0, 1);
	EXPECT(t, !send_to_swap(mm, BASE));
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	EXPECT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	end(t);
}

/* One fault after the other, each of the pages once: how many could not be had. */
static unsigned
count_lost(struct test *t, struct mm_struct *mm, unsigned nr)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < nr; i++) {
		vm_fault_t result = as_touch(mm, BASE + i * P, false);

		EXPECT(t, !result || result == VM_FAULT_SIGBUS);
		lost += result != 0;
	}
	return lost;
}

#define SWEPT	12u

/* Each write in turn, the one that fails and those that do not. */
static void
each_write_that_fails_keeps_its_page(struct test *t)
{
	ASSERT(t, begin(t, SWEPT, SWEPT));
	for (unsigned n = 0; n < SWEPT; n++) {
		unsigned sent = 0;

		for (unsigned i = 0; i < SWEPT; i++)
			EXPECT(t, as_poke(mm, BASE + i * P, n * 100 + i));
		blk_fail_requests(disk, 1u << BLK_WRITE, n, 1);
		for (unsigned i = 0; i < SWEPT; i++)
			sent += send_to_swap(mm, BASE + i * P);
		EXPECT_EQ(t, sent, SWEPT - 1);
		EXPECT_EQ(t, total_swapcache_pages(), 1);
		EXPECT_EQ(t, count_lost(t, mm, SWEPT), 0);
		for (unsigned i = 0; i < SWEPT; i++)
			EXPECT_EQ(t, as_peek(mm, BASE + i * P), n * 100 + i);
	}
	end(t);
}

/*
 * Each read in turn, neighbours read ahead or not. Who wanted the page itself is
 * told, once; one that was only read ahead in vain is nobody's loss.
 */
static void
each_read_that_fails_is_told_to_who_wants_it(struct test *t)
{
	int cluster = sysctl_swap_cluster;
	unsigned lost = 0;

	ASSERT(t, begin(t, SWEPT, SWEPT));
	for (unsigned i = 0; i < SWEPT; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i));
	for (unsigned n = 0; n < 2 * SWEPT; n++) {
		sysctl_swap_cluster = n < SWEPT ? 0 : 3;
		for (unsigned i = 0; i < SWEPT; i++)
			ASSERT(t, send_to_swap(mm, BASE + i * P));
		blk_fail_requests(disk, 1u << BLK_READ, n % SWEPT, 1);
		lost += count_lost(t, mm, SWEPT);
		EXPECT(t, n >= SWEPT || lost == n + 1);
		for (unsigned i = 0; i < SWEPT; i++)
			EXPECT_EQ(t, as_peek(mm, BASE + i * P), i);
	}
	/* Slots 1 to 7 and 8 to 12 come together: two are wanted. */
	EXPECT_EQ(t, lost, SWEPT + 2);
	blk_fail_requests(disk, 0, 0, 0);
	sysctl_swap_cluster = cluster;
	end(t);
}

/* Both name the slot; the one that asks first meets the error. */
static void
a_relative_does_not_suffer_from_the_others_error(struct test *t)
{
	struct mm_struct *b = NULL;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 7));
	EXPECT_EQ(t, dup_mm(mm, &b), 0);
	ASSERT(t, send_to_swap(mm, BASE));
	blk_fail_requests(disk, 1u << BLK_READ, 0, 1);
	EXPECT_EQ(t, as_touch(mm, BASE, false), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, total_swapcache_pages(), 0);
	EXPECT_EQ(t, as_peek(b, BASE), 7);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	mmput(b);
	end(t);
}

static void
swapoff_gives_up_on_what_cannot_be_read(struct test *t)
{
	ASSERT(t, begin_sent(t, 7));
	blk_fail_requests(disk, 1u << BLK_READ, 0, 1);
	EXPECT_EQ(t, swap_off(SWAP_NAME), -EIO);
	EXPECT_EQ(t, total_swap_pages(), 16);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 1);
	swap_end(t, disk);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	mmput(mm);
}

/* --- pressure ------------------------------------------------------------------- */

static void
wait_for_page(void *arg)
{
	as_touch(arg, BASE, false);
}

/* The disk keeps the read to itself for a while. */
static void
to_wait_for_swap_is_a_memory_stall(struct test *t)
{
	struct task *task;
	u64 before;

	ASSERT(t, begin_sent(t, 7));
	ramdisk_hold(disk, true);
	before = psi_total(PSI_MEM, PSI_SOME);
	task = test_start(t, wait_for_page, mm, "waits");
	TEST_WAIT_UNTIL(ramdisk_nr_held(disk) == 1);
	TEST_WAIT_UNTIL(psi_total(PSI_MEM, PSI_SOME) > before);
	ramdisk_hold(disk, false);
	ramdisk_release(disk, 1);
	test_join(task);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	end(t);
}

/* --- swapoff -------------------------------------------------------------------- */

static void
swapoff_brings_everything_back(struct test *t)
{
	struct mm_struct *b = NULL;

	ASSERT(t, begin(t, 64, 40));
	for (unsigned i = 0; i < 40; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	EXPECT_EQ(t, dup_mm(mm, &b), 0);
	for (unsigned i = 0; i < 40; i++)
		ASSERT(t, send_to_swap(mm, BASE + i * P));
	EXPECT_EQ(t, do_mprotect(b, BASE, 8 * P, PROT_NONE), 0);
	swap_end(t, disk);
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 0);
	EXPECT_EQ(t, b->rss[MM_SWAPENTS], 0);
	for (unsigned i = 0; i < 40; i++)
		EXPECT_EQ(t, as_peek(mm, BASE + i * P), i + 1);
	mmput(mm);
	EXPECT_EQ(t, as_peek(b, BASE + 39 * P), 40);
	mmput(b);
}

static void
broken_slots_are_seen_by_verify(struct test *t)
{
	struct page *page;
	swp_entry_t entry;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 7) && as_poke(mm, BASE + P, 7));
	ASSERT(t, send_to_swap(mm, BASE) && send_to_swap(mm, BASE + P));
	entry = pte_to_swp_entry(as_pte(mm, BASE));
	EXPECT_CAUGHT(t, "P3", swap_duplicate(entry), swap_free(entry));
	EXPECT_CAUGHT(t, "P4", swap_sum.free++, swap_sum.free--);
	EXPECT_CAUGHT(t, "P4", swap_sum.total++, swap_sum.total--);
	EXPECT_CAUGHT(t, "A2", mm->rss[MM_SWAPENTS]++, mm->rss[MM_SWAPENTS]--);
	EXPECT_EQ(t, as_peek(mm, BASE), 7);
	page = lookup_swap_cache(entry);
	ASSERT(t, page != NULL);
	put_page(page);
	EXPECT_CAUGHT(t, "P2", page->user.private += 256,
		    page->user.private -= 256);
	end(t);
}

/* --- two at once ------------------------------------------------------------------ */

#define ROUNDS	300

struct race {
	struct mm_struct *mm;
	atomic_t done;
	unsigned wrong, sent;
};

static void
count_up(void *arg)
{
	struct race *race = arg;

	while (!READ_ONCE(race->sent))
		yield();
	for (u32 i = 1; i <= ROUNDS; i++) {
		for (unsigned n = 0; n < 4; n++) {
			u32 was = as_peek(race->mm, BASE + n * P);

			race->wrong += was != i - 1;
			as_poke(race->mm, BASE + n * P, i);
		}
		yield();
	}
	atomic_inc(&race->done);
}

static void
keep_sending(void *arg)
{
	struct race *race = arg;

	while (!atomic_read(&race->done)) {
		for (unsigned n = 0; n < 4; n++)
			race->sent += send_to_swap(race->mm, BASE + n * P);
		yield();
	}
}

static void
no_write_is_lost_while_pages_are_sent_away(struct test *t)
{
	struct race race = { .wrong = 0 };
	struct task *writer, *sender;

	ASSERT(t, begin(t, 16, 4));
	race.mm = mm;
	for (unsigned n = 0; n < 4; n++)
		EXPECT(t, as_poke(mm, BASE + n * P, 0));
	writer = test_start(t, count_up, &race, "writer");
	sender = test_start(t, keep_sending, &race, "sender");
	test_join(writer);
	test_join(sender);
	EXPECT_EQ(t, race.wrong, 0);
	/* A page that was being written when its owner wrote was copied; it keeps its
	 * slot until reclaim, or swapoff, finds that nobody wants it. No other
	 * slot is in use. */
	mmput(mm);
	EXPECT_EQ(t, nr_free_swap_pages() + total_swapcache_pages(),
		  total_swap_pages());
	swap_end(t, disk);
}

/*
 * Writes through a reference, to a page that reclaim unmaps and writes
 * meanwhile. Then it is clean and in the swap cache, until its writer says
 * otherwise.
 */
#ifdef VELLUM_DEBUG
static struct {
	struct page *page;		/* NULL: the seam has been met */
	unsigned met;
} late;

/* What the writer does last: write, mark, give the reference up. */
static void
write_and_unpin(struct page *page)
{
	u32 *at = kmap_local_page(page);

	late.page = NULL;
	*at = 2;
	kunmap_local(at);
	unpin_user_pages(&page, 1, true);
}

static void
write_in_between(enum seam_place place, struct page *page)
{
	if (place == SEAM_FREEZE && page == late.page)
		write_and_unpin(page);
}

/* Reclaim had it in its hands when the writer came for it. */
static struct page *
pinned_and_clean(struct test *t, struct mm_struct *mm)
{
	struct page *page = pfn_to_page(pte_pfn(as_pte(mm, BASE))), *pinned;
	long got;

	if (!EXPECT(t, lru_isolate_page(page)))
		return NULL;
	lock_page(page);
	EXPECT(t, add_to_swap(page));
	down_read(&mm->mmap_lock);
	got = pin_user_pages(mm, BASE, 1, FOLL_WRITE, &pinned);
	up_read(&mm->mmap_lock);
	EXPECT(t, got == 1 && pinned == page);
	EXPECT(t, write_page_to_swap(page));
	EXPECT(t, !(page->flags & (PG_dirty | PG_writeback)));
	return page;
}

/*
 *	cache	may it go?  [dirty?  count?]	may it go?	later
 *	writer		     write, mark, put
 *
 * The first time it must stay because of its count, or because it is dirty;
 * then because it is dirty. Later it is written again, and goes.
 */
static void
a_write_between_the_caches_questions_is_not_lost(struct test *t)
{
	struct page *page;
	bool gone;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 1));
	page = pinned_and_clean(t, mm);
	ASSERT(t, page != NULL);
	late.page = page;
	WRITE_ONCE(seam_fn, write_in_between);
	gone = remove_from_swap_cache(page);
	WRITE_ONCE(seam_fn, NULL);
	if (late.page)
		write_and_unpin(page);
	EXPECT(t, !gone);
	if (!gone) {
		EXPECT(t, page->flags & PG_dirty);
		gone = remove_from_swap_cache(page);
		EXPECT(t, !gone);
	}
	free_or_put_back(page, gone);
	EXPECT_EQ(t, as_peek(mm, BASE), 2);
	EXPECT(t, send_to_swap(mm, BASE));
	EXPECT_EQ(t, as_peek(mm, BASE), 2);
	end(t);
}

/* Reclaim, while the writer has page and has not begun. */
static void
reclaim_in_between(enum seam_place place, struct page *page)
{
	if (place != SEAM_REMOTE || page != late.page)
		return;
	late.page = NULL;
	late.met += !send_page_to_swap(page) &&
		    !page_mapcount(page) && !(page->flags & PG_dirty);
}

static void
a_write_from_outside_to_a_page_on_its_way_is_not_lost(struct test *t)
{
	struct page *page;

	ASSERT(t, begin(t, 16, 4));
	EXPECT(t, as_poke(mm, BASE, 1));
	page = pfn_to_page(pte_pfn(as_pte(mm, BASE)));
	late.met = 0;
	late.page = page;
	WRITE_ONCE(seam_fn, reclaim_in_between);
	EXPECT(t, as_poke(mm, BASE, 2));
	WRITE_ONCE(seam_fn, NULL);
	late.page = NULL;
	EXPECT_EQ(t, late.met, 1);
	/* The slot has 1. Without a mark it would be taken for the page's. */
	EXPECT(t, pte_swap(as_pte(mm, BASE)));
	EXPECT(t, send_page_to_swap(page));
	EXPECT_EQ(t, as_peek(mm, BASE), 2);
	end(t);
}
#endif

TEST_SUITE("swap",
	   TEST_CASE(a_disk_without_header_is_no_swap),
	   TEST_CASE(each_slot_is_given_out_once_then_none),
	   TEST_CASE(a_page_comes_back_as_it_went),
	   TEST_CASE(a_page_that_was_only_read_goes_without_a_write),
	   TEST_CASE(a_write_fault_takes_the_page_out_of_the_cache),
	   TEST_CASE(relatives_share_a_slot_and_part_at_the_first_write),
	   TEST_CASE(relatives_that_read_it_again_are_both_found),
	   TEST_CASE(an_entry_that_was_moved_comes_back_at_its_new_place),
	   TEST_CASE(taking_the_memory_away_frees_the_slot),
	   TEST_CASE(mincore_knows_what_is_in_swap),
	   TEST_CASE(neighbours_are_read_ahead),
	   TEST_CASE(a_page_that_cannot_be_read_is_a_bus_error),
	   TEST_CASE(a_page_that_cannot_be_written_stays_in_memory),
	   TEST_CASE(each_write_that_fails_keeps_its_page),
	   TEST_CASE(each_read_that_fails_is_told_to_who_wants_it),
	   TEST_CASE(a_relative_does_not_suffer_from_the_others_error),
	   TEST_CASE(swapoff_gives_up_on_what_cannot_be_read),
	   TEST_CASE(to_wait_for_swap_is_a_memory_stall),
	   TEST_CASE(swapoff_brings_everything_back),
	   TEST_CASE(broken_slots_are_seen_by_verify),
#ifdef VELLUM_DEBUG
	   TEST_CASE(a_write_between_the_caches_questions_is_not_lost),
	   TEST_CASE(a_write_from_outside_to_a_page_on_its_way_is_not_lost),
#endif
	   TEST_CASE(no_write_is_lost_while_pages_are_sent_away));
