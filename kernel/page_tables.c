/* SPDX-License-Identifier: MIT */
/*
 * The kernel_page_tables node: the kernel's own page table, read back; and the
 * asid node, the state of address spaces' numbers.
 *
 * Ideas
 *   The table is walked entry by entry, as the hardware would; neighbours of
 *   the same kind with the same permissions are one line. So a line is not
 *   what somebody asked for, but what the MMU will do:
 *
 *	---[ lowmem ]---
 *	0xc0000000-0xc0010000      64K page    RW NX    normal, write-back
 *	0xc0010000-0xc0030000     128K page    ro x     normal, write-back
 *	                                       |  +-- x: code may run, NX: not
 *	                                       +----- RW, ro
 *
 *   A range both writable and executable is marked W+X: no kernel mapping
 *   should be (rodata=off asks for it), and the last line counts them.
 *
 * Locks     none: tables of the kernel are never freed, and an entry is one
 *   word. What is mapped meanwhile is seen or not.
 * Cost      one walk for each MiB, and for each page where a MiB has a table.
 */
#include <asm/memory.h>
#include <asm/mmu.h>
#include <asm/pgtable.h>
#include <kernel/node.h>
#include <kernel/smp.h>
#include <lib/compiler.h>

struct area {
	u32 start;
	const char *name;
};

/* A range of equal entries that is being gathered. */
struct run {
	struct pt_walk first;
	u64 end;
	const char *area;	/* printed last */
	unsigned long wx_bytes;
};

/* The name of the area of the address space that va lies in. */
static const char *
area_name(u32 va)
{
	const struct area areas[] = {
		{ 0, "user" },
		{ MODULES_START, "modules" },
		{ PKMAP_START, "pkmap" },
		{ PAGE_OFFSET, "lowmem" },
		{ (u32)(unsigned long)high_memory, "vmalloc" },
		{ VMALLOC_END, "above vmalloc" },
		{ FIXMAP_START, "fixmap" },
		{ FIXMAP_END, "above fixmap" },
		{ VECTORS_BASE, "vectors" },
	};
	unsigned i = ARRAY_SIZE(areas);

	while (--i && va < areas[i].start)
		;
	return areas[i].name;
}

static bool
walk_maps(const struct pt_walk *w)
{
	return w->kind != PT_NONE && w->kind != PT_SOFTWARE;
}

static const char *
kind_name(enum pt_kind kind)
{
	switch (kind) {
	case PT_SECTION:
		return "section";
	case PT_SUPERSECTION:
		return "super";
	case PT_LARGE_PAGE:
		return "large";
	default:
		return "page";
	}
}

static bool
same_entry(const struct pt_walk *a, const struct pt_walk *b)
{
	return a->kind == b->kind && a->memattr == b->memattr &&
	       a->read == b->read && a->write == b->write &&
	       a->exec == b->exec && a->user == b->user &&
	       a->user_write == b->user_write && a->global == b->global &&
	       a->shared == b->shared;
}

static void
run_show(struct seq_buf *s, struct run *run)
{
	const struct pt_walk *w = &run->first;
	const char *area = area_name((u32)w->va);
	u64 bytes = run->end - w->va;
	bool wx = w->write && w->exec;
	bool megs = bytes % SZ_1M == 0;

	if (area != run->area)
		seq_printf(s, "---[ %s ]---\n", area);
	run->area = area;
	if (wx)
		run->wx_bytes += (unsigned long)bytes;
	seq_printf(s, "0x%08lx-0x%08lx %8lu%c %-7s %s %s %s %s%s%s\n", w->va,
		   (unsigned long)run->end,
		   (unsigned long)(bytes / (megs ? SZ_1M : SZ_1K)),
		   megs ? 'M' : 'K', kind_name(w->kind),
		   w->write ? "RW" : "ro", w->exec ? "x " : "NX",
		   w->shared ? "SHD" : "   ", pt_memattr_name(w->memattr),
		   w->user ? w->user_write ? " USR" : " USR-ro" : "",
		   wx ? " W+X!" : "");
}

static void
kernel_page_tables_show(struct seq_buf *s)
{
	struct run run = { .area = NULL };
	bool open = false;
	u64 va = 0;

	while (va < 1ull << 32) {
		struct pt_walk w;
		u64 step;

		pt_walk(swapper_pg_dir, (unsigned long)va, &w);
		step = w.level == 1 ? SECTION_SIZE : PAGE_SIZE;
		if (walk_maps(&w) && w.size > step)
			step = w.size;
		if (open && (!walk_maps(&w) || !same_entry(&run.first, &w) ||
			     area_name((u32)va) != area_name(run.first.va))) {
			run_show(s, &run);
			open = false;
		}
		if (walk_maps(&w) && !open) {
			run.first = w;
			open = true;
		}
		va += step;
		run.end = va;
	}
	if (open)
		run_show(s, &run);
	seq_printf(s, "writable and executable: %lu KiB\n",
		   run.wx_bytes / SZ_1K);
}
NODE("kernel_page_tables", kernel_page_tables_show);

/* --- asid: numbers of address spaces (arch/arm/mm/asid.c) --- */

static void
asid_show(struct seq_buf *s)
{
	struct asid_state state;
	unsigned cpu;

	asid_state(&state);
	seq_printf(s, "generation %u: %u of 255 numbers used, %u rollovers\n",
		   state.generation, state.nr_used, state.nr_rollovers);
	seq_printf(s, "first-level tables kept for reuse: %u\n",
		   mm_context_nr_spare());
	for_each_online_cpu(cpu)
		seq_printf(s, "core %u: entered %u:%u, reserved %u:%u%s\n", cpu,
			   state.active[cpu] >> 8, state.active[cpu] & 0xff,
			   state.reserved[cpu] >> 8,
			   state.reserved[cpu] & 0xff,
			   state.flush_pending >> cpu & 1 ?
			   ", forgets all before it enters another" : "");
}
NODE("asid", asid_show);
