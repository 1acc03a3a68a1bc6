/* SPDX-License-Identifier: MIT */
/*
 * userfaultfd: the file through which a program serves faults (mm/as/userfault.c).
 *
 *	ioctl	UFFDIO_API		first of all: what both can do
 *		UFFDIO_REGISTER		from now on you are asked here
 *		UFFDIO_UNREGISTER	and here no more
 *		UFFDIO_COPY, _ZEROPAGE	this is in the page; who waits goes on
 *		UFFDIO_WAKE		who waits goes on
 *	read()	the next fault; poll() says whether there is one
 *
 * As in Linux on 32-bit ARM there is no write protection, and no minor fault.
 * Memory that is shared, or a file's, cannot be served: -EINVAL, as in a Linux
 * that was built without it. Nor are there messages of fork(), mremap() and
 * munmap(): a child and a new place are served by nobody.
 *
 * Who may let the kernel wait decides how long it holds what it holds; so that is
 * for the superuser, unless vm/unprivileged_userfaultfd says otherwise. Of user
 * mode's faults everybody may be asked (UFFD_USER_MODE_ONLY).
 *
 * Sources  userfaultfd(2), ioctl_userfaultfd(2).
 */
#include <asm/memory.h>
#include <asm/uaccess.h>
#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/poll.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/userfault.h>
#include <uapi/userfaultfd.h>

#include "fs_private.h"

#define FEATURES	(UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID)
/* Bits of ioctls, by their numbers: what a file can do, and a range. */
#define IOCTLS_OF_FILE		(1ull << 0x00 | 1ull << 0x01 | 1ull << 0x3f)
#define IOCTLS_OF_RANGE		(1ull << 0x02 | 1ull << 0x03 | 1ull << 0x04)

static_assert(sizeof(struct uffd_msg) == 32, "part of the ABI");

struct userfaultfd {
	struct userfault *u;
	bool thread_id;			/* it asked to be told of threads */
	bool ready;			/* UFFDIO_API was called; written last */
};

static int unprivileged;
SYSCTL(vm_unprivileged_userfaultfd, .name = "vm/unprivileged_userfaultfd",
       .value = &unprivileged, .min = 0, .max = 1);

/* --- read, poll, close ---------------------------------------------------------- */

/* 0, -EAGAIN, -ERESTARTSYS. */
static int
next_ask(struct file *file, struct userfault *u, struct userfault_ask *ask)
{
	if (file->f_flags & O_NONBLOCK)
		return userfault_take(u, ask) ? 0 : -EAGAIN;
	return wait_event_interruptible(&u->readers, userfault_take(u, ask));
}

static bool
tell(const struct userfaultfd *f, const struct userfault_ask *ask,
     struct iov_iter *to)
{
	struct uffd_msg msg = {
		.event = UFFD_EVENT_PAGEFAULT,
		.arg.pagefault = {
			.flags = ask->write ? UFFD_PAGEFAULT_FLAG_WRITE : 0,
			.address = ask->address,
			.feat.ptid = f->thread_id ? (u32)ask->tid : 0,
		},
	};

	return copy_to_iter(&msg, sizeof(msg), to) == sizeof(msg);
}

/* The first is waited for; behind it comes what is there. */
static ssize_t
userfaultfd_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct userfaultfd *f = file->private_data;
	struct userfault_ask ask;
	ssize_t n = 0;
	int err;

	(void)pos;
	if (!READ_ONCE(f->ready) || to->count < sizeof(struct uffd_msg))
		return -EINVAL;
	while (to->count >= sizeof(struct uffd_msg)) {
		err = !n ? next_ask(file, f->u, &ask) :
		      userfault_take(f->u, &ask) ? 0 : -EAGAIN;
		if (!err && !tell(f, &ask, to))
			err = -EFAULT;
		if (err)
			return n ? n : err;
		n += (ssize_t)sizeof(struct uffd_msg);
	}
	return n;
}

