/* SPDX-License-Identifier: MIT */
/*
 * Which page goes: a reference string played to the real reclaim, one page at a
 * time, so that it can be compared with a model on paper (tools/pagesim).
 *
 *	replace 4 1,2,3,4,1,2,5w,1	at the prompt: 4 frames, w: a write
 *
 * Ideas
 *   Universe	the lists are of the zone and hold everybody's pages. For the time of
 *	a run all of them are taken off, as reclaim takes pages off, and put
 *	back afterwards in their order. What is on the lists is the run's.
 *   Frames	a page is touched as a program touches it: by a fault when it is not
 *	mapped, else by its young bit. Before a fault, when as many pages are
 *	mapped as there are frames, reclaim_step() is asked for one.
 *   Swap	a RAM disk, without read-ahead: only what is asked for comes back.
 *
 *	what is seen: faults, and which page lost its translation, in order
 *
 * Nothing here decides: policy.c, vmscan.c and workingset.c do. tests/boot/
 * replacement.py plays strings to them under each policy, and compares every
 * eviction with that of the model.
 */
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <lib/string.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "swap_helpers.h"

#define BASE		0x10000000ul
#define P		PAGE_SIZE
#define MOST_PAGES	64u	/* numbers of pages, 0 to 63 */
#define MOST_REFS	128u
#define MOST_TRIES	64u	/* passes for one page */

struct run {
	struct block_device *disk;
	struct mm_struct *mm;
	struct zone *zone;		/* all its pages are of this one */
	struct list_head others;	/* pages of everybody else */
	unsigned frames;
	unsigned faults, refs;
	unsigned nr_evicted;
	u8 evicted[MOST_REFS];		/* in order */
	u32 written[MOST_PAGES];	/* what was written to each; 0: nothing */
	int cluster;			/* sysctl_swap_cluster, to be put back */
};

/* --- the universe --------------------------------------------------------------- */

static void
set_aside(struct list_head *others)
{
	struct zone *zone;
	unsigned i, lru, scanned;

	for_each_zone(zone, i)
		for (lru = 0; lru < LRU_UNEVICTABLE; lru++)
			lru_isolate(&zone->lruvec, lru,
				    (unsigned)zone->lruvec.nr[lru], others,
				    &scanned);
}

/* The oldest of each list first, as they were. */
static void
bring_back(struct list_head *others)
{
	while (!list_empty(others)) {
		struct page *page = list_last_entry(others, struct page,
						    user.lru);

		list_del(&page->user.lru);
		lru_putback(page);
	}
}

static int
open_swap(struct run *run)
{
	int err = ramdisk_create("swr", (MOST_REFS + 1) * PAGE_SECTORS, false,
				 &run->disk);

	if (err)
		return err;
	run->disk->synchronous = true;	/* it holds no request: not plugged */
	err = make_swap(run->disk, MOST_REFS);
	if (!err)
		err = swap_on_disk(run->disk->dev, SWAP_NAME,
				   SWAP_PRIO_DEFAULT);
	if (err)
		ramdisk_destroy(run->disk);
	return err;
}

static int
run_begin(struct run *run, unsigned frames)
{
	struct mmap_args args = {
		.addr = BASE, .len = MOST_PAGES * P, .prot = RW,
		.flags = ANON | MAP_FIXED,
	};
	unsigned long at;
	int err;

	*run = (struct run){ .frames = frames, .cluster = sysctl_swap_cluster };
	INIT_LIST_HEAD(&run->others);
	run->mm = mm_alloc();
	err = run->mm ? do_mmap(run->mm, &args, &at) : -ENOMEM;
	if (!err)
		err = open_swap(run);
	if (err) {
		if (run->mm)
			mmput(run->mm);
		return err;
	}
	sysctl_swap_cluster = 0;
	set_aside(&run->others);
	return 0;
}

