/* SPDX-License-Identifier: MIT */
/*
 * The life of a page frame: who had it, what was done to it, when.
 *
 *	page_life=8		on the command line: the last 8 events of each frame
 *	page 0x61234 --life	at the prompt;	mm page 0x61234 --life	in gdb
 *
 * Ideas
 *   An event is 16 bytes; each frame has a ring of its own. So what befell a quiet
 *   frame an hour ago is not pushed out by a busy one. The price is memory:
 *   8 events are 132 bytes a frame, 3 % of what is described.
 *
 *	frame 0x61234	[freed][allocated][mapped][dirtied] ...	 nr 12, ring of 8
 *						      ^-- nr % 8: the next
 *
 *   Hooks stand where something happens (page_life() in mm/hooks.h); off, one is
 *   the test of a word, and those of allocation and freeing are not even reached
 *   (page_debug_flags makes these go the slow way).
 * Invariants	none: each event is for itself.
 * Locks	none. A slot is claimed by one atomic addition; who reads while the
 *		slot is written may see half of it. Life is short.
 * Cost		off: 3 instructions at the first and last translation of a page,
 *		and where it changes lists. On: about 40 each.
 * Questions a reader asks
 *   Why not the trace ring?  It tells what happened in the machine lately; this, what
 *     happened to one frame, however long ago.
 */
#include <asm/unwind.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/page.h>
#include <mm/vmalloc.h>

#define MOST_EVENTS	64u

/* gdb reads it: tools/gdb/mm/life.py. */
struct page_life_event {
	u32 ms;			/* since start */
	u32 info;		/* by what */
	u16 pid;
	u8 what;		/* enum page_life */
	u8 order;
	u32 number;		/* which event of the frame it is, from 1 */
};

struct page_life_frame {
	atomic_t nr;		/* events ever */
	struct page_life_event events[];
};

static const char *const names[] = {
#define LIFE_NAME(name, text, info) text,
	PAGE_LIFE_EVENTS(LIFE_NAME)
#undef LIFE_NAME
};

static const u8 info_kinds[] = {
#define LIFE_INFO(name, text, info) info,
	PAGE_LIFE_EVENTS(LIFE_INFO)
#undef LIFE_INFO
};

static unsigned life_events;		/* of a frame; power of two; 0: off */
static u8 *life_table;			/* struct page_life_frame, one a frame */
static unsigned wanted;

static struct page_life_frame *
frame_of(const struct page *page)
{
	return (struct page_life_frame *)
	       (life_table + (page - mem_map) *
		(sizeof(struct page_life_frame) +
		 life_events * sizeof(struct page_life_event)));
}

int
page_life_start(unsigned n)
{
	unsigned long bytes;
	void *table;

	if (!n || n > MOST_EVENTS)
		return -EINVAL;
	if (life_table)
		return -EBUSY;
	while (n & (n - 1))
		n++;
	bytes = (mem_map_end - mem_map_start) *
		(sizeof(struct page_life_frame) +
		 n * sizeof(struct page_life_event));
	table = vzalloc(bytes);
	if (!table)
		return -ENOMEM;
	life_events = n;
	life_table = table;
	page_debug_set(PAGE_DEBUG_LIFE, true);
	return 0;
}

void
page_life_stop(void)
{
	void *table = life_table;

	page_debug_set(PAGE_DEBUG_LIFE, false);
	life_table = NULL;
	life_events = 0;
	vfree(table);
}

static void
note(struct page *page, enum page_life what, unsigned order, u32 info)
{
	struct page_life_frame *f = frame_of(page);
	u32 number = (u32)atomic_add_return(&f->nr, 1);

	f->events[(number - 1) & (life_events - 1)] =
		(struct page_life_event){
			.ms = (u32)(ktime_get_ns() >> 20),
			.info = info,
			.pid = (u16)(current ? current->pid : 0),
			.what = (u8)what,
			.order = (u8)order,
			.number = number,
		};
}

void
page_life_note(struct page *page, enum page_life what, unsigned order,
	       unsigned long info)
{
	if (!life_table)
		return;
	for (struct page *end = page + (1ul << order); page < end; page++)
		note(page, what, order, (u32)info);
}

/* --- Reading --- */

static void
show_event(struct seq_buf *s, const struct page_life_event *e)
{
	const char *name = e->what < ARRAY_SIZE(names) ? names[e->what] : "?";
	char symbol[64];

	seq_printf(s, "  %8u ms  pid %-5u %s", e->ms, e->pid, name);
	if (e->order)
		seq_printf(s, ", order %u", e->order);
	switch (e->what < ARRAY_SIZE(names) ? info_kinds[e->what] : 0) {
	case LIFE_BY:
		symbol_format(e->info, symbol, sizeof(symbol));
		seq_printf(s, " by %s", symbol);
		break;
	case LIFE_AT:
		seq_printf(s, " index 0x%x", e->info);
		break;
	case LIFE_SLOT:
		seq_printf(s, " entry 0x%x", e->info);
		break;
	default:
		break;
	}
	seq_putc(s, '\n');
}

void
page_life_show(struct seq_buf *s, const struct page *page)
{
	const struct page_life_frame *f;
	unsigned nr, n;

	if (!life_table) {
		seq_puts(s, "  no life is recorded (page_life=8)\n");
		return;
	}
	f = frame_of(page);
	nr = (unsigned)atomic_read(&f->nr);
	n = min(nr, life_events);
	seq_printf(s, "  %u events, the last %u:\n", nr, n);
	while (n--)
		show_event(s, &f->events[(nr - 1 - n) & (life_events - 1)]);
}

static int
page_life_param(const char *value)
{
	unsigned long n;

	if (kstrtoul(value, 10, &n) || !n || n > MOST_EVENTS)
		return -EINVAL;
	wanted = (unsigned)n;
	return 0;
}
BOOT_PARAM("page_life", page_life_param);

static int
page_life_init(void)
{
	int err = wanted ? page_life_start(wanted) : 0;

	if (err)
		pr_err("page_life: no memory for %u events a frame\n", wanted);
	return err;
}
device_initcall(page_life_init);
