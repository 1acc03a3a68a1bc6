/* SPDX-License-Identifier: MIT */
/*
 * The trace ring: each event comes with the right fields, off means off, a full
 * ring loses what it says it loses, and cores do not disturb each other.
 */
#include <asm/semihost.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/trace_ring.h>
#include <mm/zone.h>

#include "as_helpers.h"

#ifndef VELLUM_NO_TRACE

/* Empty rings that record the events of list; false: somebody traces. */
static bool
begin(struct test *t, const char *list)
{
	trace_mask_t events = 0;

	if (trace_events) {
		t->skip = "the machine was started with trace=";
		return false;
	}
	return EXPECT_EQ(t, trace_parse(list, &events), 0) &&
	       EXPECT_EQ(t, trace_start(events), 0);
}

/* The newest record of event on any core whose word at offset is value. */
static const void *
find(enum trace_event_id event, size_t offset, u32 value)
{
	const struct trace_record *r;
	unsigned cpu;
	u32 n, word;

	for_each_possible_cpu(cpu) {
		for (n = trace_nr_records(cpu); n > 0; n--) {
			r = trace_record_at(cpu, n - 1);
			memcpy(&word, r->fields + offset, sizeof(word));
			if (r->event == event && word == value)
				return r->fields;
		}
	}
	return NULL;
}

