/* SPDX-License-Identifier: MIT */
/*
 * KASAN: each access to memory is checked before it is made (make SAN=kasan).
 *
 * Ideas
 *   Shadow	one byte for 8 bytes of kernel memory says which of them may be
 *		used (kasan.h has the values):
 *
 *			shadow(addr) = addr / 8 + 0xdf800000
 *
 *		memory	 | 8 bytes | 8 bytes | 4 used, 4 not | red zone ...
 *		shadow	 |   00    |   00    |      04       |   fc  fc ...
 *
 *   Check	the compiler calls __asan_load4(addr) and the like before every
 *		access that it cannot prove right. Most find a zero byte.
 *   Poison	whoever gives memory out opens its shadow, and whoever takes it
 *		back closes it: page allocator, slab, vmalloc (mm/kasan.h). For
 *		local and global variables the compiler leaves red zones around
 *		each; the code of a function closes those of its own variables
 *		as it begins, and constructors tell us of the global ones.
 *   Lent	what a device owns is closed too (mm/kmem/kasan_dma.c).
 *   Quarantine	a freed object is not handed out again at once, so that a late
 *		use finds it closed (kasan_slab.c).
 *
 *   Addresses below 0xbf000000 have no shadow: user space and NULL are the
 *   MMU's to refuse.
 *
 * What it misses  an access that jumps over a red zone into another object; use
 *   of an object after it left the quarantine and got a new owner; assembly
 *   code; memory reached through the fixmap, and HighMem.
 * Order at boot  head.S maps the whole shadow to one page, so that functions
 *   may write the shadow of their variables; kasan_map_lowmem() makes the real
 *   one in the new page tables; kasan_init() clears it and lets checks count.
 * Cost  8 instructions for an access of a word that is right; an eighth of
 *   memory.
 * Questions a reader asks
 *   Why calls and not checks in place? The kernel is smaller than its data
 *   here, and one function is a good place for a breakpoint (kasan_report).
 * Sources  Serebryany et al., AddressSanitizer, USENIX ATC 2012; Linux,
 *	    Documentation/dev-tools/kasan.rst. The functions' names are GCC's.
 */
#ifdef VELLUM_KASAN
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/stack_depot.h>
#include "kasan.h"

#define CHECKED_FROM	MODULES_START
#define MAX_FILES	512		/* of which we know the variables */

DECLARE_PER_CPU(unsigned long, this_stack_base);
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

/* Who allocated and who freed each frame of lowmem last. */
struct page_stacks {
	u32 alloc, free;
};

static bool kasan_ready;
static u32 shadow_locked;		/* see shadow_lock() */
static struct page_stacks *page_stacks;
static unsigned long nr_page_stacks;

static struct {
	const struct kasan_global *globals;
	unsigned long n;
} files[MAX_FILES];
static unsigned nr_files;

/* --- the check ---------------------------------------------------------------- */

/* Is one of the n <= 8 bytes at addr closed? */
static __always_inline bool
closed_within_8(unsigned long addr, unsigned n)
{
	unsigned long last = addr + n - 1;
	s8 s = (s8)*kasan_shadow(last);

	if (unlikely(s) && (s8)(last % KASAN_GRANULE) >= s)
		return true;
	return unlikely((addr ^ last) & KASAN_GRANULE) && *kasan_shadow(addr);
}

/* The same for any n > 0. */
static bool
closed(unsigned long addr, unsigned long n)
{
	unsigned long last = addr + n - 1, at;
	s8 s = (s8)*kasan_shadow(last);

	for (at = addr; (at ^ last) >= KASAN_GRANULE; at += KASAN_GRANULE) {
		if (*kasan_shadow(at))
			return true;
	}
	return s && (s8)(last % KASAN_GRANULE) >= s;
}

