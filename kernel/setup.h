/* SPDX-License-Identifier: MIT */
/* Start-up of memory, in the order in which start_kernel() calls it. */
#ifndef KERNEL_SETUP_H
#define KERNEL_SETUP_H

#include <lib/types.h>

/* Read what the boot loader left at blob; ends the machine if it is no use. */
void setup_boot_info(phys_addr_t blob);
/* A number that the boot loader made up, or 0. */
u64 setup_boot_seed(void);
/* Choose this boot's guard of stacks; no caller of it may ever return. */
#ifdef VELLUM_STACK_PROTECTOR
void setup_stack_guard(u64 seed);
#else
static inline void
setup_stack_guard(u64 seed)
{
	(void)seed;
}
#endif
/* Hand each word of the command line to the one that registered for it. */
void setup_boot_params(void);
/* memblock, the kernel's final map, and the page allocator. */
void setup_memory(void);
/* Unpack the initrd, if there is one, into the root file system. */
void setup_initramfs(void);
/* Give back what only booting needed (B9). */
void setup_free_init(void);

#endif
