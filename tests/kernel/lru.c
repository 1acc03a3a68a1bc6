/* SPDX-License-Identifier: MIT */
/* The lists of pages by their use: who is where, and who leaves first. */
#include <lib/string.h>
#include <mm/lru.h>
#include <mm/pagecache.h>
#include <mm/reclaim.h>
#include <mm/verify.h>
#include <mm/zone.h>
#include "as_helpers.h"
#include "files.h"
#include "verify_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static void
a_first_write_enters_the_inactive_list(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 8);
	unsigned long before = lru_pages(LRU_INACTIVE_ANON);

	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(t, as_touch(mm, BASE + i * P, true), 0);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before + 8);
	EXPECT_EQ(t, as_page(mm, BASE)->flags & (PG_lru | PG_active |
		  PG_swapbacked), PG_lru | PG_swapbacked);
	/* The list has no reference: copy on write sees who is alone. */
	EXPECT_EQ(t, page_count(as_page(mm, BASE)), 1);
	mmput(mm);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before);
}

static void
a_page_of_zeros_is_on_no_list(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1);
	unsigned long before = lru_pages(LRU_INACTIVE_ANON);

	EXPECT_EQ(t, as_touch(mm, BASE, false), 0);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before);
	mmput(mm);
}

static void
a_page_of_memory_files_is_with_the_anonymous_ones(struct test *t)
{
	unsigned long before = lru_pages(LRU_INACTIVE_ANON);

	EXPECT_EQ(t, make_file("/lru-file", "content"), 0);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before + 1);
	EXPECT_EQ(t, UNLINK("/lru-file"), 0);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before);
}

static void
the_second_access_activates(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1);
	unsigned long active = lru_pages(LRU_ACTIVE_ANON);
	struct page *page;

	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	page = as_page(mm, BASE);
	mark_page_accessed(page);
	EXPECT(t, page->flags & PG_referenced && !(page->flags & PG_active));
	EXPECT_EQ(t, lru_pages(LRU_ACTIVE_ANON), active);
	mark_page_accessed(page);
	EXPECT(t, page->flags & PG_active && !(page->flags & PG_referenced));
	EXPECT_EQ(t, lru_pages(LRU_ACTIVE_ANON), active + 1);
	lru_deactivate(page);
	EXPECT_EQ(t, lru_pages(LRU_ACTIVE_ANON), active);
	mmput(mm);
}

/* The zone's oldest page is what is taken first; then the next ... */
static void
what_is_isolated_is_the_oldest(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 3);
	struct lruvec *lruvec;
	struct page *page, *next;
	unsigned scanned;
	LIST_HEAD(taken);

	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(t, as_touch(mm, BASE + i * P, true), 0);
	page = as_page(mm, BASE + P);
	lruvec = &page_zone(page)->lruvec;
	lru_deactivate(page);		/* to the old end */
	EXPECT_EQ(t, lru_isolate(lruvec, LRU_INACTIVE_ANON, 1, &taken,
				 &scanned), 1);
	EXPECT_EQ(t, scanned, 1);
	EXPECT(t, list_first_entry(&taken, struct page, user.lru) == page);
	EXPECT(t, !(page->flags & PG_lru));
	EXPECT_EQ(t, page_count(page), 2);
	EXPECT_EQ(t, lruvec->nr_isolated[0], 1);
	list_for_each_entry_safe(page, next, &taken, user.lru)
		lru_putback(page);
	EXPECT_EQ(t, lruvec->nr_isolated[0], 0);
	EXPECT_EQ(t, page_count(as_page(mm, BASE + P)), 1);
	mmput(mm);
}

static void
a_page_that_ends_while_isolated_leaves_nothing(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1);
	unsigned long before = lru_pages(LRU_INACTIVE_ANON);
	struct page *page;

	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	page = as_page(mm, BASE);
	EXPECT(t, lru_isolate_page(page));
	EXPECT(t, !lru_isolate_page(page));
	mmput(mm);
	EXPECT_EQ(t, page_count(page), 1);
	lru_putback(page);
	EXPECT_EQ(t, lru_pages(LRU_INACTIVE_ANON), before);
}

