/* SPDX-License-Identifier: MIT */
/*
 * memblock: the allocator of early boot.
 *
 * What it is for
 *   Between reset and the buddy allocator someone must know what is memory
 *   and hand out pieces of it: page tables, mem_map, per-CPU areas. memblock
 *   needs nothing but two static lists, and is left behind when all that is
 *   still free has gone to the buddy allocator.
 *
 * Ideas
 *   Memory and reserved are two lists that know nothing of each other. To
 *   allocate is to find a gap and write it into reserved:
 *
 *	memory	    |=========================|      |==============|
 *	reserved    |kernel|   |tree|                     |initrd|
 *	free		   |===|    |=========|      |====|      |==|
 *
 *   A region is reserved whether or not there is memory under it, so the
 *   order in which boot code calls add and reserve does not matter.
 *   Top-down is the default: low memory, which DMA wants, is taken last.
 *   Bottom-up keeps allocations near the kernel.
 *
 * Invariants (memblock_verify)
 *   R1  Regions are sorted by base, not empty, and do not overlap.
 *   R2  Neighbours that touch differ in their flags: else they were merged.
 *   R3  total_size is the sum of the sizes.
 *
 * Locks   none: one core runs, and what comes later only reads.
 * Cost    each call is linear in the regions, of which there are some ten.
 * Questions a reader asks
 *   Why can a full list not be doubled, as Linux does?  Because 128 regions
 *   are ten times what this board can have; that it overflows means a loop
 *   somewhere, and a panic that says so finds it.
 *   Why does no allocation return address 0?  It means "none"; the first
 *   page of the address space is never given out.
 * Sources  the vocabulary is that of Linux's mm/memblock.c.
 */
#include <asm/memory.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/memblock.h>

#define CALLER	((unsigned long)__builtin_return_address(0))

struct memblock memblock = {
	.current_limit = MEMBLOCK_ALLOC_ANYWHERE,
	.memory = { .name = "memory" },
	.reserved = { .name = "reserved" },
};
bool memblock_debug;

/* A range while it is worked on: bytes base to end-1, never empty. */
struct span {
	phys_addr_t base, end;
};

static phys_addr_t
region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

/*
 * base and size as a span, cut at the end of the address space (whose last
 * byte is given up, so that an end is always a number). False when empty.
 */
static bool
span_make(struct span *s, phys_addr_t base, phys_addr_t size)
{
	s->base = base;
	s->end = base + min(size, ~(phys_addr_t)0 - base);
	return s->base < s->end;
}

/* Insert a region at index i; the caller knows that it belongs there. */
static void
type_insert(struct memblock_type *type, unsigned i, struct span s,
	    unsigned flags)
{
	struct memblock_region *r = &type->regions[i];

	if (type->cnt == MEMBLOCK_MAX_REGIONS)
		panic("memblock: list of %s regions is full at %u, no room for 0x%08x-0x%08x",
		      type->name, type->cnt, s.base, s.end - 1);
	memmove(r + 1, r, (type->cnt - i) * sizeof(*r));
	type->cnt++;
	r->base = s.base;
	r->size = s.end - s.base;
	r->flags = flags;
}

static void
type_delete(struct memblock_type *type, unsigned i)
{
	struct memblock_region *r = &type->regions[i];

	type->cnt--;
	memmove(r, r + 1, (type->cnt - i) * sizeof(*r));
}

/* Merge regions i and i+1 if both exist, touch and have the same flags. */
static bool
type_merge_pair(struct memblock_type *type, unsigned i)
{
	struct memblock_region *r = &type->regions[i];

	if (i + 1 >= type->cnt || region_end(r) != r[1].base ||
	    r->flags != r[1].flags)
		return false;
	r->size += r[1].size;
	type_delete(type, i + 1);
	return true;
}

/*
 * Put s, which no region covers, before region i: as part of a neighbour
 * that it touches if possible, so that a list never grows for a moment only.
 * Returns the index of the region that s is now in.
 */
static unsigned
type_fill_gap(struct memblock_type *type, unsigned i, struct span s,
	      unsigned flags)
{
	struct memblock_region *next = &type->regions[i];
	struct memblock_region *prev = i ? next - 1 : NULL;

	if (prev && region_end(prev) == s.base && prev->flags == flags) {
		prev->size += s.end - s.base;
		type_merge_pair(type, --i);
	} else if (i < type->cnt && next->base == s.end &&
		   next->flags == flags) {
		next->base = s.base;
		next->size += s.end - s.base;
	} else {
		type_insert(type, i, s, flags);
	}
	type->total_size += s.end - s.base;
	return i;
}

