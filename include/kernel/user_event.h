/* SPDX-License-Identifier: MIT */
/*
 * User mode without a process: the tests run tasks that have an address space
 * and user code, but no process that could get a signal or make calls. What
 * they do is told to a function of the test. kernel/fault.c.
 */
#ifndef KERNEL_USER_EVENT_H
#define KERNEL_USER_EVENT_H

#include <asm/entry.h>

enum user_event {
	USER_SYSCALL,		/* an SVC whose number means nothing */
	USER_FAULT,		/* a fault that cannot be served */
	USER_UNDEFINED,		/* an undefined instruction */
};

typedef void (*user_event_fn)(enum user_event what, struct pt_regs *regs,
			      const struct fault_info *fault);

/* Who is told. NULL: nobody expects such tasks. Called by one test at a time,
 * before it starts one. */
void set_user_event_fn(user_event_fn fn);
/*
 * A task that has no process did this. fault: NULL unless it is one. Returns
 * if a test wants it to go on; else a report, and the machine stops.
 */
void user_event(enum user_event what, struct pt_regs *regs,
		const struct fault_info *fault);

#endif
