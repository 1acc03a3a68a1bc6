/* SPDX-License-Identifier: MIT */
/*
 * Numbers of address spaces: more spaces than numbers, on one core and on all
 * at once, and what the translation checker says when one is not forgotten.
 */
#include <asm/arch-pgtable.h>
#include <asm/fixmap.h>
#include <asm/tlbflush.h>
#include <kernel/kthread.h>
#include <kernel/node.h>
#include <kernel/smp.h>
#include <lib/string.h>
#include "user_space.h"

#define MANY	600		/* more than two generations */
#define AT_ONCE	40		/* spaces that one core has */

static struct asid_state state;

u32 entry_fault_fixup(void *bad);	/* entry.S: 1 if a load faults */

static void
a_space_has_no_number_before_it_runs(struct test *t)
{
	static struct space s;
	unsigned long flags;
	u32 asid;

	ASSERT(t, space_open(&s, 1, 100));
	EXPECT_EQ(t, s.mm.context.asid, 0);
	EXPECT_EQ(t, s.mm.context.cpus, 0);
	flags = space_enter(&s);
	asid = s.mm.context.asid;
	EXPECT(t, asid & 0xff);
	asid_state(&state);
	EXPECT_EQ(t, asid >> 8, state.generation);
	EXPECT_EQ(t, state.active[smp_processor_id()], asid);
	EXPECT_EQ(t, s.mm.context.cpus, 1u << smp_processor_id());
	switch_mm(NULL);
	switch_mm(&s.mm.context);
	EXPECT_EQ(t, s.mm.context.asid, asid);
	space_leave(flags);
	space_close(&s);
}

static u32
contextidr(void)
{
	u32 value;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 1" : "=r"(value));
	return value;
}

static u32
ttbr0(void)
{
	u32 value;

	__asm__ volatile("mrc p15, 0, %0, c2, c0, 0" : "=r"(value));
	return value & ~0x3fffu;
}

static void
the_core_runs_with_table_and_number(struct test *t)
{
	static struct space s;
	unsigned long flags;

	ASSERT(t, space_open(&s, 1, 100));
	flags = space_enter(&s);
	EXPECT_EQ(t, contextidr(), s.mm.context.asid & 0xff);
	EXPECT_EQ(t, ttbr0(), __pa(s.mm.context.pgd));
	EXPECT(t, mm_context_is_active(&s.mm.context));
	space_leave(flags);
	EXPECT_EQ(t, contextidr(), 0);
	EXPECT_EQ(t, ttbr0(), __pa(swapper_pg_dir));
	EXPECT(t, !mm_context_is_active(&s.mm.context));
	space_close(&s);
}

/* Each of n spaces in turn shows its own page. */
static void
visit_all(struct test *t, struct space *s, unsigned n, u32 mark)
{
	unsigned long flags = local_irq_save();

	for (unsigned i = 0; i < n; i++) {
		switch_mm(&s[i].mm.context);
		EXPECT_EQ(t, space_load(SPACE_BASE), mark + i);
	}
	switch_mm(NULL);
	local_irq_restore(flags);
}

static void
more_spaces_than_numbers(struct test *t)
{
	static struct space s[AT_ONCE];
	unsigned before, done, i;

	asid_state(&state);
	before = state.nr_rollovers;
	for (done = 0; done < MANY; done += AT_ONCE) {
		for (i = 0; i < AT_ONCE; i++)
			ASSERT(t, space_open(&s[i], 1, done + i));
		visit_all(t, s, AT_ONCE, done);
		visit_all(t, s, AT_ONCE, done);
		EXPECT(t, asid_verify() == NULL);
		for (i = 0; i < AT_ONCE; i++)
			space_close(&s[i]);
	}
	asid_state(&state);
	EXPECT(t, state.nr_rollovers - before >= 2);
	EXPECT(t, state.nr_rollovers - before <= 3);
	EXPECT_EQ(t, mm_context_trim(0), 8);
}

/*
 * 300 structures on one table: all live at once, so that none of them can
 * have the number of another of the same generation.
 */
static void
no_two_spaces_have_one_number(struct test *t)
{
	static struct mm_context many[300];
	static struct space s;
	unsigned long flags;
	unsigned i, j, same = 0;

	ASSERT(t, space_open(&s, 1, 100));
	flags = local_irq_save();
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = s.mm.context;
#if TLBCHECK
		tlbcheck_space_begins(&many[i]);
#endif
		switch_mm(&many[i]);
	}
	switch_mm(NULL);
	local_irq_restore(flags);
	for (i = 0; i < ARRAY_SIZE(many); i++)
		for (j = 0; j < i; j++)
			same += many[i].asid == many[j].asid;
	EXPECT_EQ(t, same, 0);
	for (i = 0; i < ARRAY_SIZE(many); i++)
		same += !(many[i].asid & 0xff);
	EXPECT_EQ(t, same, 0);
	space_close(&s);
}

