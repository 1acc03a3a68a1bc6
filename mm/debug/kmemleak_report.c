/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: what was found, in Linux's format.
 *
 *	unreferenced object 0xc0a04200 (size 128):
 *	  comm "main", pid 5, jiffies 212
 *	  hex dump (first 32 bytes):
 *	    00 00 00 00 ...
 *	  backtrace (crc 1c2d3e4f):
 *	    [<c00443a8>] kmalloc+0xdc/0x114
 *
 * Each object is copied, with its first bytes, under kmemleak_lock, and
 * printed outside it. A per-CPU object is shown by its number, and by the
 * bytes of core 0.
 */
#include <mm/kmemleak.h>
#ifdef VELLUM_KMEMLEAK
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/stack_depot.h>
#include "kmemleak.h"

#define HEX_BYTES	32ul
#define HEX_LINE	16u

struct leak_copy {
	struct leak_object object;
	u32 bytes[HEX_BYTES / sizeof(u32)];
};

/* Context: kmemleak_lock. */
static void
copy_object(const struct leak_object *object, struct leak_copy *copy)
{
	unsigned long at = object->start +
		(object->flags & LEAK_PERCPU ? percpu_offset[0] : 0);
	const u32 *word = (const u32 *)ALIGN_DOWN(at, sizeof(u32));
	unsigned long words = min(HEX_BYTES, object->size) / sizeof(u32);

	copy->object = *object;
	for (unsigned i = 0; i < words; i++)
		copy->bytes[i] = READ_ONCE(word[i]);
}

/* The first reported object at or above *at, copied; *at moves behind it. */
static bool
next_reported(enum leak_tree tree, unsigned long *at, struct leak_copy *copy)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = leak_next(tree, *at);
	bool found = false;

	for (unsigned n = 0; object && !found && n < 64; n++) {
		*at = object->start + 1;
		found = object->flags & LEAK_REPORTED;
		if (found)
			copy_object(object, copy);
		object = leak_next(tree, *at);
	}
	copy->object.size = found ? copy->object.size : 0;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
	return found || object;
}

static void
show_bytes(struct seq_buf *s, const u8 *bytes, unsigned n)
{
	seq_printf(s, "  hex dump (first %u bytes):\n", n);
	for (unsigned i = 0; i < n; i += HEX_LINE) {
		seq_puts(s, "    ");
		for (unsigned j = i; j < i + HEX_LINE; j++)
			seq_printf(s, j < n ? "%02x " : "   ",
				   j < n ? bytes[j] : 0u);
		seq_putc(s, ' ');
		for (unsigned j = i; j < min(i + HEX_LINE, n); j++)
			seq_putc(s, bytes[j] >= ' ' && bytes[j] < 0x7f ?
				    (char)bytes[j] : '.');
		seq_putc(s, '\n');
	}
}

static void
show_stack_of(struct seq_buf *s, const struct leak_object *object)
{
	const unsigned long *pc;
	unsigned n = stack_depot_fetch(object->stack, &pc);
	char name[64];

	if (object->flags & LEAK_SUSPECT)
		seq_printf(s, "  backtrace (crc %x):\n", object->crc);
	else
		seq_puts(s, "  backtrace:\n");
	if (!n)
		seq_puts(s, object->flags & LEAK_OLD ?
			 "    (from before kmemleak was switched on)\n" :
			 "    (not known)\n");
	for (unsigned i = 0; i < n; i++) {
		symbol_format(pc[i] - 4, name, sizeof(name));
		seq_printf(s, "    [<%08lx>] %s\n", pc[i], name);
	}
}

static void
show_object(struct seq_buf *s, const char *what, const struct leak_copy *copy)
{
	const struct leak_object *o = &copy->object;

	seq_printf(s, "%s 0x%08lx (%ssize %lu):\n", what, o->start,
		   o->flags & LEAK_PERCPU ? "percpu " : "", o->size);
	seq_printf(s, "  comm \"%s\", pid %d, jiffies %lu\n", o->comm, o->pid,
		   o->born);
	show_bytes(s, (const u8 *)copy->bytes,
		   (unsigned)(min(HEX_BYTES, o->size) & ~3ul));
	show_stack_of(s, o);
}

void
kmemleak_report(struct seq_buf *s)
{
	struct leak_copy copy;

	if (!READ_ONCE(kmemleak_running) || !READ_ONCE(leak.nr_reported)) {
		kmemleak_usage(s);
		return;
	}
	for (unsigned tree = 0; tree < NR_LEAK_TREES; tree++) {
		for (unsigned long at = 0; next_reported(tree, &at, &copy);)
			if (copy.object.size)
				show_object(s, "unreferenced object", &copy);
	}
}
NODE("kmemleak", kmemleak_report);

/* A suspect counts as found until the next scan, so its count says nothing. */
static void
show_colour(struct seq_buf *s, const struct leak_object *o)
{
	if (o->flags & LEAK_SUSPECT && !leak_is_white(o))
		seq_printf(s, "  suspect: fewer than %d pointers found",
			   o->min_count);
	else
		seq_printf(s, "  %s: %u of %d pointers found",
			   o->min_count < 0 ? "black" :
			   leak_is_white(o) ? "white" : "grey", o->count,
			   o->min_count);
	seq_printf(s, "%s%s\n", o->flags & LEAK_NO_SCAN ? ", not searched" : "",
		   o->flags & LEAK_REPORTED ? ", reported" : "");
}

bool
kmemleak_describe(struct seq_buf *s, unsigned long addr)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = leak_find(LEAK_TREE_LINEAR, addr);
	struct leak_copy copy;

	if (!object)
		object = leak_find(LEAK_TREE_PERCPU, addr);
	if (object)
		copy_object(object, &copy);
	spin_unlock_irqrestore(&kmemleak_lock, flags);
	if (!object)
		return false;
	show_object(s, "object", &copy);
	show_colour(s, &copy.object);
	if (copy.object.count && !(copy.object.flags & LEAK_SUSPECT))
		seq_printf(s, "  a pointer to it stood at 0x%08x\n",
			   copy.object.seen_at);
	return true;
}

static void
clear_object(struct leak_object *object)
{
	if (!(object->flags & LEAK_REPORTED))
		return;
	object->flags &= ~LEAK_REPORTED;
	object->min_count = KMEMLEAK_GREY;
	leak.nr_reported--;
}

void
kmemleak_clear(void)
{
	mutex_lock(&kmemleak_mutex);
	if (READ_ONCE(kmemleak_running))
		leak_for_each(clear_object);
	mutex_unlock(&kmemleak_mutex);
}
#endif
