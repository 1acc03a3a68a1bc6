/* SPDX-License-Identifier: MIT */
/*
 * memblock against a model: one byte for each page of a small address space,
 * which says whether the page is memory, mapped, and reserved. Whatever is
 * done to memblock is done to the bytes, and then everything that can be
 * asked is compared.
 */
#include <string.h>

#include <asm/memory.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/memblock.h>
#include "harness.h"

#define BASE		0x60000000u
#define UNIT		0x1000u		/* the model counts in these */
#define NR_UNITS	96

enum { MEMORY = 1, NOMAP = 2, RESERVED = 4 };
static u8 model[NR_UNITS];

static phys_addr_t
addr_of(unsigned unit)
{
	return BASE + unit * UNIT;
}

static void
reset(void)
{
	memset(&memblock.memory.regions, 0, sizeof(memblock.memory.regions));
	memset(&memblock.reserved.regions, 0,
	       sizeof(memblock.reserved.regions));
	memblock.memory.cnt = memblock.memory.total_size = 0;
	memblock.reserved.cnt = memblock.reserved.total_size = 0;
	memblock.bottom_up = false;
	memblock.current_limit = MEMBLOCK_ALLOC_ANYWHERE;
	memset(model, 0, sizeof(model));
}

static bool
clean(struct test *t)
{
	char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (memblock_verify(&s))
		return true;
	test_info(t, "%s", text);
	return false;
}

static bool
model_free(unsigned unit)
{
	return unit < NR_UNITS && model[unit] == MEMORY;
}

/* The regions of one list, one flag, must be the runs of the model. */
static void
compare_list(struct test *t, const struct memblock_type *type, u8 bit)
{
	const struct memblock_region *r = type->regions;
	unsigned unit = 0, end, cnt = 0, total = 0;
	u8 mask = bit == MEMORY ? MEMORY | NOMAP : RESERVED;

	while (unit < NR_UNITS) {
		u8 kind = model[unit] & mask;

		if (!(kind & bit)) {
			unit++;
			continue;
		}
		for (end = unit; end < NR_UNITS && (model[end] & mask) == kind;
		     end++)
			;
		ASSERT(t, cnt < type->cnt);
		EXPECT_EQ(t, r->base, addr_of(unit));
		EXPECT_EQ(t, r->size, (end - unit) * UNIT);
		EXPECT_EQ(t, r->flags, kind & NOMAP ? MEMBLOCK_NOMAP : 0);
		total += end - unit;
		unit = end;
		cnt++;
		r++;
	}
	EXPECT_EQ(t, type->cnt, cnt);
	EXPECT_EQ(t, type->total_size, total * UNIT);
}

static void
compare_points(struct test *t)
{
	unsigned unit;

	for (unit = 0; unit < NR_UNITS; unit++) {
		phys_addr_t a = addr_of(unit) + (unit & 1 ? UNIT - 1 : 0);
		u8 m = model[unit];

		EXPECT_EQ(t, memblock_is_memory(a), (m & MEMORY) != 0);
		EXPECT_EQ(t, memblock_is_map_memory(a),
			  (m & (MEMORY | NOMAP)) == MEMORY);
		EXPECT_EQ(t, memblock_is_reserved(a), (m & RESERVED) != 0);
	}
}

/* Both walks over free ranges, against the model's. */
static void
compare_free(struct test *t)
{
	phys_addr_t start, end, starts[NR_UNITS], ends[NR_UNITS];
	unsigned unit, n = 0, i = 0;
	u64 iter;

	for (unit = 0; unit < NR_UNITS; unit++) {
		if (!model_free(unit))
			continue;
		if (unit == 0 || !model_free(unit - 1))
			starts[n] = addr_of(unit);
		if (!model_free(unit + 1))
			ends[n++] = addr_of(unit + 1);
	}
	for_each_free_mem_range(iter, start, end) {
		ASSERT(t, i < n);
		EXPECT_EQ(t, start, starts[i]);
		EXPECT_EQ(t, end, ends[i]);
		i++;
	}
	EXPECT_EQ(t, i, n);
	for_each_free_mem_range_reverse(iter, start, end) {
		ASSERT(t, i > 0);
		i--;
		EXPECT_EQ(t, start, starts[i]);
		EXPECT_EQ(t, end, ends[i]);
	}
	EXPECT_EQ(t, i, 0);
}

static void
compare(struct test *t)
{
	EXPECT(t, clean(t));
	compare_list(t, &memblock.memory, MEMORY);
	compare_list(t, &memblock.reserved, RESERVED);
	compare_points(t);
	compare_free(t);
}

