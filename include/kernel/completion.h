/* SPDX-License-Identifier: MIT */
/*
 * Completion: one side waits until the other says that something is done.
 * done counts the completions nobody has waited for yet, so that it does
 * not matter which side comes first. See kernel/locking/completion.c.
 *
 * The waiter may free the completion as soon as it returns from waiting.
 */
#ifndef KERNEL_COMPLETION_H
#define KERNEL_COMPLETION_H

#include <kernel/wait.h>

struct completion {
	unsigned done;			/* wait.lock */
	struct wait_queue_head wait;
};

#define COMPLETION_INIT(name)	{ 0, WAIT_QUEUE_HEAD_INIT((name).wait) }
#define DECLARE_COMPLETION(name) \
	struct completion name = COMPLETION_INIT(name)

void init_completion(struct completion *c);
/* Release one waiter / all, now and for ever. Any context. */
void complete(struct completion *c);
void complete_all(struct completion *c);
/* Context: may sleep. */
void wait_for_completion(struct completion *c);
/* The same; -EINTR: a signal that ends the process came first. */
int wait_for_completion_killable(struct completion *c);
/* At most timeout jiffies: 0 if it did not come, else at least 1. */
long wait_for_completion_timeout(struct completion *c, long timeout);
/* Take one completion if there is one. Any context. */
bool try_wait_for_completion(struct completion *c);

#endif
