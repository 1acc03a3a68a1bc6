/* SPDX-License-Identifier: MIT */
/* Start-up of memory, in the order in which start_kernel() calls it. */
#ifndef KERNEL_SETUP_H
#define KERNEL_SETUP_H

#include <lib/types.h>

/* Read what the boot loader left at blob; ends the machine if it is no use. */
void setup_boot_info(phys_addr_t blob);
/* Hand each word of the command line to the one that registered for it. */
void setup_boot_params(void);
/* memblock, the kernel's final map, and the page allocator. */
void setup_memory(void);
/* Give back what only booting needed (B9). */
void setup_free_init(void);

#endif
