/* SPDX-License-Identifier: MIT */
/* What the bytes of the shadow mean, and the parts of KASAN to each other. */
#ifndef MM_DEBUG_KASAN_H
#define MM_DEBUG_KASAN_H

#include <asm/kasan.h>
#include <lib/types.h>

struct page;

/*
 *	0	all 8 bytes may be used
 *	1 to 7	the first 1 to 7 may
 *	others	none, because ... (f1 to f9 are the compiler's)
 */
#define KASAN_DMA_READS		0xd1	/* a device reads it: load, do not store */
#define KASAN_DMA_WRITES	0xd2	/* a device writes it: hands off */
#define KASAN_STACK_LEFT	0xf1	/* below the variables of a function */
#define KASAN_STACK_MIDDLE	0xf2	/* between them */
#define KASAN_STACK_RIGHT	0xf3	/* above them */
#define KASAN_VFREED		0xf6	/* a vmalloc area that was freed */
#define KASAN_VMALLOC		0xf7	/* behind a vmalloc area */
#define KASAN_SCOPE		0xf8	/* a variable whose block has ended */
#define KASAN_GLOBAL		0xf9	/* behind a global variable */
#define KASAN_SLAB_FREE		0xfb	/* a freed object */
#define KASAN_SLAB_REDZONE	0xfc	/* between objects */
#define KASAN_PAGE_REDZONE	0xfe	/* behind a large kmalloc */
#define KASAN_PAGE_FREE		0xff	/* a free frame */

/* A variable that the compiler told us of. The layout is the compiler's. */
struct kasan_global {
	const void *start;
	unsigned long size, size_with_redzone;
	const char *name, *file;
	unsigned long has_initializer;
	void *location, *odr_indicator;
};

/* The registered variable that addr is in or right behind; or NULL. */
const struct kasan_global *kasan_find_global(unsigned long addr);
/* Numbers of the stacks that allocated and freed the frame of addr. */
void kasan_page_stacks(unsigned long addr, u32 *alloc, u32 *free);
/* What is known of the object that addr is in or near; page: its slab. */
void kasan_describe_object(unsigned long addr, struct page *page);
/* Report a bad access; pc is where it was made. */
void kasan_report(unsigned long addr, unsigned long size, bool write,
		  unsigned long pc);

#endif