/* One operation on memblock and model alike. */
enum { OP_ADD, OP_REMOVE, OP_RESERVE, OP_FREE, OP_NOMAP, OP_MAP, NR_OPS };

static void
operate(int op, unsigned from, unsigned to)
{
	phys_addr_t base = addr_of(from), size = (to - from) * UNIT;
	unsigned i;

	switch (op) {
	case OP_ADD:
		memblock_add(base, size);
		break;
	case OP_REMOVE:
		memblock_remove(base, size);
		break;
	case OP_RESERVE:
		memblock_reserve(base, size);
		break;
	case OP_FREE:
		memblock_free(base, size);
		break;
	case OP_NOMAP:
		memblock_mark_nomap(base, size);
		break;
	case OP_MAP:
		memblock_clear_nomap(base, size);
		break;
	}
	for (i = from; i < to; i++) {
		u8 *m = &model[i];

		*m = op == OP_ADD ? *m | MEMORY :
		     op == OP_REMOVE ? *m & ~(MEMORY | NOMAP) :
		     op == OP_RESERVE ? *m | RESERVED :
		     op == OP_FREE ? *m & ~RESERVED :
		     op == OP_NOMAP && (*m & MEMORY) ? *m | NOMAP :
		     op == OP_MAP ? *m & ~NOMAP : *m;
	}
}

/*
 * Allen's 13 relations of an interval X to another that is [30, 40): before,
 * meets, overlaps, starts, during, finishes, equals, and the inverses.
 */
static const struct {
	const char *name;
	unsigned from, to;
} relations[13] = {
	{ "before", 10, 20 }, { "after", 50, 60 },
	{ "meets", 20, 30 }, { "met by", 40, 50 },
	{ "overlaps", 25, 35 }, { "overlapped by", 35, 45 },
	{ "starts", 30, 35 }, { "started by", 30, 45 },
	{ "during", 33, 37 }, { "contains", 25, 45 },
	{ "finishes", 35, 40 }, { "finished by", 25, 40 },
	{ "equals", 30, 40 },
};

static void
all_13_relations_of_two_ranges(struct test *t)
{
	unsigned i;
	int first, op;

	for (i = 0; i < ARRAY_SIZE(relations); i++) {
		for (first = OP_ADD; first < NR_OPS; first++) {
			for (op = OP_ADD; op < NR_OPS; op++) {
				reset();
				if (first >= OP_NOMAP)
					operate(OP_ADD, 28, 42);
				operate(first, 30, 40);
				operate(op, relations[i].from,
					relations[i].to);
				compare(t);
			}
		}
		if (t->nr_failed)
			test_info(t, "relation: %s", relations[i].name);
	}
}

/* The same among a row of ranges: 10-19, 30-39, 50-59, 70-79. */
static void
relations_to_a_row_of_ranges(struct test *t)
{
	unsigned from, to;
	int op;

	for (from = 5; from < 85; from += 5) {
		for (to = from + 5; to <= 90; to += 5) {
			for (op = OP_ADD; op < NR_OPS; op++) {
				unsigned i;

				reset();
				for (i = 10; i < 80; i += 20) {
					operate(OP_ADD, i, i + 10);
					operate(OP_RESERVE, i, i + 10);
				}
				operate(OP_NOMAP, 50, 60);
				operate(op, from, to);
				compare(t);
			}
		}
	}
}

static void
random_operations_match_the_model(struct test *t)
{
	unsigned i;

	reset();
	for (i = 0; i < 60000 && !t->nr_failed; i++) {
		unsigned from = test_below(t, NR_UNITS);
		unsigned to = from + test_below(t, 1 + min(NR_UNITS - from,
						1u << test_below(t, 8)));

		operate((int)test_below(t, NR_OPS), from, to);
		compare(t);
		if (test_below(t, 500) == 0)
			reset();
	}
}

static bool
model_fits(unsigned at, unsigned n, unsigned lo, unsigned hi)
{
	unsigned i;

	if (at < lo || at + n > hi)
		return false;
	for (i = at; i < at + n; i++) {
		if (!model_free(i))
			return false;
	}
	return true;
}

/* What the model would give: unit number, or -1. All in whole units. */
static int
model_alloc(unsigned n, unsigned align, unsigned lo, unsigned hi,
	    bool bottom_up)
{
	int at, best = -1;

	for (at = 0; at < NR_UNITS; at++) {
		if (addr_of(at) % (align * UNIT) != 0 ||
		    !model_fits(at, n, lo, hi))
			continue;
		best = at;
		if (bottom_up)
			break;
	}
	return best;
}

