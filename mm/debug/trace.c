/* SPDX-License-Identifier: MIT */
/*
 * The trace ring: events of memory management, recorded as they happen.
 *
 * Ideas
 *   Record	32 bytes: time, event, task, fields. Fixed, so that the n-th is
 *		found by a multiplication and a reader never loses its place.
 *   Ring	each core has one of its own and writes it with interrupts off:
 *		no lock, no atomic, and a handler never meets a half-written
 *		record. The order among cores is that of the clock, which is
 *		one for all.
 *
 *		records	 [ 8 ][ 9 ][ 2 ][ 3 ][ 4 ][ 5 ][ 6 ][ 7 ]
 *				    ^ head 10: the next goes to 10 % 8
 *
 *   Full	mode overwrite keeps the newest, mode stop the oldest; what is
 *		not kept is counted (rule T2).
 *   Off	hooks test one bit of one word (trace_on). For pages and objects
 *		they cost nothing: PAGE_DEBUG_TRACE and SLAB_HOOK_TRACE send
 *		all requests the slow way, where the hooks are.
 *   Names	records hold numbers. Names of tasks and caches go with them in
 *		two small tables, symbols are looked up by the reader.
 *
 * State   trace_events: which are on. trace_header: all else, for readers
 *	   without a kernel too (mm/trace_ring.h).
 * Invariants
 *   T1  A record is complete before head counts it.
 *   T2  head = records kept + overwritten; head + lost = events that came.
 * Locks   none: a ring belongs to its core. Switching is for one at a time.
 * Cost    about 300 instructions for an event that is on, half of them to read
 *	   the clock; 4000 with its call stack.
 * Questions a reader asks
 *   Can I read while it records?  The oldest record may be overwritten just
 *     then: stop first. trace_show() and trace_dump() pause recording.
 *   Why are events of two cores sometimes out of order by some nanoseconds?
 *     The time is read when the record is written, not when the thing happened.
 * Sources  Linux's documentation of ftrace; its include/trace/events.
 */
#include <asm/irqflags.h>
#include <asm/unwind.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/page_alloc.h>
#include <mm/slab.h>
#include <mm/trace_ring.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#ifndef VELLUM_NO_TRACE

#define STACK_DEPTH	16	/* frames looked at */
#define STACK_RECORDS	2	/* of five callers each, behind an event */
#define STACK_CALLERS	5

/* Events whose hooks are on the slow paths of pages / of objects only. */
#define PAGE_EVENTS	(TRACE_BIT(mm_page_alloc) | TRACE_BIT(mm_page_free))
#define OBJECT_EVENTS	(TRACE_BIT(kmalloc) | TRACE_BIT(kfree) | \
			 TRACE_BIT(kmem_cache_alloc) | \
			 TRACE_BIT(kmem_cache_free))

trace_mask_t trace_events;

struct trace_header trace_header = {
	.magic = TRACE_MAGIC,
	.version = TRACE_VERSION,
	.header_bytes = sizeof(struct trace_header),
	.record_bytes = sizeof(struct trace_record),
	.capacity = TRACE_SIZE / sizeof(struct trace_record),
	.ring_offset = offsetof(struct trace_header, rings),
	.task_offset = offsetof(struct trace_header, tasks),
	.nr_tasks = NR_TRACE_TASKS,
	.name_offset = offsetof(struct trace_header, names),
	.nr_names = NR_TRACE_NAMES,
	.page_shift = PAGE_SHIFT,
	.gfp_offset = offsetof(struct trace_header, gfp_names),
};

/* The name of current, for whoever reads its number. Interrupts off. */
static unsigned
trace_note_task(const struct task *task)
{
	struct trace_task_name *slot;
	unsigned pid = task ? (unsigned)task->pid : 0;

	slot = &trace_header.tasks[pid % NR_TRACE_TASKS];
	if (unlikely(slot->pid != pid || !slot->name[0])) {
		slot->pid = pid;
		strscpy(slot->name, task ? task->name : "boot",
			sizeof(slot->name));
	}
	return pid;
}

/*
 * The index of name in the table; the last entry stands for all that found no
 * room. Two cores that add at once may waste an entry, no more.
 */