/* Who would sleep in read() although poll() said otherwise is told so. */
static unsigned
userfaultfd_poll(struct file *file, struct poll_table *wait)
{
	struct userfaultfd *f = file->private_data;

	poll_wait(&f->u->readers, wait);
	if (!READ_ONCE(f->ready) || !(file->f_flags & O_NONBLOCK))
		return POLLERR;
	return userfault_asked(f->u) ? POLLIN : 0;
}

static void
userfaultfd_release(struct inode *inode, struct file *file)
{
	struct userfaultfd *f = file->private_data;

	(void)inode;
	userfault_close(f->u);
	kfree(f);
}

/* --- ioctl ---------------------------------------------------------------------- */

static long
handshake(struct userfaultfd *f, struct uffdio_api *user)
{
	struct uffdio_api api;
	bool good;

	if (copy_from_user(&api, user, sizeof(api)))
		return -EFAULT;
	good = !f->ready && api.api == UFFD_API &&
	       !(api.features & ~(u64)FEATURES);
	if (!good) {
		memset(&api, 0, sizeof(api));
		return copy_to_user(user, &api, sizeof(api)) ? -EFAULT : -EINVAL;
	}
	f->thread_id = api.features & UFFD_FEATURE_THREAD_ID;
	f->u->sigbus = api.features & UFFD_FEATURE_SIGBUS;
	api.features = FEATURES;
	api.ioctls = IOCTLS_OF_FILE;
	if (copy_to_user(user, &api, sizeof(api)))
		return -EFAULT;
	smp_store_release(&f->ready, true);
	return 0;
}

/* Whole pages of a program's addresses? */
static bool
range_good(u64 start, u64 len)
{
	return len && !((start | len) & ~(u64)PAGE_MASK) &&
	       start >= PAGE_SIZE && start < TASK_SIZE &&
	       len <= TASK_SIZE - start;
}

static long
do_register(struct userfault *u, struct uffdio_register *user)
{
	struct uffdio_register r;
	u64 ioctls = IOCTLS_OF_RANGE;
	int err;

	if (copy_from_user(&r, user, sizeof(r)))
		return -EFAULT;
	if (r.mode != UFFDIO_REGISTER_MODE_MISSING ||
	    !range_good(r.range.start, r.range.len))
		return -EINVAL;
	err = userfault_register(u, (unsigned long)r.range.start,
				 (unsigned long)(r.range.start + r.range.len));
	if (err)
		return err;
	return copy_to_user(&user->ioctls, &ioctls, sizeof(ioctls)) ? -EFAULT : 0;
}

static long
do_range(struct userfault *u, unsigned cmd, const struct uffdio_range *user)
{
	struct uffdio_range r;
	unsigned long start, end;

	if (copy_from_user(&r, user, sizeof(r)))
		return -EFAULT;
	if (!range_good(r.start, r.len))
		return -EINVAL;
	start = (unsigned long)r.start;
	end = start + (unsigned long)r.len;
	if (cmd == UFFDIO_UNREGISTER)
		return userfault_unregister(u, start, end);
	userfault_wake(u, start, end);
	return 0;
}

/* A page of what lies at src of the caller. Context: no lock; it may fault. */
static int
page_of(unsigned long src, struct page **page)
{
	void *to;
	bool bad;

	*page = alloc_page(GFP_HIGHUSER_MOVABLE);
	to = *page ? kmap(*page) : NULL;
	if (!to) {
		if (*page)
			put_page(*page);
		return -ENOMEM;
	}
	bad = copy_from_user(to, (const void *)src, PAGE_SIZE);
	kunmap(*page);
	if (!bad)
		return 0;
	put_page(*page);
	return -EFAULT;
}

static int
fill_page(struct userfault *u, unsigned long dst, const u64 *src)
{
	struct page *page = NULL;
	int err = src ? page_of((unsigned long)*src, &page) : 0;

	if (err)
		return err;
	err = userfault_fill(u, dst, page);
	if (err && page)
		put_page(page);
	return err;
}

/*
 * Fill the range, from *src on or with zeros, and wake who waits for it. Bytes that
 * were filled, or -Exxx: none was.
 */