static void
random_allocations_match_the_model(struct test *t)
{
	unsigned i, j;

	reset();
	for (i = 0; i < 60000 && !t->nr_failed; i++) {
		unsigned n = 1 + test_below(t, 6);
		unsigned align = 1u << test_below(t, 4);
		unsigned lo = test_below(t, 20);
		unsigned hi = NR_UNITS - test_below(t, 20);
		phys_addr_t got;
		int want;

		if (test_below(t, 2)) {
			unsigned from = test_below(t, NR_UNITS - 8);

			operate((int)test_below(t, OP_FREE + 1), from,
				from + test_below(t, 8));
		}
		memblock_set_bottom_up(test_below(t, 2));
		want = model_alloc(n, align, lo, hi, memblock.bottom_up);
		got = memblock_phys_alloc(n * UNIT, align * UNIT, addr_of(lo),
					  addr_of(hi));
		EXPECT_EQ(t, got, want < 0 ? 0 : addr_of((unsigned)want));
		for (j = 0; want >= 0 && j < n; j++)
			model[(unsigned)want + j] |= RESERVED;
		if (i % 64 == 0)
			compare(t);
	}
}

static void
region_queries_match_the_model(struct test *t)
{
	unsigned from, to, i;

	reset();
	operate(OP_ADD, 10, 30);
	operate(OP_ADD, 40, 50);
	operate(OP_NOMAP, 20, 25);
	operate(OP_RESERVE, 5, 12);
	operate(OP_RESERVE, 45, 60);
	for (from = 0; from < 70; from++) {
		for (to = from + 1; to < 70; to++) {
			phys_addr_t base = addr_of(from);
			phys_addr_t size = (to - from) * UNIT;
			u8 all = 0xff, any = 0;

			for (i = from; i < to; i++) {
				all &= model[i];
				any |= model[i];
			}
			EXPECT_EQ(t, memblock_is_region_memory(base, size),
				  (all & MEMORY) != 0);
			EXPECT_EQ(t, memblock_overlaps_memory(base, size),
				  (any & MEMORY) != 0);
			EXPECT_EQ(t, memblock_overlaps_reserved(base, size),
				  (any & RESERVED) != 0);
		}
	}
	EXPECT(t, !memblock_is_region_memory(addr_of(10), 0));
	EXPECT(t, !memblock_overlaps_memory(addr_of(10), 0));
}

static void
ends_of_memory_are_told(struct test *t)
{
	reset();
	EXPECT_EQ(t, memblock_start_of_dram(), 0);
	EXPECT_EQ(t, memblock_end_of_dram(), 0);
	memblock_add(0x80000000, 0x20000000);
	memblock_add(0x60000000, 0x10000000);
	memblock_reserve(0x10000000, 0x100);
	EXPECT_EQ(t, memblock_start_of_dram(), 0x60000000u);
	EXPECT_EQ(t, memblock_end_of_dram(), 0xa0000000u);
	EXPECT_EQ(t, memblock_phys_mem_size(), 0x30000000u);
	EXPECT_EQ(t, memblock_reserved_size(), 0x100);
}

static void
ranges_are_cut_at_the_end_of_the_address_space(struct test *t)
{
	reset();
	memblock_add(0xfffff000, 0x1000);
	EXPECT_EQ(t, memblock_end_of_dram(), 0xffffffffu);
	memblock_reserve(0xf0000000, 0xffffffff);
	EXPECT_EQ(t, memblock.reserved.total_size, 0x0fffffffu);
	memblock_free(0, 0xffffffff);
	EXPECT_EQ(t, memblock.reserved.cnt, 0);
	memblock_add(0x60000000, 0);
	memblock_remove(0x60000000, 0);
	memblock_reserve(0x60000000, 0);
	memblock_free(0x60000000, 0);
	memblock_mark_nomap(0x60000000, 0);
	memblock_clear_nomap(0x60000000, 0);
	EXPECT_EQ(t, memblock.memory.cnt, 1);
	EXPECT_EQ(t, memblock.reserved.cnt, 0);
	/* An allocation at the very end does not wrap either. */
	EXPECT_EQ(t, memblock_phys_alloc(0x2000, 1, 0, ~0u), 0);
	EXPECT_EQ(t, memblock_phys_alloc(0x800, 0x1000, 0, ~0u), 0xfffff000u);
	memblock_set_bottom_up(true);
	EXPECT_EQ(t, memblock_phys_alloc(0x400, 0x80000000u, 0, ~0u), 0);
	EXPECT(t, clean(t));
}

