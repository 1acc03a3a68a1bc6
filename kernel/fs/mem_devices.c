/* SPDX-License-Identifier: MIT */
/*
 * The devices that are no devices: null, zero, full, random, urandom, kmsg, mem.
 *
 *	null	takes all, gives nothing	full	gives zeros, takes nothing
 *	zero	takes all, gives zeros		kmsg	the kernel's log
 *	random	get_random_bytes()		mem	physical memory, to read
 *
 * Mapping zero privately gives anonymous memory, mapping it shared a file of shared
 * memory. mem shows RAM only: reading a device's register would change it.
 */
#include <asm/memory.h>
#include <kernel/fs.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/mm.h>

#define CHUNK	256u

static ssize_t
read_nothing(struct file *file, struct iov_iter *to, u64 *pos)
{
	(void)file;
	(void)to;
	(void)pos;
	return 0;
}

static ssize_t
write_all(struct file *file, struct iov_iter *from, u64 *pos)
{
	size_t n = from->count;

	(void)file;
	(void)pos;
	from->count = 0;
	return (ssize_t)n;
}

static ssize_t
write_full(struct file *file, struct iov_iter *from, u64 *pos)
{
	(void)file;
	(void)pos;
	return from->count ? -ENOSPC : 0;
}

/* In pieces, so that a signal ends a long one. */
static ssize_t
read_zeros(struct file *file, struct iov_iter *to, u64 *pos)
{
	size_t total = 0, n, done;

	(void)file;
	(void)pos;
	while (to->count) {
		n = min(to->count, PAGE_SIZE);
		done = clear_iter(n, to);
		total += done;
		if (done < n)
			return total ? (ssize_t)total : -EFAULT;
		if (signal_pending())
			return (ssize_t)total;
		cond_resched();
	}
	return (ssize_t)total;
}

static int
zero_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct file *shared;
	int err;

	(void)file;
	if (!(vma->vm_flags & VM_SHARED))
		return 0;		/* no vm_ops: anonymous */
	err = shmem_file_setup("dev/zero", vma->vm_end - vma->vm_start,
			       &shared);
	if (err)
		return err;
	err = shared->f_op->mmap(shared, vma);
	fput(shared);
	vma->vm_pgoff = 0;
	return err;
}

static ssize_t
read_random(struct file *file, struct iov_iter *to, u64 *pos)
{
	size_t total = 0, n, done;
	u8 bytes[CHUNK];

	(void)file;
	(void)pos;
	while (to->count && !(total && signal_pending())) {
		n = min(to->count, sizeof(bytes));
		get_random_bytes(bytes, n);
		done = copy_to_iter(bytes, n, to);
		total += done;
		if (done < n)
			return total ? (ssize_t)total : -EFAULT;
		cond_resched();
	}
	memset(bytes, 0, sizeof(bytes));
	return (ssize_t)total;
}

static ssize_t
write_random(struct file *file, struct iov_iter *from, u64 *pos)
{
	size_t total = 0, n;
	u64 word;

	(void)file;
	(void)pos;
	while (from->count) {
		word = 0;
		n = copy_from_iter(&word, min(from->count, sizeof(word)),
				   from);
		if (!n)
			return total ? (ssize_t)total : -EFAULT;
		random_add(word);
		total += n;
	}
	return (ssize_t)total;
}

/* --- kmsg ------------------------------------------------------------------------- */

/* file->f_pos counts the log's bytes; each read gets whole lines. */
static ssize_t
kmsg_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	char text[CHUNK];
	size_t n = log_read(pos, text, min(sizeof(text), to->count));

	(void)file;
	if (!n)
		return file->f_flags & O_NONBLOCK ? -EAGAIN : 0;
	return copy_to_iter(text, n, to) == n ? (ssize_t)n : -EFAULT;
}

/* A line for the log, with a level in front as in "<4>text". */
static ssize_t
kmsg_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	char text[CHUNK], *at = text;
	size_t count = from->count, n;
	enum log_level level = LOG_NOTICE;

	(void)file;
	(void)pos;
	n = copy_from_iter(text, min(count, sizeof(text) - 1), from);
	if (n < min(count, sizeof(text) - 1))
		return -EFAULT;
	text[n] = '\0';
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (n >= 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' &&
	    text[2] == '>') {
		level = (enum log_level)(text[1] - '0');
		at += 3;
	}
	printk(level, "%s\n", at);
	return (ssize_t)count;
}

/* --- mem ---------------------------------------------------------------------------- */

static ssize_t
mem_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	size_t total = 0, n, done, offset;
	const char *addr;

	(void)file;
	while (to->count) {
		pfn_t pfn = (pfn_t)(*pos >> PAGE_SHIFT);

		if (*pos >> 32 || !pfn_valid(pfn) ||
		    page_state(pfn_to_page(pfn)) == PAGE_STATE_OFFLINE)
			break;
		offset = (size_t)*pos & (PAGE_SIZE - 1);
		n = min(PAGE_SIZE - offset, to->count);
		addr = kmap(pfn_to_page(pfn));
		if (!addr)
			return total ? (ssize_t)total : -ENOMEM;
		done = copy_to_iter(addr + offset, n, to);
		kunmap(pfn_to_page(pfn));
		*pos += done;
		total += done;
		if (done < n)
			return total ? (ssize_t)total : -EFAULT;
		cond_resched();
	}
	/* The first byte is not RAM: an address nobody has. */
	return total || !to->count ? (ssize_t)total : -EFAULT;
}

static s64
mem_llseek(struct file *file, s64 offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += (s64)file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = (u64)offset;
	return offset;
}

static int
mem_open(struct inode *inode, struct file *file)
{
	(void)inode;
	return file->f_mode & FMODE_WRITE ? -EPERM : 0;
}

static const struct file_operations null_ops = {
	.read = read_nothing, .write = write_all, .llseek = noop_llseek,
};
static const struct file_operations zero_ops = {
	.read = read_zeros, .write = write_all, .llseek = noop_llseek,
	.mmap = zero_mmap,
};
static const struct file_operations full_ops = {
	.read = read_zeros, .write = write_full, .llseek = noop_llseek,
};
static const struct file_operations random_ops = {
	.read = read_random, .write = write_random, .llseek = noop_llseek,
};
static const struct file_operations kmsg_ops = {
	.read = kmsg_read, .write = kmsg_write, .llseek = noop_llseek,
};
static const struct file_operations mem_ops = {
	.open = mem_open, .read = mem_read, .llseek = mem_llseek,
};

static const struct char_device devices[] = {
	{ "mem", MKDEV(1, 1), 0440, &mem_ops },
	{ "null", MKDEV(1, 3), 0666, &null_ops },
	{ "zero", MKDEV(1, 5), 0666, &zero_ops },
	{ "full", MKDEV(1, 7), 0666, &full_ops },
	{ "random", MKDEV(1, 8), 0666, &random_ops },
	{ "urandom", MKDEV(1, 9), 0666, &random_ops },
	{ "kmsg", MKDEV(1, 11), 0644, &kmsg_ops },
};
CHAR_DEVICES(mem, devices);
