/* SPDX-License-Identifier: MIT */
/*
 * The address space, as constants and as two conversions.
 *
 *	0x00000000  page 0, never mapped
 *	0x00001000  user space				up to TASK_SIZE
 *	0xbf000000  modules				MODULES_START
 *	0xbfe00000  pkmap (kmap)			PKMAP_START
 *	0xc0000000  lowmem, linear: phys 0x60000000 + n	PAGE_OFFSET
 *	  ... 	    8 MiB gap behind high_memory
 *	  ...	    vmalloc, ioremap, stacks		up to VMALLOC_END
 *	0xffc00000  fixmap				FIXMAP_START
 *	0xffff0000  vectors and user helpers		VECTORS_BASE
 *
 * The board has RAM from 0x60000000 on, so the linear map is a constant
 * offset and __pa/__va are one addition.
 */
#ifndef ASM_MEMORY_H
#define ASM_MEMORY_H

#define PAGE_SHIFT	12
#define SECTION_SHIFT	20		/* one first-level entry: 1 MiB */

#define PHYS_OFFSET	0x60000000
#define PAGE_OFFSET	0xc0000000
#define TASK_SIZE	0xbf000000
#define MODULES_START	0xbf000000
#define MODULES_END	0xbfe00000
#define PKMAP_START	0xbfe00000
#define VMALLOC_TOP	0xff800000	/* vmalloc= counts down from here */
#define VMALLOC_GAP	0x00800000	/* between lowmem and vmalloc */
#define VMALLOC_DEFAULT	0x0f000000	/* 240 MiB */
#define FIXMAP_START	0xffc00000
#define FIXMAP_END	0xfff00000
#define VECTORS_BASE	0xffff0000

/* Where the image is loaded and linked (the Linux/ARM boot protocol). */
#define TEXT_OFFSET	0x00010000

/*
 * KASAN builds: one byte tells of 8 whether they may be used. The shadow of
 * the kernel's addresses (from MODULES_START on) takes the top of vmalloc's.
 */
#ifdef VELLUM_KASAN
#define KASAN_SHADOW_OFFSET	0xdf800000	/* + addr / 8 */
#define KASAN_SHADOW_START	0xf7600000
#define KASAN_SHADOW_END	VMALLOC_TOP
#define VMALLOC_END		KASAN_SHADOW_START
#define THREAD_SHIFT		14	/* red zones between local variables */
#else
#define VMALLOC_END		VMALLOC_TOP
#define THREAD_SHIFT		13
#endif
#define THREAD_SIZE	(1 << THREAD_SHIFT)	/* bytes of a kernel stack */
#define EMERGENCY_STACK_SIZE THREAD_SIZE	/* per core: entry.S */

#ifndef __ASSEMBLER__
#include <lib/types.h>

#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define SECTION_SIZE	(1UL << SECTION_SHIFT)

/* Physical address of a linear-map address, and back. Lowmem only. */
static inline phys_addr_t
__pa(const void *va)
{
	return (phys_addr_t)(unsigned long)va - PAGE_OFFSET + PHYS_OFFSET;
}

static inline void *
__va(phys_addr_t pa)
{
	return (void *)(unsigned long)(pa - PHYS_OFFSET + PAGE_OFFSET);
}

/* End of the linear map: the first address behind lowmem. Set at boot. */
extern void *high_memory;
#endif
#endif