unsigned
trace_name(const char *name)
{
	u32 key = (u32)(unsigned long)name;
	struct trace_cache_name *e;
	unsigned i;

	for (i = 0; i < NR_TRACE_NAMES - 1; i++) {
		e = &trace_header.names[i];
		if (e->key == key &&
		    !strncmp(e->name, name, sizeof(e->name) - 1))
			return i;
		if (!e->key)
			break;
	}
	e = &trace_header.names[i];
	strscpy(e->name, i < NR_TRACE_NAMES - 1 ? name : "(others)",
		sizeof(e->name));
	WRITE_ONCE(e->key, key);
	return i;
}

/* Where the next record of this core goes; NULL: it is lost. */
static struct trace_record *
trace_slot(struct trace_ring *ring)
{
	u32 head = ring->head;

	if (unlikely(!ring->records))
		return NULL;
	if (trace_header.stop_when_full && head >= trace_header.capacity) {
		ring->lost++;
		return NULL;
	}
	return (struct trace_record *)ring->records +
	       (head & (trace_header.capacity - 1));
}

/* T1: only now it counts. */
static void
trace_commit(struct trace_ring *ring)
{
	smp_wmb();
	WRITE_ONCE(ring->head, ring->head + 1);
}

/* The callers of the event just written, beginning with call_site. */
static noinline void
trace_write_stack(struct trace_ring *ring, const struct trace_record *event,
		  unsigned long call_site)
{
	unsigned long pc[STACK_DEPTH] = { 0 };
	unsigned nr = stack_save(pc, STACK_DEPTH, 3), first, i, j;
	struct trace_record *r, head = *event;
	u32 callers[STACK_CALLERS];

	for (first = 0; first < nr && pc[first] != call_site; first++)
		;
	if (first == nr)
		first = 0;
	for (i = 0; i < STACK_RECORDS && first < nr; i++) {
		memset(callers, 0, sizeof(callers));
		for (j = 0; j < STACK_CALLERS && first < nr; j++)
			callers[j] = pc[first++];
		r = trace_slot(ring);
		if (!r)
			return;
		*r = head;
		r->event = TRACE_kernel_stack;
		memcpy(r->fields, callers, sizeof(callers));
		trace_commit(ring);
	}
}

/* Context: any. Cost: see above. */
void
trace_write(enum trace_event_id event, const void *fields, size_t bytes,
	    unsigned long call_site)
{
	unsigned long flags = local_irq_save();
	struct trace_ring *ring = &trace_header.rings[smp_processor_id()];
	struct trace_record *r = trace_slot(ring);

	if (likely(r)) {
		r->time = ktime_get_ns();
		r->event = event;
		r->context = (in_interrupt() ? TRACE_IN_IRQ : 0) |
			     (flags & PSR_I_BIT ? TRACE_IRQS_OFF : 0);
		r->pid = (u16)trace_note_task(current);
		memset(r->fields, 0, sizeof(r->fields));
		memcpy(r->fields, fields, bytes);
		trace_commit(ring);
		if (trace_on(kernel_stack))
			trace_write_stack(ring, r, call_site);
	}
	local_irq_restore(flags);
}

#define WRITE(event, fields, call_site) \
	trace_write(event, fields, sizeof(*(fields)), \
		    (unsigned long)(call_site))

/* The events that tell of one block alone have the same fields, or fewer. */
void
trace_page(enum trace_event_id event, const struct page *page,
	   unsigned order, unsigned type, unsigned refill)
{
	struct trace_mm_page_alloc_zone_locked f = {
		(u32)page, page_to_pfn(page), order, type, refill,
	};

	WRITE(event, &f, 0);
}

void
trace_page_alloc(const struct page *page, unsigned order, unsigned type,
		 u32 gfp_flags, const void *call_site)
{
	struct trace_mm_page_alloc f = {
		(u32)page, page ? page_to_pfn(page) : 0, order, type,
		gfp_flags, (u32)call_site,
	};

	WRITE(TRACE_mm_page_alloc, &f, call_site);
}

/* orders, types: of what was wanted, and << 8 of what was found. */
void
trace_extfrag(const struct page *page, unsigned orders, unsigned types,
	      bool change_ownership)
{
	struct trace_mm_page_alloc_extfrag f = {
		(u32)page, page_to_pfn(page), orders & 0xff, orders >> 8,
		PAGEBLOCK_ORDER, types & 0xff, types >> 8,
		orders >> 8 < PAGEBLOCK_ORDER, change_ownership,
	};

	WRITE(TRACE_mm_page_alloc_extfrag, &f, 0);
}

