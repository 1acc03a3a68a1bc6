/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc: text that is made when it is read.
 *
 * Reading from the start makes the whole text, once, and the following reads
 * of that opening get pieces of it: so a table is one picture of one moment, and
 * a program that reads it in small pieces sees no half lines. Going back to the
 * start makes it anew.
 *
 * How long it will be nobody knows, and a generator may hold locks, so that it
 * cannot be waited for in the middle: it prints into a buffer, and where that
 * was too small it is asked again with a larger one.
 *
 * Locks   text->mutex: the text of one opening.
 */
#include <kernel/fs_struct.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"
#include "procfs.h"

#define FIRST_SIZE	4096u
#define LAST_SIZE	(16u << 20)
#define MAX_WRITE	256u

struct proc_open {
	struct mutex mutex;
	char *data;
	size_t len;
};

int
proc_show(const struct proc_info *info, struct seq_buf *s)
{
	struct task *task;
	int err = 0;

	switch (info->kind) {
	case PROC_FDINFO:
		return fdinfo_show(s, info);
	case PROC_TEXT:
		if (info->entry->node)
			info->entry->node->show(s);
		else
			sysctl_show(s, info->entry->sysctl);
		return 0;
	case PROC_NODE_FOLDER:
		info->entry->node->show(s);
		return 0;
	case PROC_NODE_ENTRY:
		return info->entry->node->show_entry(s, info->name) ? 0 :
								      -ENOENT;
	case PROC_PID_FILE:
		task = find_get_task(info->pid);
		if (!task)
			return -ESRCH;
		err = info->file->show(s, task);
		put_task(task);
		return err;
	default:
		return -EINVAL;
	}
}

char *
proc_text(const struct proc_info *info, size_t *len, int *err)
{
	size_t size = FIRST_SIZE;
	struct seq_buf s;
	char *data;

	for (;;) {
		data = kvmalloc(size, GFP_KERNEL);
		*err = data ? 0 : -ENOMEM;
		if (!data)
			return NULL;
		seq_buf_init(&s, data, size);
		*err = proc_show(info, &s);
		if (*err || !s.overflow || size >= LAST_SIZE)
			break;
		kvfree(data);
		size *= 4;
	}
	if (*err) {
		kvfree(data);
		return NULL;
	}
	*len = s.len;
	return data;
}

static int
proc_open(struct inode *inode, struct file *file)
{
	struct proc_open *open = kzalloc(sizeof(*open), GFP_KERNEL);

	(void)inode;
	if (!open)
		return -ENOMEM;
	mutex_init(&open->mutex);
	file->private_data = open;
	return 0;
}

static void
proc_release(struct inode *inode, struct file *file)
{
	struct proc_open *open = file->private_data;

	(void)inode;
	kvfree(open->data);
	kfree(open);
}

/* Held: open->mutex. */
static ssize_t
read_text(struct proc_open *open, const struct proc_info *info,
	  struct iov_iter *to, u64 *pos)
{
	int err;

	if (*pos == 0 || !open->data) {
		kvfree(open->data);
		open->data = proc_text(info, &open->len, &err);
		if (!open->data)
			return err;
	}
	return memory_read(open->data, open->len, to, pos);
}

static ssize_t
read_binary(const struct proc_info *info, struct iov_iter *to, u64 *pos)
{
	struct task *task = find_get_task(info->pid);
	ssize_t n;

	if (!task)
		return -ESRCH;
	n = info->file->read(task, to, pos);
	put_task(task);
	return n;
}

static ssize_t
proc_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	const struct proc_info *info = proc_info(file->f_inode);
	struct proc_open *open = file->private_data;
	ssize_t n;

	if (info->kind == PROC_PID_FILE && info->file->read)
		return read_binary(info, to, pos);
	if (info->kind == PROC_TEXT && info->entry->binary)
		return info->entry->binary->read(to, pos);
	mutex_lock(&open->mutex);
	n = read_text(open, info, to, pos);
	mutex_unlock(&open->mutex);
	return n;
}

static int
store(const struct proc_info *info, const char *text)
{
	struct task *task;
	int err;

	if (info->kind == PROC_TEXT && info->entry->sysctl)
		return sysctl_store(info->entry->sysctl, text);
	if (info->kind != PROC_PID_FILE || !info->file->write)
		return -EACCES;
	task = find_get_task(info->pid);
	if (!task)
		return -ESRCH;
	err = info->file->write(task, text);
	put_task(task);
	return err;
}

/* One write is one value. */
static ssize_t
proc_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	char text[MAX_WRITE];
	size_t n = from->count;
	int err;

	(void)pos;
	if (n >= sizeof(text))
		return -EINVAL;
	if (copy_from_iter(text, n, from) != n)
		return -EFAULT;
	text[n] = '\0';
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	err = store(proc_info(file->f_inode), text);
	return err ? err : (ssize_t)n;
}

const struct file_operations proc_file_ops = {
	.open = proc_open,
	.release = proc_release,
	.read = proc_read,
	.write = proc_write,
	.llseek = generic_file_llseek,
};