#define FIND(event, member, value) \
	((const struct trace_##event *)find(TRACE_##event, \
		offsetof(struct trace_##event, member), (u32)(value)))

static u32
count(enum trace_event_id event)
{
	unsigned cpu;
	u32 n, sum = 0;

	for_each_possible_cpu(cpu) {
		for (n = 0; n < trace_nr_records(cpu); n++)
			sum += trace_record_at(cpu, n)->event == event;
	}
	return sum;
}

/* Is address inside the function of this name? */
static bool
inside(u32 address, const char *function)
{
	struct symbol symbol;

	return symbol_lookup(address, &symbol) &&
	       !strcmp(symbol.name, function);
}

static void
page_alloc_and_free_name_the_block(struct test *t)
{
	const struct trace_mm_page_alloc *a;
	const struct trace_mm_page_free *f;
	struct page *page;

	if (!begin(t, "mm_page_alloc,mm_page_free"))
		return;
	page = alloc_pages(GFP_HIGHUSER_MOVABLE, 2);
	free_frames(page, 2);
	trace_stop();
	a = FIND(mm_page_alloc, page, page);
	if (EXPECT(t, a)) {
		EXPECT_EQ(t, a->pfn, page_to_pfn(page));
		EXPECT_EQ(t, a->order, 2);
		EXPECT_EQ(t, a->migratetype, MIGRATE_MOVABLE);
		EXPECT_EQ(t, a->gfp_flags, GFP_HIGHUSER_MOVABLE);
		EXPECT(t, inside(a->call_site, __func__));
	}
	f = FIND(mm_page_free, page, page);
	if (EXPECT(t, f)) {
		EXPECT_EQ(t, f->pfn, page_to_pfn(page));
		EXPECT_EQ(t, f->order, 2);
	}
	trace_release();
}

static void
a_failed_allocation_has_no_page(struct test *t)
{
	const struct trace_mm_page_alloc *a;

	if (!begin(t, "mm_page_alloc"))
		return;
	fault_inject_nth(1);
	EXPECT(t, !alloc_pages(GFP_KERNEL | __GFP_NOWARN, 1));
	EXPECT(t, fault_inject_nth_done());
	trace_stop();
	a = FIND(mm_page_alloc, page, 0);
	if (EXPECT(t, a)) {
		EXPECT_EQ(t, a->pfn, 0);
		EXPECT_EQ(t, a->order, 1);
	}
	trace_release();
}

/*
 *	zone --zone_locked--> list --alloc--> us --free--> list --drain--> zone
 */
static void
a_core_list_is_refilled_and_drained(struct test *t)
{
	const struct trace_mm_page_alloc_zone_locked *z;
	const struct trace_mm_page_pcpu_drain *d;
	unsigned long flags;
	struct page *page;

	if (!begin(t, "mm_page_alloc_zone_locked,mm_page_pcpu_drain"))
		return;
	flags = local_irq_save();	/* stay on this core */
	drain_local_pages();
	trace_clear();
	page = alloc_page(GFP_ATOMIC);
	free_frame(page);
	drain_local_pages();
	local_irq_restore(flags);
	trace_stop();
	EXPECT(t, count(TRACE_mm_page_alloc_zone_locked) >= 1);
	z = (const void *)trace_record_at(smp_processor_id(), 0)->fields;
	EXPECT_EQ(t, z->percpu_refill, 1);
	EXPECT_EQ(t, z->migratetype, MIGRATE_UNMOVABLE);
	EXPECT(t, pfn_to_page(z->pfn) == (struct page *)z->page);
	d = FIND(mm_page_pcpu_drain, page, page);
	if (EXPECT(t, d)) {
		EXPECT_EQ(t, d->pfn, page_to_pfn(page));
		EXPECT_EQ(t, d->order, 0);
	}
	trace_release();
}

static void
a_large_block_comes_from_the_zone(struct test *t)
{
	const struct trace_mm_page_alloc_zone_locked *z;
	struct page *page;

	if (!begin(t, "mm_page_alloc_zone_locked"))
		return;
	page = alloc_pages(GFP_KERNEL, 6);
	trace_stop();
	z = FIND(mm_page_alloc_zone_locked, page, page);
	if (EXPECT(t, z)) {
		EXPECT_EQ(t, z->order, 6);
		EXPECT_EQ(t, z->percpu_refill, 0);
	}
	trace_release();
	free_frames(page, 6);
}

static void
an_exact_range_is_freed_as_a_batch(struct test *t)
{
	char *p;
	int i;

	if (!begin(t, "mm_page_free_batched,mm_page_free"))
		return;
	p = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	ASSERT(t, p);
	trace_clear();
	free_pages_exact(p, 3 * PAGE_SIZE);
	trace_stop();
	EXPECT_EQ(t, count(TRACE_mm_page_free_batched), 3);
	for (i = 0; i < 3; i++) {
		EXPECT(t, FIND(mm_page_free_batched, page,
			       virt_to_page(p + i * PAGE_SIZE)));
		EXPECT(t, FIND(mm_page_free, page,
			       virt_to_page(p + i * PAGE_SIZE)));
	}
	trace_release();
}

/* Reclaimable pageblocks are few: soon one of another type is taken. */
static void
a_block_of_another_type_is_told(struct test *t)
{
	const struct trace_mm_page_alloc_extfrag *e;
	struct page *pages[32];
	unsigned n = 0, i;

	if (!begin(t, "mm_page_alloc_extfrag"))
		return;
	while (n < ARRAY_SIZE(pages) && !count(TRACE_mm_page_alloc_extfrag)) {
		pages[n] = alloc_pages(GFP_KERNEL | __GFP_RECLAIMABLE |
				       __GFP_NOWARN, 8);
		if (!pages[n])
			break;
		n++;
	}
	trace_stop();
	if (EXPECT(t, n && count(TRACE_mm_page_alloc_extfrag))) {
		e = FIND(mm_page_alloc_extfrag, page, pages[n - 1]);
		if (EXPECT(t, e)) {
			EXPECT_EQ(t, e->pfn, page_to_pfn(pages[n - 1]));
			EXPECT_EQ(t, e->alloc_order, 8);
			EXPECT(t, e->fallback_order >= 8);
			EXPECT_EQ(t, e->pageblock_order, PAGEBLOCK_ORDER);
			EXPECT_EQ(t, e->alloc_migratetype,
				  MIGRATE_RECLAIMABLE);
			EXPECT(t, e->fallback_migratetype !=
				  MIGRATE_RECLAIMABLE);
			EXPECT_EQ(t, e->fragmenting, 0);
			EXPECT_EQ(t, e->change_ownership, 1);
		}
	}
	for (i = 0; i < n; i++)
		free_frames(pages[i], 8);
	trace_release();
}

static void
kmalloc_and_kfree_name_the_object(struct test *t)
{
	const struct trace_kmalloc *a;
	const struct trace_kfree *f;
	void *p, *large;

	if (!begin(t, "kmalloc,kfree"))
		return;
	p = kmalloc(50, GFP_KERNEL);
	large = kzalloc(3 * PAGE_SIZE, GFP_KERNEL);
	kfree(p);
	kfree(large);
	kfree(NULL);
	trace_stop();
	a = FIND(kmalloc, ptr, p);
	if (EXPECT(t, a)) {
		EXPECT(t, inside(a->call_site, __func__));
		EXPECT_EQ(t, a->bytes_req, 50);
		EXPECT(t, a->bytes_alloc >= 64);
		EXPECT_EQ(t, a->gfp_flags, GFP_KERNEL);
	}
	a = FIND(kmalloc, ptr, large);
	if (EXPECT(t, a)) {
		EXPECT_EQ(t, a->bytes_alloc, 4 * PAGE_SIZE);
		EXPECT_EQ(t, a->gfp_flags, GFP_KERNEL | __GFP_ZERO);
	}
	f = FIND(kfree, ptr, p);
	if (EXPECT(t, f))
		EXPECT(t, inside(f->call_site, __func__));
	EXPECT(t, FIND(kfree, ptr, large));
	EXPECT(t, !FIND(kfree, ptr, 0));
	trace_release();
}

static void
a_cache_is_named(struct test *t)
{
	const struct trace_kmem_cache_alloc *a;
	const struct trace_kmem_cache_free *f;
	struct kmem_cache *cache;
	void *p;

	cache = kmem_cache_create("trace_test", 40, 8, SLAB_NO_MERGE, NULL);
	ASSERT(t, cache);
	if (!begin(t, "kmem_cache_alloc,kmem_cache_free")) {
		kmem_cache_destroy(cache);
		return;
	}
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, p);
	trace_stop();
	a = FIND(kmem_cache_alloc, ptr, p);
	if (EXPECT(t, a)) {
		EXPECT(t, inside(a->call_site, __func__));
		EXPECT(t, !strcmp(trace_header.names[a->name].name,
				  "trace_test"));
		EXPECT_EQ(t, a->bytes_req, 40);
		EXPECT(t, a->bytes_alloc >= 40);
		EXPECT_EQ(t, a->gfp_flags, GFP_KERNEL);
	}
	f = FIND(kmem_cache_free, ptr, p);
	if (EXPECT(t, f)) {
		EXPECT(t, inside(f->call_site, __func__));
		EXPECT(t, !strcmp(trace_header.names[f->name].name,
				  "trace_test"));
	}
	trace_release();
	kmem_cache_destroy(cache);
}

static void
sleeping_switches_to_another_task(struct test *t)
{
	const struct trace_sched_switch *s;
	u32 me = (u32)current->pid, began, ended;

	if (!begin(t, "sched,irq"))
		return;
	msleep(30);
	trace_stop();
	s = FIND(sched_switch, prev_pid, me);
	if (EXPECT(t, s)) {
		EXPECT_EQ(t, s->prev_state, TASK_UNINTERRUPTIBLE);
		EXPECT(t, s->next_pid != me);
	}
	EXPECT(t, FIND(sched_switch, next_pid, me));
	EXPECT(t, !strcmp(trace_header.tasks[me % NR_TRACE_TASKS].name,
			  current->name));
	/* Handlers end as often as they begin, but where it began or stopped. */
	began = count(TRACE_irq_handler_entry);
	ended = count(TRACE_irq_handler_exit);
	EXPECT(t, began >= 1);
	EXPECT(t, began <= ended + nr_cpus && ended <= began + nr_cpus);
	trace_release();
}

static void
read_nothing(void *arg)
{
	(void)READ_ONCE(*(u32 *)arg);
}

static void
a_kernel_fault_names_address_and_place(struct test *t)
{
	const struct trace_page_fault_kernel *f;

	if (!begin(t, "page_fault_kernel"))
		return;
	EXPECT_REPORT(t, read_nothing, (void *)0x40, "NULL pointer");
	trace_stop();
	f = FIND(page_fault_kernel, address, 0x40);
	if (EXPECT(t, f)) {
		EXPECT(t, inside(f->ip, "read_nothing"));
		EXPECT_EQ(t, f->error_code & 0x40f, 5);	/* section */
	}
	trace_release();
}

/* Which function served the fault at address, and with which result. */
static bool
served(unsigned long address, const char *function, u32 result)
{
	const struct trace_mm_fault *f = FIND(mm_fault, address, address);

	return f && inside(f->served_by, function) && f->result == result;
}

/* Read, written after it, written at once; and where memory runs out. */
static void
a_fault_names_who_served_it(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at = as_map(mm, 0, 4 * PAGE_SIZE,
				  PROT_READ | PROT_WRITE, ANON);

	if (!begin(t, "mm_fault")) {
		mmput(mm);
		return;
	}
	EXPECT_EQ(t, as_touch(mm, at + 4, false), 0);
	EXPECT(t, served(at + 4, "do_anonymous_page", 0));
	EXPECT_EQ(t, as_touch(mm, at + 8, true), 0);
	EXPECT(t, served(at + 8, "do_write_protected", 0));
	EXPECT_EQ(t, as_touch(mm, at + PAGE_SIZE, true), 0);
	EXPECT(t, served(at + PAGE_SIZE, "do_anonymous_page", 0));
	EXPECT_EQ(t, as_touch(mm, at + 12, true), 0);
	EXPECT(t, served(at + 12, "do_present", 0));
	EXPECT_EQ(t, count(TRACE_mm_fault), 4);
	/* Outside of every VMA nobody is chosen. */
	EXPECT_EQ(t, as_touch(mm, at + 4 * PAGE_SIZE, false),
		  VM_FAULT_SIGSEGV);
	EXPECT_EQ(t, count(TRACE_mm_fault), 4);
	trace_stop();
	trace_release();
	mmput(mm);
}

static void
off_records_nothing(struct test *t)
{
	struct page *page;

	if (!begin(t, "kmem"))
		return;
	trace_clear();
	trace_stop();
	page = alloc_page(GFP_KERNEL);
	free_frame(page);
	kfree(kmalloc(10, GFP_KERNEL));
	EXPECT_EQ(t, count(TRACE_mm_page_alloc), 0);
	EXPECT_EQ(t, count(TRACE_kmalloc), 0);
	/* What is not asked for is not recorded either. */
	ASSERT_EQ(t, trace_start(TRACE_BIT(mm_page_free)), 0);
	page = alloc_page(GFP_KERNEL);
	free_frame(page);
	trace_stop();
	EXPECT_EQ(t, count(TRACE_mm_page_alloc), 0);
	EXPECT(t, count(TRACE_mm_page_free) >= 1);
	trace_release();
	EXPECT_EQ(t, count(TRACE_mm_page_free), 0);
}

/* n events whose page is the number of the event, on this core. */
static void
write_numbered(u32 n)
{
	struct trace_mm_page_free f = { 0 };

	for (; f.page < n; f.page++)
		trace_write(TRACE_mm_page_free, &f, sizeof(f), 0);
}

static u32
number_of(unsigned cpu, u32 n)
{
	struct trace_mm_page_free f;

	memcpy(&f, trace_record_at(cpu, n)->fields, sizeof(f));
	return f.page;
}

/* 4 KiB are 128 records:  [128 .. 199][72 .. 127]  of 200 */
static void
a_full_ring_keeps_the_newest(struct test *t)
{
	unsigned long flags;
	unsigned cpu;

	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	ASSERT_EQ(t, trace_configure(SZ_4K, false), 0);
	if (begin(t, "page_fault_kernel")) {
		flags = local_irq_save();
		cpu = smp_processor_id();
		write_numbered(200);
		local_irq_restore(flags);
		EXPECT_EQ(t, trace_nr_records(cpu), 128);
		EXPECT_EQ(t, trace_nr_lost(cpu), 72);
		EXPECT_EQ(t, number_of(cpu, 0), 72);
		EXPECT_EQ(t, number_of(cpu, 127), 199);
	}
	trace_release();
	EXPECT_EQ(t, trace_configure(TRACE_SIZE, false), 0);
}

static void
a_full_ring_in_mode_stop_keeps_the_oldest(struct test *t)
{
	unsigned long flags;
	unsigned cpu;

	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	ASSERT_EQ(t, trace_configure(SZ_4K, true), 0);
	if (begin(t, "page_fault_kernel")) {
		flags = local_irq_save();
		cpu = smp_processor_id();
		write_numbered(200);
		local_irq_restore(flags);
		EXPECT_EQ(t, trace_nr_records(cpu), 128);
		EXPECT_EQ(t, trace_nr_lost(cpu), 72);
		EXPECT_EQ(t, number_of(cpu, 0), 0);
		EXPECT_EQ(t, number_of(cpu, 127), 127);
		trace_clear();
		EXPECT_EQ(t, trace_nr_records(cpu), 0);
		EXPECT_EQ(t, trace_nr_lost(cpu), 0);
	}
	trace_release();
	EXPECT_EQ(t, trace_configure(TRACE_SIZE, false), 0);
}

static void
write_own(struct test *t, unsigned cpu, void *arg)
{
	(void)t;
	(void)arg;
	write_numbered(100 + cpu);
}

static void
each_core_has_a_ring_of_its_own(struct test *t)
{
	unsigned cpu;
	u32 i;

	if (!begin(t, "page_fault_kernel"))
		return;
	test_on_all_cpus(t, write_own, NULL);
	trace_stop();
	for_each_online_cpu(cpu) {
		ASSERT_EQ(t, trace_nr_records(cpu), 100 + cpu);
		for (i = 0; i < 100 + cpu; i++) {
			if (!EXPECT_EQ(t, number_of(cpu, i), i))
				break;
		}
		for (i = 1; i < 100 + cpu; i++) {
			if (!EXPECT(t, trace_record_at(cpu, i - 1)->time <=
				       trace_record_at(cpu, i)->time))
				break;
		}
	}
	trace_release();
}

/* Frames that events of one kind speak of. */
static u32
frames(enum trace_event_id event)
{
	const struct trace_mm_page_free *f;
	unsigned cpu;
	u32 n, sum = 0;

	for_each_possible_cpu(cpu) {
		for (n = 0; n < trace_nr_records(cpu); n++) {
			f = (const void *)trace_record_at(cpu, n)->fields;
			if (trace_record_at(cpu, n)->event == event && f->pfn)
				sum += 1u << f->order;
		}
	}
	return sum;
}

static void
events_add_up_to_the_counters(struct test *t)
{
	const struct trace_header *h = &trace_header;
	struct page *page[16] = { NULL };
	u8 order[16];
	unsigned i, n;

	if (!begin(t, "mm_page_alloc,mm_page_free"))
		return;
	for (n = 0; n < 600; n++) {
		i = test_random(t) % ARRAY_SIZE(page);
		if (page[i]) {
			free_frames(page[i], order[i]);
			page[i] = NULL;
		} else {
			order[i] = test_random(t) % 6;
			page[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN,
					      order[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		if (page[i])
			free_frames(page[i], order[i]);
	}
	trace_stop();
	EXPECT(t, frames(TRACE_mm_page_alloc) > 600);
	EXPECT_EQ(t, frames(TRACE_mm_page_alloc),
		  h->stop.pgalloc - h->start.pgalloc);
	EXPECT_EQ(t, frames(TRACE_mm_page_free),
		  h->stop.pgfree - h->start.pgfree);
	trace_release();
}

static void
the_call_stack_follows_its_event(struct test *t)
{
	const struct trace_record *r = NULL;
	struct trace_kernel_stack s;
	unsigned cpu;
	u32 n;

	if (!begin(t, "kmalloc,stack"))
		return;
	kfree(kmalloc(24, GFP_KERNEL));
	trace_stop();
	for_each_possible_cpu(cpu) {
		for (n = 0; n < trace_nr_records(cpu) && !r; n++) {
			if (trace_record_at(cpu, n)->event == TRACE_kmalloc)
				r = trace_record_at(cpu, n + 1);
		}
	}
	if (EXPECT(t, r && r->event == TRACE_kernel_stack)) {
		memcpy(&s, r->fields, sizeof(s));
		EXPECT(t, inside(s.caller0, __func__));
		EXPECT(t, s.caller1);
	}
	trace_release();
}

static void
lists_of_events_are_read(struct test *t)
{
	trace_mask_t e = 0;

	EXPECT_EQ(t, trace_parse("kfree", &e), 0);
	EXPECT_EQ(t, e, TRACE_BIT(kfree));
	EXPECT_EQ(t, trace_parse("kmem:kfree,sched", &e), 0);
	EXPECT_EQ(t, e, TRACE_BIT(kfree) | TRACE_BIT(sched_switch));
	EXPECT_EQ(t, trace_parse("all", &e), 0);
	EXPECT_EQ(t, e, TRACE_BIT(kernel_stack) - 1);
	EXPECT_EQ(t, trace_parse("irq,stack", &e), 0);
	EXPECT_EQ(t, e, TRACE_BIT(irq_handler_entry) | TRACE_BIT(irq_handler_exit) |
			TRACE_BIT(kernel_stack));
	e = 7;
	EXPECT_EQ(t, trace_parse("", &e), -EINVAL);
	EXPECT_EQ(t, trace_parse("kfre", &e), -EINVAL);
	EXPECT_EQ(t, trace_parse("kfreee", &e), -EINVAL);
	EXPECT_EQ(t, trace_parse("kfree,", &e), -EINVAL);
	EXPECT_EQ(t, trace_parse("stack", &e), -EINVAL);
	EXPECT_EQ(t, e, 7);
}

static void
what_runs_is_not_resized(struct test *t)
{
	if (!begin(t, "kfree"))
		return;
	EXPECT_EQ(t, trace_configure(SZ_16M, false), -EINVAL);
	EXPECT_EQ(t, trace_configure(SZ_1K, false), -EINVAL);
	EXPECT_EQ(t, trace_configure(SZ_4K, false), -EBUSY);
	/* Switched on again: added to what is on. */
	EXPECT_EQ(t, trace_start(TRACE_BIT(kmalloc)), 0);
	EXPECT_EQ(t, trace_events, TRACE_BIT(kfree) | TRACE_BIT(kmalloc));
	trace_release();
	EXPECT_EQ(t, trace_events, 0);
}

static void
text_is_that_of_ftrace(struct test *t)
{
	static char text[4096];
	struct seq_buf s;
	char want[96];
	void *p;

	if (!begin(t, "kfree"))
		return;
	p = kmalloc(24, GFP_KERNEL);
	kfree(p);
	trace_stop();
	seq_buf_init(&s, text, sizeof(text));
	trace_show(&s, 1);
	snprintf(want, sizeof(want), "%s-%d [%03u] ", current->name,
		 current->pid, smp_processor_id());
	EXPECT(t, strstr(text, want));
	EXPECT(t, strstr(text, ": kfree: call_site=text_is_that_of_ftrace+0x"));
	snprintf(want, sizeof(want), " ptr=%08lx\n", (unsigned long)p);
	EXPECT(t, strstr(text, want));
	trace_release();
}

static void
a_dump_goes_to_the_host(struct test *t)
{
	if (!semihost_present())
		SKIP(t, "no semihosting");
	if (!begin(t, "kfree"))
		return;
	kfree(kmalloc(24, GFP_KERNEL));
	EXPECT_EQ(t, trace_dump("/dev/null"), 0);
	EXPECT_EQ(t, trace_events, TRACE_BIT(kfree));	/* it goes on */
	EXPECT_EQ(t, trace_dump("/dev/null/no-such-folder"), -ENOENT);
	trace_release();
	EXPECT_EQ(t, trace_dump("/dev/null"), -EINVAL);
}

TEST_SUITE("trace",
	   TEST_CASE(page_alloc_and_free_name_the_block),
	   TEST_CASE(a_failed_allocation_has_no_page),
	   TEST_CASE(a_core_list_is_refilled_and_drained),
	   TEST_CASE(a_large_block_comes_from_the_zone),
	   TEST_CASE(an_exact_range_is_freed_as_a_batch),
	   TEST_CASE(a_block_of_another_type_is_told),
	   TEST_CASE(kmalloc_and_kfree_name_the_object),
	   TEST_CASE(a_cache_is_named),
	   TEST_CASE(sleeping_switches_to_another_task),
	   TEST_CASE(a_kernel_fault_names_address_and_place),
	   TEST_CASE(a_fault_names_who_served_it),
	   TEST_CASE(off_records_nothing),
	   TEST_CASE(a_full_ring_keeps_the_newest),
	   TEST_CASE(a_full_ring_in_mode_stop_keeps_the_oldest),
	   TEST_CASE(each_core_has_a_ring_of_its_own),
	   TEST_CASE(events_add_up_to_the_counters),
	   TEST_CASE(the_call_stack_follows_its_event),
	   TEST_CASE(lists_of_events_are_read),
	   TEST_CASE(what_runs_is_not_resized),
	   TEST_CASE(text_is_that_of_ftrace),
	   TEST_CASE(a_dump_goes_to_the_host));

#endif