/* Is all of it open, but for what a device reads? (mm/kmem/kasan_dma.c) */
static bool
may_be_read(unsigned long addr, unsigned long n)
{
	unsigned long step, in;

	if (addr + n < addr)
		return false;
	for (; n; n -= step, addr += step) {
		s8 s = (s8)*kasan_shadow(addr);

		in = addr % KASAN_GRANULE;
		step = min(n, KASAN_GRANULE - in);
		if (s && s != (s8)KASAN_DMA_READS && (s8)(in + step - 1) >= s)
			return false;
	}
	return true;
}

static noinline void
bad_access(unsigned long addr, unsigned long n, bool write, unsigned long pc)
{
	if (kasan_ready && (write || !may_be_read(addr, n)))
		kasan_report(addr, n, write, pc);
}

static void
check_range(const void *p, unsigned long n, bool write, unsigned long pc)
{
	unsigned long addr = (unsigned long)p;

	if (!n || addr < CHECKED_FROM)
		return;
	if (unlikely(addr + n < addr || closed(addr, n)))
		bad_access(addr, n, write, pc);
}

bool
kasan_may_use(const void *addr)
{
	return (unsigned long)addr < CHECKED_FROM ||
	       !closed((unsigned long)addr, 1);
}

#define PC	((unsigned long)__builtin_return_address(0))

#define DEFINE_CHECKS(n)						\
	void __asan_load##n##_noabort(unsigned long addr);		\
	void __asan_store##n##_noabort(unsigned long addr);		\
	void								\
	__asan_load##n##_noabort(unsigned long addr)			\
	{								\
		if (addr >= CHECKED_FROM && closed_within_8(addr, n))	\
			bad_access(addr, n, false, PC);			\
	}								\
	void								\
	__asan_store##n##_noabort(unsigned long addr)			\
	{								\
		if (addr >= CHECKED_FROM && closed_within_8(addr, n))	\
			bad_access(addr, n, true, PC);			\
	}

DEFINE_CHECKS(1)
DEFINE_CHECKS(2)
DEFINE_CHECKS(4)
DEFINE_CHECKS(8)

void __asan_load16_noabort(void *addr);
void __asan_store16_noabort(void *addr);

void
__asan_load16_noabort(void *addr)
{
	check_range(addr, 16, false, PC);
}

void
__asan_store16_noabort(void *addr)
{
	check_range(addr, 16, true, PC);
}

void
__asan_loadN_noabort(void *addr, unsigned long n)
{
	check_range(addr, n, false, PC);
}

void
__asan_storeN_noabort(void *addr, unsigned long n)
{
	check_range(addr, n, true, PC);
}

/* The library's functions are assembly; here are their checked faces. */
#undef memcpy
#undef memmove
#undef memset
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);

void *
memcpy(void *dst, const void *src, size_t n)
{
	check_range(src, n, false, PC);
	check_range(dst, n, true, PC);
	return raw_memcpy(dst, src, n);
}

void *
memmove(void *dst, const void *src, size_t n)
{
	check_range(src, n, false, PC);
	check_range(dst, n, true, PC);
	return raw_memmove(dst, src, n);
}

void *
memset(void *dst, int c, size_t n)
{
	check_range(dst, n, true, PC);
	return raw_memset(dst, c, n);
}

/* --- stacks and global variables ------------------------------------------------ */

void __asan_handle_no_return(void);
void __asan_poison_stack_memory(void *addr, unsigned long n);
void __asan_unpoison_stack_memory(void *addr, unsigned long n);
void __asan_register_globals(const struct kasan_global *g, unsigned long n);
void __asan_unregister_globals(const struct kasan_global *g, unsigned long n);

/*
 * A function is about to be called that does not return: those that led here
 * may never open the red zones of their variables again. Open them all.
 */
void
__asan_handle_no_return(void)
{
	unsigned long base = this_cpu_read(this_stack_base);
	unsigned long sp = (unsigned long)__builtin_frame_address(0);

	if (sp - base < THREAD_SIZE)
		kasan_unpoison_range(base, THREAD_SIZE);
}

void
__asan_poison_stack_memory(void *addr, unsigned long n)
{
	kasan_set_shadow((unsigned long)addr, n, KASAN_SCOPE);
}

void
__asan_unpoison_stack_memory(void *addr, unsigned long n)
{
	kasan_unpoison_range((unsigned long)addr, n);
}