/* 0 or what swapoff says. */
static int
run_end(struct run *run)
{
	int err;

	bring_back(&run->others);
	mmput(run->mm);
	sysctl_swap_cluster = run->cluster;
	err = swap_off(SWAP_NAME);
	if (!err)
		err = ramdisk_destroy(run->disk);
	return err;
}

/* --- one reference ---------------------------------------------------------------- */

static bool
there(const struct run *run, unsigned page)
{
	return pte_mapped(as_pte(run->mm, BASE + page * P));
}

static unsigned
nr_there(const struct run *run)
{
	return (unsigned)run->mm->rss[MM_ANONPAGES];
}

/* One page less. 0, or -EBUSY: none would go. */
static int
evict_one(struct run *run)
{
	unsigned before = nr_there(run), page;
	bool was[MOST_PAGES];

	for (page = 0; page < MOST_PAGES; page++)
		was[page] = there(run, page);
	for (unsigned i = 0; i < MOST_TRIES && nr_there(run) == before; i++)
		reclaim_step(run->zone, 0, 1);
	for (page = 0; page < MOST_PAGES; page++)
		if (was[page] && !there(run, page))
			run->evicted[run->nr_evicted++] = (u8)page;
	return nr_there(run) == before - 1 ? 0 : -EBUSY;
}

/* 0; -ENOMEM; -EBUSY; -EXDEV: frames came from two zones. */
static int
use_page(struct run *run, unsigned page, bool write)
{
	unsigned long at = BASE + page * P;
	struct zone *zone;
	int err;

	if (!there(run, page)) {
		err = nr_there(run) == run->frames ? evict_one(run) : 0;
		if (err)
			return err;
		run->faults++;
	}
	run->refs++;
	if (as_touch(run->mm, at, write || !run->written[page]))
		return -ENOMEM;
	if (write || !run->written[page]) {
		run->written[page] = run->refs;
		as_poke(run->mm, at, run->refs);
	}
	zone = page_zone(as_page(run->mm, at));
	if (run->zone && zone != run->zone)
		return -EXDEV;
	run->zone = zone;
	return 0;
}

/* "1,2,3w": *text moves on. False: no number of a page, or the end. */
static bool
next_ref(const char **text, unsigned *page, bool *write)
{
	const char *s = *text;

	*page = 0;
	if (*s < '0' || *s > '9')
		return false;
	while (*s >= '0' && *s <= '9' && *page < MOST_PAGES)
		*page = *page * 10 + (unsigned)(*s++ - '0');
	*write = *s == 'w';
	s += *write;
	if (*page >= MOST_PAGES || (*s && *s != ','))
		return false;
	*text = *s ? s + 1 : s;
	return true;
}

/* The whole string. -EINVAL: it cannot be read, or is too long. */
static int
play(struct run *run, const char *text)
{
	unsigned page;
	bool write;
	int err = 0;

	while (!err && *text) {
		if (run->refs == MOST_REFS || !next_ref(&text, &page, &write))
			return -EINVAL;
		err = use_page(run, page, write);
	}
	return err;
}

/* --- at the prompt ------------------------------------------------------------------ */

static void
show(const struct run *run)
{
	console_printf("%s, %u frames: %u references, %u faults\n",
		       reclaim_policy->name, run->frames, run->refs,
		       run->faults);
	console_puts("evicted:");
	for (unsigned i = 0; i < run->nr_evicted; i++)
		console_printf(" %u", run->evicted[i]);
	console_puts("\n");
}

static int
replace_command(int argc, char **argv)
{
	static struct run run;
	unsigned long frames;
	int err, end;

	if (argc != 3 || kstrtoul(argv[1], 10, &frames) || !frames ||
	    frames >= MOST_PAGES) {
		console_puts("usage: replace FRAMES PAGE[w],PAGE[w],...\n");
		return -EINVAL;
	}
	if (total_swap_pages()) {
		console_puts("replace: swap is on; it brings its own\n");
		return -EBUSY;
	}
	err = run_begin(&run, (unsigned)frames);
	if (err) {
		console_printf("replace: no memory, or no disk: %d\n", err);
		return err;
	}
	err = play(&run, argv[2]);
	end = run_end(&run);
	if (err == -EINVAL)
		console_printf("replace: pages are 0 to %u, at most %u\n",
			       MOST_PAGES - 1, MOST_REFS);
	else if (err || end)
		console_printf("replace: it went wrong: %d\n", err ? err : end);
	else
		show(&run);
	return err ? err : end;
}
MONITOR_COMMAND("replace", replace_command, "FRAMES PAGE[w],...",
		"play a reference string to reclaim: who faults, who goes");

