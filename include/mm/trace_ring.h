/* SPDX-License-Identifier: MIT */
/*
 * The ring of trace events: switching, reading, and what it looks like in
 * memory. For the monitor, the tests and tools; hooks need mm/trace.h only.
 */
#ifndef MM_TRACE_RING_H
#define MM_TRACE_RING_H

#include <asm/processor.h>
#include <mm/trace.h>

#define TRACE_MAGIC	"Vellum trace\n"
#define TRACE_VERSION	2
#define TRACE_SIZE	(64 * SZ_1K)	/* of a core's ring, by default */
#define TRACE_SIZE_MIN	SZ_4K
#define TRACE_SIZE_MAX	(4 * SZ_1M)
#define NR_TRACE_TASKS	64		/* whose names are kept */
#define NR_TRACE_NAMES	64
#define TRACE_NAME_LEN	20

/* One core's ring; written by that core alone, interrupts off. */
struct trace_ring {
	u32 records;		/* address; 0: none */
	u32 head;		/* records written, ever: the next goes to
				 * head % capacity */
	u32 lost;		/* not written, for want of room (mode stop) */
	u32 pad;
};

/* Counters of the page allocator, to hold the events against. */
struct trace_counts {
	u32 pgalloc;		/* frames allocated, ever */
	u32 pgfree;
	u32 nr_free;		/* frames free: in zones, and on lists */
	u32 pad;
};

struct trace_task_name {
	u32 pid;		/* the slot is that of pid % NR_TRACE_TASKS */
	char name[16];
};

struct trace_cache_name {
	u32 key;		/* address of the name; 0: unused */
	char name[TRACE_NAME_LEN];
};

/*
 * Everything about the ring, for readers who have nothing but memory: a file
 * written by trace_dump(), a dump of the machine's memory, gdb. They know it by
 * its magic and by self, which is its own address. Words are little endian.
 */
struct trace_header {
	char magic[16];
	u32 self;
	u32 version;
	u32 header_bytes;	/* sizeof(struct trace_header) */
	u32 record_bytes;
	u32 nr_cpus;
	u32 capacity;		/* records in each ring, a power of two */
	u32 stop_when_full;	/* else the oldest are overwritten */
	u32 events[2];		/* as last switched on: a trace_mask_t */
	u32 schema;		/* text: the table of events, line by line */
	u32 schema_bytes;
	u32 ring_offset;	/* of rings, tasks, names in this struct */
	u32 task_offset, nr_tasks;
	u32 name_offset, nr_names;
	u32 gfp_offset;		/* text: NAME=bits, bits in hexadecimal */
	u32 page_shift;
	u64 start_time, stop_time;	/* ns; stop 0: still running */
	struct trace_counts start, stop;
	struct trace_ring rings[NR_CPUS];
	struct trace_task_name tasks[NR_TRACE_TASKS];
	struct trace_cache_name names[NR_TRACE_NAMES];
	char gfp_names[1024];
};

extern struct trace_header trace_header;

/*
 * The events that a list names ("kmalloc,kfree", "kmem" for a whole system,
 * "all", "stack" for call stacks as well). Returns 0 or -EINVAL.
 */
int trace_parse(const char *list, trace_mask_t *events);

/*
 * Record these events from now on, into empty rings, or with the events that
 * are on already. Returns 0, -ENOMEM, -EBUSY before there is memory.
 * Context: may sleep.
 */
int trace_start(trace_mask_t events);
/* Record no more; what was recorded stays. Context: any. */
void trace_stop(void);
/* Stop, and give the rings' memory back. Context: nobody reads them. */
void trace_release(void);
/*
 * Hold recording while somebody reads, and go on: pause returns what resume
 * wants. What happens meanwhile is not recorded. Context: any.
 */
trace_mask_t trace_pause(void);
void trace_resume(trace_mask_t events);
/* Forget what was recorded; recording goes on. */
void trace_clear(void);
/*
 * Bytes of each ring (rounded up to a power of two) and what a full one does.
 * What was recorded is lost. -EINVAL: not 4 KiB to 4 MiB; -EBUSY: it runs.
 */
int trace_configure(size_t bytes, bool stop_when_full);

/* Records of a core that can be read / that were lost or overwritten. */
u32 trace_nr_records(unsigned cpu);
u32 trace_nr_lost(unsigned cpu);
/* The n-th oldest record of a core that is kept. Recording is stopped. */
const struct trace_record *trace_record_at(unsigned cpu, u32 n);

/* The last records, all cores in order of time; last 0: all. As ftrace. */
void trace_show(struct seq_buf *s, unsigned last);
/* What is on, how large, how full. */
void trace_stat(struct seq_buf *s);
/* One record as text, without a newline. */
void trace_format(struct seq_buf *s, unsigned cpu,
		  const struct trace_record *record);
/*
 * Write the ring to a file of the host, as a core file: its segments are the
 * header, the table of events and the rings. 0; -ENOENT: no host, or it refused
 * the name; -EIO: it took less; -EINVAL: nothing was ever recorded.
 */
int trace_dump(const char *path);
/* The same at power off, if trace.file= asked for it. Context: any. */
#ifdef VELLUM_NO_TRACE
static inline void
trace_power_off(void)
{
}
#else
void trace_power_off(void);
#endif

extern const char trace_schema[];
extern const char *const trace_event_names[];

#endif
