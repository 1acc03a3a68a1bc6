/* SPDX-License-Identifier: MIT */
/*
 * The trace ring as text, in the format of Linux's ftrace:
 *
 *	main-7  [001]  1.204350120: mm_page_free: page=c3f9e000 pfn=397312 order=0
 *	task-pid [core] seconds:    event:        fields
 *
 * Scripts for Linux's traces read it: page= without 0x and pfn= in decimal is
 * what they expect. All of it comes from the table in mm/trace_events.h.
 */
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <kernel/task.h>
#include <kernel/node.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/trace_ring.h>

#ifndef VELLUM_NO_TRACE

enum trace_show_as {
	SHOW_end, SHOW_ptr, SHOW_dec, SHOW_int, SHOW_hex, SHOW_gfp,
	SHOW_sym, SHOW_name, SHOW_pid, SHOW_state,
};

struct trace_field {
	const char *name;
	u8 bytes;
	u8 show;
};

/* The fields of all events, one behind the other; SHOW_end between them. */
#define FIELD(type, name, show)	{ #name, sizeof(type), SHOW_##show },
#define EVENT(system, name, fields)	fields { NULL, 0, SHOW_end },
static const struct trace_field trace_fields[] = {
	TRACE_EVENTS(EVENT, FIELD)
};
#undef FIELD
#undef EVENT

/* "kmem kfree call_site:u32:sym ptr:u32:ptr", a line for each event. */
#define FIELD(type, name, show)		" " #name ":" #type ":" #show
#define EVENT(system, name, fields)	#system " " #name fields "\n"
const char trace_schema[] = TRACE_EVENTS(EVENT, FIELD);
#undef FIELD
#undef EVENT

#define FIELD(type, name, show)
#define EVENT(system, name, fields)	#name,
const char *const trace_event_names[] = { TRACE_EVENTS(EVENT, FIELD) };
#undef EVENT
#define EVENT(system, name, fields)	#system,
static const char *const event_systems[] = { TRACE_EVENTS(EVENT, FIELD) };
#undef FIELD
#undef EVENT

static const char *
task_name(u32 pid)
{
	const struct trace_task_name *slot =
		&trace_header.tasks[pid % NR_TRACE_TASKS];

	return (u16)slot->pid == (u16)pid && slot->name[0] ? slot->name :
							     "<...>";
}

static char
state_letter(u32 state)
{
	switch (state) {
	case TASK_RUNNING:
		return 'R';
	case TASK_INTERRUPTIBLE:
		return 'S';
	case TASK_DEAD:
		return 'X';
	default:
		return 'D';
	}
}

static void
show_symbol(struct seq_buf *s, u32 address)
{
	char text[80];

	symbol_format(address, text, sizeof(text));
	seq_puts(s, text);
}

/* prev_pid is shown as prev_comm=main prev_pid=7. */
static void
show_task(struct seq_buf *s, const char *name, u32 pid)
{
	seq_printf(s, "%.*scomm=%s %s=%u", (int)strlen(name) - 3, name,
		   task_name(pid), name, pid);
}

static void
show_field(struct seq_buf *s, const struct trace_field *f, u32 value)
{
	if (f->show == SHOW_pid) {
		show_task(s, f->name, value);
		return;
	}
	seq_printf(s, "%s=", f->name);
	switch (f->show) {
	case SHOW_ptr:
		seq_printf(s, "%08x", value);
		break;
	case SHOW_int:
		seq_printf(s, "%d", (s32)value);
		break;
	case SHOW_hex:
		seq_printf(s, "0x%x", value);
		break;
	case SHOW_gfp:
		gfp_format(s, value);
		break;
	case SHOW_sym:
		show_symbol(s, value);
		break;
	case SHOW_name:
		seq_puts(s, trace_header.names[value % NR_TRACE_NAMES].name);
		break;
	case SHOW_state:
		seq_putc(s, state_letter(value));
		break;
	default:
		seq_printf(s, "%u", value);
	}
}