/* name: of the cache, or NULL for kmalloc. sizes: asked for, and given. */
void
trace_object_alloc(const void *call_site, const void *ptr, const char *name,
		   size_t sizes[2], u32 gfp_flags)
{
	struct trace_kmem_cache_alloc c;
	struct trace_kmalloc k = {
		(u32)call_site, (u32)ptr, sizes[0], sizes[1], gfp_flags,
	};

	if (!name) {
		WRITE(TRACE_kmalloc, &k, call_site);
		return;
	}
	c = (struct trace_kmem_cache_alloc) {
		(u32)call_site, (u32)ptr, trace_name(name), sizes[0],
		sizes[1], gfp_flags,
	};
	WRITE(TRACE_kmem_cache_alloc, &c, call_site);
}

void
trace_object_free(const void *call_site, const void *ptr, const char *name)
{
	struct trace_kmem_cache_free f = {
		(u32)call_site, (u32)ptr, name ? trace_name(name) : 0,
	};

	if (name)
		WRITE(TRACE_kmem_cache_free, &f, call_site);
	else
		trace_write(TRACE_kfree, &f, sizeof(struct trace_kfree),
			    (unsigned long)call_site);
}

/* Context: interrupts off. prev->state still says why it leaves. */
void
trace_switch(const struct task *prev, const struct task *next)
{
	struct trace_sched_switch f = {
		trace_note_task(prev), prev->state, trace_note_task(next),
	};

	WRITE(TRACE_sched_switch, &f, 0);
}

void
trace_irq(enum trace_event_id event, unsigned irq, const char *name)
{
	struct trace_irq_handler_entry f = {
		irq, name ? trace_name(name) : 0,
	};

	WRITE(event, &f, 0);
}

/* Events of up to four words: the rest of a record's fields is not looked at. */
void
trace_reclaim(enum trace_event_id event, u32 a, u32 b, u32 c, u32 d)
{
	struct trace_mm_vmscan_lru_shrink_inactive f = { a, b, c, d };

	WRITE(event, &f, 0);
}

void
trace_victim(u32 pid, unsigned long total_vm, unsigned long anon,
	     unsigned long file, int adj)
{
	struct trace_mark_victim f = { pid, total_vm, anon, file, adj };

	WRITE(TRACE_mark_victim, &f, 0);
}

void
trace_fault(enum trace_event_id event, unsigned long address,
	    unsigned long ip, u32 error_code)
{
	struct trace_page_fault_kernel f = { address, ip, error_code };

	/* The kernel's has the stack of who did it, a program's has none. */
	WRITE(event, &f, event == TRACE_page_fault_kernel ? ip : 0);
}

void
trace_served(unsigned long address, u32 flags, u32 result,
	     const void *served_by)
{
	struct trace_mm_fault f = { address, flags, result, (u32)served_by };

	WRITE(TRACE_mm_fault, &f, 0);
}

/* --- switching --------------------------------------------------------- */

static void
trace_count(struct trace_counts *c)
{
	c->pgalloc = vm_event(PGALLOC_DMA) + vm_event(PGALLOC_NORMAL) +
		     vm_event(PGALLOC_HIGH);
	c->pgfree = vm_event(PGFREE);
	c->nr_free = nr_free_pages();
}

static void
trace_switch_events(trace_mask_t events)
{
	WRITE_ONCE(trace_events, events);
	page_debug_set(PAGE_DEBUG_TRACE, (events & PAGE_EVENTS) != 0);
	slab_set_hook(SLAB_HOOK_TRACE, (events & OBJECT_EVENTS) != 0);
}

static unsigned
trace_order(void)
{
	return order_of(DIV_ROUND_UP(trace_header.capacity *
				     sizeof(struct trace_record), PAGE_SIZE));
}

void
trace_release(void)
{
	struct trace_ring *ring;
	unsigned cpu;

	trace_stop();
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		ring = &trace_header.rings[cpu];
		free_pages((void *)ring->records, trace_order());
		*ring = (struct trace_ring) { 0 };
	}
}

static int
trace_alloc_rings(void)
{
	unsigned cpu;
	void *ring;

	for_each_possible_cpu(cpu) {
		if (trace_header.rings[cpu].records)
			continue;
		ring = get_free_pages(GFP_KERNEL | __GFP_NOWARN, trace_order());
		if (!ring) {
			trace_release();
			return -ENOMEM;
		}
		trace_header.rings[cpu].records = (u32)ring;
	}
	trace_header.nr_cpus = nr_cpus;
	return 0;
}