/*
 * Make s part of the list. What is there already stays as it is; the gaps
 * between are filled, from left to right:
 *
 *	    s	   |-----------------------------|
 *	    list       |====|     |====|      |=====|
 *	    filled |xxx|    |xxxxx|    |xxxxxx|
 */
static void
type_add(struct memblock_type *type, struct span s, unsigned flags)
{
	phys_addr_t at = s.base;
	unsigned i;

	for (i = 0; i < type->cnt && at < s.end; i++) {
		struct memblock_region *r = &type->regions[i];

		if (region_end(r) <= at)
			continue;
		if (r->base > at) {
			struct span gap = { at, min(r->base, s.end) };

			i = type_fill_gap(type, i, gap, flags);
			r = &type->regions[i];
		}
		at = region_end(r);
	}
	if (at < s.end)
		type_fill_gap(type, i, (struct span){ at, s.end }, flags);
}

/* Cut region i at addr if addr lies inside it. */
static void
type_split(struct memblock_type *type, unsigned i, phys_addr_t addr)
{
	struct memblock_region *r = &type->regions[i];
	struct span high = { addr, region_end(r) };

	if (addr <= r->base || addr >= high.end)
		return;
	r->size = addr - r->base;
	type_insert(type, i + 1, high, r->flags);
}

/* Take s off the list: delete regions, shorten them, or cut a hole. */
static void
type_remove(struct memblock_type *type, struct span s)
{
	unsigned i = 0;

	while (i < type->cnt) {
		struct memblock_region *r = &type->regions[i];
		phys_addr_t end = region_end(r);

		if (end <= s.base || r->base >= s.end) {
			i++;
			continue;
		}
		if (r->base < s.base && end > s.end) {
			type_split(type, i, s.end);
			end = s.end;
		}
		type->total_size -= min(end, s.end) - max(r->base, s.base);
		if (r->base < s.base) {
			r->size = s.base - r->base;
			i++;
		} else if (end > s.end) {
			r->base = s.end;
			r->size = end - s.end;
			i++;
		} else {
			type_delete(type, i);
		}
	}
}

/* Set or clear flag on the memory in s: isolate its ends, mark, merge. */
static void
memory_mark(struct span s, unsigned flag, bool set)
{
	struct memblock_type *type = &memblock.memory;
	unsigned i;

	for (i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i];

		type_split(type, i, s.base);
		type_split(type, i, s.end);
		if (r->base < s.base || r->base >= s.end)
			continue;
		r->flags = set ? r->flags | flag : r->flags & ~flag;
	}
	for (i = 0; i < type->cnt; )
		i += !type_merge_pair(type, i);
}

/* memblock=debug: who asked for what. */
static void
memblock_trace(const char *what, struct span s, unsigned long caller)
{
	char name[64];

	if (!memblock_debug)
		return;
	symbol_format(caller, name, sizeof(name));
	pr_info("memblock: %s 0x%08x-0x%08x by %s\n", what, s.base, s.end - 1,
		name);
}

void
memblock_add(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("add", s, CALLER);
	type_add(&memblock.memory, s, 0);
}

void
memblock_remove(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("remove", s, CALLER);
	type_remove(&memblock.memory, s);
}

void
memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("reserve", s, CALLER);
	type_add(&memblock.reserved, s, 0);
}

void
memblock_free(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("free", s, CALLER);
	type_remove(&memblock.reserved, s);
}

void
memblock_mark_nomap(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("mark nomap", s, CALLER);
	memory_mark(s, MEMBLOCK_NOMAP, true);
}

void
memblock_clear_nomap(phys_addr_t base, phys_addr_t size)
{
	struct span s;

	if (!span_make(&s, base, size))
		return;
	memblock_trace("clear nomap", s, CALLER);
	memory_mark(s, MEMBLOCK_NOMAP, false);
}

void
memblock_set_current_limit(phys_addr_t limit)
{
	memblock.current_limit = limit;
}

void
memblock_set_bottom_up(bool bottom_up)
{
	memblock.bottom_up = bottom_up;
}

/* The first region of type that ends above addr; NULL if none. */
static const struct memblock_region *
type_first_above(const struct memblock_type *type, u64 addr)
{
	unsigned i;

	for (i = 0; i < type->cnt; i++) {
		if (region_end(&type->regions[i]) > addr)
			return &type->regions[i];
	}
	return NULL;
}

/* The last region of type that starts below addr; NULL if none. */
static const struct memblock_region *
type_last_below(const struct memblock_type *type, u64 addr)
{
	unsigned i = type->cnt;

	while (i-- > 0) {
		if (type->regions[i].base < addr)
			return &type->regions[i];
	}
	return NULL;
}

