/* SPDX-License-Identifier: MIT */
/*
 * Files in memory whose pages are in swap: that nobody notices, whichever way
 * they look, and that every slot comes back when the page does not.
 */
#include <kernel/sched.h>
#include <mm/reclaim.h>
#include <mm/verify.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "files.h"
#include "swap_helpers.h"
#include "sweep.h"
#include "threads.h"
#include "verify_helpers.h"

#define NAME	"/tmp/shmem_swap"
#define P	PAGE_SIZE
#define PAGES	8u
#define SLOTS	64u

/* A disk with swap on, and a file of PAGES pages, page i full of 'a' + i. */
struct scene {
	struct block_device *disk;
	struct file *file;
	struct address_space *m;
};

static char page_buf[P];

static bool
scene_begin(struct test *t, struct scene *s, const char *name)
{
	u64 pos = 0;

	s->disk = swap_begin(t, SLOTS);
	s->file = s->disk ? must_open(t, name, O_CREAT | O_RDWR | O_TRUNC) :
			    NULL;
	if (!s->file)
		return false;
	s->m = s->file->f_inode->i_mapping;
	for (unsigned i = 0; i < PAGES; i++) {
		memset(page_buf, 'a' + (int)i, P);
		EXPECT_EQ(t, kernel_write(s->file, page_buf, P, &pos), P);
	}
	return true;
}

static void
scene_end(struct test *t, struct scene *s, const char *name)
{
	fput(s->file);
	EXPECT_EQ(t, UNLINK(name), 0);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	swap_end(t, s->disk);
}

static void
send_all(struct test *t, struct scene *s)
{
	for (unsigned i = 0; i < PAGES; i++)
		EXPECT(t, send_file_page_to_swap(s->m, i));
}

/* The character at pos; or -errno. */
static int
char_at(struct file *file, u64 pos)
{
	char c;
	ssize_t n = kernel_read(file, &c, 1, &pos);

	return n == 1 ? c : (int)n;
}

/* --- there and back ----------------------------------------------------------- */

static void
read_brings_a_page_back(struct test *t)
{
	unsigned long shmem = global_node_page_state(NR_SHMEM);
	struct scene s;
	struct kstat st;

	ASSERT(t, scene_begin(t, &s, NAME));
	send_all(t, &s);
	EXPECT_EQ(t, s.m->nr_pages, 0);
	EXPECT_EQ(t, s.m->nr_swapped, PAGES);
	EXPECT_EQ(t, global_node_page_state(NR_SHMEM), shmem);
	EXPECT_EQ(t, stat_of(NAME, &st), 0);
	EXPECT_EQ(t, st.blocks, PAGES * P / 512);
	for (unsigned i = 0; i < PAGES; i++) {
		EXPECT_EQ(t, char_at(s.file, i * P), 'a' + (int)i);
		EXPECT_EQ(t, char_at(s.file, i * P + P - 1), 'a' + (int)i);
	}
	EXPECT_EQ(t, s.m->nr_swapped, 0);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	scene_end(t, &s, NAME);
}

static void
write_to_a_part_keeps_the_rest(struct test *t)
{
	struct scene s;
	u64 pos = P + 10;

	ASSERT(t, scene_begin(t, &s, NAME));
	send_all(t, &s);
	EXPECT_EQ(t, kernel_write(s.file, "XY", 2, &pos), 2);
	EXPECT_EQ(t, char_at(s.file, P + 9), 'b');
	EXPECT_EQ(t, char_at(s.file, P + 10), 'X');
	EXPECT_EQ(t, char_at(s.file, P + 12), 'b');
	/* Whole pages, over what is in swap. */
	memset(page_buf, '!', P);
	pos = 2 * P;
	EXPECT_EQ(t, kernel_write(s.file, page_buf, P, &pos), P);
	EXPECT_EQ(t, char_at(s.file, 2 * P), '!');
	EXPECT_EQ(t, s.m->nr_swapped, PAGES - 2);
	scene_end(t, &s, NAME);
}

