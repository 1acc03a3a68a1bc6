/* SPDX-License-Identifier: MIT */
/*
 * The trace ring from inside: the tables of names, what a record says of where
 * it was made, order and text. The events themselves: trace.c.
 */
#include <asm/irqflags.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/task.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/trace_ring.h>
#include <mm/zone.h>

#ifndef VELLUM_NO_TRACE
#define IF_BUILT(fn)	TEST_CASE(fn)

extern const struct boot_param __boot_param_start[], __boot_param_end[];

static char text[16384];

static bool
begin(struct test *t, trace_mask_t events)
{
	if (trace_events) {
		t->skip = "the machine was started with trace=";
		return false;
	}
	return EXPECT_EQ(t, trace_start(events), 0);
}

/* The newest record of event on any core; NULL: none. */
static const struct trace_record *
newest(enum trace_event_id event)
{
	unsigned cpu;

	for_each_possible_cpu(cpu) {
		for (u32 n = trace_nr_records(cpu); n; n--) {
			if (trace_record_at(cpu, n - 1)->event == event)
				return trace_record_at(cpu, n - 1);
		}
	}
	return NULL;
}

static bool
shows(const char *want)
{
	return strstr(text, want) != NULL;
}

static void
each_name_has_its_index_and_the_last_is_for_all_others(struct test *t)
{
	static struct trace_cache_name keep[NR_TRACE_NAMES];
	static char many[NR_TRACE_NAMES + 4][8];
	unsigned i, index;

	memcpy(keep, trace_header.names, sizeof(keep));
	memset(trace_header.names, 0, sizeof(keep));
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(many[i], sizeof(many[i]), "n%u", i);
		index = trace_name(many[i]);
		EXPECT_EQ(t, index, min(i, NR_TRACE_NAMES - 1u));
		EXPECT_EQ(t, trace_name(many[i]), index);
		EXPECT(t, !strcmp(trace_header.names[index].name,
				  i < NR_TRACE_NAMES - 1 ? many[i] :
							   "(others)"));
	}
	EXPECT_EQ(t, trace_name(many[3]), 3);
	memcpy(trace_header.names, keep, sizeof(keep));
}

static void
a_freed_object_has_the_name_of_its_cache(struct test *t)
{
	struct trace_kmem_cache_free f;

	if (!begin(t, TRACE_BIT(kmem_cache_free)))
		return;
	trace_name("one-cache");
	trace_object_free(t, text, "another-cache");
	trace_stop();
	memcpy(&f, newest(TRACE_kmem_cache_free)->fields, sizeof(f));
	EXPECT(t, !strcmp(trace_header.names[f.name].name, "another-cache"));
	trace_release();
}

/* A slot is shared by tasks whose numbers are 64 apart. */
static void
the_name_is_that_of_the_last_task_in_the_slot(struct test *t)
{
	unsigned me = current->pid;
	struct trace_task_name *slot = &trace_header.tasks[me % NR_TRACE_TASKS];

	if (!begin(t, TRACE_BIT(kfree)))
		return;
	slot->pid = me + NR_TRACE_TASKS;
	strscpy(slot->name, "another", sizeof(slot->name));
	kfree(kmalloc(8, GFP_KERNEL));
	trace_stop();
	EXPECT_EQ(t, slot->pid, me);
	EXPECT(t, !strncmp(slot->name, current->name, sizeof(slot->name) - 1));
	trace_release();
}

static void
a_short_record_is_zero_behind_its_fields(struct test *t)
{
	u8 ones[TRACE_PAYLOAD];
	unsigned long flags, n = 0;
	unsigned cpu;

	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	memset(ones, 0xff, sizeof(ones));
	ASSERT_EQ(t, trace_configure(4096, false), 0);
	if (begin(t, TRACE_BIT(page_fault_kernel))) {
		flags = local_irq_save();
		cpu = smp_processor_id();
		while (n++ < 128)
			trace_write(TRACE_page_fault_kernel, ones,
				    sizeof(ones), 0);
		trace_write(TRACE_page_fault_kernel, ones, 4, 0);
		local_irq_restore(flags);
		for (n = 0; n < TRACE_PAYLOAD; n++)
			EXPECT_EQ(t, trace_record_at(cpu, 127)->fields[n],
				  n < 4 ? 0xff : 0);
	}
	trace_release();
	EXPECT_EQ(t, trace_configure(TRACE_SIZE, false), 0);
}