void
__asan_register_globals(const struct kasan_global *g, unsigned long n)
{
	if (nr_files < MAX_FILES) {
		files[nr_files].globals = g;
		files[nr_files++].n = n;
	}
	for (; n; n--, g++) {
		unsigned long used = ALIGN_UP(g->size, KASAN_GRANULE);

		kasan_unpoison_range((unsigned long)g->start, g->size);
		kasan_set_shadow((unsigned long)g->start + used,
				 g->size_with_redzone - used, KASAN_GLOBAL);
	}
}

void
__asan_unregister_globals(const struct kasan_global *g, unsigned long n)
{
}

const struct kasan_global *
kasan_find_global(unsigned long addr)
{
	for (unsigned i = 0; i < nr_files; i++) {
		for (unsigned long j = 0; j < files[i].n; j++) {
			const struct kasan_global *g = &files[i].globals[j];

			if (addr - (unsigned long)g->start <
			    g->size_with_redzone)
				return g;
		}
	}
	return NULL;
}

/* --- page frames --------------------------------------------------------------------- */

static struct page_stacks *
stacks_of(pfn_t pfn)
{
	unsigned long n = pfn - (PHYS_OFFSET >> PAGE_SHIFT);

	return n < nr_page_stacks ? &page_stacks[n] : NULL;
}

void
kasan_page_stacks(unsigned long addr, u32 *alloc, u32 *free)
{
	struct page_stacks *s = stacks_of(__pa((void *)addr) >> PAGE_SHIFT);

	*alloc = s ? s->alloc : 0;
	*free = s ? s->free : 0;
}

void
kasan_alloc_pages(struct page *page, unsigned order)
{
	struct page_stacks *s = stacks_of(page_to_pfn(page));
	u32 stack;

	if (!s)
		return;
	kasan_unpoison_range((unsigned long)page_address(page),
			     PAGE_SIZE << order);
	stack = stack_depot_here(1);
	for (unsigned long i = 0; i < 1UL << order; i++)
		s[i].alloc = stack;
}

void
kasan_free_pages(struct page *page, unsigned order)
{
	struct page_stacks *s = stacks_of(page_to_pfn(page));
	u32 stack;

	if (!s)
		return;
	kasan_set_shadow((unsigned long)page_address(page), PAGE_SIZE << order,
			 KASAN_PAGE_FREE);
	stack = stack_depot_here(1);
	for (unsigned long i = 0; i < 1UL << order; i++)
		s[i].free = stack;
}

void
kasan_free_boot_frames(pfn_t start, pfn_t end)
{
	end = min(end, (pfn_t)(__pa(high_memory) >> PAGE_SHIFT));
	if (start < end)
		kasan_set_shadow((unsigned long)__va(start << PAGE_SHIFT),
				 (end - start) << PAGE_SHIFT, KASAN_PAGE_FREE);
}

/* --- vmalloc ------------------------------------------------------------------------- */

/*
 * Held while a page of the shadow is exchanged: for a moment there is none, and
 * whoever looked then would think that it had been exchanged already.
 */