/* Two programs; neither has an entry that tells of swap. */
static void
a_fault_brings_it_back_for_all(struct test *t)
{
	struct mm_struct *a = mm_alloc(), *b = mm_alloc();
	unsigned long at, bt, swaps;
	struct scene s;
	int code;

	ASSERT(t, scene_begin(t, &s, NAME));
	at = as_map_file(a, s.file, PAGES * P, RW, MAP_SHARED);
	bt = as_map_file(b, s.file, PAGES * P, RW, MAP_SHARED);
	EXPECT(t, as_poke(a, at + P, 1234));
	EXPECT_EQ(t, as_peek(b, bt + P), 1234);
	EXPECT(t, send_file_page_to_swap(s.m, 1));
	EXPECT(t, pte_none(as_pte(a, at + P)) && pte_none(as_pte(b, bt + P)));
	EXPECT_EQ(t, a->rss[MM_SWAPENTS], 0);
	swaps = vm_event(PSWPIN);
	EXPECT(t, mm_fault(b, bt + P, FAULT_FLAG_USER, &code) &
	       VM_FAULT_MAJOR);
	EXPECT_EQ(t, vm_event(PSWPIN), swaps + 1);
	EXPECT_EQ(t, as_peek(b, bt + P), 1234);
	EXPECT(t, as_poke(b, bt + P, 5));
	EXPECT_EQ(t, as_peek(a, at + P), 5);
	mmput(a);
	mmput(b);
	scene_end(t, &s, NAME);
}

/* The child has the same file: nothing was copied, nothing is counted twice. */
static void
fork_shares_what_is_in_swap(struct test *t)
{
	struct mm_struct *a = mm_alloc(), *b = NULL;
	struct block_device *disk = swap_begin(t, SLOTS);
	struct file *file;
	unsigned long at;

	ASSERT(t, disk != NULL);
	ASSERT_EQ(t, shmem_file_setup("dev/zero", PAGES * P, &file), 0);
	at = as_map_file(a, file, PAGES * P, RW, MAP_SHARED);
	fput(file);
	EXPECT(t, as_poke(a, at, 7));
	EXPECT(t, send_to_swap(a, at));
	EXPECT_EQ(t, dup_mm(a, &b), 0);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS - 1);
	EXPECT(t, as_poke(b, at, 8));
	EXPECT_EQ(t, as_peek(a, at), 8);
	EXPECT(t, send_to_swap(a, at));
	mmput(a);
	EXPECT_EQ(t, as_peek(b, at), 8);
	EXPECT(t, send_to_swap(b, at));
	mmput(b);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	swap_end(t, disk);
}

static void
reclaim_takes_shared_memory(struct test *t)
{
	struct scene s;
	struct zone *zone;
	struct page *page;

	ASSERT(t, scene_begin(t, &s, NAME));
	page = find_get_page(s.m, 0);
	zone = page_zone(page);
	put_page(page);
	/* The second look finds those that the first one made old. */
	for (unsigned i = 0; i < 4 && s.m->nr_swapped < PAGES; i++)
		reclaim_step(zone, 0, 1ul << 20);
	EXPECT_EQ(t, s.m->nr_swapped, PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		EXPECT_EQ(t, char_at(s.file, i * P), 'a' + (int)i);
	scene_end(t, &s, NAME);
}

/* Its own pages and shared ones; one that another has mapped, too, stays. */
static void
pageout_sends_what_is_nobody_elses(struct test *t)
{
	struct mm_struct *a = mm_alloc(), *b = mm_alloc();
	unsigned long own, at, bt;
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	own = as_map(a, 0, 4 * P, RW, ANON);
	at = as_map_file(a, s.file, PAGES * P, RW, MAP_SHARED);
	bt = as_map_file(b, s.file, P, RW, MAP_SHARED);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, as_poke(a, own + i * P, i + 1) &&
		       as_poke(a, at + i * P, i + 11));
	EXPECT_EQ(t, as_peek(b, bt), 11);
	EXPECT_EQ(t, do_madvise(a, own, 3 * P, MADV_PAGEOUT), 0);
	EXPECT_EQ(t, do_madvise(a, at, 4 * P, MADV_PAGEOUT), 0);
	EXPECT_EQ(t, a->rss[MM_SWAPENTS], 3);
	EXPECT_EQ(t, s.m->nr_swapped, 3);
	EXPECT(t, pte_mapped(as_pte(b, bt)));
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(t, as_peek(a, own + i * P), i + 1);
		EXPECT_EQ(t, as_peek(a, at + i * P), i + 11);
	}
	EXPECT_EQ(t, do_mlock(a, own, P, 0), 0);
	EXPECT_EQ(t, do_madvise(a, own, P, MADV_PAGEOUT), -EINVAL);
	EXPECT_EQ(t, do_madvise(a, own, P, MADV_COLD), -EINVAL);
	mmput(a);
	mmput(b);
	scene_end(t, &s, NAME);
}