static void
a_record_tells_where_it_was_made(struct test *t)
{
	const struct trace_record *r;
	unsigned long flags;
	u32 word = 0;

	if (!begin(t, TRACE_BIT(kfree) | TRACE_BIT(irq_handler_entry)))
		return;
	trace_write(TRACE_kfree, &word, sizeof(word), 0);
	EXPECT_EQ(t, newest(TRACE_kfree)->context, 0);
	flags = local_irq_save();
	trace_write(TRACE_kmalloc, &word, sizeof(word), 0);
	EXPECT(t, local_irq_save() & PSR_I_BIT);	/* still off */
	local_irq_restore(flags);
	EXPECT_EQ(t, newest(TRACE_kmalloc)->context, TRACE_IRQS_OFF);
	msleep(30);
	trace_stop();
	r = newest(TRACE_irq_handler_entry);
	if (EXPECT(t, r))
		EXPECT_EQ(t, r->context, TRACE_IN_IRQ | TRACE_IRQS_OFF);
	trace_release();
}

static noinline void
deep(unsigned depth)
{
	if (depth)
		deep(depth - 1);
	else
		kfree(kmalloc(24, GFP_KERNEL));
	barrier();
}

static void
a_deep_stack_takes_two_records(struct test *t)
{
	unsigned cpu, most = 0, run = 0;

	if (!begin(t, TRACE_BIT(kmalloc) | TRACE_BIT(kernel_stack)))
		return;
	deep(8);
	trace_stop();
	for_each_possible_cpu(cpu) {
		for (u32 n = 0; n < trace_nr_records(cpu); n++) {
			run = trace_record_at(cpu, n)->event ==
			      TRACE_kernel_stack ? run + 1 : 0;
			most = max(most, run);
		}
	}
	EXPECT_EQ(t, most, 2);
	trace_release();
}

static void
a_fallback_tells_what_was_wanted_and_what_found(struct test *t)
{
	struct trace_mm_page_alloc_extfrag f;
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	if (begin(t, TRACE_BIT(mm_page_alloc_extfrag))) {
		trace_extfrag(page, 2 | 5 << 8, 1 | 3 << 8, false);
		memcpy(&f, newest(TRACE_mm_page_alloc_extfrag)->fields,
		       sizeof(f));
		EXPECT_EQ(t, f.pfn, page_to_pfn(page));
		EXPECT_EQ(t, f.alloc_order, 2);
		EXPECT_EQ(t, f.fallback_order, 5);
		EXPECT_EQ(t, f.alloc_migratetype, 1);
		EXPECT_EQ(t, f.fallback_migratetype, 3);
		EXPECT_EQ(t, f.fragmenting, 1);
		EXPECT_EQ(t, f.change_ownership, 0);
		trace_extfrag(page, 2 | PAGEBLOCK_ORDER << 8, 0, false);
		memcpy(&f, newest(TRACE_mm_page_alloc_extfrag)->fields,
		       sizeof(f));
		EXPECT_EQ(t, f.fragmenting, 0);
	}
	trace_release();
	free_frame(page);
}

static void
a_pause_ends_with_the_events_that_were_on(struct test *t)
{
	trace_mask_t events;

	if (!begin(t, TRACE_BIT(kfree)))
		return;
	events = trace_pause();
	EXPECT_EQ(t, events, TRACE_BIT(kfree));
	EXPECT_EQ(t, trace_events, 0);
	EXPECT(t, trace_header.stop_time != 0);
	trace_resume(events);
	EXPECT_EQ(t, trace_events, TRACE_BIT(kfree));
	EXPECT_EQ(t, trace_header.stop_time, 0);
	kfree(kmalloc(8, GFP_KERNEL));
	EXPECT(t, newest(TRACE_kfree));
	trace_clear();
	EXPECT(t, !newest(TRACE_kfree));
	EXPECT_EQ(t, trace_events, TRACE_BIT(kfree));
	trace_release();
}

static void
what_was_lost_is_forgotten_with_the_rest(struct test *t)
{
	u32 word = 0;
	unsigned cpu;

	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	ASSERT_EQ(t, trace_configure(4096, true), 0);
	if (begin(t, TRACE_BIT(page_fault_kernel))) {
		for (unsigned n = 0; n < 600; n++)
			trace_write(TRACE_page_fault_kernel, &word, 4, 0);
		trace_clear();
		for_each_possible_cpu(cpu) {
			EXPECT_EQ(t, trace_nr_records(cpu), 0);
			EXPECT_EQ(t, trace_nr_lost(cpu), 0);
		}
	}
	trace_release();
	EXPECT_EQ(t, trace_configure(TRACE_SIZE, false), 0);
}

