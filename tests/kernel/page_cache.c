/* SPDX-License-Identifier: MIT */
/*
 * The page cache with files that have no file system: an address_space alone,
 * of shared memory or of a made-up store.
 */
#include <kernel/kthread.h>
#include <kernel/sched.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/shmem.h>
#include <mm/verify.h>
#include <mm/vmstat.h>

#include "page_helpers.h"

#define BIG	(1ul << 20)	/* an index of four levels */

static u8
first_byte(struct page *page)
{
	u8 *addr = kmap_local_page(page), byte = addr[0];

	kunmap_local(addr);
	return byte;
}

static void
fill(struct page *page, u8 byte)
{
	void *addr = kmap_local_page(page);

	memset(addr, byte, PAGE_SIZE);
	kunmap_local(addr);
}

/* Bytes of the page that are not 0. */
static unsigned
nonzero(struct page *page)
{
	u8 *addr = kmap_local_page(page);
	unsigned i, n = 0;

	for (i = 0; i < PAGE_SIZE; i++)
		n += addr[i] != 0;
	kunmap_local(addr);
	return n;
}

/* --- a store that counts and can fail --- */

static unsigned nr_reads;
static int read_error;

static int
counted_read(struct address_space *mapping, struct page *page)
{
	(void)mapping;
	nr_reads++;
	if (read_error)
		return read_error;
	fill(page, (u8)page->user.index);
	page_mark_uptodate(page);
	return 0;
}

static const struct address_space_operations counted_aops = {
	.read_page = counted_read,
};

static void
counted_init(struct address_space *mapping)
{
	address_space_init(mapping, NULL, &counted_aops, GFP_HIGHUSER_MOVABLE);
	nr_reads = 0;
	read_error = 0;
}

static void
empty(struct address_space *mapping)
{
	truncate_inode_pages_range(mapping, 0, ~0ul);
}

/* --- cases --- */

static void
a_page_is_read_once(struct test *t)
{
	struct address_space m;
	struct page *a, *b;

	counted_init(&m);
	EXPECT(t, !find_get_page(&m, 7));
	ASSERT_EQ(t, read_cache_page(&m, 7, &a), 0);
	ASSERT_EQ(t, read_cache_page(&m, 7, &b), 0);
	EXPECT(t, a == b);
	EXPECT_EQ(t, nr_reads, 1);
	EXPECT_EQ(t, first_byte(a), 7);
	/* The cache's reference and our two. */
	EXPECT_EQ(t, page_count(a), 3);
	EXPECT_EQ(t, page_state(a), PAGE_STATE_CACHE);
	EXPECT(t, !(a->flags & (PG_locked | PG_swapbacked)));
	put_page(b);
	put_page(a);
	EXPECT_EQ(t, m.nr_pages, 1);
	empty(&m);
	EXPECT_EQ(t, m.nr_pages, 0);
}

static void
a_page_that_cannot_be_read_is_tried_again(struct test *t)
{
	struct address_space m;
	struct page *page = NULL;

	counted_init(&m);
	read_error = -EIO;
	EXPECT_EQ(t, read_cache_page(&m, 1, &page), -EIO);
	EXPECT(t, !page);
	read_error = 0;
	ASSERT_EQ(t, read_cache_page(&m, 1, &page), 0);
	EXPECT_EQ(t, nr_reads, 2);
	put_page(page);
	empty(&m);
}

static void
counters_follow_the_pages(struct test *t)
{
	unsigned long file = global_node_page_state(NR_FILE_PAGES);
	unsigned long shmem = global_node_page_state(NR_SHMEM);
	struct address_space m, s;
	struct page *page;
	unsigned i;

	counted_init(&m);
	shmem_init_mapping(&s, NULL, NULL);
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(t, read_cache_page(&m, i * 3, &page), 0);
		put_page(page);
		ASSERT_EQ(t, read_cache_page(&s, i * BIG / 40, &page), 0);
		put_page(page);
	}
	EXPECT_EQ(t, global_node_page_state(NR_FILE_PAGES), file + 80);
	EXPECT_EQ(t, global_node_page_state(NR_SHMEM), shmem + 40);
	EXPECT_VERIFIED(t);
	empty(&m);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_PAGES), file + 40);
	empty(&s);
	EXPECT_EQ(t, global_node_page_state(NR_SHMEM), shmem);
}