static enum page_verdict
keep(struct page *page, unsigned nr_used, bool exec)
{
	(void)page;
	(void)nr_used;
	(void)exec;
	return PAGE_KEEP;
}

/* The policy is for pages that nobody has an opinion about. */
static void
pageout_asks_no_policy(struct test *t)
{
	static const struct reclaim_policy keeps = { "keeps", true, keep };
	const struct reclaim_policy *before = reclaim_policy;
	struct block_device *disk = swap_begin(t, SLOTS);
	struct mm_struct *mm = as_space(t, 0x10000000, 2);

	ASSERT(t, disk != NULL);
	EXPECT(t, as_poke(mm, 0x10000000, 1));
	EXPECT(t, as_poke(mm, 0x10000000 + P, 2));
	reclaim_policy = &keeps;
	EXPECT_EQ(t, do_madvise(mm, 0x10000000, 2 * P, MADV_PAGEOUT), 0);
	reclaim_policy = before;
	EXPECT_EQ(t, mm->rss[MM_SWAPENTS], 2);
	EXPECT_EQ(t, as_peek(mm, 0x10000000 + P), 2);
	mmput(mm);
	swap_end(t, disk);
}

static void
cold_pages_are_the_first_to_go(struct test *t)
{
	struct block_device *disk = swap_begin(t, SLOTS);
	struct mm_struct *mm = as_space(t, 0x10000000, 2);
	struct page *page;

	ASSERT(t, disk != NULL);
	EXPECT(t, as_poke(mm, 0x10000000, 1));
	page = as_page(mm, 0x10000000);
	activate_page(page);
	EXPECT(t, pte_young(as_pte(mm, 0x10000000)));
	EXPECT_EQ(t, do_madvise(mm, 0x10000000, 2 * P, MADV_COLD), 0);
	EXPECT(t, !pte_young(as_pte(mm, 0x10000000)));
	EXPECT(t, !(page->flags & PG_active));
	EXPECT_EQ(t, list_last_entry(&page_zone(page)->lruvec.lists[
			LRU_INACTIVE_ANON], struct page, user.lru) == page, 1);
	EXPECT_EQ(t, as_peek(mm, 0x10000000), 1);
	mmput(mm);
	swap_end(t, disk);
}

/* --- what stays ------------------------------------------------------------------ */

static void
a_page_that_somebody_holds_stays(struct test *t)
{
	struct scene s;
	struct page *page;

	ASSERT(t, scene_begin(t, &s, NAME));
	page = find_get_page(s.m, 0);
	EXPECT(t, !send_file_page_to_swap(s.m, 0));
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	put_page(page);
	EXPECT(t, send_file_page_to_swap(s.m, 0));
	scene_end(t, &s, NAME);
}

/* SHM_LOCK says so of a segment. */
static void
a_locked_file_stays(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	s.m->unevictable = true;
	EXPECT(t, !send_file_page_to_swap(s.m, 0));
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	s.m->unevictable = false;
	EXPECT(t, send_file_page_to_swap(s.m, 0));
	scene_end(t, &s, NAME);
}

/* --- what others are told ---------------------------------------------------------- */

static void
a_page_in_swap_is_data_and_no_hole(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, 20 * P), 0);
	send_all(t, &s);
	EXPECT_EQ(t, vfs_llseek(s.file, 3 * P, SEEK_DATA), 3 * P);
	EXPECT_EQ(t, vfs_llseek(s.file, 3 * P, SEEK_HOLE), PAGES * P);
	EXPECT_EQ(t, vfs_llseek(s.file, PAGES * P, SEEK_DATA), -ENXIO);
	EXPECT_EQ(t, s.m->nr_swapped, PAGES);	/* only asked */
	scene_end(t, &s, NAME);
}