/*
 * The lowest free range at or above *iter, which moves on to its end. The
 * walk keeps an address, not an index, so it needs no state of its own.
 */
bool
memblock_next_free(u64 *iter, phys_addr_t *start, phys_addr_t *end)
{
	const struct memblock_region *mem, *taken;
	u64 at = *iter;

	while ((mem = type_first_above(&memblock.memory, at))) {
		at = max(at, (u64)mem->base);
		taken = type_first_above(&memblock.reserved, at);
		if (mem->flags & MEMBLOCK_NOMAP) {
			at = region_end(mem);
		} else if (taken && taken->base <= at) {
			at = region_end(taken);
		} else {
			*start = (phys_addr_t)at;
			*end = region_end(mem);
			if (taken)
				*end = min(*end, taken->base);
			*iter = *end;
			return true;
		}
	}
	return false;
}

/* The highest free range below the last one; *iter is its start, plus 1. */
bool
memblock_prev_free(u64 *iter, phys_addr_t *start, phys_addr_t *end)
{
	const struct memblock_region *mem, *taken;
	u64 at = *iter ? *iter - 1 : 1ULL << 32;

	while ((mem = type_last_below(&memblock.memory, at))) {
		at = min(at, (u64)region_end(mem));
		taken = type_last_below(&memblock.reserved, at);
		if (mem->flags & MEMBLOCK_NOMAP) {
			at = mem->base;
		} else if (taken && region_end(taken) >= at) {
			at = taken->base;
		} else {
			*end = (phys_addr_t)at;
			*start = mem->base;
			if (taken)
				*start = max(*start, region_end(taken));
			*iter = (u64)*start + 1;
			return true;
		}
	}
	return false;
}

static phys_addr_t
find_bottom_up(phys_addr_t size, phys_addr_t align, phys_addr_t lo,
	       phys_addr_t hi)
{
	phys_addr_t start, end;
	u64 iter, at;

	for_each_free_mem_range(iter, start, end) {
		start = max(start, lo);
		end = min(end, hi);
		at = ALIGN_UP((u64)start, align);
		if (at + size <= end)
			return (phys_addr_t)at;
	}
	return 0;
}

static phys_addr_t
find_top_down(phys_addr_t size, phys_addr_t align, phys_addr_t lo,
	      phys_addr_t hi)
{
	phys_addr_t start, end, at;
	u64 iter;

	for_each_free_mem_range_reverse(iter, start, end) {
		start = max(start, lo);
		end = min(end, hi);
		if (end < size)
			continue;
		at = ALIGN_DOWN(end - size, align);
		if (at >= start)
			return at;
	}
	return 0;
}

phys_addr_t
memblock_find_in_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
		       phys_addr_t end)
{
	if (!align)
		align = 1;
	assert(is_power_of_2(align));
	if (end == MEMBLOCK_ALLOC_ACCESSIBLE)
		end = memblock.current_limit;
	start = max(start, (phys_addr_t)PAGE_SIZE);
	if (!size || end <= start)
		return 0;
	if (memblock.bottom_up)
		return find_bottom_up(size, align, start, end);
	return find_top_down(size, align, start, end);
}

/* The common part of the allocating calls. */
static phys_addr_t
memblock_take(phys_addr_t size, phys_addr_t align, phys_addr_t start,
	      phys_addr_t end, unsigned long caller)
{
	phys_addr_t at = memblock_find_in_range(size, align, start, end);
	struct span s = { at, at + size };

	if (!at)
		return 0;
	memblock_trace("alloc", s, caller);
	type_add(&memblock.reserved, s, 0);
	return at;
}

phys_addr_t
memblock_phys_alloc(phys_addr_t size, phys_addr_t align, phys_addr_t start,
		    phys_addr_t end)
{
	return memblock_take(size, align, start, end, CALLER);
}

/* memblock_take() below the current limit, zeroed; NULL if there is none. */
static void *
memblock_take_zeroed(phys_addr_t size, phys_addr_t align, unsigned long caller)
{
	phys_addr_t at = memblock_take(size, align, 0,
				       MEMBLOCK_ALLOC_ACCESSIBLE, caller);

	return at ? memset(__va(at), 0, size) : NULL;
}

void *
memblock_alloc_try(phys_addr_t size, phys_addr_t align)
{
	return memblock_take_zeroed(size, align, CALLER);
}