/*	0 1 2 3 4 5 6 7 8 9	truncate [3, 7)
 *	x x x . . . . x x x
 */
static void
truncation_takes_the_range_and_no_more(struct test *t)
{
	struct address_space m;
	struct page *page, *pages[10];
	unsigned i;

	counted_init(&m);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(t, read_cache_page(&m, i, &page), 0);
		put_page(page);
	}
	truncate_inode_pages_range(&m, 3, 7);
	EXPECT_EQ(t, m.nr_pages, 6);
	for (i = 0; i < 10; i++) {
		page = find_get_page(&m, i);
		EXPECT_EQ(t, page != NULL, i < 3 || i >= 7);
		if (page)
			put_page(page);
	}
	EXPECT_EQ(t, find_get_pages(&m, 2, 9, 10, pages), 3);
	EXPECT_EQ(t, pages[0]->user.index, 2);
	EXPECT_EQ(t, pages[1]->user.index, 7);
	EXPECT_EQ(t, pages[2]->user.index, 8);
	for (i = 0; i < 3; i++)
		put_page(pages[i]);
	empty(&m);
}

static void
a_page_in_use_outlives_its_file(struct test *t)
{
	struct address_space m;
	struct page *page;

	counted_init(&m);
	ASSERT_EQ(t, read_cache_page(&m, 5, &page), 0);
	empty(&m);
	EXPECT(t, !page->user.mapping);
	EXPECT_EQ(t, page_count(page), 1);
	EXPECT_EQ(t, first_byte(page), 5);
	set_page_dirty(page);
	EXPECT(t, !(page->flags & PG_dirty));
	EXPECT_VERIFIED(t);
	put_page(page);
}

static void
a_hole_reads_as_zeros(struct test *t)
{
	struct address_space m;
	struct page *page;

	shmem_init_mapping(&m, NULL, NULL);
	ASSERT_EQ(t, read_cache_page(&m, BIG, &page), 0);
	EXPECT_EQ(t, nonzero(page), 0);
	EXPECT(t, page->flags & PG_swapbacked);
	put_page(page);
	empty(&m);
}

/*	page 0   page 1   page 2   page 3
 *	[xxxx00] [ gone ] [ gone ] [00xxxx]	punch 0x0c00-0x3400
 */
static void
punching_zeroes_what_stays(struct test *t)
{
	struct address_space m;
	struct page *page;
	unsigned i;

	shmem_init_mapping(&m, NULL, NULL);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(t, read_cache_page(&m, i, &page), 0);
		fill(page, 0xff);
		put_page(page);
	}
	shmem_punch_hole(&m, 0xc00, 0x3400);
	EXPECT_EQ(t, m.nr_pages, 2);
	page = find_get_page(&m, 0);
	ASSERT(t, page);
	EXPECT_EQ(t, nonzero(page), 0xc00);
	EXPECT_EQ(t, first_byte(page), 0xff);
	put_page(page);
	page = find_get_page(&m, 3);
	ASSERT(t, page);
	EXPECT_EQ(t, nonzero(page), 0xc00);
	EXPECT_EQ(t, first_byte(page), 0);
	/* Inside one page; and nothing. */
	shmem_punch_hole(&m, 0x3800, 0x3900);
	EXPECT_EQ(t, nonzero(page), 0xb00);
	shmem_punch_hole(&m, 0x3a00, 0x3a00);
	EXPECT_EQ(t, nonzero(page), 0xb00);
	put_page(page);
	empty(&m);
}

static void
a_space_that_is_full_says_so(struct test *t)
{
	struct shmem_space space = { ATOMIC_INIT(0), 3 };
	struct address_space m;
	struct page *page;
	unsigned i;

	shmem_init_mapping(&m, NULL, &space);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(t, read_cache_page(&m, i, &page), 0);
		put_page(page);
	}
	EXPECT_EQ(t, read_cache_page(&m, 3, &page), -ENOSPC);
	page = shmem_new_page(&m);
	ASSERT(t, page);
	EXPECT_EQ(t, shmem_add_page(&m, 3, page), -ENOSPC);
	EXPECT_EQ(t, atomic_read(&space.nr_pages), 3);
	shmem_punch_hole(&m, 0, PAGE_SIZE);
	EXPECT_EQ(t, atomic_read(&space.nr_pages), 2);
	page = shmem_new_page(&m);
	ASSERT(t, page);
	EXPECT_EQ(t, shmem_add_page(&m, 1, page), -EEXIST);
	page = shmem_new_page(&m);
	ASSERT(t, page);
	EXPECT_EQ(t, shmem_add_page(&m, 9, page), 0);
	empty(&m);
	EXPECT_EQ(t, atomic_read(&space.nr_pages), 0);
}