static void
mincore_and_usage_know_what_is_in_swap(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at;
	struct scene s;
	u8 vec[3];

	ASSERT(t, scene_begin(t, &s, NAME));
	at = as_map_file(mm, s.file, PAGES * P, RW, MAP_SHARED);
	EXPECT(t, send_file_page_to_swap(s.m, 1));
	EXPECT(t, send_file_page_to_swap(s.m, 4));
	EXPECT_EQ(t, do_mincore(mm, at, 3, vec), 0);
	EXPECT(t, vec[0] && !vec[1] && vec[2]);
	EXPECT_EQ(t, shmem_swap_usage(s.m, 0, PAGES), 2);
	EXPECT_EQ(t, shmem_swap_usage(s.m, 2, 4), 0);
	EXPECT_EQ(t, shmem_swap_usage(s.m, 4, 5), 1);
	/* Read ahead with its neighbour it is in memory, if not in the file. */
	EXPECT_EQ(t, char_at(s.file, P), 'b');
	EXPECT_EQ(t, s.m->nr_swapped, 1);
	EXPECT_EQ(t, do_mincore(mm, at + 4 * P, 1, vec), 0);
	EXPECT(t, vec[0]);
	mmput(mm);
	scene_end(t, &s, NAME);
}

/* Pages in swap are the file system's; and what is there can be overwritten. */
static void
a_full_file_system_is_as_full_in_swap(struct test *t)
{
	struct scene s;
	u64 pos = 0;

	EXPECT_EQ(t, MKDIR("/t"), 0);
	ASSERT_EQ(t, do_mount("x", "/t", "tmpfs", "size=32k", 0), 0);
	ASSERT(t, scene_begin(t, &s, "/t/f"));
	send_all(t, &s);
	EXPECT_EQ(t, make_file("/t/g", "more"), -ENOSPC);
	EXPECT_EQ(t, UNLINK("/t/g"), 0);
	EXPECT_EQ(t, kernel_write(s.file, page_buf, P, &pos), P);
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, 7 * P), 0);
	EXPECT_EQ(t, make_file("/t/g", "more"), 0);
	scene_end(t, &s, "/t/f");
	EXPECT_EQ(t, do_umount("/t"), 0);
	EXPECT_EQ(t, RMDIR("/t"), 0);
}

/* --- holes ------------------------------------------------------------------------- */

static void
truncation_frees_slots_and_cuts_what_is_in_swap(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	send_all(t, &s);
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, 2 * P + 3), 0);
	/* The page that was cut came back, the others went. */
	EXPECT_EQ(t, s.m->nr_swapped, 2);
	EXPECT_EQ(t, s.m->nr_pages, 1);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS - 2);
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, 3 * P), 0);
	EXPECT_EQ(t, char_at(s.file, 2 * P + 2), 'c');
	EXPECT_EQ(t, char_at(s.file, 2 * P + 3), 0);
	scene_end(t, &s, NAME);
}

static void
a_hole_is_punched_through_swap(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct scene s;
	unsigned long at;

	ASSERT(t, scene_begin(t, &s, NAME));
	at = as_map_file(mm, s.file, PAGES * P, RW, MAP_SHARED);
	send_all(t, &s);
	EXPECT_EQ(t, s.file->f_op->fallocate(s.file, FALLOC_FL_PUNCH_HOLE |
					     FALLOC_FL_KEEP_SIZE, P - 1,
					     2 * P + 2), 0);
	EXPECT_EQ(t, s.m->nr_swapped, PAGES - 4);
	EXPECT_EQ(t, char_at(s.file, P - 2), 'a');
	EXPECT_EQ(t, char_at(s.file, P - 1), 0);
	EXPECT_EQ(t, char_at(s.file, 2 * P), 0);
	EXPECT_EQ(t, char_at(s.file, 3 * P), 0);
	EXPECT_EQ(t, char_at(s.file, 3 * P + 1), 'd');
	EXPECT_EQ(t, s.file->f_op->fallocate(s.file, FALLOC_FL_PUNCH_HOLE |
					     FALLOC_FL_KEEP_SIZE, 4 * P, 4 * P),
		  0);
	EXPECT_EQ(t, s.m->nr_swapped, 0);
	EXPECT_EQ(t, as_peek(mm, at + 4 * P), 0);
	mmput(mm);
	scene_end(t, &s, NAME);
}

