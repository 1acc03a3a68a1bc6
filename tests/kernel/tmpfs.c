/* SPDX-License-Identifier: MIT */
/*
 * Files in memory: holes, sizes, limits, seals, files of no folder, System V
 * segments, and that all of it goes back.
 */
#include <kernel/printk.h>
#include <kernel/syscalls.h>
#include <mm/debug.h>
#include <mm/shmem.h>
#include <mm/vmstat.h>
#include <uapi/shm.h>

#include "files.h"
#include "page_helpers.h"

static struct file *
new_file(struct test *t, const char *name)
{
	return must_open(t, name, O_CREAT | O_RDWR | O_TRUNC);
}

static ssize_t
write_at(struct file *f, const char *text, u64 pos)
{
	return kernel_write(f, text, strlen(text), &pos);
}

static ssize_t
read_at(struct file *f, void *buf, size_t n, u64 pos)
{
	return kernel_read(f, buf, n, &pos);
}

static void
a_hole_costs_nothing_and_reads_as_zeros(struct test *t)
{
	struct file *f = new_file(t, "/tmp/f");
	static char buf[3000];
	struct kstat st;
	unsigned i, n = 0;

	ASSERT(t, f);
	EXPECT_EQ(t, write_at(f, "end", 10 * PAGE_SIZE), 3);
	EXPECT_EQ(t, stat_of("/tmp/f", &st), 0);
	EXPECT_EQ(t, st.size, 10 * PAGE_SIZE + 3);
	EXPECT_EQ(t, st.blocks, 8);
	EXPECT_EQ(t, read_at(f, buf, sizeof(buf), 3 * PAGE_SIZE + 5),
		  sizeof(buf));
	for (i = 0; i < sizeof(buf); i++)
		n += buf[i] != 0;
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, stat_of("/tmp/f", &st), 0);
	EXPECT_EQ(t, st.blocks, 8);		/* reading made no page */
	EXPECT_EQ(t, vfs_llseek(f, 0, SEEK_DATA), 10 * PAGE_SIZE);
	EXPECT_EQ(t, vfs_llseek(f, 0, SEEK_HOLE), 0);
	EXPECT_EQ(t, vfs_llseek(f, 10 * PAGE_SIZE + 1, SEEK_HOLE),
		  10 * PAGE_SIZE + 3);
	EXPECT_EQ(t, vfs_llseek(f, 11 * PAGE_SIZE, SEEK_DATA), -ENXIO);
	EXPECT_EQ(t, vfs_llseek(f, -1, SEEK_SET), -EINVAL);
	EXPECT_EQ(t, vfs_llseek(f, -3, SEEK_END), 10 * PAGE_SIZE);
	fput(f);
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
}

static void
shrinking_and_growing_shows_zeros(struct test *t)
{
	struct file *f = new_file(t, "/tmp/f");
	char buf[8];

	ASSERT(t, f);
	EXPECT_EQ(t, write_at(f, "abcdefgh", 0), 8);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 3), 0);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 8), 0);
	EXPECT_EQ(t, read_at(f, buf, 8, 0), 8);
	EXPECT(t, !memcmp(buf, "abc\0\0\0\0\0", 8));
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 0), 0);
	EXPECT_EQ(t, f->f_inode->i_data.nr_pages, 0);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, (u64)MAX_LFS_FILESIZE + 1),
		  -EFBIG);
	/* Far out is as good as near. */
	EXPECT_EQ(t, write_at(f, "x", MAX_LFS_FILESIZE - 1), 1);
	EXPECT_EQ(t, write_at(f, "xy", MAX_LFS_FILESIZE), -EFBIG);
	EXPECT_EQ(t, read_at(f, buf, 8, MAX_LFS_FILESIZE - 1), 1);
	fput(f);
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
}