void *
memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	void *p = memblock_take_zeroed(size, align, CALLER);

	if (!p)
		panic("memblock: cannot allocate %u bytes (align 0x%x) below 0x%08x: %u kB memory, %u kB reserved",
		      size, align, memblock.current_limit,
		      memblock.memory.total_size >> 10,
		      memblock.reserved.total_size >> 10);
	return p;
}

phys_addr_t
memblock_start_of_dram(void)
{
	return memblock.memory.cnt ? memblock.memory.regions[0].base : 0;
}

phys_addr_t
memblock_end_of_dram(void)
{
	unsigned cnt = memblock.memory.cnt;

	return cnt ? region_end(&memblock.memory.regions[cnt - 1]) : 0;
}

phys_addr_t
memblock_phys_mem_size(void)
{
	return memblock.memory.total_size;
}

phys_addr_t
memblock_reserved_size(void)
{
	return memblock.reserved.total_size;
}

/* The region of type that addr lies in, or NULL. */
static const struct memblock_region *
type_find(const struct memblock_type *type, phys_addr_t addr)
{
	const struct memblock_region *r = type_first_above(type, addr);

	return r && r->base <= addr ? r : NULL;
}

static bool
type_overlaps(const struct memblock_type *type, phys_addr_t base,
	      phys_addr_t size)
{
	const struct memblock_region *r = type_first_above(type, base);
	struct span s;

	return span_make(&s, base, size) && r && r->base < s.end;
}

bool
memblock_is_memory(phys_addr_t addr)
{
	return type_find(&memblock.memory, addr);
}

bool
memblock_is_map_memory(phys_addr_t addr)
{
	const struct memblock_region *r = type_find(&memblock.memory, addr);

	return r && !(r->flags & MEMBLOCK_NOMAP);
}

bool
memblock_is_reserved(phys_addr_t addr)
{
	return type_find(&memblock.reserved, addr);
}

/* Is every byte of the range memory? Neighbours may differ in flags. */
bool
memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	const struct memblock_region *r;
	struct span s;

	if (!span_make(&s, base, size))
		return false;
	while (s.base < s.end) {
		r = type_find(&memblock.memory, s.base);
		if (!r)
			return false;
		s.base = region_end(r);
	}
	return true;
}

bool
memblock_overlaps_memory(phys_addr_t base, phys_addr_t size)
{
	return type_overlaps(&memblock.memory, base, size);
}

bool
memblock_overlaps_reserved(phys_addr_t base, phys_addr_t size)
{
	return type_overlaps(&memblock.reserved, base, size);
}

/* Invariants R1 to R3 of one list; each breach is a line in out. */
static bool
type_verify(const struct memblock_type *type, struct seq_buf *out)
{
	const struct memblock_region *r = type->regions;
	phys_addr_t sum = 0;
	bool ok = true;
	unsigned i;

	for (i = 0; i < type->cnt; i++, r++) {
		sum += r->size;
		if (!r->size || region_end(r) < r->base) {
			seq_printf(out, "memblock.%s[%u]: empty or wraps\n",
				   type->name, i);
			ok = false;
		}
		if (i && (region_end(r - 1) > r->base ||
			  (region_end(r - 1) == r->base &&
			   r[-1].flags == r->flags))) {
			seq_printf(out, "memblock.%s[%u]: not behind, or not merged with, the one before\n",
				   type->name, i);
			ok = false;
		}
	}
	if (sum != type->total_size) {
		seq_printf(out, "memblock.%s: sizes add up to 0x%x, total says 0x%x\n",
			   type->name, sum, type->total_size);
		ok = false;
	}
	return ok;
}

bool
memblock_verify(struct seq_buf *out)
{
	bool memory_ok = type_verify(&memblock.memory, out);

	return type_verify(&memblock.reserved, out) && memory_ok;
}

static void
type_show(const struct memblock_type *type, struct seq_buf *s)
{
	const struct memblock_region *r = type->regions;
	unsigned i;

	seq_printf(s, "%s: %u regions, %u kB\n", type->name, type->cnt,
		   type->total_size >> 10);
	for (i = 0; i < type->cnt; i++, r++)
		seq_printf(s, "%4u: 0x%08x-0x%08x %8u kB%s\n", i, r->base,
			   region_end(r) - 1, r->size >> 10,
			   r->flags & MEMBLOCK_NOMAP ? " nomap" : "");
}

void
memblock_show(struct seq_buf *s)
{
	type_show(&memblock.memory, s);
	type_show(&memblock.reserved, s);
}

NODE("memblock", memblock_show);

static int
memblock_param(const char *value)
{
	if (strcmp(value, "debug") != 0)
		return -EINVAL;
	memblock_debug = true;
	return 0;
}

BOOT_PARAM("memblock", memblock_param);