static void
a_file_that_is_all_in_swap_ends(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	send_all(t, &s);
	EXPECT_EQ(t, UNLINK(NAME), 0);
	EXPECT_EQ(t, char_at(s.file, P), 'b');
	fput(s.file);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS);
	swap_end(t, s.disk);
}

/* --- swapoff, errors -------------------------------------------------------------- */

static void
swapoff_brings_back_what_files_have(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	send_all(t, &s);
	swap_end(t, s.disk);
	EXPECT_EQ(t, s.m->nr_swapped, 0);
	EXPECT_EQ(t, s.m->nr_pages, PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		EXPECT_EQ(t, char_at(s.file, i * P), 'a' + (int)i);
	fput(s.file);
	EXPECT_EQ(t, UNLINK(NAME), 0);
}

static void
swapoff_of_one_disk_leaves_the_others(struct test *t)
{
	struct block_device *other = NULL;
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, send_file_page_to_swap(s.m, i));
	ASSERT_EQ(t, ramdisk_create("swo", (SLOTS + 1) * PAGE_SECTORS, false,
				    &other), 0);
	EXPECT_EQ(t, make_swap(other, SLOTS), 0);
	EXPECT_EQ(t, swap_on_disk(other->dev, "/dev/other", 10), 0);
	for (unsigned i = 4; i < PAGES; i++)
		EXPECT(t, send_file_page_to_swap(s.m, i));
	EXPECT_EQ(t, swap_off("/dev/other"), 0);
	EXPECT_EQ(t, ramdisk_destroy(other), 0);
	EXPECT_EQ(t, s.m->nr_swapped, 4);
	for (unsigned i = 0; i < PAGES; i++)
		EXPECT_EQ(t, char_at(s.file, i * P), 'a' + (int)i);
	scene_end(t, &s, NAME);
}

static void
what_cannot_be_read_is_an_error_for_who_wants_it(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	int cluster = sysctl_swap_cluster;
	unsigned long at;
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	sysctl_swap_cluster = 0;
	at = as_map_file(mm, s.file, PAGES * P, RW, MAP_SHARED);
	send_all(t, &s);
	blk_fail_requests(s.disk, 1u << BLK_READ, 0, 4);
	EXPECT_EQ(t, char_at(s.file, 0), -EIO);
	EXPECT_EQ(t, as_touch(mm, at, false), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, P + 1), -EIO);
	EXPECT_EQ(t, s.file->f_inode->i_size, PAGES * P);
	EXPECT_EQ(t, swap_off(SWAP_NAME), -EIO);
	EXPECT_EQ(t, total_swap_pages(), SLOTS);
	/* The disk is well again: nothing was lost. */
	for (unsigned i = 0; i < PAGES; i++)
		EXPECT_EQ(t, char_at(s.file, i * P), 'a' + (int)i);
	EXPECT_EQ(t, as_touch(mm, at, false), 0);
	sysctl_swap_cluster = cluster;
	mmput(mm);
	scene_end(t, &s, NAME);
}

static void
what_cannot_be_written_stays_in_memory(struct test *t)
{
	struct scene s;

	ASSERT(t, scene_begin(t, &s, NAME));
	blk_fail_requests(s.disk, 1u << BLK_WRITE, 0, 1);
	EXPECT(t, !send_file_page_to_swap(s.m, 0));
	EXPECT_EQ(t, total_swapcache_pages(), 1);
	EXPECT_EQ(t, char_at(s.file, 0), 'a');
	EXPECT_EQ(t, total_swapcache_pages(), 0);
	EXPECT(t, send_file_page_to_swap(s.m, 0));
	EXPECT_EQ(t, char_at(s.file, 0), 'a');
	scene_end(t, &s, NAME);
}

static int read_back;

static void
read_first(void *arg)
{
	WRITE_ONCE(read_back, char_at(arg, 0));
}

/* The slot is the page's until the write has ended: it could be given to
 * another, and the two writes meet there. */
