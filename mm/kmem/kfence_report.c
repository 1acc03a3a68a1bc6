/* SPDX-License-Identifier: MIT */
/*
 * What KFENCE says of a mistake: in the form of Linux's reports.
 *
 *	===========================================================
 *	BUG: KFENCE: out-of-bounds read in f+0x12/0x40		what, where
 *	Out-of-bounds read at 0xc3e04000 (1B right of kfence-#7):
 *	stack: ...						by whom
 *	kfence-#7: 0xc3e03fe0-0xc3e03fff, size=32, cache=kmalloc-32
 *	Allocated in g+0x10/0x20 age=12 ms cpu=0 pid=5		whose it is
 *	    ...
 *	Freed in ...						or was
 *	CPU 0, task 5 (main)
 *	===========================================================
 *
 * Distances count from the nearest byte of the object: the first one behind
 * it is 1B right. Of corrupted memory up to 16 bytes are shown, those that are
 * as they should be as dots.
 */
#include <asm/ptrace.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include "kfence.h"

#define BYTES_SHOWN	16
#define RULE	"==========================================================\n"

static const char *
access_name(const struct kfence_error *e)
{
	return e->write ? "write" : "read";
}

/* Where in the code: of a fault exactly, else the call. */
static void
format_place(const struct kfence_error *e, char *buf, size_t size)
{
	symbol_format(e->regs ? (unsigned long)e->regs->pc : e->caller - 4,
		      buf, size);
}

static void
print_title(const struct kfence_error *e)
{
	char place[64];

	format_place(e, place, sizeof(place));
	switch (e->type) {
	case KFENCE_ERROR_OOB:
		pr_err("BUG: KFENCE: out-of-bounds %s in %s\n",
		       access_name(e), place);
		break;
	case KFENCE_ERROR_UAF:
		pr_err("BUG: KFENCE: use-after-free %s in %s\n",
		       access_name(e), place);
		break;
	case KFENCE_ERROR_CORRUPTION:
		pr_err("BUG: KFENCE: memory corruption in %s\n", place);
		break;
	case KFENCE_ERROR_INVALID:
		pr_err("BUG: KFENCE: invalid %s in %s\n", access_name(e),
		       place);
		break;
	case KFENCE_ERROR_INVALID_FREE:
		pr_err("BUG: KFENCE: invalid free in %s\n", place);
		break;
	}
}

/* The bytes from addr to the end of its side of the object's page. */
static void
format_bytes(struct seq_buf *s, const struct kfence_metadata *m,
	     unsigned long addr)
{
	unsigned long end = addr < m->addr ? m->addr :
			    (addr & PAGE_MASK) + PAGE_SIZE;

	end = min(end, addr + BYTES_SHOWN);
	for (; addr < end; addr++) {
		if (*(u8 *)addr == KFENCE_CANARY(addr))
			seq_puts(s, " .");
		else
			seq_printf(s, " 0x%02x", *(u8 *)addr);
	}
}

static void
print_corruption(const struct kfence_error *e)
{
	char bytes[6 * BYTES_SHOWN];
	struct seq_buf s;

	seq_buf_init(&s, bytes, sizeof(bytes));
	format_bytes(&s, e->object, e->addr);
	pr_err("Corrupted memory at 0x%08lx [%s ] (%luB %s of kfence-#%u):\n",
	       e->addr, bytes, kfence_distance(e->object, e->addr),
	       e->addr < e->object->addr ? "left" : "right", e->index);
}

static void
print_invalid_free(const struct kfence_error *e)
{
	const struct kfence_metadata *m = e->object;

	if (!m)
		pr_err("Invalid free of 0x%08lx, a guard page:\n", e->addr);
	else if (e->addr != m->addr)
		pr_err("Invalid free of 0x%08lx (%ldB from the start of "
		       "kfence-#%u):\n", e->addr, (long)(e->addr - m->addr),
		       e->index);
	else
		pr_err("Invalid free of 0x%08lx (in kfence-#%u, %s):\n",
		       e->addr, e->index,
		       m->state == KFENCE_OBJECT_ALLOCATED ?
		       "of another cache" : "double free");
}

static void
print_what(const struct kfence_error *e)
{
	switch (e->type) {
	case KFENCE_ERROR_OOB:
		pr_err("Out-of-bounds %s at 0x%08lx (%luB %s of "
		       "kfence-#%u):\n", access_name(e), e->addr,
		       kfence_distance(e->object, e->addr),
		       e->addr < e->object->addr ? "left" : "right", e->index);
		break;
	case KFENCE_ERROR_UAF:
		pr_err("Use-after-free %s at 0x%08lx (in kfence-#%u):\n",
		       access_name(e), e->addr, e->index);
		break;
	case KFENCE_ERROR_CORRUPTION:
		print_corruption(e);
		break;
	case KFENCE_ERROR_INVALID:
		pr_err("Invalid %s at 0x%08lx:\n", access_name(e), e->addr);
		break;
	case KFENCE_ERROR_INVALID_FREE:
		print_invalid_free(e);
		break;
	}
}

static void
print_object(const struct kfence_metadata *m, unsigned index)
{
	if (m->state == KFENCE_OBJECT_UNUSED)
		return;
	pr_err("kfence-#%u: 0x%08lx-0x%08lx, size=%lu, cache=%s\n", index,
	       m->addr, m->addr + m->size - 1, (unsigned long)m->size, m->name);
	slub_print_track(&m->allocated, "Allocated");
	slub_print_track(&m->freed, "Freed");
}

/* Context: any, with any lock held. */
void
kfence_report_error(const struct kfence_error *e)
{
	unsigned long flags;

	__atomic_fetch_add(&kfence_stats.bugs, 1, __ATOMIC_RELAXED);
	if (!soft_report_begin(&flags))
		return;
	pr_err(RULE);
	print_title(e);
	print_what(e);
	if (e->regs)
		show_stack(e->regs);
	else
		dump_stack();
	if (e->object)
		print_object(e->object, e->index);
	report_where();
	pr_err(RULE);
	soft_report_end(flags);
}