static void
odd_sizes_and_alignments_are_kept(struct test *t)
{
	reset();
	memblock_add(0x60000000, 0x100000);
	EXPECT_EQ(t, memblock_phys_alloc(100, 0, 0, ~0u), 0x60100000u - 100);
	EXPECT_EQ(t, memblock_phys_alloc(10, 64, 0, ~0u), 0x600fff80u);
	EXPECT_EQ(t, memblock.reserved.cnt, 2);
	memblock_set_bottom_up(true);
	EXPECT_EQ(t, memblock_phys_alloc(10, 64, 0, ~0u), 0x60000000u);
	EXPECT_EQ(t, memblock_phys_alloc(10, 64, 0, ~0u), 0x60000040u);
	EXPECT_EQ(t, memblock_phys_alloc(10, 1, 0, ~0u), 0x6000000au);
	EXPECT_EQ(t, memblock_phys_alloc(0, 1, 0, ~0u), 0);
	EXPECT_EQ(t, memblock_phys_alloc(8, 1, 0x60050001, 0x60050009),
		  0x60050001u);
	EXPECT_EQ(t, memblock_phys_alloc(8, 1, 0x60050001, 0x60050008), 0);
}

static void
page_0_is_never_given_out(struct test *t)
{
	reset();
	memblock_add(0, 0x3000);
	EXPECT_EQ(t, memblock_phys_alloc(0x4000, 0x1000, 0, ~0u), 0);
	memblock_set_bottom_up(true);
	EXPECT_EQ(t, memblock_phys_alloc(0x1000, 0x1000, 0, ~0u), 0x1000u);
	EXPECT_EQ(t, memblock_phys_alloc(0x1000, 0x1000, 0, ~0u), 0x2000u);
	EXPECT_EQ(t, memblock_phys_alloc(0x1000, 0x1000, 0, ~0u), 0);
}

static void
alloc_is_zeroed_and_below_the_limit(struct test *t)
{
	u8 *p;
	unsigned i;

	reset();
	memblock_add(BASE, 0x10000);
	memset(__va(BASE), 0xa5, 0x10000);
	memblock_set_current_limit(BASE + 0x8000);
	p = memblock_alloc(0x1000, 0x1000);
	EXPECT_EQ(t, __pa(p), BASE + 0x7000);
	for (i = 0; i < 0x1000; i++)
		EXPECT_EQ(t, p[i], 0);
	EXPECT_EQ(t, p[0x1000], 0xa5);
	EXPECT(t, memblock_alloc_try(0x8000, 1) == NULL);
	EXPECT(t, memblock_alloc_try(0x7000, 1) == __va(BASE));
}

static void
alloc_too_much(void *arg)
{
	(void)arg;
	memblock_alloc(0x100000, 16);
}

static void
alloc_panics_when_there_is_none(struct test *t)
{
	reset();
	memblock_add(BASE, 0x10000);
	EXPECT_REPORT(t, alloc_too_much, NULL, "cannot allocate 1048576 bytes");
}

static void
alloc_odd_alignment(void *arg)
{
	(void)arg;
	memblock_phys_alloc(16, 3, 0, ~0u);
}

static void
alignment_must_be_a_power_of_2(struct test *t)
{
	reset();
	EXPECT_REPORT(t, alloc_odd_alignment, NULL, "is_power_of_2");
}

static void
reserve_one_more(void *arg)
{
	memblock_reserve(*(phys_addr_t *)arg, 0x100);
}

static void
full_list_takes_what_merges_and_panics_at_the_rest(struct test *t)
{
	phys_addr_t far = 0x90000000;
	unsigned i;

	reset();
	for (i = 0; i < MEMBLOCK_MAX_REGIONS; i++)
		memblock_reserve(BASE + i * 0x1000, 0x100);
	EXPECT_EQ(t, memblock.reserved.cnt, MEMBLOCK_MAX_REGIONS);
	memblock_reserve(BASE + 0x100, 0x100);
	memblock_reserve(BASE + 0x5f00, 0x100);
	EXPECT_EQ(t, memblock.reserved.cnt, MEMBLOCK_MAX_REGIONS);
	EXPECT_REPORT(t, reserve_one_more, &far,
		      "list of reserved regions is full");
	/* Covering all gaps never needs a place more than there are. */
	memblock_reserve(BASE, MEMBLOCK_MAX_REGIONS * 0x1000);
	EXPECT_EQ(t, memblock.reserved.cnt, 1);
	EXPECT(t, clean(t));
}

/* Breaks a rule and sees verify say so. */
static void
expect_caught(struct test *t, const char *what)
{
	char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, !memblock_verify(&s));
	if (!strstr(text, what))
		test_fail(t, __FILE__, __LINE__, "no %s in: %s", what, text);
}

