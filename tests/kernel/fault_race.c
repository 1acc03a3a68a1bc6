/* SPDX-License-Identifier: MIT */
/*
 * Several cores in one space at once: the same first touches, against munmap,
 * against fork. Whoever is first, each page is there once and the counts are
 * right; that mm_verify_all() says after each case, and the leak check.
 */
#include <lib/string.h>
#include <mm/seam.h>
#include <mm/userfault.h>
#include "as_helpers.h"
#include "threads.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE
#define PAGES	96u
#define ROUNDS	12u

struct race {
	struct mm_struct *mm;
	atomic_t here, stop;		/* threads that have come; the end */
	atomic_t nr_bad;		/* answers that cannot be */
	vm_fault_t allowed;		/* besides 0 */
};

/* All begin at once, or nearly. */
static void
meet(struct race *race)
{
	atomic_inc(&race->here);
	while ((unsigned)atomic_read(&race->here) < nr_cpus)
		yield();
}

static void
touch_all(struct test *t, unsigned cpu, void *arg)
{
	struct race *race = arg;

	(void)t;
	meet(race);
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned long addr = BASE + (i + cpu % 2) % PAGES * P;

		/* Half of the cores read first. */
		if (cpu % 2 && as_touch(race->mm, addr, false))
			atomic_inc(&race->nr_bad);
		if (as_touch(race->mm, addr, true))
			atomic_inc(&race->nr_bad);
	}
}

static void
the_same_first_touches_make_each_page_once(struct test *t)
{
	struct race race = { .mm = mm_alloc() };

	ASSERT(t, race.mm != NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(t, as_map(race.mm, BASE, PAGES * P, RW,
				    ANON | MAP_FIXED), BASE);
		atomic_set(&race.here, 0);
		test_on_all_cpus(t, touch_all, &race);
		EXPECT_EQ(t, mm_rss(race.mm), PAGES);
		EXPECT_EQ(t, race.mm->nr_tables, 1);
	}
	EXPECT_EQ(t, atomic_read(&race.nr_bad), 0);
	mmput(race.mm);
}

/* Fault until told to stop. */
static void
keep_touching(void *arg)
{
	struct race *race = arg;
	unsigned i = 0;

	while (!atomic_read(&race->stop)) {
		vm_fault_t result = as_touch(race->mm, BASE + i * P, i % 3);

		if (result && result != race->allowed)
			atomic_inc(&race->nr_bad);
		i = (i + 1) % PAGES;
		if (!i) {
			atomic_inc(&race->here);
			yield();
		}
	}
}

/* The other side has gone over the range once more. */
static void
let_it_touch(struct race *race)
{
	s32 before = atomic_read(&race->here);

	TEST_WAIT_UNTIL(atomic_read(&race->here) != before);
}

static void
munmap_takes_what_others_are_touching(struct test *t)
{
	struct race race = { .mm = mm_alloc(), .allowed = VM_FAULT_SIGSEGV };
	struct task *task;

	ASSERT(t, race.mm != NULL);
	task = test_start_on(t, test_other_cpu(), keep_touching, &race);
	for (unsigned i = 0; i < ROUNDS && task; i++) {
		EXPECT_EQ(t, as_map(race.mm, BASE, PAGES * P, RW,
				    ANON | MAP_FIXED), BASE);
		let_it_touch(&race);
		EXPECT_EQ(t, do_munmap(race.mm, BASE + PAGES / 3 * P,
				       PAGES / 3 * P), 0);
		EXPECT_EQ(t, do_madvise(race.mm, BASE, PAGES / 3 * P,
					MADV_DONTNEED), 0);
		EXPECT_EQ(t, do_munmap(race.mm, BASE, PAGES * P), 0);
		EXPECT_EQ(t, mm_rss(race.mm), 0);
		EXPECT_EQ(t, race.mm->nr_tables, 0);
	}
	atomic_set(&race.stop, 1);
	test_join(task);
	EXPECT_EQ(t, atomic_read(&race.nr_bad), 0);
	mmput(race.mm);
}