static void
a_page_that_is_being_written_is_waited_for(struct test *t)
{
	struct task *reader;
	struct scene s;
	struct page *page;

	ASSERT(t, scene_begin(t, &s, NAME));
	page = find_get_page(s.m, 0);
	put_page(page);
	ASSERT(t, lru_isolate_page(page));
	ramdisk_hold(s.disk, true);
	lock_page(page);
	EXPECT(t, give_slot(page) && clear_page_dirty_for_io(page));
	swap_writepage(page);
	TEST_WAIT_UNTIL(ramdisk_nr_held(s.disk) == 1);
	read_back = 0;
	reader = test_start(t, read_first, s.file, "reader");
	msleep(20);
	EXPECT_EQ(t, read_back, 0);
	EXPECT_EQ(t, s.m->nr_swapped, 1);
	EXPECT_EQ(t, nr_free_swap_pages(), SLOTS - 1);
	ramdisk_hold(s.disk, false);
	ramdisk_release(s.disk, 1);
	test_join(reader);
	EXPECT_EQ(t, read_back, 'a');
	EXPECT_EQ(t, s.m->nr_swapped, 0);
	lru_putback(page);
	scene_end(t, &s, NAME);
}

/* While the disk has the read, the file is cut and written anew. */
static void
what_was_cut_meanwhile_does_not_come_back(struct test *t)
{
	struct task *reader;
	struct scene s;
	u64 pos = 0;

	ASSERT(t, scene_begin(t, &s, NAME));
	EXPECT(t, send_file_page_to_swap(s.m, 0));
	ramdisk_hold(s.disk, true);
	reader = test_start(t, read_first, s.file, "reader");
	TEST_WAIT_UNTIL(ramdisk_nr_held(s.disk) == 1);
	EXPECT_EQ(t, vfs_truncate(s.file->f_inode, 0), 0);
	EXPECT_EQ(t, kernel_write(s.file, "new", 3, &pos), 3);
	ramdisk_hold(s.disk, false);
	ramdisk_release(s.disk, 1);
	test_join(reader);
	EXPECT_EQ(t, read_back, 'n');
	EXPECT_EQ(t, char_at(s.file, 0), 'n');
	EXPECT_EQ(t, s.m->nr_swapped, 0);
	EXPECT_EQ(t, s.m->nr_pages, 1);
	scene_end(t, &s, NAME);
}

/* The first page of the file is in swap when a sweep reads it. */
static struct scene swept_scene;

static int
read_from_swap(void)
{
	struct scene *s = &swept_scene;
	int c = char_at(s->file, 0);

	if (c < 0)
		return c;
	return c == 'a' && send_file_page_to_swap(s->m, 0) ? 0 : -EIO;
}

static void
without_memory_a_page_stays_in_swap(struct test *t)
{
	int cluster = sysctl_swap_cluster;

	ASSERT(t, scene_begin(t, &swept_scene, NAME));
	sysctl_swap_cluster = 0;
	send_all(t, &swept_scene);
	EXPECT(t, sweep(t, read_from_swap) >= 1);
	EXPECT_EQ(t, swept_scene.m->nr_swapped, PAGES);
	sysctl_swap_cluster = cluster;
	scene_end(t, &swept_scene, NAME);
}

static void
broken_counts_are_seen_by_verify(struct test *t)
{
	struct scene s;
	swp_entry_t entry;

	ASSERT(t, scene_begin(t, &s, NAME));
	ASSERT(t, send_file_page_to_swap(s.m, 0));
	EXPECT_CAUGHT(t, "S1", s.m->nr_swapped++, s.m->nr_swapped--);
	/* The first slot of the only area. */
	for (unsigned type = 0; type < MAX_SWAPFILES; type++) {
		entry = swp_entry(type, 1);
		if (swap_count(entry))
			break;
	}
	EXPECT_CAUGHT(t, "S2", swap_duplicate(entry), swap_free(entry));
	scene_end(t, &s, NAME);
}

/* --- all at once ------------------------------------------------------------------- */

#define ROUNDS	150u

struct race {
	struct scene s;
	struct mm_struct *mm;
	unsigned long at;
	atomic_t done;
	unsigned wrong, sent;
};

