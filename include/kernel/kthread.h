/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads.
 *
 *	task = kthread_run(worker, &work, "worker/%u", n);
 *	...
 *	kthread_stop(task);
 *
 * A thread ends by returning, or by kthread_exit(). One that nobody waits
 * for frees itself. One that will be stopped must not end before it sees
 * kthread_should_stop(); where it may, and for kthread_join(), the creator
 * holds a reference from before the thread first runs:
 *
 *	task = kthread_create(worker, &work, "worker");
 *	get_task(task);
 *	wake_up_process(task);
 *	kthread_join(task);		drops the reference
 */
#ifndef KERNEL_KTHREAD_H
#define KERNEL_KTHREAD_H

#include <kernel/sched.h>
#include <lib/compiler.h>

/*
 * Create a thread that will run fn(arg); it starts at wake_up_process().
 * It is placed on the core with the least to do, or bound to cpu.
 * Context: may sleep. Returns NULL when there is no memory.
 */
struct task *kthread_create(void (*fn)(void *arg), void *arg,
			    const char *fmt, ...) __printf(3, 4);
struct task *kthread_create_on_cpu(void (*fn)(void *arg), void *arg,
				   unsigned cpu, const char *fmt, ...)
	__printf(4, 5);

/* Create and start; NULL when there is no memory. */
#define kthread_run(fn, arg, ...) ({ \
	struct task *k_ = kthread_create(fn, arg, __VA_ARGS__); \
	if (k_) \
		wake_up_process(k_); \
	k_; \
})

/*
 * Ask task to end, wake it and wait until it has left its stack (which is
 * free again unless a reference is held). Context: may sleep.
 * Returns its exit code.
 */
int kthread_stop(struct task *task);
/*
 * The same without asking, for a thread that ends by itself. Needs the
 * caller's reference, and drops it: the thread is gone on return.
 */
int kthread_join(struct task *task);
/* Has somebody asked the current thread to end? */
bool kthread_should_stop(void);
/* End the current thread. */
void kthread_exit(int code) __noreturn;

#endif