static void
fallocate_makes_and_punches(struct test *t)
{
	struct file *f = new_file(t, "/tmp/f");
	const struct file_operations *op;
	char buf[4];

	ASSERT(t, f);
	op = f->f_op;
	EXPECT_EQ(t, op->fallocate(f, 0, 0, 3 * PAGE_SIZE), 0);
	EXPECT_EQ(t, f->f_inode->i_size, 3 * PAGE_SIZE);
	EXPECT_EQ(t, f->f_inode->i_data.nr_pages, 3);
	EXPECT_EQ(t, op->fallocate(f, FALLOC_FL_KEEP_SIZE, 3 * PAGE_SIZE, 1),
		  0);
	EXPECT_EQ(t, f->f_inode->i_size, 3 * PAGE_SIZE);
	EXPECT_EQ(t, f->f_inode->i_data.nr_pages, 4);
	EXPECT_EQ(t, write_at(f, "abcd", PAGE_SIZE - 2), 4);
	EXPECT_EQ(t, op->fallocate(f, FALLOC_FL_PUNCH_HOLE |
				   FALLOC_FL_KEEP_SIZE, PAGE_SIZE - 1,
				   PAGE_SIZE + 1), 0);
	EXPECT_EQ(t, f->f_inode->i_data.nr_pages, 3);
	EXPECT_EQ(t, read_at(f, buf, 4, PAGE_SIZE - 2), 4);
	EXPECT(t, !memcmp(buf, "a\0\0\0", 4));
	EXPECT_EQ(t, op->fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 1),
		  -EOPNOTSUPP);
	EXPECT_EQ(t, op->fallocate(f, 0x10, 0, 1), -EOPNOTSUPP);
	fput(f);
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
}

static void
a_full_file_system_says_so(struct test *t)
{
	static char buf[3 * PAGE_SIZE];
	struct file *f;
	u64 pos = 0;

	EXPECT_EQ(t, MKDIR("/t"), 0);
	ASSERT_EQ(t, do_mount("x", "/t", "tmpfs", "size=8k,mode=711", 0), 0);
	f = new_file(t, "/t/f");
	ASSERT(t, f);
	memset(buf, 1, sizeof(buf));
	EXPECT_EQ(t, kernel_write(f, buf, sizeof(buf), &pos), 2 * PAGE_SIZE);
	EXPECT_EQ(t, kernel_write(f, buf, 1, &pos), -ENOSPC);
	EXPECT_EQ(t, f->f_inode->i_size, 2 * PAGE_SIZE);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, PAGE_SIZE), 0);
	EXPECT_EQ(t, write_at(f, "x", PAGE_SIZE), 1);
	fput(f);
	EXPECT_EQ(t, UNLINK("/t/f"), 0);
	EXPECT_EQ(t, make_file("/t/g", "again"), 0);
	EXPECT_EQ(t, do_umount("/t"), 0);
	EXPECT_EQ(t, do_mount("x", "/t", "tmpfs", "size=x", 0), -EINVAL);
	EXPECT_EQ(t, do_mount("x", "/t", "tmpfs", "mode=9", 0), -EINVAL);
	EXPECT_EQ(t, RMDIR("/t"), 0);
}

static void
a_whole_page_is_written_without_being_cleared_first(struct test *t)
{
	static char buf[2 * PAGE_SIZE + 100], got[2 * PAGE_SIZE + 100];
	struct file *f = new_file(t, "/tmp/f");
	unsigned i;
	u64 pos = 50;

	ASSERT(t, f);
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 13 + 1);
	EXPECT_EQ(t, kernel_write(f, buf, sizeof(buf), &pos), sizeof(buf));
	EXPECT_EQ(t, read_at(f, got, sizeof(got), 50), sizeof(got));
	EXPECT(t, !memcmp(buf, got, sizeof(buf)));
	EXPECT_EQ(t, read_at(f, got, 100, 0), 100);
	EXPECT(t, !got[0] && !got[49] && got[50] == buf[0]);
	/* Over pages that are there. */
	pos = 0;
	EXPECT_EQ(t, kernel_write(f, buf, 2 * PAGE_SIZE, &pos),
		  2 * PAGE_SIZE);
	EXPECT_EQ(t, read_at(f, got, sizeof(got), 0), sizeof(got));
	EXPECT(t, !memcmp(buf, got, 2 * PAGE_SIZE));
	fput(f);
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
}

