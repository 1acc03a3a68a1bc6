/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several files at once. A file's ->poll() says what holds now, and
 * names by poll_wait() the queues that are woken when that may have changed.
 */
#ifndef KERNEL_POLL_H
#define KERNEL_POLL_H

#include <kernel/wait.h>
#include <uapi/poll.h>

struct file;

struct poll_entry {
	struct wait_queue_head *queue;
	struct wait_queue_entry wait;
	void *arg;			/* of wait.func */
};

#define POLL_INLINE	8	/* entries before one has to be allocated */

struct poll_table {
	unsigned nr;
	/* NULL: the caller sleeps in the queues. Else it is told (epoll). */
	void (*func)(struct wait_queue_entry *entry);
	struct poll_entry *more;	/* behind the inline ones */
	unsigned max_more;
	struct poll_entry inline_entries[POLL_INLINE];
};

/* wait NULL: only asked, not waited for. */
void poll_wait(struct wait_queue_head *queue, struct poll_table *wait);

/* An empty one; func: see there. */
void poll_table_init(struct poll_table *t,
		     void (*func)(struct wait_queue_entry *entry));
/* Out of all queues. */
void poll_leave(struct poll_table *t);

/*
 * Wait for files of the current table until deadline (ktime in ns; 0: only
 * ask; ~0ull: for ever). fds is kernel memory. How many have something,
 * -EINTR, -ENOMEM. Context: may sleep.
 */
int do_poll(struct pollfd *fds, unsigned nr, u64 deadline);

#endif