static void
fork_copies_while_others_write(struct test *t)
{
	struct race race = { .mm = mm_alloc() };
	struct mm_struct *child;
	struct task *task;

	ASSERT(t, race.mm != NULL);
	EXPECT_EQ(t, as_map(race.mm, BASE, PAGES * P, RW, ANON | MAP_FIXED),
		  BASE);
	task = test_start_on(t, test_other_cpu(), keep_touching, &race);
	for (unsigned i = 0; i < ROUNDS && task; i++) {
		let_it_touch(&race);
		child = NULL;
		EXPECT_EQ(t, dup_mm(race.mm, &child), 0);
		if (!child)
			break;
		for (unsigned n = 0; n < PAGES; n += 7)
			EXPECT_EQ(t, as_touch(child, BASE + n * P, true), 0);
		mmput(child);
	}
	atomic_set(&race.stop, 1);
	test_join(task);
	EXPECT_EQ(t, atomic_read(&race.nr_bad), 0);
	mmput(race.mm);
}

/* --- Faults that somebody serves --- */

struct served {
	struct race race;
	struct userfault *u;
	unsigned nr_told, nr_filled;
};

static bool
served_begin(struct test *t, struct served *s)
{
	s->race.mm = as_space(t, BASE, PAGES);
	s->u = s->race.mm ? userfault_alloc(s->race.mm, false) : NULL;
	return EXPECT(t, s->u) &&
	       EXPECT_EQ(t, userfault_register(s->u, BASE, BASE + PAGES * P), 0);
}

/* Until told to stop: each page by its first fault; those of others find it. */
static void
serve(void *arg)
{
	struct served *s = arg;
	struct userfault_ask ask;

	while (!atomic_read(&s->race.stop)) {
		if (!userfault_take(s->u, &ask)) {
			yield();
			continue;
		}
		s->nr_told++;
		s->nr_filled += !userfault_fill(s->u, ask.address, NULL);
		userfault_wake(s->u, ask.address, ask.address + P);
	}
}

static void
each_page_is_filled_once_whoever_asks(struct test *t)
{
	struct served s = { .nr_told = 0 };
	struct task *task;

	ASSERT(t, served_begin(t, &s));
	task = test_start(t, serve, &s, "server");
	test_on_all_cpus(t, touch_all, &s.race);
	atomic_set(&s.race.stop, 1);
	test_join(task);
	EXPECT_EQ(t, s.nr_filled, PAGES);
	EXPECT(t, s.nr_told >= PAGES);
	EXPECT_EQ(t, mm_rss(s.race.mm), PAGES);
	EXPECT_EQ(t, atomic_read(&s.race.nr_bad), 0);
	userfault_close(s.u);
	mmput(s.race.mm);
}

#ifdef VELLUM_DEBUG
static struct userfault *late;

/* Of another core: it fills the page, and finds nobody who waits for it. */
static void
fill_in_between(enum seam_place place, struct page *page)
{
	(void)page;
	if (place != SEAM_USERFAULT)
		return;
	WRITE_ONCE(seam_fn, NULL);
	userfault_fill(late, BASE, NULL);
	userfault_wake(late, BASE, BASE + P);
}

static void
a_page_that_comes_before_the_question_is_seen(struct test *t)
{
	struct served s = { .nr_told = 0 };
	struct userfault_ask ask;

	ASSERT(t, served_begin(t, &s));
	late = s.u;
	WRITE_ONCE(seam_fn, fill_in_between);
	EXPECT_EQ(t, as_touch(s.race.mm, BASE, false), 0);
	WRITE_ONCE(seam_fn, NULL);
	EXPECT(t, pte_present(as_pte(s.race.mm, BASE)));
	EXPECT(t, !userfault_take(s.u, &ask));
	userfault_close(s.u);
	mmput(s.race.mm);
}
#endif

TEST_SUITE("fault_race",
	TEST_CASE(the_same_first_touches_make_each_page_once),
	TEST_CASE(munmap_takes_what_others_are_touching),
	TEST_CASE(fork_copies_while_others_write),
#ifdef VELLUM_DEBUG
	TEST_CASE(a_page_that_comes_before_the_question_is_seen),
#endif
	TEST_CASE(each_page_is_filled_once_whoever_asks));