/* --- the page lock --- */

static struct page *locked_page;
static atomic_t nr_inside, nr_locked;
static bool overlapped;

static void
lock_often(struct test *t, unsigned cpu, void *arg)
{
	unsigned i;

	(void)t;
	(void)cpu;
	(void)arg;
	for (i = 0; i < 300; i++) {
		lock_page(locked_page);
		if (atomic_add_return(&nr_inside, 1) != 1)
			overlapped = true;
		if (i % 16 == 0)
			yield();
		atomic_dec(&nr_inside);
		unlock_page(locked_page);
	}
	atomic_add(&nr_locked, i);
}

static void
one_task_at_a_time_has_a_page_locked(struct test *t)
{
	struct address_space m;

	counted_init(&m);
	ASSERT_EQ(t, read_cache_page(&m, 0, &locked_page), 0);
	atomic_set(&nr_inside, 0);
	atomic_set(&nr_locked, 0);
	overlapped = false;
	test_on_all_cpus(t, lock_often, NULL);
	EXPECT(t, !overlapped);
	EXPECT_EQ(t, atomic_read(&nr_locked) % 300, 0);
	EXPECT(t, atomic_read(&nr_locked) >= 300);
	EXPECT(t, trylock_page(locked_page));
	EXPECT(t, !trylock_page(locked_page));
	unlock_page(locked_page);
	EXPECT(t, !(locked_page->flags & (PG_locked | PG_waiters)));
	put_page(locked_page);
	empty(&m);
}

static atomic_t waiter_done;

static void
wait_for_lock(void *arg)
{
	lock_page(arg);
	atomic_set(&waiter_done, ((struct page *)arg)->user.mapping ? 1 : 2);
	unlock_page(arg);
}

static void
a_waiter_sees_that_the_page_has_left(struct test *t)
{
	struct address_space m;
	struct task *task;
	struct page *page;

	counted_init(&m);
	ASSERT_EQ(t, read_cache_page(&m, 0, &page), 0);
	lock_page(page);
	atomic_set(&waiter_done, 0);
	task = kthread_create(wait_for_lock, page, "waiter");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	while (!(READ_ONCE(page->flags) & PG_waiters))
		yield();
	EXPECT_EQ(t, atomic_read(&waiter_done), 0);
	delete_from_page_cache(page);
	unlock_page(page);
	kthread_join(task);
	EXPECT_EQ(t, atomic_read(&waiter_done), 2);
	put_page(page);
}

static void
look_for_page(void *arg)
{
	struct page *page = find_lock_page(arg, 0);

	atomic_set(&waiter_done, page ? 1 : 2);
	if (page) {
		unlock_page(page);
		put_page(page);
	}
}

/* Found, waited for, gone meanwhile: then it was not found. */
static void
a_page_that_leaves_while_it_is_waited_for_is_not_found(struct test *t)
{
	struct address_space m;
	struct task *task;
	struct page *page;

	counted_init(&m);
	ASSERT_EQ(t, read_cache_page(&m, 0, &page), 0);
	lock_page(page);
	atomic_set(&waiter_done, 0);
	task = kthread_create(look_for_page, &m, "finder");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	while (!(READ_ONCE(page->flags) & PG_waiters))
		yield();
	delete_from_page_cache(page);
	unlock_page(page);
	kthread_join(task);
	EXPECT_EQ(t, atomic_read(&waiter_done), 2);
	put_page(page);
}

/* Finders and a truncator on one file: nobody gets a page of another index. */
static struct address_space shared;
static atomic_t nr_wrong;

static void
find_and_truncate(struct test *t, unsigned cpu, void *arg)
{
	struct page *page;
	unsigned i, index;

	(void)t;
	(void)arg;
	for (i = 0; i < 600; i++) {
		index = (i * 7 + cpu * 13) % 90;
		if (i % 8 == cpu % 8) {
			truncate_inode_pages_range(&shared, index, index + 9);
			continue;
		}
		if (read_cache_page(&shared, index, &page))
			continue;
		if (first_byte(page) != index)
			atomic_inc(&nr_wrong);
		put_page(page);
	}
}