static void
seals_forbid_for_ever(struct test *t)
{
	struct inode *inode;
	struct file *f;

	ASSERT_EQ(t, shmem_file_setup("memfd:test", 0, &f), 0);
	inode = f->f_inode;
	EXPECT_EQ(t, inode->i_nlink, 0);
	/* A file that was not made for it is sealed against seals. */
	EXPECT_EQ(t, file_add_seals(f, F_SEAL_WRITE), -EPERM);
	inode->i_seals = 0;
	EXPECT_EQ(t, write_at(f, "0123456789", 0), 10);
	EXPECT_EQ(t, file_add_seals(f, 0x100), -EINVAL);
	EXPECT_EQ(t, file_add_seals(f, F_SEAL_GROW), 0);
	EXPECT_EQ(t, write_at(f, "abcd", 8), 2);
	EXPECT_EQ(t, write_at(f, "x", 10), -EPERM);
	EXPECT_EQ(t, vfs_truncate(inode, 11), -EPERM);
	EXPECT_EQ(t, f->f_op->fallocate(f, 0, 5, 10), -EPERM);
	EXPECT_EQ(t, vfs_truncate(inode, 9), 0);
	EXPECT_EQ(t, file_add_seals(f, F_SEAL_SHRINK), 0);
	EXPECT_EQ(t, vfs_truncate(inode, 8), -EPERM);
	EXPECT_EQ(t, file_add_seals(f, F_SEAL_WRITE | F_SEAL_SEAL), 0);
	EXPECT_EQ(t, write_at(f, "x", 0), -EPERM);
	EXPECT_EQ(t, f->f_op->fallocate(f, FALLOC_FL_PUNCH_HOLE |
					FALLOC_FL_KEEP_SIZE, 0, 4096), -EPERM);
	EXPECT_EQ(t, file_add_seals(f, F_SEAL_GROW), -EPERM);
	fput(f);
}

static void
an_unlinked_file_gives_its_pages_back_at_the_end(struct test *t)
{
	unsigned long before = global_node_page_state(NR_SHMEM);
	struct file *f = new_file(t, "/tmp/f");

	ASSERT(t, f);
	EXPECT_EQ(t, write_at(f, "x", 0), 1);
	EXPECT_EQ(t, write_at(f, "y", 5000), 1);
	EXPECT_EQ(t, UNLINK("/tmp/f"), 0);
	EXPECT_EQ(t, global_node_page_state(NR_SHMEM), before + 2);
	fput(f);
	EXPECT_EQ(t, global_node_page_state(NR_SHMEM), before);
}

static void
the_devices_do_what_they_are_for(struct test *t)
{
	struct file *f;
	u8 buf[64], other[64];
	unsigned i, n = 0;
	static u32 word = 0xfeedbeef;	/* lowmem, as the stack is not */

	f = must_open(t, "/dev/null", O_RDWR);
	EXPECT_EQ(t, write_at(f, "gone", 0), 4);
	EXPECT_EQ(t, read_at(f, buf, 4, 0), 0);
	fput(f);
	f = must_open(t, "/dev/zero", O_RDWR);
	memset(buf, 1, sizeof(buf));
	EXPECT_EQ(t, read_at(f, buf, sizeof(buf), 0), sizeof(buf));
	for (i = 0; i < sizeof(buf); i++)
		n += buf[i];
	EXPECT_EQ(t, n, 0);
	EXPECT_EQ(t, write_at(f, "gone", 0), 4);
	fput(f);
	f = must_open(t, "/dev/full", O_RDWR);
	EXPECT_EQ(t, write_at(f, "x", 0), -ENOSPC);
	EXPECT_EQ(t, read_at(f, buf, 1, 0), 1);
	fput(f);
	f = must_open(t, "/dev/urandom", O_RDWR);
	EXPECT_EQ(t, read_at(f, buf, sizeof(buf), 0), sizeof(buf));
	EXPECT_EQ(t, read_at(f, other, sizeof(other), 0), sizeof(other));
	EXPECT(t, memcmp(buf, other, sizeof(buf)) != 0);
	EXPECT_EQ(t, write_at(f, "stirred in", 0), 10);
	fput(f);
	EXPECT_EQ(t, open_error("/dev/mem", O_RDWR), -EPERM);
	f = must_open(t, "/dev/mem", O_RDONLY);
	EXPECT_EQ(t, read_at(f, buf, 4, __pa(&word)), 4);
	EXPECT(t, !memcmp(buf, &word, 4));
	EXPECT_EQ(t, read_at(f, buf, 4, 0x10009000), -EFAULT);
	EXPECT_EQ(t, read_at(f, buf, 4, 1ull << 32), -EFAULT);
	fput(f);
	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/tmp/n", S_IFCHR | 0600,
				  MKDEV(77, 7)), 0);
	EXPECT_EQ(t, open_error("/tmp/n", O_RDONLY), -ENXIO);
	EXPECT_EQ(t, UNLINK("/tmp/n"), 0);
}