static long
fill(struct userfault *u, const struct uffdio_range *r, const u64 *src,
     u64 mode)
{
	unsigned long start = (unsigned long)r->start, done = 0;
	u64 from = src ? *src : 0;
	int err = 0;

	while (done < r->len) {
		err = fatal_signal_pending() ? -EINTR :
		      fill_page(u, start + done, src ? &from : NULL);
		if (err)
			break;
		done += PAGE_SIZE;
		from += PAGE_SIZE;
		cond_resched();
	}
	if (done && !(mode & UFFDIO_COPY_MODE_DONTWAKE))
		userfault_wake(u, start, start + done);
	return done ? (long)done : err;
}

/* What fill() did, told twice: in the structure, and as the call's result. */
static long
tell_filled(long filled, u64 len, s64 *user)
{
	s64 told = filled;

	if (copy_to_user(user, &told, sizeof(told)))
		return -EFAULT;
	return filled < 0 ? filled : (u64)filled == len ? 0 : -EAGAIN;
}

static long
do_copy(struct userfault *u, struct uffdio_copy *user)
{
	struct uffdio_copy c;
	struct uffdio_range r;

	if (copy_from_user(&c, user, sizeof(c)))
		return -EFAULT;
	r = (struct uffdio_range){ c.dst, c.len };
	if (c.mode & ~(u64)UFFDIO_COPY_MODE_DONTWAKE || !range_good(c.dst, c.len) ||
	    !range_good(c.src & ~(u64)(PAGE_SIZE - 1), c.len))
		return -EINVAL;
	return tell_filled(fill(u, &r, &c.src, c.mode), c.len, &user->copy);
}

static long
do_zeropage(struct userfault *u, struct uffdio_zeropage *user)
{
	struct uffdio_zeropage z;

	if (copy_from_user(&z, user, sizeof(z)))
		return -EFAULT;
	if (z.mode & ~(u64)UFFDIO_COPY_MODE_DONTWAKE ||
	    !range_good(z.range.start, z.range.len))
		return -EINVAL;
	return tell_filled(fill(u, &z.range, NULL, z.mode), z.range.len,
			   &user->zeropage);
}

static long
userfaultfd_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct userfaultfd *f = file->private_data;

	if (cmd == UFFDIO_API)
		return handshake(f, (struct uffdio_api *)arg);
	if (!smp_load_acquire(&f->ready))
		return -EINVAL;
	switch (cmd) {
	case UFFDIO_REGISTER:
		return do_register(f->u, (struct uffdio_register *)arg);
	case UFFDIO_UNREGISTER:
	case UFFDIO_WAKE:
		return do_range(f->u, cmd, (const struct uffdio_range *)arg);
	case UFFDIO_COPY:
		return do_copy(f->u, (struct uffdio_copy *)arg);
	case UFFDIO_ZEROPAGE:
		return do_zeropage(f->u, (struct uffdio_zeropage *)arg);
	default:
		return -EINVAL;
	}
}

static const struct file_operations userfaultfd_ops = {
	.read = userfaultfd_read,
	.poll = userfaultfd_poll,
	.ioctl = userfaultfd_ioctl,
	.release = userfaultfd_release,
};

/* --- userfaultfd() -------------------------------------------------------------- */

static int
userfaultfd_file(unsigned flags, struct file **file)
{
	struct userfaultfd *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int err = -ENOMEM;

	if (!f)
		return -ENOMEM;
	f->u = userfault_alloc(current->mm, flags & UFFD_USER_MODE_ONLY);
	if (f->u)
		err = anon_file("[userfaultfd]", &userfaultfd_ops, f,
				flags & O_NONBLOCK, file);
	if (err) {
		if (f->u)
			userfault_close(f->u);
		kfree(f);
	}
	return err;
}

long
sys_userfaultfd(unsigned flags)
{
	struct file *file;
	int err;

	if (flags & ~(unsigned)(UFFD_USER_MODE_ONLY | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (!(flags & UFFD_USER_MODE_ONLY) && !unprivileged &&
	    current->process->euid)
		return -EPERM;		/* CAP_SYS_PTRACE */
	err = userfaultfd_file(flags, &file);
	return err ? err : fd_publish(file, flags);
}