/* --- as text ---------------------------------------------------------------------- */

static void
write_some(struct test *t, unsigned cpu, void *arg)
{
	u32 word = cpu;

	for (unsigned n = 0; n < 20; n++)
		trace_write(TRACE_page_fault_kernel, &word, sizeof(word), 0);
}

/* The seconds of a line, "[001]  12.345678901:", always as many letters. */
static const char *
time_of(const char *line)
{
	const char *at = strchr(line, ']');

	return at ? at + 2 : NULL;
}

static void
cores_are_shown_in_one_order_of_time(struct test *t)
{
	const char *line, *next, *last = NULL;
	unsigned lines = 0;
	struct seq_buf s;

	if (!begin(t, TRACE_BIT(page_fault_kernel)))
		return;
	test_on_all_cpus(t, write_some, NULL);
	seq_buf_init(&s, text, sizeof(text));
	trace_show(&s, 0);
	EXPECT_EQ(t, trace_events, TRACE_BIT(page_fault_kernel));
	for (line = text; (next = strchr(line, '\n')); line = next + 1) {
		if (*line == '#')
			continue;
		lines++;
		if (!EXPECT(t, time_of(line)))
			break;
		if (last)
			EXPECT(t, strncmp(last, time_of(line), 13) <= 0);
		last = time_of(line);
	}
	EXPECT_EQ(t, lines, 20 * num_online_cpus());
	trace_release();
}

static void
look_what_is_on(const char *bytes, size_t len, void *events)
{
	*(trace_mask_t *)events |= trace_events;
}

static void
nothing_is_recorded_while_the_ring_is_read(struct test *t)
{
	trace_mask_t seen = 0;
	u32 word = 0;
	char few[64];
	struct seq_buf s;

	if (!begin(t, TRACE_BIT(page_fault_kernel)))
		return;
	for (unsigned n = 0; n < 9; n++)
		trace_write(TRACE_page_fault_kernel, &word, sizeof(word), 0);
	seq_buf_init(&s, few, sizeof(few));
	seq_buf_set_sink(&s, look_what_is_on, &seen);
	trace_show(&s, 0);
	EXPECT_EQ(t, seen, 0);
	EXPECT_EQ(t, trace_events, TRACE_BIT(page_fault_kernel));
	trace_release();
}

static void
as_many_lines_are_shown_as_asked_for(struct test *t)
{
	u32 word = 0;
	unsigned lines = 0;
	struct seq_buf s;

	if (!begin(t, TRACE_BIT(page_fault_kernel)))
		return;
	for (unsigned n = 0; n < 9; n++)
		trace_write(TRACE_page_fault_kernel, &word, sizeof(word), 0);
	trace_stop();
	seq_buf_init(&s, text, sizeof(text));
	trace_show(&s, 4);
	for (const char *p = text; (p = strstr(p, "page_fault_kernel")); p++)
		lines++;
	EXPECT_EQ(t, lines, 4);
	trace_release();
}

static void
format(enum trace_event_id event, const void *fields, size_t bytes)
{
	struct trace_record r = { .event = event, .pid = 0x7777 };
	struct seq_buf s;

	memcpy(r.fields, fields, bytes);
	seq_buf_init(&s, text, sizeof(text));
	trace_format(&s, 1, &r);
}

