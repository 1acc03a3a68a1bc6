/* SPDX-License-Identifier: MIT */
/* From pages to their translations. */
#include <kernel/sched.h>
#include <lib/string.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/verify.h>
#include "as_helpers.h"
#include "files.h"
#include "threads.h"
#include "verify_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static struct mm_struct *
forked(struct test *t, struct mm_struct *mm)
{
	struct mm_struct *child = NULL;

	EXPECT_EQ(t, dup_mm(mm, &child), 0);
	return child;
}

/* The page behind addr, with a reference. */
static struct page *
page_at(struct mm_struct *mm, unsigned long addr)
{
	struct page *page = pfn_to_page(pte_pfn(as_pte(mm, addr)));

	get_page(page);
	return page;
}

/* A file of so many bytes, all zeros. */
static struct file *
file_of(struct test *t, const char *name, unsigned long bytes)
{
	struct file *file = must_open(t, name, O_CREAT | O_TRUNC | O_RDWR);

	if (file)
		EXPECT_EQ(t, vfs_truncate(file->f_inode, bytes), 0);
	return file;
}

static void
file_gone(struct file *file, const char *name)
{
	fput(file);
	UNLINK(name);
}

struct seen {
	unsigned nr;
	struct mm_struct *mm[8];
	unsigned long addr[8];
	unsigned stop_at;
};

static bool
see(const struct rmap_place *p, void *arg)
{
	struct seen *seen = arg;

	if (seen->nr < 8) {
		seen->mm[seen->nr] = p->mm;
		seen->addr[seen->nr] = p->address;
	}
	return ++seen->nr != seen->stop_at;
}

/* Who is found for page, locked meanwhile. */
static struct seen
walk(struct page *page)
{
	struct seen seen = { .nr = 0 };

	lock_page(page);
	rmap_walk(page, see, &seen);
	unlock_page(page);
	return seen;
}

static void
a_page_leads_to_the_space_that_wrote_it(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 4);
	struct page *page;
	struct seen seen;

	EXPECT(t, as_poke(mm, BASE + 2 * P, 1));
	page = page_at(mm, BASE + 2 * P);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 1);
	EXPECT(t, seen.mm[0] == mm);
	EXPECT_EQ(t, seen.addr[0], BASE + 2 * P);
	put_page(page);
	mmput(mm);
}

/*
 *	a (writes) -- b -- c	the page of a: all three
 *		    \- d	written by b after c: b alone
 */
static void
a_page_leads_to_all_that_inherited_it_parents_first(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *b, *c, *d;
	struct page *page;
	struct seen seen;

	EXPECT(t, as_poke(a, BASE, 1));
	b = forked(t, a);
	c = forked(t, b);
	d = forked(t, b);
	page = page_at(a, BASE);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 4);
	EXPECT(t, seen.mm[0] == a && seen.mm[1] == b);
	EXPECT(t, seen.mm[2] == c && seen.mm[3] == d);
	EXPECT(t, as_poke(b, BASE, 2));
	EXPECT_EQ(t, walk(page).nr, 3);
	put_page(page);
	page = page_at(b, BASE);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 1);
	EXPECT(t, seen.mm[0] == b);
	put_page(page);
	mmput(d);
	mmput(c);
	mmput(b);
	mmput(a);
}

static void
the_family_outlives_the_space_that_made_the_page(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *b, *c;
	struct page *page;
	struct seen seen;

	EXPECT(t, as_poke(a, BASE, 1));
	b = forked(t, a);
	mmput(a);
	c = forked(t, b);
	mmput(b);
	page = page_at(c, BASE);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 1);
	EXPECT(t, seen.mm[0] == c);
	EXPECT(t, page->user.mapping != (void *)c->anon_vma);
	mmput(c);
	EXPECT_EQ(t, walk(page).nr, 0);
	put_page(page);
}

static void
a_walk_ends_when_it_is_told_to(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *b;
	struct seen seen = { .stop_at = 1 };
	struct page *page;

	EXPECT(t, as_poke(a, BASE, 1));
	b = forked(t, a);
	page = page_at(a, BASE);
	lock_page(page);
	EXPECT(t, !rmap_walk(page, see, &seen));
	unlock_page(page);
	EXPECT_EQ(t, seen.nr, 1);
	put_page(page);
	mmput(b);
	mmput(a);
}