static void
locked_pages_are_on_no_list(struct test *t)
{
	unsigned long before = lru_pages(LRU_UNEVICTABLE);
	unsigned long mlocked = global_zone_page_state(NR_MLOCK);
	struct mm_struct *mm = as_space(t, BASE, 4), *child = NULL;
	struct page *page;

	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	EXPECT_EQ(t, do_mlock(mm, BASE, 2 * P, 0), 0);
	EXPECT_EQ(t, lru_pages(LRU_UNEVICTABLE), before + 2);
	EXPECT_EQ(t, global_zone_page_state(NR_MLOCK), mlocked + 2);
	page = as_page(mm, BASE);
	EXPECT(t, page->flags & PG_mlocked && page->flags & PG_unevictable);
	EXPECT(t, !lru_isolate_page(page));
	/* The child has the page, but not locked. */
	EXPECT_EQ(t, dup_mm(mm, &child), 0);
	mmput(child);
	EXPECT_EQ(t, lru_pages(LRU_UNEVICTABLE), before + 2);
	EXPECT_EQ(t, do_munlock(mm, BASE, P), 0);
	EXPECT_EQ(t, lru_pages(LRU_UNEVICTABLE), before + 1);
	EXPECT(t, !(page->flags & (PG_mlocked | PG_unevictable)));
	mmput(mm);
	EXPECT_EQ(t, lru_pages(LRU_UNEVICTABLE), before);
	EXPECT_EQ(t, global_zone_page_state(NR_MLOCK), mlocked);
}

static void
a_page_that_two_have_locked_is_locked_until_both_let_go(struct test *t)
{
	struct file *file = must_open(t, "/lru-two", O_CREAT | O_RDWR);
	struct mm_struct *a = mm_alloc(), *b = mm_alloc();
	unsigned long at_a, at_b;
	struct page *page;

	EXPECT_EQ(t, vfs_truncate(file->f_inode, P), 0);
	at_a = as_map_file(a, file, P, RW, MAP_SHARED);
	at_b = as_map_file(b, file, P, RW, MAP_SHARED);
	EXPECT_EQ(t, do_mlock(a, at_a, P, 0), 0);
	EXPECT_EQ(t, do_mlock(b, at_b, P, 0), 0);
	page = as_page(a, at_a);
	EXPECT_EQ(t, do_munlock(a, at_a, P), 0);
	EXPECT(t, page->flags & PG_unevictable);
	mmput(b);
	EXPECT(t, !(page->flags & (PG_unevictable | PG_mlocked)));
	mmput(a);
	fput(file);
	UNLINK("/lru-two");
}

static void
a_written_copy_takes_the_lock_over(struct test *t)
{
	unsigned long before = lru_pages(LRU_UNEVICTABLE);
	struct mm_struct *mm = as_space(t, BASE, 1), *child = NULL;
	struct page *page;

	EXPECT_EQ(t, do_mlock(mm, BASE, P, 0), 0);
	page = as_page(mm, BASE);
	EXPECT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT(t, as_poke(mm, BASE, 1));
	EXPECT(t, !(page->flags & PG_mlocked));
	EXPECT(t, as_page(mm, BASE)->flags & PG_mlocked);
	EXPECT_EQ(t, lru_pages(LRU_UNEVICTABLE), before + 1);
	mmput(child);
	mmput(mm);
}

static void
broken_lists_are_seen_by_verify(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 2);
	struct lruvec *lruvec;
	struct page *page;

	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	EXPECT_EQ(t, do_mlock(mm, BASE + P, P, 0), 0);
	page = as_page(mm, BASE);
	lruvec = &page_zone(page)->lruvec;
	EXPECT_CAUGHT(t, "L4", page->flags |= PG_active,
		    page->flags &= ~PG_active);
	EXPECT_CAUGHT(t, "L4", lruvec->nr[LRU_INACTIVE_ANON]++,
		    lruvec->nr[LRU_INACTIVE_ANON]--);
	EXPECT_CAUGHT(t, "L5", page->flags &= ~PG_lru, page->flags |= PG_lru);
	page = as_page(mm, BASE + P);
	lruvec = &page_zone(page)->lruvec;
	EXPECT_CAUGHT(t, "L6", page->flags &= ~PG_mlocked,
		    page->flags |= PG_mlocked);
	EXPECT_CAUGHT(t, "L6", lruvec->nr[LRU_UNEVICTABLE]++,
		    lruvec->nr[LRU_UNEVICTABLE]--);
	mmput(mm);
}

TEST_SUITE("lru",
	   TEST_CASE(a_first_write_enters_the_inactive_list),
	   TEST_CASE(a_page_of_zeros_is_on_no_list),
	   TEST_CASE(a_page_of_memory_files_is_with_the_anonymous_ones),
	   TEST_CASE(the_second_access_activates),
	   TEST_CASE(what_is_isolated_is_the_oldest),
	   TEST_CASE(a_page_that_ends_while_isolated_leaves_nothing),
	   TEST_CASE(locked_pages_are_on_no_list),
	   TEST_CASE(a_page_that_two_have_locked_is_locked_until_both_let_go),
	   TEST_CASE(a_written_copy_takes_the_lock_over),
	   TEST_CASE(broken_lists_are_seen_by_verify));