static void
set_up_two_regions(void)
{
	reset();
	memblock_add(BASE, 0x1000);
	memblock_add(BASE + 0x2000, 0x1000);
}

static void
verify_catches_each_rule_broken(struct test *t)
{
	struct memblock_region *r = memblock.memory.regions;

	set_up_two_regions();
	EXPECT(t, clean(t));
	r[0].size = 0;
	memblock.memory.total_size -= 0x1000;
	expect_caught(t, "empty");
	set_up_two_regions();
	swap(r[0], r[1]);
	expect_caught(t, "not behind");
	set_up_two_regions();
	r[0].size = 0x2000;
	memblock.memory.total_size += 0x1000;
	expect_caught(t, "not merged");
	set_up_two_regions();
	r[0].size = 0x2800;
	memblock.memory.total_size += 0x1800;
	expect_caught(t, "not behind");
	set_up_two_regions();
	memblock.memory.total_size++;
	expect_caught(t, "total says");
	set_up_two_regions();
	memblock_reserve(BASE, 1);
	memblock.reserved.regions[0].size = 0xffffffff;
	expect_caught(t, "wraps");
	reset();
}

static void
node_shows_both_lists(struct test *t)
{
	const struct node *node = node_find("memblock");
	char text[512];
	struct seq_buf s;

	reset();
	memblock_add(BASE, 0x400000);
	memblock_mark_nomap(BASE + 0x300000, 0x100000);
	memblock_reserve(BASE + 0x8000, 0x4000);
	ASSERT(t, node != NULL);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	EXPECT(t, strstr(text, "memory: 2 regions, 4096 kB\n"));
	EXPECT(t, strstr(text, "   0: 0x60000000-0x602fffff     3072 kB\n"));
	EXPECT(t, strstr(text,
			 "   1: 0x60300000-0x603fffff     1024 kB nomap\n"));
	EXPECT(t, strstr(text, "reserved: 1 regions, 16 kB\n"));
	EXPECT(t, strstr(text, "0x60008000-0x6000bfff       16 kB\n"));
}

static void
debug_prints_every_call(struct test *t)
{
	reset();
	EXPECT_EQ(t, host_boot_param("memblock", "nonsense"), -EINVAL);
	memblock_add(BASE, 0x10000);
	EXPECT_EQ(t, host_log[0], '\0');
	EXPECT_EQ(t, host_boot_param("memblock", "debug"), 0);
	memblock_add(BASE, 0x10000);
	memblock_remove(BASE, 0x1000);
	memblock_reserve(BASE + 0x1000, 0x1000);
	memblock_free(BASE + 0x1000, 0x800);
	memblock_mark_nomap(BASE + 0x8000, 0x1000);
	memblock_clear_nomap(BASE + 0x9000, 0x1000);
	memblock_phys_alloc(0x1000, 0x1000, 0, ~0u);
	memblock_debug = false;
	EXPECT(t, strstr(host_log, "add 0x60000000-0x6000ffff by "));
	EXPECT(t, strstr(host_log, "remove 0x60000000-0x60000fff by "));
	EXPECT(t, strstr(host_log, "reserve 0x60001000-0x60001fff by "));
	EXPECT(t, strstr(host_log, "free 0x60001000-0x600017ff by "));
	EXPECT(t, strstr(host_log, "mark nomap 0x60008000-0x60008fff by "));
	EXPECT(t, strstr(host_log, "clear nomap 0x60009000-0x60009fff by "));
	EXPECT(t, strstr(host_log, "alloc 0x6000f000-0x6000ffff by "));
}

TEST_SUITE("memblock",
	   TEST_CASE(all_13_relations_of_two_ranges),
	   TEST_CASE(relations_to_a_row_of_ranges),
	   TEST_CASE(random_operations_match_the_model),
	   TEST_CASE(random_allocations_match_the_model),
	   TEST_CASE(region_queries_match_the_model),
	   TEST_CASE(ends_of_memory_are_told),
	   TEST_CASE(ranges_are_cut_at_the_end_of_the_address_space),
	   TEST_CASE(odd_sizes_and_alignments_are_kept),
	   TEST_CASE(page_0_is_never_given_out),
	   TEST_CASE(alloc_is_zeroed_and_below_the_limit),
	   TEST_CASE(alloc_panics_when_there_is_none),
	   TEST_CASE(alignment_must_be_a_power_of_2),
	   TEST_CASE(full_list_takes_what_merges_and_panics_at_the_rest),
	   TEST_CASE(verify_catches_each_rule_broken),
	   TEST_CASE(node_shows_both_lists),
	   TEST_CASE(debug_prints_every_call));
