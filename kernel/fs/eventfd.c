/* SPDX-License-Identifier: MIT */
/*
 * eventfd: a counter as a file. write() adds to it, read() takes all of it (or,
 * as a semaphore, one), and waits while there is nothing to take.
 *
 * Locks   the counter is guarded by its wait queue's lock, so that a waker and
 *   a sleeper agree on it.
 */
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

#define EFD_SEMAPHORE	1
#define MAX_COUNT	(~0ull - 1)

struct eventfd {
	struct wait_queue_head wait;
	u64 count;			/* wait.lock */
	bool semaphore;
};

/* Take what a read gets; false: nothing. */
static bool
take(struct eventfd *e, u64 *value)
{
	unsigned long flags = spin_lock_irqsave(&e->wait.lock);
	bool any = e->count != 0;

	*value = e->semaphore ? 1 : e->count;
	if (any)
		e->count -= *value;
	spin_unlock_irqrestore(&e->wait.lock, flags);
	return any;
}

static bool
add(struct eventfd *e, u64 value)
{
	unsigned long flags = spin_lock_irqsave(&e->wait.lock);
	bool fits = value <= MAX_COUNT - e->count;

	if (fits)
		e->count += value;
	spin_unlock_irqrestore(&e->wait.lock, flags);
	return fits;
}

/* Try until it works. 0, -EAGAIN, -ERESTARTSYS. */
static int
repeat(struct file *file, bool (*try)(struct eventfd *, u64 *), u64 *value)
{
	struct eventfd *e = file->private_data;

	if (file->f_flags & O_NONBLOCK)
		return try(e, value) ? 0 : -EAGAIN;
	return wait_event_interruptible(&e->wait, try(e, value));
}

static bool
try_add(struct eventfd *e, u64 *value)
{
	return add(e, *value);
}

static ssize_t
eventfd_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct eventfd *e = file->private_data;
	u64 value;
	int err;

	(void)pos;
	if (to->count < sizeof(value))
		return -EINVAL;
	err = repeat(file, take, &value);
	if (err)
		return err;
	wake_up_all(&e->wait);
	return copy_to_iter(&value, sizeof(value), to) == sizeof(value) ?
	       (ssize_t)sizeof(value) : -EFAULT;
}

static ssize_t
eventfd_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct eventfd *e = file->private_data;
	u64 value;
	int err;

	(void)pos;
	if (from->count < sizeof(value))
		return -EINVAL;
	if (copy_from_iter(&value, sizeof(value), from) != sizeof(value))
		return -EFAULT;
	if (value > MAX_COUNT)
		return -EINVAL;
	err = repeat(file, try_add, &value);
	if (err)
		return err;
	wake_up_all(&e->wait);
	return sizeof(value);
}

static unsigned
eventfd_poll(struct file *file, struct poll_table *wait)
{
	struct eventfd *e = file->private_data;
	unsigned long flags;
	unsigned mask;

	poll_wait(&e->wait, wait);
	flags = spin_lock_irqsave(&e->wait.lock);
	mask = (e->count ? POLLIN : 0) | (e->count < MAX_COUNT ? POLLOUT : 0);
	spin_unlock_irqrestore(&e->wait.lock, flags);
	return mask;
}

static void
eventfd_release(struct inode *inode, struct file *file)
{
	(void)inode;
	kfree(file->private_data);
}

static const struct file_operations eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

int
eventfd_file(u64 count, bool semaphore, unsigned flags, struct file **file)
{
	struct eventfd *e = kzalloc(sizeof(*e), GFP_KERNEL);
	int err;

	if (!e)
		return -ENOMEM;
	init_waitqueue_head(&e->wait);
	e->count = count;
	e->semaphore = semaphore;
	err = anon_file("[eventfd]", &eventfd_ops, e, flags, file);
	if (err)
		kfree(e);
	return err;
}

long
sys_eventfd2(unsigned count, int flags)
{
	struct file *file;
	int err;

	if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = eventfd_file(count, flags & EFD_SEMAPHORE,
			   (unsigned)flags & O_NONBLOCK, &file);
	return err ? err : fd_publish(file, (unsigned)flags);
}

long
sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}
