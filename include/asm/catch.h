/* SPDX-License-Identifier: MIT */
/*
 * Run a function and come back even if it faults: a small setjmp.
 *
 * The tests and the monitor use it to look at addresses that may not be
 * there, and to see that a bug ends in the right report. The state is kept
 * by core: the function must not sleep, and what it holds at the fault
 * (locks, memory) stays held.
 */
#ifndef ASM_CATCH_H
#define ASM_CATCH_H

#include <lib/compiler.h>
#include <lib/types.h>

struct catch_context {
	u32 regs[10];		/* r4-r11, sp, lr: see catch.S */
	struct catch_context *outer;
};

/*
 * Call fn(arg) with a catch point set on this core.
 * Returns false when fn returned, true when catch_throw() ended it.
 */
bool catch_run(void (*fn)(void *arg), void *arg);
/* Is a catch point set on this core? */
bool catch_armed(void);
/*
 * Forget this core's catch points: the report that follows is for everybody.
 * The functions that set them must not return.
 */
void catch_disarm(void);
/* Give up what runs and return true from the innermost catch_run(). */
void catch_throw(void) __noreturn;

#endif
