/* SPDX-License-Identifier: MIT */
/*
 * Physical memory on the host: an arena of the board's greatest size, mapped
 * where the host likes and touched only where a test does.
 */
#ifndef ASM_MEMORY_H
#define ASM_MEMORY_H

#include <lib/types.h>

#define PAGE_SHIFT	12
#define SECTION_SHIFT	20
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define SECTION_SIZE	(1UL << SECTION_SHIFT)
#define PHYS_OFFSET	0x60000000
#define TASK_SIZE	0xbf000000UL
#define HOST_ARENA_SIZE	0x40000000UL
#define PAGE_OFFSET	((unsigned long)host_arena)
#define THREAD_SHIFT	13
#define THREAD_SIZE	(1 << THREAD_SHIFT)

extern unsigned char *host_arena;	/* set before main() */
extern void *high_memory;

static inline phys_addr_t
__pa(const void *va)
{
	return (phys_addr_t)((const unsigned char *)va - host_arena) +
	       PHYS_OFFSET;
}

static inline void *
__va(phys_addr_t pa)
{
	return host_arena + (pa - PHYS_OFFSET);
}

#endif
