/* SPDX-License-Identifier: MIT */
/*
 * Faults that a program serves itself: mm/as/userfault.c. The file through which
 * it does is kernel/fs/userfaultfd.c.
 */
#ifndef MM_USERFAULT_H
#define MM_USERFAULT_H

#include <kernel/wait.h>
#include <lib/atomic.h>
#include <lib/list.h>

struct mm_struct;
struct page;

/* Who serves faults of a space. readers.lock guards the lists. */
struct userfault {
	atomic_t refs;
	struct mm_struct *mm;		/* -  mm_count is held */
	struct wait_queue_head readers;	/* a fault was added to asked */
	struct wait_queue_head waiters;	/* faults that are served */
	struct list_head asked;		/* nobody has been told of these */
	struct list_head told;
	bool user_only;			/* -  faults of the kernel: SIGBUS */
	bool sigbus;			/*    all are; written once, at first */
};

/* What is told of a fault. */
struct userfault_ask {
	unsigned long address;		/* of the page */
	bool write;
	int tid;
};

/* For mm, with one reference. NULL: no memory. Context: may sleep. */
struct userfault *userfault_alloc(struct mm_struct *mm, bool user_only);
/*
 * It serves nothing any more: what waits for it is tried again, and is an
 * ordinary fault. Drops the reference. Context: may sleep.
 */
void userfault_close(struct userfault *u);

/*
 * From now on a first touch of [start, end), page aligned, is asked for; or not
 * any more, and who waits there goes on. Takes mmap_lock. 0, -EINVAL: there is
 * memory that it cannot serve, or none; -EBUSY (to leave it: -EINVAL): somebody
 * else serves it; -EPERM: nothing can be written there; -ENOMEM; -ESRCH: the space
 * has ended.
 */
int userfault_register(struct userfault *u, unsigned long start,
		       unsigned long end);
int userfault_unregister(struct userfault *u, unsigned long start,
			 unsigned long end);

/* The first fault nobody has been told of; false: there is none. */
bool userfault_take(struct userfault *u, struct userfault_ask *ask);
bool userfault_asked(struct userfault *u);

/*
 * Put page, whose reference goes with it, at addr; NULL: the page of zeros.
 * Nobody is woken. Takes mmap_lock. 0, -ENOENT: u does not serve addr; -EEXIST:
 * something is there; -ENOMEM, -ESRCH.
 */
int userfault_fill(struct userfault *u, unsigned long addr, struct page *page);
/* Who waits in [start, end) tries again. */
void userfault_wake(struct userfault *u, unsigned long start,
		    unsigned long end);

#endif
