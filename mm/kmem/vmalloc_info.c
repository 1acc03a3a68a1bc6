/* SPDX-License-Identifier: MIT */
/*
 * Looking at the vmalloc area: the nodes vmallocinfo and vmalloc_free, one
 * address, the rules.
 */
#include <asm/pgtable.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/kmemleak.h>
#include <mm/verify.h>
#include <mm/vmalloc.h>
#include "vmalloc_private.h"

static const char *const kind_names[NR_VM_KINDS] = {
	"vmalloc", "vmap", "ioremap",
};

static void
show_area(const struct vm_area *area, void *arg)
{
	struct seq_buf *s = arg;
	char caller[64];

	symbol_format(area->caller, caller, sizeof(caller));
	seq_printf(s, "0x%08lx-0x%08lx %8lu %s", area->range.start,
		   area->range.end, area->range.end - area->range.start,
		   caller);
	if (area->kind == VM_IOREMAP)
		seq_printf(s, " phys=0x%08x", area->pa);
	else
		seq_printf(s, " pages=%lu", area->nr_pages);
	seq_printf(s, " %s\n", kind_names[area->kind]);
}

static void
vmallocinfo_show(struct seq_buf *s)
{
	vmalloc_for_each(show_area, s);
	seq_printf(s, "# free %lu KiB of %lu KiB, waiting for a flush "
		   "%lu pages, flushed %lu\n", vmalloc_state.free.free / 1024,
		   vmalloc_state.size / 1024, vmalloc_state.waiting_pages,
		   vmalloc_state.clean_pages);
}
NODE("vmallocinfo", vmallocinfo_show);

static unsigned
depth_of(const struct rb_node *node)
{
	unsigned depth = 0;

	while ((node = rb_parent(node)))
		depth++;
	return depth;
}

/* The tree of free ranges, its root at the left, low addresses above. */
static void
vmalloc_free_show(struct seq_buf *s)
{
	unsigned long flags = vmalloc_lock_state();
	struct rb_node *n;
	struct vrange *r;

	seq_puts(s, "# free range, KiB (largest in its subtree, KiB)\n");
	for (n = rb_first(&vmalloc_state.free.root); n; n = rb_next(n)) {
		r = rb_entry(n, struct vrange, node);
		seq_printf(s, "%*s0x%08lx-0x%08lx %lu (%lu)%s\n",
			   (int)(4 * depth_of(n)), "", r->start, r->end,
			   (r->end - r->start) / 1024, r->largest / 1024,
			   rb_is_red(n) ? " red" : "");
	}
	vmalloc_unlock_state(flags);
}
NODE("vmalloc_free", vmalloc_free_show);

bool
vmalloc_describe(unsigned long addr, char *line, size_t size)
{
	struct vm_area area;
	char caller[64];

	if (!is_vmalloc_addr((void *)addr))
		return false;
	if (!vmalloc_find(addr, &area)) {
		snprintf(line, size, "in the vmalloc area, not allocated");
		return true;
	}
	symbol_format(area.caller, caller, sizeof(caller));
	if (addr >= area.range.end - PAGE_SIZE)
		snprintf(line, size, "guard page of %s of %lu pages by %s",
			 kind_names[area.kind], area.nr_pages, caller);
	else
		snprintf(line, size, "%s+0x%lx of %lu pages by %s",
			 kind_names[area.kind], addr - area.range.start,
			 area.nr_pages, caller);
	return true;
}

/* --- verify ------------------------------------------------------------------ */

/* V2 for one area; the first contradiction is enough. */
static void
verify_mapping(const struct vm_area *area, bool busy, struct verify *v)
{
	struct pt_walk w;

	for (unsigned long i = 0; i <= area->nr_pages; i++) {
		unsigned long va = area->range.start + (i << PAGE_SHIFT);
		bool wanted = busy && i < area->nr_pages;
		phys_addr_t pa = 0;

		if (wanted)
			pa = area->pages ? page_to_phys(area->pages[i]) :
					   area->pa + (i << PAGE_SHIFT);
		pt_walk(swapper_pg_dir, va, &w);
		if ((w.kind == PT_SMALL_PAGE) == wanted &&
		    (!wanted || w.pa == pa))
			continue;
		verify_bad(v, "V2", "vmalloc: %s page %lu of the area at "
			   "%08lx is %s", busy ? "busy" : "waiting", i,
			   area->range.start,
			   wanted ? "not mapped to its frame" : "mapped");
		return;
	}
}

/* The busy areas; returns their bytes. */
static unsigned long
verify_busy(struct verify *v)
{
	unsigned long last = 0, bytes = 0;
	struct vm_area *area;
	struct rb_node *n;

	for (n = rb_first(&vmalloc_state.busy); n; n = rb_next(n)) {
		area = rb_entry(n, struct vm_area, range.node);
		VERIFY(v, area->range.start >= last, "V1",
		       "vmalloc: area at %08lx overlaps the one before",
		       area->range.start);
		verify_mapping(area, true, v);
		last = area->range.end;
		bytes += area->range.end - area->range.start;
	}
	return bytes;
}

/* The areas of a list; returns their pages. */
static unsigned long
verify_list(struct list_head *list, unsigned long counted, const char *what,
	    struct verify *v)
{
	unsigned long pages = 0;
	struct vm_area *area;

	list_for_each_entry(area, list, list) {
		verify_mapping(area, false, v);
		pages += area->nr_pages + 1;
	}
	VERIFY(v, pages == counted, "V3",
	       "vmalloc: %lu pages %s, counted as %lu", pages, what, counted);
	return pages;
}

/* The areas on their way to be free; returns their bytes. */
static unsigned long
verify_waiting(struct verify *v)
{
	struct vmalloc_state *s = &vmalloc_state;

	return (verify_list(&s->waiting, s->waiting_pages, "wait", v) +
		verify_list(&s->clean, s->clean_pages, "are clean", v) +
		s->purging_pages) << PAGE_SHIFT;
}

#ifdef VELLUM_KMEMLEAK
static void
enter_area(const struct vm_area *area, void *arg)
{
	(void)arg;
	if (area->kind == VM_ALLOC)
		kmemleak_enter_old((void *)area->range.start,
				   area->nr_pages << PAGE_SHIFT);
	kmemleak_ignore(area);
	if (area->pages && area->pages != area->few)
		kmemleak_ignore(area->pages);
}

/* After the slabs, which areas are objects of. */
void
kmemleak_enter_vmalloc(void)
{
	vmalloc_for_each(enter_area, NULL);
}
#endif

static void
vmalloc_verify(struct verify *v)
{
	unsigned long flags = vmalloc_lock_state(), bytes;

	vrange_verify(&vmalloc_state.free, v);
	VERIFY(v, rb_verify(&vmalloc_state.busy, NULL), "V1",
	       "vmalloc: the tree of areas is damaged");
	bytes = vmalloc_state.free.free + verify_busy(v) + verify_waiting(v);
	VERIFY(v, bytes == vmalloc_state.size, "V1",
	       "vmalloc: free, busy and waiting add up to %lu of %lu bytes",
	       bytes, vmalloc_state.size);
	vmalloc_unlock_state(flags);
}

static struct verify_module verify_module = { "vmalloc", vmalloc_verify, NULL };

static int
vmalloc_verify_init(void)
{
	verify_register(&verify_module);
	return 0;
}
core_initcall(vmalloc_verify_init);