static void
the_log_can_be_written_and_read(struct test *t)
{
	static char text[256];
	struct file *f = must_open(t, "/dev/kmsg", O_RDWR | O_NONBLOCK);
	bool found = false;
	ssize_t n;
	u64 pos = 0;

	ASSERT(t, f);
	EXPECT_EQ(t, write_at(f, "<7>from the kmsg test\n", 0), 22);
	while ((n = kernel_read(f, text, sizeof(text) - 1, &pos)) > 0) {
		text[n] = '\0';
		found |= strstr(text, "from the kmsg test") != NULL;
	}
	EXPECT_EQ(t, n, -EAGAIN);
	EXPECT(t, found);
	fput(f);
}

static void
segments_are_found_by_key(struct test *t)
{
	long id = sys_shmget(0x1234, 5000, IPC_CREAT | IPC_EXCL | 0600), id2;

	ASSERT(t, id >= 0);
	EXPECT_EQ(t, sys_shmget(0x1234, 5000, 0), id);
	EXPECT_EQ(t, sys_shmget(0x1234, 0, 0), id);
	EXPECT_EQ(t, sys_shmget(0x1234, 5001, 0), -EINVAL);
	EXPECT_EQ(t, sys_shmget(0x1234, 1, IPC_CREAT | IPC_EXCL), -EEXIST);
	EXPECT_EQ(t, sys_shmget(0x4321, 1, 0), -ENOENT);
	EXPECT_EQ(t, sys_shmget(0x4321, 0, IPC_CREAT), -EINVAL);
	id2 = sys_shmget(IPC_PRIVATE, 1, 0600);
	EXPECT(t, id2 >= 0 && id2 != id);
	EXPECT_EQ(t, sys_shmctl((int)id, IPC_RMID, NULL), 0);
	EXPECT_EQ(t, sys_shmctl((int)id, IPC_RMID, NULL), -EINVAL);
	EXPECT_EQ(t, sys_shmget(0x1234, 1, 0), -ENOENT);
	EXPECT_EQ(t, sys_shmctl((int)id2, IPC_RMID, NULL), 0);
	EXPECT_EQ(t, sys_shmctl(-1, IPC_RMID, NULL), -EINVAL);
	EXPECT_EQ(t, sys_shmctl(0, 99, NULL), -EINVAL);
	EXPECT_EQ(t, sys_shmat((int)id, 1, 0), -EINVAL);
	EXPECT_EQ(t, sys_shmat((int)id, 0, 0), -EINVAL);
}

static int
write_pages(void *arg)
{
	static char log[4096], buf[3 * PAGE_SIZE];
	struct file *f = NULL;
	u64 pos = 100;
	ssize_t n = 0;
	int err;

	(void)arg;
	log_capture_begin(log, sizeof(log));
	err = shmem_file_setup("test", 0, &f);
	if (!err) {
		n = kernel_write(f, buf, sizeof(buf), &pos);
		/* As far as it got is a result too. */
		if (n >= 0 && n < (ssize_t)sizeof(buf))
			err = -ENOMEM;
		else if (n < 0)
			err = (int)n;
		fput(f);
	}
	log_capture_end();
	return err;
}

static void
no_memory_is_told(struct test *t)
{
	static char text[256];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, fault_inject_sweep(write_pages, NULL, &s) >= 4);
	if (s.len)
		test_info(t, "%s", text);
}

TEST_SUITE("tmpfs",
	   TEST_CASE(a_hole_costs_nothing_and_reads_as_zeros),
	   TEST_CASE(shrinking_and_growing_shows_zeros),
	   TEST_CASE(fallocate_makes_and_punches),
	   TEST_CASE(a_full_file_system_says_so),
	   TEST_CASE(a_whole_page_is_written_without_being_cleared_first),
	   TEST_CASE(seals_forbid_for_ever),
	   TEST_CASE(an_unlinked_file_gives_its_pages_back_at_the_end),
	   TEST_CASE(the_devices_do_what_they_are_for),
	   TEST_CASE(the_log_can_be_written_and_read),
	   TEST_CASE(segments_are_found_by_key),
	   TEST_CASE(no_memory_is_told));