/* --- cases ---------------------------------------------------------------------------- */

#define BELADY	"1,2,3,4,1,2,5,1,2,3,4,5"

/* Play text; *run is over. False: the case has failed or is skipped. */
static bool
played(struct test *t, struct run *run, unsigned frames, const char *text)
{
	int err = run_begin(run, frames);

	if (!EXPECT_EQ(t, err, 0))
		return false;
	err = play(run, text);
	for (unsigned page = 0; !err && page < MOST_PAGES; page++)
		if (run->written[page])
			EXPECT_EQ(t, as_peek(run->mm, BASE + page * P),
				  run->written[page]);
	EXPECT_EQ(t, run_end(run), 0);
	if (err == -EXDEV)		/* says nothing about an order */
		test_info(t, "frames came from two zones");
	else
		EXPECT_EQ(t, err, 0);
	return !err;
}

#define NEED_NO_SWAP(t) do { \
	if (total_swap_pages()) \
		SKIP(t, "swap is on"); \
} while (0)

static void
each_fault_beyond_the_frames_costs_a_page(struct test *t)
{
	static struct run run;

	NEED_NO_SWAP(t);
	if (!played(t, &run, 3, BELADY))
		return;
	EXPECT_EQ(t, run.refs, 12);
	EXPECT_EQ(t, run.nr_evicted, run.faults - 3);
	EXPECT(t, run.faults >= 7);		/* what OPT needs */
	if (!played(t, &run, 5, BELADY))
		return;
	EXPECT_EQ(t, run.faults, 5);
	EXPECT_EQ(t, run.nr_evicted, 0);
}

/*
 * 1 is used after all have been looked at once, so 2 goes, under every policy
 * that looks:
 *
 *	1 2 3	fill the frames; each is young, since a fault is a use
 *	4	a round that makes all old, and takes the first: 1
 *	2	young again
 *	5	3 is the oldest that was not used
 */
static void
who_was_used_since_the_last_look_stays(struct test *t)
{
	static struct run run;

	NEED_NO_SWAP(t);
	if (!played(t, &run, 3, "1,2,3,4,2,5"))
		return;
	EXPECT_EQ(t, run.nr_evicted, 2);
	EXPECT_EQ(t, run.evicted[0], 1);
	EXPECT_EQ(t, run.evicted[1], strcmp(reclaim_policy->name, "fifo") ?
				     3 : 2);
}

/* What is not the run's is on the lists again, where it was. */
static void
the_pages_of_others_keep_their_order(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 3);
	struct page *first, *second;
	static struct run run;

	NEED_NO_SWAP(t);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, 1));
	first = as_page(mm, BASE);
	second = as_page(mm, BASE + P);
	activate_page(first);
	if (played(t, &run, 2, "1,2,3,1,2,3")) {
		EXPECT(t, first->flags & PG_active && first->flags & PG_lru);
		EXPECT(t, second->user.lru.prev ==
			  &as_page(mm, BASE + 2 * P)->user.lru ||
			  page_zone(second) !=
			  page_zone(as_page(mm, BASE + 2 * P)));
	}
	mmput(mm);
}

TEST_SUITE("replacement",
	   TEST_CASE(each_fault_beyond_the_frames_costs_a_page),
	   TEST_CASE(who_was_used_since_the_last_look_stays),
	   TEST_CASE(the_pages_of_others_keep_their_order));