/* A core that is inside a space at a rollover keeps number and memory. */
static void
a_space_that_runs_keeps_its_number(struct test *t)
{
	static struct space inside, other;
	unsigned i, rollovers;
	unsigned long flags;
	u32 asid;

	ASSERT(t, space_open(&inside, 1, 100));
	ASSERT(t, space_open(&other, 1, 200));
	flags = space_enter(&inside);
	asid = inside.mm.context.asid;
	asid_state(&state);
	rollovers = state.nr_rollovers;
	for (i = 0; i < 300; i++) {
		other.mm.context.asid = 0;		/* as if it were a new one */
#if TLBCHECK
		tlbcheck_space_begins(&other.mm.context);
#endif
		switch_mm(&inside.mm.context);
		asid_state(&state);
		if (state.nr_rollovers != rollovers)
			break;
		switch_mm(&other.mm.context);
	}
	EXPECT(t, state.nr_rollovers == rollovers + 1);
	switch_mm(&inside.mm.context);
	EXPECT_EQ(t, inside.mm.context.asid >> 8, state.generation);
	EXPECT(t, asid >> 8 != state.generation);
	EXPECT_EQ(t, inside.mm.context.asid & 0xff, asid & 0xff);
	EXPECT(t, asid_verify() == NULL);
	space_leave(flags);
	space_close(&inside);
	space_close(&other);
}

/* Every core makes, visits and ends its own spaces; numbers run out often. */
static void
churn(struct test *t, unsigned cpu, void *arg)
{
	static struct space all[NR_CPUS][16];
	struct space *s = all[cpu];

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 16; i++) {
			if (!EXPECT(t, space_open(&s[i], 1,
						  cpu << 16 | round << 8 | i)))
				return;
		}
		visit_all(t, s, 16, cpu << 16 | round << 8);
		visit_all(t, s, 16, cpu << 16 | round << 8);
		for (unsigned i = 0; i < 16; i++)
			space_close(&s[i]);
		cond_resched();
	}
}

static void
all_cores_use_numbers_up(struct test *t)
{
	asid_state(&state);
	unsigned before = state.nr_rollovers;

	test_on_all_cpus(t, churn, NULL);
	asid_state(&state);
	EXPECT(t, state.nr_rollovers - before >= num_online_cpus() * 320 / 255);
	EXPECT(t, asid_verify() == NULL);
}

static struct space shared;
static unsigned ready;

/* All cores in one space: the first takes a page away, the others see it. */
static void
share(struct test *t, unsigned cpu, void *arg)
{
	unsigned long flags = space_enter(&shared), va = SPACE_BASE;

	EXPECT_EQ(t, space_load(va), 100);
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < num_online_cpus())
		cpu_relax();
	if (cpu == 0) {
		space_clear(&shared, 0);
		flush_tlb_user_page(&shared.mm.context, va);
		__atomic_store_n(&ready, 100, __ATOMIC_SEQ_CST);
	}
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < 100)
		cpu_relax();
	EXPECT_EQ(t, entry_fault_fixup((void *)va), 1);
	space_leave(flags);
}

static void
a_flush_reaches_every_core_that_runs_the_space(struct test *t)
{
	ready = 0;
	ASSERT(t, space_open(&shared, 1, 100));
	test_on_all_cpus(t, share, NULL);
	EXPECT_EQ(t, shared.mm.context.cpus, cpu_online_mask);
#if TLBCHECK
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
#endif
	space_close(&shared);
}

#if TLBCHECK
#define IF_BUILT(fn)	TEST_CASE(fn)

static struct space first, second;

static void
enter_second(void *arg)
{
	switch_mm(&second.mm.context);
}

static void
a_number_that_was_not_forgotten_is_told(struct test *t)
{
	unsigned long flags;

	ASSERT(t, space_open(&first, 1, 100));
	ASSERT(t, space_open(&second, 1, 200));
	flags = space_enter(&first);
	switch_mm(NULL);
	second.mm.context.asid = first.mm.context.asid;
	second.mm.context.cpus = first.mm.context.cpus;
	EXPECT_WARNING(t, enter_second, NULL, "an ASID goes to another space, "
		       "but was not invalidated");
	switch_mm(NULL);
	local_flush_tlb_all();
	local_irq_restore(flags);
	space_close(&first);
	space_close(&second);
}
static void
a_local_flush_leaves_what_others_remember(struct test *t)
{
	unsigned long flags, va = FIXMAP_END - PAGE_SIZE;
	u32 entry = PHYS_OFFSET | PTE_SMALL | PTE_AF;

	flush_tlb_all();
	flags = local_irq_save();
	tlbcheck_change(va, entry, 0, 0);
	local_flush_tlb_all();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	flush_tlb_all();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	local_irq_restore(flags);
}

/*
 * Core 1 has been in some spaces. Then numbers run out on core 0, which gives
 * the same ones to others. When core 1 enters those, with the number that core
 * 0 has given them, it must forget first, though they are of the new generation.
 */
static struct mm_context crowd[800];

struct visit {
	unsigned first, end;
};

static void
visit_crowd(void *arg)
{
	const struct visit *v = arg;

	for (unsigned i = v->first; i < v->end; i++)
		switch_mm(&crowd[i]);
	switch_mm(NULL);
}