static void
a_page_of_a_file_leads_to_each_mapping_that_covers_it(struct test *t)
{
	struct mm_struct *a = mm_alloc(), *b = mm_alloc();
	struct file *file = file_of(t, "/rmap-file", 4 * P);
	unsigned long at_a, at_b;
	struct page *page;
	struct seen seen;

	at_a = as_map_file(a, file, 4 * P, RW, MAP_SHARED);
	at_b = as_map_file(b, file, 2 * P, PROT_READ, MAP_PRIVATE);
	EXPECT_EQ(t, as_touch(a, at_a + P, true), 0);
	EXPECT_EQ(t, as_touch(b, at_b + P, false), 0);
	page = page_at(a, at_a + P);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 2);
	EXPECT_EQ(t, seen.addr[seen.mm[0] == b ? 0 : 1], at_b + P);
	put_page(page);
	EXPECT_EQ(t, as_touch(a, at_a + 3 * P, true), 0);
	page = page_at(a, at_a + 3 * P);
	EXPECT_EQ(t, walk(page).nr, 1);		/* b does not reach so far */
	put_page(page);
	mmput(a);
	mmput(b);
	file_gone(file, "/rmap-file");
}

static void
being_referenced_is_told_once(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *b;
	struct page *page;
	bool exec;

	EXPECT(t, as_poke(a, BASE, 1));
	b = forked(t, a);
	page = page_at(a, BASE);
	lock_page(page);
	EXPECT_EQ(t, page_referenced(page, &exec), 2);
	EXPECT(t, !exec);
	EXPECT(t, !pte_young(as_pte(a, BASE)) && !pte_young(as_pte(b, BASE)));
	EXPECT_EQ(t, page_referenced(page, &exec), 0);
	unlock_page(page);
	EXPECT_EQ(t, as_touch(b, BASE, false), 0);
	lock_page(page);
	EXPECT_EQ(t, page_referenced(page, &exec), 1);
	unlock_page(page);
	put_page(page);
	mmput(b);
	mmput(a);
}

static void
text_that_runs_is_told_from_data(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct file *file = file_of(t, "/rmap-text", P);
	unsigned long at = as_map_file(mm, file, P, PROT_READ | PROT_EXEC,
				       MAP_PRIVATE);
	struct page *page;
	bool exec = false;

	EXPECT_EQ(t, as_touch(mm, at, false), 0);
	page = page_at(mm, at);
	lock_page(page);
	EXPECT_EQ(t, page_referenced(page, &exec), 1);
	EXPECT(t, exec);
	unlock_page(page);
	put_page(page);
	mmput(mm);
	file_gone(file, "/rmap-text");
}

/* Only what is shared: a private copy is not the file's business. */
static void
cleaning_makes_the_next_write_fault(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct file *file = file_of(t, "/rmap-clean", P);
	unsigned long at = as_map_file(mm, file, P, RW, MAP_SHARED);
	struct page *page;

	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	EXPECT(t, pte_dirty(as_pte(mm, at)));
	page = page_at(mm, at);
	lock_page(page);
	EXPECT_EQ(t, page_mkclean(page), 1);
	EXPECT(t, !pte_dirty(as_pte(mm, at)) && pte_write(as_pte(mm, at)));
	EXPECT_EQ(t, page_mkclean(page), 0);
	unlock_page(page);
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	EXPECT(t, pte_dirty(as_pte(mm, at)));
	put_page(page);
	mmput(mm);
	file_gone(file, "/rmap-clean");
}

static void
unmapping_a_file_page_keeps_what_was_written(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct file *file = file_of(t, "/rmap-unmap", P);
	unsigned long at = as_map_file(mm, file, P, RW, MAP_SHARED);
	struct page *page;

	EXPECT(t, as_poke(mm, at, 77));
	page = page_at(mm, at);
	lock_page(page);
	page->flags &= ~PG_dirty;	/* the translation alone knows now */
	EXPECT(t, try_to_unmap(page));
	unlock_page(page);
	EXPECT(t, pte_none(as_pte(mm, at)));
	EXPECT_EQ(t, page_mapcount(page), 0);
	EXPECT(t, page->flags & PG_dirty);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, as_peek(mm, at), 77);
	put_page(page);
	mmput(mm);
	file_gone(file, "/rmap-unmap");
}

static void
a_page_moved_by_mremap_is_found_at_its_new_place(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 4);
	unsigned long to = 0;
	struct page *page;
	struct seen seen;

	EXPECT(t, as_poke(mm, BASE + P, 5));
	page = page_at(mm, BASE + P);
	EXPECT_EQ(t, do_mremap(mm, BASE, 4 * P, 4 * P, MREMAP_MAYMOVE |
			       MREMAP_FIXED, BASE + 16 * MIB, &to), 0);
	seen = walk(page);
	EXPECT_EQ(t, seen.nr, 1);
	EXPECT_EQ(t, seen.addr[0], BASE + 16 * MIB + P);
	EXPECT_EQ(t, pte_pfn(as_pte(mm, to + P)), page_to_pfn(page));
	put_page(page);
	mmput(mm);
}

