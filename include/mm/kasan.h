/* SPDX-License-Identifier: MIT */
/*
 * KASAN's hooks: whoever hands out memory says here what may be used. All are
 * empty unless the kernel was made with SAN=kasan. See mm/debug/kasan.c.
 */
#ifndef MM_KASAN_H
#define MM_KASAN_H

#include <asm/kasan.h>
#include <lib/types.h>
#include <mm/page.h>

#ifdef VELLUM_KASAN
/* For those who count: freed objects wait in the quarantine, and so on. */
#define KASAN_ON	true
#define no_kasan	__attribute__((no_sanitize_address))

/* Give lowmem below limit a shadow. Context: boot, before paging_switch(). */
void kasan_map_lowmem(phys_addr_t limit);
/* Start checking. Context: boot, right after paging_switch(). */
void kasan_init(void);
/* Is addr inside what may be used? For code that looks around. */
bool kasan_may_use(const void *addr);

/* Page allocator: the block is the caller's / is nobody's. */
void kasan_alloc_pages(struct page *page, unsigned order);
void kasan_free_pages(struct page *page, unsigned order);
/* Frames that boot gives to the page allocator. */
void kasan_free_boot_frames(pfn_t start, pfn_t end);

/* vmalloc: give [addr, +size) a shadow and open it. False: no memory. */
bool kasan_vmalloc(const void *addr, unsigned long size);
void kasan_vfree(const void *addr, unsigned long size);
#else
#define KASAN_ON	false
#define no_kasan
#define kasan_map_lowmem(limit)			((void)(limit))
#define kasan_init()				((void)0)
#define kasan_may_use(addr)			((void)(addr), true)
#define kasan_alloc_pages(page, order)		((void)0)
#define kasan_free_pages(page, order)		((void)0)
#define kasan_free_boot_frames(start, end)	((void)0)
#define kasan_vmalloc(addr, size)		((void)(addr), true)
#define kasan_vfree(addr, size)			((void)0)
#endif

#endif