static void
finders_and_truncation_agree(struct test *t)
{
	counted_init(&shared);
	atomic_set(&nr_wrong, 0);
	test_on_all_cpus(t, find_and_truncate, NULL);
	EXPECT_EQ(t, atomic_read(&nr_wrong), 0);
	EXPECT_VERIFIED(t);
	empty(&shared);
}

/* --- faults --- */

static void
a_fault_finds_the_page_locked(struct test *t)
{
	struct address_space m;
	struct vm_area_struct vma = { .vm_mapping = &m };
	struct vm_fault vmf = { .vma = &vma, .pgoff = 2 };

	counted_init(&m);
	m.size_pages = 3;
	ASSERT_EQ(t, filemap_fault(&vmf), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
	EXPECT_EQ(t, first_byte(vmf.page), 2);
	EXPECT(t, vmf.page->flags & PG_locked);
	unlock_page(vmf.page);
	put_page(vmf.page);
	/* In memory: no major fault. */
	ASSERT_EQ(t, filemap_fault(&vmf), VM_FAULT_LOCKED);
	unlock_page(vmf.page);
	put_page(vmf.page);
	vmf.pgoff = 3;
	EXPECT_EQ(t, filemap_fault(&vmf), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, m.nr_pages, 1);
	vmf.pgoff = 1;
	read_error = -EIO;
	EXPECT_EQ(t, filemap_fault(&vmf), VM_FAULT_SIGBUS);
	empty(&m);
}

/* --- no memory --- */

static int
far_apart(void *arg)
{
	struct address_space *m = arg;
	struct page *page;
	int err = 0;
	unsigned i;

	for (i = 0; i < 3 && !err; i++) {
		err = read_cache_page(m, i * BIG, &page);
		if (!err)
			put_page(page);
	}
	empty(m);
	return err;
}

static void
no_memory_leaves_the_file_whole(struct test *t)
{
	static char text[512];
	struct address_space m;
	struct seq_buf s;
	long nr;

	shmem_init_mapping(&m, NULL, NULL);
	seq_buf_init(&s, text, sizeof(text));
	nr = fault_inject_sweep(far_apart, &m, &s);
	EXPECT(t, nr >= 3);
	if (s.len)
		test_info(t, "%s", text);
}

/* --- the rules --- */

static void
every_rule_is_checked(struct test *t)
{
	struct address_space m;
	struct page *page;

	counted_init(&m);
	ASSERT_EQ(t, read_cache_page(&m, 4, &page), 0);
	page->user.index = 5;
	EXPECT(t, verify_catches("C1"));
	page->user.index = 4;
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_FILE_PAGES, 1);
	EXPECT(t, verify_catches("C2"));
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_FILE_PAGES, -1);
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_SHMEM, 1);
	EXPECT(t, verify_catches("C2"));
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_SHMEM, -1);
	empty(&m);
	page->flags |= PG_uptodate;
	EXPECT(t, verify_catches("C3"));
	page->flags &= ~PG_uptodate;
	EXPECT_VERIFIED(t);
	put_page(page);
}

TEST_SUITE("page_cache",
	   TEST_CASE(a_page_is_read_once),
	   TEST_CASE(a_page_that_cannot_be_read_is_tried_again),
	   TEST_CASE(counters_follow_the_pages),
	   TEST_CASE(truncation_takes_the_range_and_no_more),
	   TEST_CASE(a_page_in_use_outlives_its_file),
	   TEST_CASE(a_hole_reads_as_zeros),
	   TEST_CASE(punching_zeroes_what_stays),
	   TEST_CASE(a_space_that_is_full_says_so),
	   TEST_CASE(one_task_at_a_time_has_a_page_locked),
	   TEST_CASE(a_waiter_sees_that_the_page_has_left),
	   TEST_CASE(a_page_that_leaves_while_it_is_waited_for_is_not_found),
	   TEST_CASE(finders_and_truncation_agree),
	   TEST_CASE(a_fault_finds_the_page_locked),
	   TEST_CASE(no_memory_leaves_the_file_whole),
	   TEST_CASE(every_rule_is_checked));