/* The bits of gfp_t by name, "GFP_KERNEL=cc0 ...", for readers elsewhere. */
static void
trace_note_gfp_names(void)
{
	struct seq_buf s;
	const char *name;
	gfp_t bits;

	seq_buf_init(&s, trace_header.gfp_names,
		     sizeof(trace_header.gfp_names));
	for (unsigned i = 0; (name = gfp_name(i, &bits)) != NULL; i++)
		seq_printf(&s, "%s=%x ", name, bits);
}

int
trace_start(trace_mask_t events)
{
	int err;

	if (!mm_ready)
		return -EBUSY;
	if (!trace_events) {
		err = trace_alloc_rings();
		if (err)
			return err;
		trace_note_gfp_names();
		trace_header.self = (u32)&trace_header;
		trace_header.schema = (u32)trace_schema;
		trace_header.schema_bytes = strlen(trace_schema);
		trace_clear();
	}
	trace_header.stop_time = 0;
	trace_header.events[0] = (u32)(trace_events | events);
	trace_header.events[1] = (u32)((trace_events | events) >> 32);
	trace_switch_events(trace_events | events);
	return 0;
}

void
trace_stop(void)
{
	if (!trace_events)
		return;
	trace_switch_events(0);
	trace_header.stop_time = ktime_get_ns();
	trace_count(&trace_header.stop);
}

/* Also brings the header up to date for whoever reads it. */
trace_mask_t
trace_pause(void)
{
	trace_mask_t events = trace_events;

	if (!events)
		return 0;
	WRITE_ONCE(trace_events, 0);
	trace_header.stop_time = ktime_get_ns();
	trace_count(&trace_header.stop);
	return events;
}

void
trace_resume(trace_mask_t events)
{
	if (!events)
		return;
	trace_header.stop_time = 0;
	WRITE_ONCE(trace_events, events);
}

void
trace_clear(void)
{
	trace_mask_t events = trace_events;
	unsigned cpu;

	WRITE_ONCE(trace_events, 0);
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		trace_header.rings[cpu].head = 0;
		trace_header.rings[cpu].lost = 0;
	}
	trace_header.start_time = ktime_get_ns();
	trace_count(&trace_header.start);
	trace_header.stop = trace_header.start;
	WRITE_ONCE(trace_events, events);
}

int
trace_configure(size_t bytes, bool stop_when_full)
{
	if (bytes < TRACE_SIZE_MIN || bytes > TRACE_SIZE_MAX)
		return -EINVAL;
	if (trace_events)
		return -EBUSY;
	trace_release();
	trace_header.capacity = 1u << order_of(bytes /
					       sizeof(struct trace_record));
	trace_header.stop_when_full = stop_when_full;
	return 0;
}

u32
trace_nr_records(unsigned cpu)
{
	return min(READ_ONCE(trace_header.rings[cpu].head),
		   trace_header.capacity);
}

u32
trace_nr_lost(unsigned cpu)
{
	const struct trace_ring *ring = &trace_header.rings[cpu];

	return READ_ONCE(ring->head) - trace_nr_records(cpu) +
	       READ_ONCE(ring->lost);
}

const struct trace_record *
trace_record_at(unsigned cpu, u32 n)
{
	const struct trace_ring *ring = &trace_header.rings[cpu];
	u32 oldest = ring->head - trace_nr_records(cpu);

	return (const struct trace_record *)ring->records +
	       ((oldest + n) & (trace_header.capacity - 1));
}

/* --- the command line -------------------------------------------------- */

static trace_mask_t boot_events;

static int
param_trace(const char *value)
{
	return trace_parse(value, &boot_events);
}
BOOT_PARAM("trace", param_trace);

static int
param_trace_size(const char *value)
{
	char *end;
	u64 bytes = memparse(value, &end);

	if (*end || end == value || bytes > TRACE_SIZE_MAX)
		return -EINVAL;
	return trace_configure(bytes, trace_header.stop_when_full);
}
BOOT_PARAM("trace_size", param_trace_size);

static int
param_trace_mode(const char *value)
{
	bool stop = !strcmp(value, "stop");

	if (!stop && strcmp(value, "overwrite"))
		return -EINVAL;
	trace_header.stop_when_full = stop;
	return 0;
}
BOOT_PARAM("trace_mode", param_trace_mode);

/* As soon as there are pages to keep the records in. */
static int
trace_at_boot(void)
{
	return boot_events ? trace_start(boot_events) : 0;
}
early_initcall(trace_at_boot);

#endif
