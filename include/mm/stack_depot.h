/* SPDX-License-Identifier: MIT */
/*
 * Call stacks, stored once each and named by a number (mm/debug/stack_depot.c).
 */
#ifndef MM_STACK_DEPOT_H
#define MM_STACK_DEPOT_H

#include <lib/types.h>

#define STACK_DEPOT_DEPTH	8	/* calls kept of each stack */

/* Reserve memory. Context: boot, before the page allocator; once. */
void stack_depot_init(void);
/*
 * Somebody needs the depot from now on / no longer. Where it was not reserved
 * at boot its memory comes from the page allocator, and goes back with the
 * last user, whose numbers are void then.
 * Context: boot, or may sleep; callers take turns. 0 or -ENOMEM.
 */
int stack_depot_get(void);
void stack_depot_put(void);
/*
 * The number of the stack that led here, without the innermost skip calls;
 * 0 when there is no room, or before stack_depot_init(). Context: any.
 */
u32 stack_depot_here(unsigned skip);
/* The calls of stack nr, newest first; returns how many. */
unsigned stack_depot_fetch(u32 nr, const unsigned long **pc);
/* Print them to the log, "title" first. Nothing for 0. */
void stack_depot_print(u32 nr, const char *title);
/* Stacks stored, words used and words there are. */
void stack_depot_usage(u32 *stacks, u32 *words, u32 *size);

#endif