/* One number cannot be right for two addresses: who moves takes a copy. */
static void
a_shared_page_is_copied_when_one_of_them_moves_it(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *b;
	unsigned long to = 0;
	struct page *page;

	EXPECT(t, as_poke(a, BASE, 5));
	EXPECT_EQ(t, do_mprotect(a, BASE, 2 * P, PROT_NONE), 0);
	b = forked(t, a);
	page = page_at(a, BASE);
	EXPECT_EQ(t, do_mremap(b, BASE, 4 * P, 4 * P, MREMAP_MAYMOVE |
			       MREMAP_FIXED, BASE + 16 * MIB, &to), -EFAULT);
	EXPECT_EQ(t, do_mremap(b, BASE, 2 * P, 2 * P, MREMAP_MAYMOVE |
			       MREMAP_FIXED, BASE + 16 * MIB, &to), 0);
	EXPECT(t, pte_pfn(as_pte(b, to)) != page_to_pfn(page));
	EXPECT_EQ(t, page_mapcount(page), 1);
	EXPECT_EQ(t, walk(page).nr, 1);
	EXPECT_EQ(t, do_mprotect(b, to, 2 * P, PROT_READ), 0);
	EXPECT_EQ(t, as_peek(b, to), 5);
	EXPECT(t, !pte_write(as_pte(b, to)));
	put_page(page);
	mmput(b);
	mmput(a);
}

/* --- a walk while relatives come, write and go ------------------------------ */

#define ROUNDS	40

struct race {
	struct mm_struct *mm;
	struct page *page;
	atomic_t done;
	unsigned wrong;
};

static void
fork_and_end(void *arg)
{
	struct race *race = arg;
	struct mm_struct *b, *c;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (dup_mm(race->mm, &b))
			continue;
		if (!dup_mm(b, &c)) {
			as_poke(b, BASE, i);
			mmput(b);
			mmput(c);
		} else {
			mmput(b);
		}
		cond_resched();
	}
	atomic_inc(&race->done);
}

static void
walk_meanwhile(void *arg)
{
	struct race *race = arg;
	struct seen seen;

	while (!atomic_read(&race->done)) {
		seen = walk(race->page);
		if (seen.nr < 1 || seen.nr > 3 || seen.mm[0] != race->mm)
			race->wrong++;
		cond_resched();
	}
}

static void
a_walk_is_right_while_relatives_come_and_go(struct test *t)
{
	struct race race = { .mm = as_space(t, BASE, 2) };
	struct task *forker, *walker;

	EXPECT(t, as_poke(race.mm, BASE, 1));
	race.page = page_at(race.mm, BASE);
	walker = test_start(t, walk_meanwhile, &race, "walker");
	forker = test_start(t, fork_and_end, &race, "forker");
	test_join(forker);
	test_join(walker);
	EXPECT_EQ(t, race.wrong, 0);
	EXPECT_EQ(t, page_mapcount(race.page), 1);
	put_page(race.page);
	mmput(race.mm);
}

/* --- verify ----------------------------------------------------------------- */

static void
a_page_that_leads_elsewhere_is_seen_by_verify(struct test *t)
{
	struct mm_struct *a = as_space(t, BASE, 4), *other = as_space(t, BASE, 4);
	struct page *page;

	EXPECT(t, as_poke(a, BASE, 1));
	page = page_at(a, BASE);
	EXPECT_CAUGHT(t, "R1", page->user.index++, page->user.index--);
	EXPECT_CAUGHT(t, "R1", page->user.mapping = other->anon_vma,
		    page->user.mapping = a->anon_vma);
	EXPECT_CAUGHT(t, "R2", page->user.index++, page->user.index--);
	put_page(page);
	EXPECT_CAUGHT(t, "R3", a->anon_vma->mm = other, a->anon_vma->mm = a);
	mmput(other);
	mmput(a);
}

TEST_SUITE("rmap",
	   TEST_CASE(a_page_leads_to_the_space_that_wrote_it),
	   TEST_CASE(a_page_leads_to_all_that_inherited_it_parents_first),
	   TEST_CASE(the_family_outlives_the_space_that_made_the_page),
	   TEST_CASE(a_walk_ends_when_it_is_told_to),
	   TEST_CASE(a_page_of_a_file_leads_to_each_mapping_that_covers_it),
	   TEST_CASE(being_referenced_is_told_once),
	   TEST_CASE(text_that_runs_is_told_from_data),
	   TEST_CASE(cleaning_makes_the_next_write_fault),
	   TEST_CASE(unmapping_a_file_page_keeps_what_was_written),
	   TEST_CASE(a_page_moved_by_mremap_is_found_at_its_new_place),
	   TEST_CASE(a_shared_page_is_copied_when_one_of_them_moves_it),
	   TEST_CASE(a_walk_is_right_while_relatives_come_and_go),
	   TEST_CASE(a_page_that_leads_elsewhere_is_seen_by_verify));