static unsigned long
shadow_lock(void)
{
	unsigned long flags = local_irq_save();

	while (__atomic_exchange_n(&shadow_locked, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
	return flags;
}

static void
shadow_unlock(unsigned long flags)
{
	__atomic_store_n(&shadow_locked, 0, __ATOMIC_RELEASE);
	local_irq_restore(flags);
}

static bool
has_zero_page(unsigned long shadow)
{
	unsigned long flags = shadow_lock();
	bool zero = kasan_shadow_is_zero_page(shadow);

	shadow_unlock(flags);
	return zero;
}

/* Its own page for the shadow at shadow, if it has none yet. */
static bool
own_shadow_page(unsigned long shadow)
{
	unsigned long flags;
	void *page;

	if (!has_zero_page(shadow))
		return true;
	/* It stays for good, as page tables do, and is counted as one. */
	page = pgtable_alloc_page();
	if (!page)
		return false;
	raw_memset(page, KASAN_VMALLOC, PAGE_SIZE);
	flags = shadow_lock();
	if (kasan_shadow_is_zero_page(shadow)) {
		kasan_replace_zero_page(shadow, __pa(page));
		page = NULL;
		__atomic_fetch_add(&nr_kernel_tables, 1, __ATOMIC_RELAXED);
	}
	shadow_unlock(flags);
	if (page)
		pgtable_free_page(page);
	return true;
}

bool
kasan_vmalloc(const void *p, unsigned long size)
{
	unsigned long addr = (unsigned long)p;
	unsigned long end = ALIGN_UP(addr + size, PAGE_SIZE), used, at;

	at = (unsigned long)kasan_shadow(addr) & PAGE_MASK;
	for (; at < (unsigned long)kasan_shadow(end); at += PAGE_SIZE) {
		if (!own_shadow_page(at))
			return false;
	}
	used = ALIGN_UP(addr + size, KASAN_GRANULE);
	kasan_unpoison_range(addr, size);
	kasan_set_shadow(used, end - used, KASAN_VMALLOC);
	return true;
}

void
kasan_vfree(const void *addr, unsigned long size)
{
	if (!has_zero_page((unsigned long)kasan_shadow((unsigned long)addr)))
		kasan_set_shadow((unsigned long)addr, size, KASAN_VFREED);
}

/* --- boot ------------------------------------------------------------------------------ */

/*
 * Memory for the shadow [start, end), both multiples of a page, in pieces of a
 * section at most, which the map then uses as such.
 */
static void
map_shadow_piecewise(unsigned long start, unsigned long end, phys_addr_t limit)
{
	unsigned long next;
	phys_addr_t pa;

	for (; start < end; start = next) {
		next = min(ALIGN_DOWN(start, SECTION_SIZE) + SECTION_SIZE, end);
		pa = memblock_phys_alloc(next - start, next - start ==
					 SECTION_SIZE ? SECTION_SIZE :
					 PAGE_SIZE, 0, limit);
		if (!pa)
			panic("no memory for KASAN's shadow");
		kasan_map_shadow(start, next, pa);
	}
}

void
kasan_map_lowmem(phys_addr_t limit)
{
	const struct memblock_region *r;
	unsigned long start, end, done = KASAN_SHADOW_START;
	phys_addr_t last;

	for_each_mem_region(r) {
		last = min(r->base + r->size, limit);
		if (r->flags & MEMBLOCK_NOMAP || r->base >= last)
			continue;
		start = (unsigned long)kasan_shadow((unsigned long)
						    __va(r->base));
		end = (unsigned long)kasan_shadow((unsigned long)__va(last));
		start = max(ALIGN_DOWN(start, PAGE_SIZE), done);
		end = done = ALIGN_UP(end, PAGE_SIZE);
		map_shadow_piecewise(start, end, limit);
	}
	kasan_map_zero_page();
}

void
kasan_init(void)
{
	unsigned long first = (unsigned long)kasan_shadow(PAGE_OFFSET);
	unsigned long last = (unsigned long)
			     kasan_shadow((unsigned long)high_memory);
	void (*const *construct)(void);

	raw_memset(kasan_zero_page, 0, PAGE_SIZE);
	for (; first < last; first += PAGE_SIZE) {
		if (!kasan_shadow_is_zero_page(first))
			raw_memset((void *)first, 0, PAGE_SIZE);
	}
	stack_depot_init();
	nr_page_stacks = ((unsigned long)high_memory - PAGE_OFFSET) >>
			 PAGE_SHIFT;
	page_stacks = memblock_alloc(nr_page_stacks * sizeof(*page_stacks),
				     PAGE_SIZE);
	for (construct = __init_array_start; construct < __init_array_end;
	     construct++)
		(*construct)();
	kasan_ready = true;
	pr_info("kasan: shadow 0x%08lx - 0x%08x, variables of %u files\n",
		(unsigned long)KASAN_SHADOW_START, KASAN_SHADOW_END, nr_files);
}
#endif