static void
a_core_forgets_before_it_enters_the_new_generation(struct test *t)
{
	static struct space s;
	struct visit early = { 0, 10 }, late;
	unsigned long flags;
	unsigned i, here = smp_processor_id(), old;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	ASSERT(t, space_open(&s, 1, 100));
	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		crowd[i] = s.mm.context;
		tlbcheck_space_begins(&crowd[i]);
	}
	smp_call_function_single(!here, visit_crowd, &early);
	old = crowd[0].asid >> 8;
	flags = local_irq_save();
	for (i = 10; i < ARRAY_SIZE(crowd); i++) {
		switch_mm(&crowd[i]);
		asid_state(&state);
		if (state.generation > old + 1 && state.nr_used > 250)
			break;
	}
	switch_mm(NULL);
	local_irq_restore(flags);
	EXPECT(t, i < ARRAY_SIZE(crowd));
	late.end = i;
	while (i > 10 && crowd[i - 1].asid >> 8 == state.generation)
		i--;
	late.first = i;
	smp_call_function_single(!here, visit_crowd, &late);
	EXPECT_EQ(t, crowd[late.first].asid >> 8, state.generation);
	space_close(&s);
}
/*
 *	core 1	in s, then in another	      (may remember s by its old number)
 *	core 0	s is changed - numbers run out - s has a new one - flush: here alone
 *
 * The flush need not reach core 1, which forgets all before it enters any space
 * of the new generation; the checker must know. (So goes a fork that is moved to
 * another core between the two.)
 */
static void
visit_first(void *arg)
{
	switch_mm(&first.mm.context);
	(void)space_load(SPACE_BASE);
	switch_mm(&crowd[0]);
	switch_mm(NULL);
}

/* Spaces of the crowd from i on, until fn says that it is enough. */
static unsigned
enter_crowd(unsigned i, bool (*fn)(u32 start), u32 start)
{
	unsigned long flags = local_irq_save();

	do {
		switch_mm(&crowd[i++]);
		asid_state(&state);
	} while (i < ARRAY_SIZE(crowd) && !fn(start));
	switch_mm(NULL);
	local_irq_restore(flags);
	return i;
}

/* Numbers are in the middle: none of the next generation's first. */
static bool
is_half_way(u32 unused)
{
	(void)unused;
	return state.nr_used > 100 && state.nr_used < 200;
}

static bool
has_begun_another(u32 generation)
{
	return state.generation != generation;
}

static void
a_new_number_leaves_nothing_to_forget(struct test *t)
{
	unsigned here = smp_processor_id(), i;
	unsigned long flags;
	u32 old;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	ASSERT(t, space_open(&first, 1, 100));
	ASSERT(t, space_open(&second, 1, 200));
	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		crowd[i] = second.mm.context;
		tlbcheck_space_begins(&crowd[i]);
	}
	i = enter_crowd(1, is_half_way, 0);
	smp_call_function_single(!here, visit_first, NULL);
	old = first.mm.context.asid;
	space_set(&first, 0, USER_READ, true);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	i = enter_crowd(i, has_begun_another, old >> 8);
	EXPECT(t, i < ARRAY_SIZE(crowd));
	flags = space_enter(&first);
	EXPECT(t, (first.mm.context.asid & 0xff) != (old & 0xff));
	flush_tlb_user_page(&first.mm.context, SPACE_BASE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	space_leave(flags);
	space_close(&first);
	space_close(&second);
}
#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a debug kernel");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

static void
the_node_tells_generation_and_numbers(struct test *t)
{
	static struct space s;
	static char text[512];
	char want[32];
	struct seq_buf out;
	unsigned long flags;

	ASSERT(t, space_open(&s, 1, 100));
	flags = space_enter(&s);
	snprintf(want, sizeof(want), "core %u: entered %u:%u,",
		 smp_processor_id(), s.mm.context.asid >> 8,
		 s.mm.context.asid & 0xff);
	space_leave(flags);
	seq_buf_init(&out, text, sizeof(text));
	node_find("asid")->show(&out);
	EXPECT(t, strstr(text, want) != NULL);
	asid_state(&state);
	snprintf(want, sizeof(want), "generation %u: %u of 255 ",
		 state.generation, state.nr_used);
	EXPECT(t, strstr(text, want) == text);
	EXPECT(t, state.nr_used >= 1 && state.nr_used <= 255);
	space_close(&s);
}

TEST_SUITE("asid",
	   TEST_CASE(the_node_tells_generation_and_numbers),
	   TEST_CASE(a_space_has_no_number_before_it_runs),
	   TEST_CASE(the_core_runs_with_table_and_number),
	   TEST_CASE(more_spaces_than_numbers),
	   TEST_CASE(no_two_spaces_have_one_number),
	   TEST_CASE(a_space_that_runs_keeps_its_number),
	   TEST_CASE(all_cores_use_numbers_up),
	   TEST_CASE(a_flush_reaches_every_core_that_runs_the_space),
	   IF_BUILT(a_local_flush_leaves_what_others_remember),
	   IF_BUILT(a_core_forgets_before_it_enters_the_new_generation),
	   IF_BUILT(a_new_number_leaves_nothing_to_forget),
	   IF_BUILT(a_number_that_was_not_forgotten_is_told));
