/* SPDX-License-Identifier: MIT */
/* The page that every process has, with the code that ends a handler. */
#ifndef KERNEL_SIGPAGE_H
#define KERNEL_SIGPAGE_H

#include <lib/types.h>

struct mm_struct;

/* Map it, somewhere above the stack. 0 or -ENOMEM. */
int sigpage_map(struct mm_struct *mm);
/* Where current's handlers return to: sigreturn or rt_sigreturn, in the state
 * (Thumb or not) of the handler. */
u32 sigpage_return(bool rt, bool thumb);

#endif
