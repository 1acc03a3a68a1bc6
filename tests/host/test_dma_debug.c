/* SPDX-License-Identifier: MIT */
/*
 * The books of DMA mappings against a model: a plain array that says what each
 * call must be told. Random drivers map, sync and unmap, rightly and wrongly.
 */
#include <string.h>

#include <kernel/panic.h>
#include <lib/seq_buf.h>
#include <mm/dma_debug.h>

#include "harness.h"

#define RAM		0x60000000u
#define BYTES		4096
#define MODEL_MAX	24

static struct device devs[3] = {
	{ .name = "one", .dma_mask = ~0u },
	{ .name = "two", .dma_mask = ~0u },
	{ .name = "snoop", .dma_mask = ~0u, .dma_coherent = true },
};
static u8 ram[BYTES];

bool
soft_report_begin(unsigned long *flags)
{
	*flags = 0;
	return true;
}

void
soft_report_end(unsigned long flags)
{
	(void)flags;
}

u32
dma_memory_sum(phys_addr_t phys, size_t size)
{
	u32 sum = 1;

	while (size--)
		sum = sum * 31 + ram[phys++ - RAM];
	return sum;
}

/* What the model knows of a mapping. */
struct known {
	struct dma_ref ref;
	bool with_core;
	u8 copy[BYTES];		/* of ram when it was lent */
};

static struct known model[MODEL_MAX];
static unsigned nr_known;

/* The text of the report since the last look, or "" */
static bool
reported(const char *what)
{
	bool found = *what ? strstr(host_log, what) != NULL :
			     host_log[0] == '\0';

	host_log_clear();
	return found;
}

static bool
writes(const struct dma_ref *ref)
{
	return ref->dir != DMA_TO_DEVICE;
}

static unsigned
line_of(unsigned long addr)
{
	return (addr - RAM) / 32;
}

/* Must the books complain about mapping ref now? */
static bool
model_overlaps(const struct dma_ref *ref)
{
	const struct dma_ref *other;

	for (unsigned i = 0; i < nr_known; i++) {
		other = &model[i].ref;
		if (!writes(ref) && !writes(other))
			continue;
		if (ref->dev->dma_coherent && other->dev->dma_coherent)
			continue;
		if (line_of(ref->phys) <= line_of(other->phys +
						  other->size - 1) &&
		    line_of(other->phys) <= line_of(ref->phys +
						    ref->size - 1))
			return true;
	}
	return false;
}

/* Has what the core must leave alone changed since it was lent? */
static bool
model_touched(const struct known *k, bool edges)
{
	unsigned from = k->ref.phys - RAM, to = from + k->ref.size;
	unsigned first = from / 32 * 32, last = (to + 31) / 32 * 32;

	if (k->with_core)
		return false;
	if (edges)
		return writes(&k->ref) && !k->ref.bounced &&
		       !k->ref.dev->dma_coherent &&
		       (memcmp(ram + first, k->copy + first, from - first) ||
			memcmp(ram + to, k->copy + to, last - to));
	return (!writes(&k->ref) || k->ref.bounced) &&
	       memcmp(ram + from, k->copy + from, to - from);
}

static void
step_map(struct test *t)
{
	struct known *k = &model[nr_known];
	bool overlap;

	if (nr_known == MODEL_MAX)
		return;
	k->ref = (struct dma_ref){
		.dev = &devs[test_below(t, 3)],
		.phys = RAM + test_below(t, BYTES - 200),
		.size = 1 + test_below(t, 150),
		.dir = test_below(t, 3),
		.type = test_below(t, 2),
		.bounced = !test_below(t, 4),
		.caller = 1,
	};
	/* The model finds a mapping by its address: no two have the same. */
	k->ref.addr = RAM + 0x10000 * (1 + test_below(t, 0x1000));
	for (unsigned i = 0; i < nr_known; i++) {
		if (model[i].ref.addr == k->ref.addr)
			return;
	}
	overlap = model_overlaps(&k->ref);
	k->with_core = false;
	memcpy(k->copy, ram, BYTES);
	dma_debug_map(&k->ref);
	EXPECT(t, reported(overlap ? "share a cache line" : ""));
	dma_debug_checked(k->ref.dev, k->ref.addr);
	nr_known++;
}

