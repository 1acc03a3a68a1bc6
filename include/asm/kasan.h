/* SPDX-License-Identifier: MIT */
/*
 * The shadow of the kernel's addresses (SAN=kasan): where it is, how it is
 * mapped, how a range of it is set. What its bytes mean: mm/debug/kasan.c.
 */
#ifndef ASM_KASAN_H
#define ASM_KASAN_H

#include <asm/memory.h>
#include <lib/types.h>

#ifdef VELLUM_KASAN
#define KASAN_GRANULE	8UL	/* bytes that one byte of shadow tells of */

static inline u8 *
kasan_shadow(unsigned long addr)
{
	return (u8 *)((addr >> 3) + KASAN_SHADOW_OFFSET);
}

/* The page behind every part of the shadow that has no own: reads as zero. */
extern u8 kasan_zero_page[];

/* Map shadow addresses [start, end) to pa. Context: boot. */
void kasan_map_shadow(unsigned long start, unsigned long end, phys_addr_t pa);
/* Map what is left of the shadow to the zero page. Context: boot, after it. */
void kasan_map_zero_page(void);
/* Does this page of shadow lie on the zero page? */
bool kasan_shadow_is_zero_page(unsigned long start);
/* Give it the page at pa instead. The caller keeps others out. */
void kasan_replace_zero_page(unsigned long start, phys_addr_t pa);

/*
 * All of [addr, addr + size) is value; addr is a multiple of KASAN_GRANULE. A
 * last granule that is not whole counts as one.
 */
void kasan_set_shadow(unsigned long addr, unsigned long size, u8 value);
/* May be used, to the byte: addr is a multiple of KASAN_GRANULE. */
void kasan_unpoison_range(unsigned long addr, unsigned long size);

/* For assembler that the compiler cannot check: report a bad [p, p + n). */
void __asan_loadN_noabort(void *p, unsigned long n);
void __asan_storeN_noabort(void *p, unsigned long n);
#define kasan_check_read(p, n)	__asan_loadN_noabort((void *)(p), n)
#define kasan_check_write(p, n)	__asan_storeN_noabort(p, n)
#else
#define kasan_check_read(p, n)	((void)0)
#define kasan_check_write(p, n)	((void)0)

static inline void
kasan_unpoison_range(unsigned long addr, unsigned long size)
{
	(void)addr;
	(void)size;
}
#endif

#endif