/* Little endian, of 1, 2 or 4 bytes. */
static u32
field_value(const u8 *p, unsigned bytes)
{
	u32 value = 0;

	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

static const struct trace_field *
first_field(unsigned event)
{
	const struct trace_field *f = trace_fields;

	for (; event; f++)
		event -= f->show == SHOW_end;
	return f;
}

void
trace_format(struct seq_buf *s, unsigned cpu, const struct trace_record *r)
{
	u32 ns = (u32)(r->time % 1000000000), offset = 0;
	const struct trace_field *f;
	char who[24];

	if (r->event >= NR_TRACE_EVENTS) {
		seq_printf(s, "bad record: event %u", r->event);
		return;
	}
	snprintf(who, sizeof(who), "%s-%u", task_name(r->pid), r->pid);
	seq_printf(s, "%16s [%03u] %3u.%09u: %s:", who, cpu,
		   (u32)(r->time / 1000000000), ns,
		   trace_event_names[r->event]);
	for (f = first_field(r->event); f->show != SHOW_end; f++) {
		offset = ALIGN_UP(offset, f->bytes);
		seq_putc(s, ' ');
		show_field(s, f, field_value(r->fields + offset, f->bytes));
		offset += f->bytes;
	}
}

/* A call stack, one caller in a line, as ftrace shows it. */
static void
format_stack(struct seq_buf *s, const struct trace_record *r)
{
	u32 callers[TRACE_PAYLOAD / 4];

	memcpy(callers, r->fields, sizeof(callers));
	for (unsigned i = 0; i < ARRAY_SIZE(callers) && callers[i]; i++) {
		seq_puts(s, " => ");
		show_symbol(s, callers[i]);
		seq_putc(s, '\n');
	}
}

/* The core whose next record is the oldest; NR_CPUS when all are read. */
static unsigned
oldest_next(const u32 *next)
{
	unsigned cpu, best = NR_CPUS;
	u64 time = ~0ULL;

	for (cpu = 0; cpu < trace_header.nr_cpus; cpu++) {
		if (next[cpu] >= trace_nr_records(cpu))
			continue;
		if (trace_record_at(cpu, next[cpu])->time < time) {
			time = trace_record_at(cpu, next[cpu])->time;
			best = cpu;
		}
	}
	return best;
}

void
trace_show(struct seq_buf *s, unsigned last)
{
	u32 next[NR_CPUS] = { 0 }, all = 0, lost = 0, skip;
	trace_mask_t events;
	const struct trace_record *r;
	unsigned cpu;

	events = trace_pause();
	for (cpu = 0; cpu < trace_header.nr_cpus; cpu++) {
		all += trace_nr_records(cpu);
		lost += trace_nr_lost(cpu);
	}
	seq_printf(s, "# tracer: %u records, %u lost, mode %s\n"
		   "#        TASK-PID  CPU     TIMESTAMP  EVENT\n", all, lost,
		   trace_header.stop_when_full ? "stop" : "overwrite");
	skip = last && last < all ? all - last : 0;
	while ((cpu = oldest_next(next)) < NR_CPUS) {
		r = trace_record_at(cpu, next[cpu]++);
		if (skip) {
			skip--;
		} else if (r->event == TRACE_kernel_stack) {
			format_stack(s, r);
		} else {
			trace_format(s, cpu, r);
			seq_putc(s, '\n');
		}
	}
	trace_resume(events);
}

static void
trace_node_show(struct seq_buf *s)
{
	trace_show(s, 0);
}
NODE("trace", trace_node_show);

static void
show_counts(struct seq_buf *s)
{
	const struct trace_header *h = &trace_header;

	if (!h->stop_time)
		return;
	seq_printf(s, "traced %llu us: pgalloc %u, pgfree %u frames\n",
		   (h->stop_time - h->start_time) / 1000,
		   h->stop.pgalloc - h->start.pgalloc,
		   h->stop.pgfree - h->start.pgfree);
}

void
trace_stat(struct seq_buf *s)
{
	const struct trace_header *h = &trace_header;
	unsigned i;

	seq_printf(s, "trace: %s, %u records of %u bytes for each core, %s\n",
		   trace_events ? "on" : "off", h->capacity, h->record_bytes,
		   h->stop_when_full ? "stop when full" :
				       "overwrite the oldest");
	for (i = 0; i < h->nr_cpus; i++) {
		if (h->rings[i].records)
			seq_printf(s, "core %u: %u records kept, %u lost\n", i,
				   trace_nr_records(i), trace_nr_lost(i));
	}
	show_counts(s);
	seq_puts(s, "events:\n");
	for (i = 0; i < NR_TRACE_EVENTS; i++)
		seq_printf(s, "  %c %s:%s\n", trace_events >> i & 1 ? '*' : ' ',
			   event_systems[i], trace_event_names[i]);
}

/* The events that the first len bytes of word stand for; 0: none. */
static trace_mask_t
events_of_word(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	trace_mask_t events = 0;
	unsigned i;

	if (len == 3 && !strncmp(word, "all", 3))
		return (TRACE_BIT(kernel_stack)) - 1;
	if (len == 5 && !strncmp(word, "stack", 5))
		return TRACE_BIT(kernel_stack);
	if (colon) {
		len -= colon + 1 - word;
		word = colon + 1;
	}
	for (i = 0; i < TRACE_kernel_stack; i++) {
		if ((strlen(trace_event_names[i]) == len &&
		     !strncmp(trace_event_names[i], word, len)) ||
		    (!colon && strlen(event_systems[i]) == len &&
		     !strncmp(event_systems[i], word, len)))
			events |= 1ull << i;
	}
	return events;
}

int
trace_parse(const char *list, trace_mask_t *events)
{
	const char *end;
	trace_mask_t found, all = 0;
	size_t len;

	do {
		end = strchr(list, ',');
		len = end ? (size_t)(end - list) : strlen(list);
		found = events_of_word(list, len);
		if (!found)
			return -EINVAL;
		all |= found;
		list = end + 1;
	} while (end);
	/* Stacks alone would never be written. */
	if (all == TRACE_BIT(kernel_stack))
		return -EINVAL;
	*events = all;
	return 0;
}

#endif