/* A call with one thing wrong, or right; what the books must say. */
static const char *
spoil(struct test *t, struct dma_ref *ref)
{
	switch (test_below(t, 8)) {
	case 0:
		ref->size++;
		return "unmapped with another size";
	case 1:
		ref->dir = (ref->dir + 1) % 3;
		return "unmapped with another direction";
	case 2:
		ref->dev = &devs[(ref->dev - devs + 1) % 3];
		return "unmapped for another device";
	case 3:
		ref->type = !ref->type;
		return "unmapped by the wrong function";
	default:
		return "";
	}
}

static void
step_unmap(struct test *t)
{
	unsigned n;
	struct known k;
	struct dma_ref ref;
	const char *wrong;
	bool edges, inside;

	if (!nr_known)
		return;
	n = test_below(t, nr_known);
	k = model[n];
	ref = k.ref;
	wrong = spoil(t, &ref);
	inside = model_touched(&k, false);
	edges = model_touched(&k, true);
	EXPECT(t, dma_debug_unmap(&ref));
	EXPECT_EQ(t, ref.size, k.ref.size);
	EXPECT_EQ(t, ref.dir, k.ref.dir);
	EXPECT_EQ(t, strstr(host_log, "wrote to a buffer") != NULL, inside);
	EXPECT_EQ(t, strstr(host_log, "wrote to a cache line") != NULL, edges);
	EXPECT(t, reported(inside || edges ? "dma: " : wrong));
	model[n] = model[--nr_known];
	ref = k.ref;
	EXPECT(t, !dma_debug_unmap(&ref));
	EXPECT(t, reported("double unmap"));
}

static void
step_sync(struct test *t)
{
	struct known *k;
	struct dma_ref ref;
	bool for_cpu, touched;

	if (!nr_known)
		return;
	k = &model[test_below(t, nr_known)];
	ref = k->ref;
	ref.addr += test_below(t, (u32)ref.size);
	ref.size -= ref.addr - k->ref.addr;
	ref.size = 1 + test_below(t, (u32)ref.size);
	for_cpu = test_below(t, 2);
	touched = for_cpu && (model_touched(k, false) ||
			      model_touched(k, true));
	EXPECT(t, dma_debug_sync(&ref, for_cpu));
	EXPECT(t, reported(touched ? "the core wrote" : ""));
	k->with_core = for_cpu;
	if (!for_cpu)
		memcpy(k->copy, ram, BYTES);
	ref.size = k->ref.size + 1;
	EXPECT(t, !dma_debug_sync(&ref, for_cpu));
	EXPECT(t, reported("past its end"));
}

static void
books_agree_with_a_model(struct test *t)
{
	host_log_clear();
	for (unsigned step = 0; step < 20000; step++) {
		switch (test_below(t, 6)) {
		case 0:
		case 1:
			step_map(t);
			break;
		case 2:
			step_unmap(t);
			break;
		case 3:
			step_sync(t);
			break;
		default:
			ram[test_below(t, BYTES)] = (u8)step;
		}
		EXPECT_EQ(t, dma_debug_used(), nr_known);
		if (t->nr_failed)
			break;
	}
	while (nr_known)
		step_unmap(t);
	EXPECT_EQ(t, dma_debug_used(), 0);
}

/* Detaching takes the mappings of one device and leaves the others. */
static void
detach_takes_what_is_its_own(struct test *t)
{
	struct dma_ref ref = { .size = 32, .dir = DMA_TO_DEVICE, .caller = 1 };
	char text[2048];
	struct seq_buf s;

	for (unsigned i = 0; i < 30; i++) {
		ref.dev = &devs[i % 3];
		ref.addr = ref.phys = RAM + 32 * i;
		dma_debug_map(&ref);
	}
	EXPECT_EQ(t, dma_debug_detach(&devs[1]), 10);
	EXPECT(t, reported("detached and left a mapping"));
	EXPECT_EQ(t, dma_debug_used(), 20);
	seq_buf_init(&s, text, sizeof(text));
	dma_debug_show(&s);
	EXPECT(t, strstr(text, "one: ") && strstr(text, "snoop: "));
	EXPECT(t, !strstr(text, "two: "));
	EXPECT_EQ(t, dma_debug_detach(&devs[0]), 10);
	EXPECT_EQ(t, dma_debug_detach(&devs[2]), 10);
	EXPECT_EQ(t, dma_debug_detach(&devs[2]), 0);
	EXPECT_EQ(t, dma_debug_used(), 0);
	host_log_clear();
}

TEST_SUITE("dma_debug",
	   TEST_CASE(books_agree_with_a_model),
	   TEST_CASE(detach_takes_what_is_its_own));