static void
every_kind_of_field_has_its_form(struct test *t)
{
	static const char letters[][16] = { "prev_state=R", "prev_state=S",
					    "prev_state=D", "prev_state=X" };
	const u32 states[] = { TASK_RUNNING, TASK_INTERRUPTIBLE,
			       TASK_UNINTERRUPTIBLE, TASK_DEAD };
	struct trace_irq_handler_entry irq = { 34, trace_name("a-timer") };
	struct trace_page_fault_kernel fault = { 0xc0ffee00, 0, 0x80f };
	struct trace_kmalloc k = { 0, 0xc1234560, 50, 64, GFP_KERNEL };
	struct trace_sched_switch sw = { 0x6666, 0, 0x5555 };

	for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
		sw.prev_state = states[i];
		format(TRACE_sched_switch, &sw, sizeof(sw));
		EXPECT(t, shows(letters[i]));
	}
	EXPECT(t, shows("<...>-30583 [001]   0.000000000: sched_switch: "));
	EXPECT(t, shows("prev_comm=<...> prev_pid=26214 "));
	EXPECT(t, shows("next_comm=<...> next_pid=21845"));
	format(TRACE_irq_handler_entry, &irq, sizeof(irq));
	EXPECT(t, shows("irq=34 name=a-timer"));
	format(TRACE_page_fault_kernel, &fault, sizeof(fault));
	EXPECT(t, shows("address=c0ffee00 ip="));
	EXPECT(t, shows(" error_code=0x80f"));
	format(TRACE_kmalloc, &k, sizeof(k));
	EXPECT(t, shows("ptr=c1234560 bytes_req=50 bytes_alloc=64 "
			"gfp_flags=GFP_KERNEL"));
	format((enum trace_event_id)200, &k, sizeof(k));
	EXPECT(t, shows("bad record: event 200"));
}

/* What the command line says for name; -ENOENT: nothing of that name. */
static int
boot_param(const char *name, const char *value)
{
	const struct boot_param *p;

	for (p = __boot_param_start; p < __boot_param_end; p++) {
		if (!strcmp(p->name, name))
			return p->fn(value);
	}
	return -ENOENT;
}

static void
the_command_line_is_checked(struct test *t)
{
	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	EXPECT_EQ(t, boot_param("trace", "kmem,sched"), 0);
	EXPECT_EQ(t, boot_param("trace", "nonesuch"), -EINVAL);
	EXPECT_EQ(t, boot_param("trace_size", "16K"), 0);
	EXPECT_EQ(t, trace_header.capacity, 512);
	EXPECT_EQ(t, boot_param("trace_size", "16Kx"), -EINVAL);
	EXPECT_EQ(t, boot_param("trace_size", "1G"), -EINVAL);
	EXPECT_EQ(t, boot_param("trace_mode", "stop"), 0);
	EXPECT_EQ(t, trace_header.stop_when_full, 1);
	EXPECT_EQ(t, boot_param("trace_mode", "neither"), -EINVAL);
	EXPECT_EQ(t, boot_param("trace_mode", "overwrite"), 0);
	EXPECT_EQ(t, trace_header.stop_when_full, 0);
	EXPECT_EQ(t, boot_param("trace.file", ""), -EINVAL);
	EXPECT_EQ(t, trace_configure(TRACE_SIZE, false), 0);
}

static void
the_state_of_the_trace_is_told(struct test *t)
{
	struct seq_buf s;

	if (!begin(t, TRACE_BIT(kfree)))
		return;
	kfree(kmalloc(8, GFP_KERNEL));
	seq_buf_init(&s, text, sizeof(text));
	trace_stat(&s);
	EXPECT(t, shows("trace: on, "));
	EXPECT(t, shows("  * kmem:kfree\n") && shows("    kmem:kmalloc\n"));
	EXPECT(t, !shows("traced "));
	trace_stop();
	seq_buf_init(&s, text, sizeof(text));
	trace_stat(&s);
	EXPECT(t, shows("trace: off, ") && shows("traced "));
	EXPECT(t, shows("core 0: "));
	trace_release();
}
#else
static void
skipped(struct test *t)
{
	SKIP(t, "built with TRACE=0");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("trace_ring",
	   IF_BUILT(each_name_has_its_index_and_the_last_is_for_all_others),
	   IF_BUILT(a_freed_object_has_the_name_of_its_cache),
	   IF_BUILT(the_name_is_that_of_the_last_task_in_the_slot),
	   IF_BUILT(a_short_record_is_zero_behind_its_fields),
	   IF_BUILT(a_record_tells_where_it_was_made),
	   IF_BUILT(a_deep_stack_takes_two_records),
	   IF_BUILT(a_fallback_tells_what_was_wanted_and_what_found),
	   IF_BUILT(a_pause_ends_with_the_events_that_were_on),
	   IF_BUILT(what_was_lost_is_forgotten_with_the_rest),
	   IF_BUILT(cores_are_shown_in_one_order_of_time),
	   IF_BUILT(nothing_is_recorded_while_the_ring_is_read),
	   IF_BUILT(as_many_lines_are_shown_as_asked_for),
	   IF_BUILT(every_kind_of_field_has_its_form),
	   IF_BUILT(the_command_line_is_checked),
	   IF_BUILT(the_state_of_the_trace_is_told));