/* Counts up in the first four pages, by stores and by write() in turn. */
static void
count_up(void *arg)
{
	struct race *r = arg;

	while (!READ_ONCE(r->sent))
		yield();
	for (u32 i = 1; i <= ROUNDS; i++) {
		for (unsigned n = 0; n < 4; n++) {
			u64 pos = n * P;
			u32 was = as_peek(r->mm, r->at + n * P);

			r->wrong += i > 1 && was != i - 1;
			if (i & 1)
				as_poke(r->mm, r->at + n * P, i);
			else
				kernel_write(r->s.file, &i, 4, &pos);
		}
		yield();
	}
	atomic_inc(&r->done);
}

static void
keep_sending(void *arg)
{
	struct race *r = arg;

	while (atomic_read(&r->done) < 2) {
		for (unsigned n = 0; n < PAGES; n++)
			r->sent += send_file_page_to_swap(r->s.m, n);
		yield();
	}
}

/* Fills the rest of the file and cuts it off again. */
static void
grow_and_cut(void *arg)
{
	struct race *r = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 pos = 4 * P;

		for (unsigned n = 4; n < PAGES; n++)
			kernel_write(r->s.file, page_buf, P, &pos);
		yield();
		vfs_truncate(r->s.file->f_inode, 4 * P);
	}
	atomic_inc(&r->done);
}

static void
nothing_is_lost_while_pages_go_and_come(struct test *t)
{
	static struct race r;
	struct task *tasks[3];

	memset(&r, 0, sizeof(r));
	ASSERT(t, scene_begin(t, &r.s, NAME));
	r.mm = mm_alloc();
	r.at = as_map_file(r.mm, r.s.file, PAGES * P, RW, MAP_SHARED);
	tasks[0] = test_start(t, count_up, &r, "writer");
	tasks[1] = test_start(t, grow_and_cut, &r, "cutter");
	tasks[2] = test_start(t, keep_sending, &r, "sender");
	for (unsigned i = 0; i < 3; i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, r.wrong, 0);
	EXPECT_EQ(t, r.s.m->nr_pages + r.s.m->nr_swapped, 4);
	mmput(r.mm);
	fput(r.s.file);
	EXPECT_EQ(t, UNLINK(NAME), 0);
	/* A page that was cut off while it was written may have its slot still:
	 * swapoff, as reclaim would, takes it. */
	swap_end(t, r.s.disk);
}

TEST_SUITE("shmem_swap",
	   TEST_CASE(read_brings_a_page_back),
	   TEST_CASE(write_to_a_part_keeps_the_rest),
	   TEST_CASE(a_fault_brings_it_back_for_all),
	   TEST_CASE(fork_shares_what_is_in_swap),
	   TEST_CASE(reclaim_takes_shared_memory),
	   TEST_CASE(pageout_sends_what_is_nobody_elses),
	   TEST_CASE(pageout_asks_no_policy),
	   TEST_CASE(cold_pages_are_the_first_to_go),
	   TEST_CASE(a_page_that_somebody_holds_stays),
	   TEST_CASE(a_locked_file_stays),
	   TEST_CASE(a_page_in_swap_is_data_and_no_hole),
	   TEST_CASE(mincore_and_usage_know_what_is_in_swap),
	   TEST_CASE(a_full_file_system_is_as_full_in_swap),
	   TEST_CASE(truncation_frees_slots_and_cuts_what_is_in_swap),
	   TEST_CASE(a_hole_is_punched_through_swap),
	   TEST_CASE(a_file_that_is_all_in_swap_ends),
	   TEST_CASE(swapoff_brings_back_what_files_have),
	   TEST_CASE(swapoff_of_one_disk_leaves_the_others),
	   TEST_CASE(what_cannot_be_read_is_an_error_for_who_wants_it),
	   TEST_CASE(what_cannot_be_written_stays_in_memory),
	   TEST_CASE(a_page_that_is_being_written_is_waited_for),
	   TEST_CASE(what_was_cut_meanwhile_does_not_come_back),
	   TEST_CASE(without_memory_a_page_stays_in_swap),
	   TEST_CASE(broken_counts_are_seen_by_verify),
	   TEST_CASE(nothing_is_lost_while_pages_go_and_come));
