/* SPDX-License-Identifier: MIT */
/*
 * A page-table walk told in words: the short form, for reports. (The ptwalk
 * command of the monitor explains each bit and the frame as well.)
 *
 *	VA 0xc0123456
 *	  L1  index 0xc01  entry @PA 0x60007004 = 0x60b4201e -> section ...
 *	  =>  PA 0x60123456  kernel r--  user --  normal, write-back
 *
 * Where the walk ends without a translation, the last line says so, with the
 * fault status that the core reports for it.
 */
#include <asm/mmu.h>
#include <kernel/ptwalk.h>

static const char *
kind_name(enum pt_kind kind)
{
	switch (kind) {
	case PT_SECTION:	return "section (1 MiB)";
	case PT_SUPERSECTION:	return "supersection (16 MiB)";
	case PT_LARGE_PAGE:	return "large page (64 KiB)";
	case PT_SMALL_PAGE:	return "small page (4 KiB)";
	case PT_SOFTWARE:	return "not present, kept by software";
	default:		return "nothing";
	}
}

static void
show_result(struct seq_buf *s, const struct pt_walk *w)
{
	phys_addr_t pa;

	if (w->kind == PT_NONE || w->kind == PT_SOFTWARE) {
		seq_printf(s, "  =>  no translation: fault status 0x%02x "
			   "(translation, %s)\n", w->level == 1 ? 5 : 7,
			   w->level == 1 ? "section" : "page");
		return;
	}
	seq_printf(s, "  =>  PA 0x%08x  kernel %c%c%c  user %c%c  %s%s%s\n",
		   w->pa, w->read ? 'r' : '-', w->write ? 'w' : '-',
		   w->exec ? 'x' : '-', w->user ? 'r' : '-',
		   w->user_write ? 'w' : '-', pt_memattr_name(w->memattr),
		   w->global ? "" : ", not global",
		   w->shared ? ", shared" : "");
	seq_printf(s, "      young %d  dirty %d  writable %d (software)\n",
		   w->young, w->dirty, w->writable);
	if (w->read && !(hardware_translate(w->va, false, &pa) && pa == w->pa))
		seq_puts(s, "      the core does not agree: its TLB is stale, "
			 "or the table was not written back\n");
}

/*
 * Walk the table that this core uses for va, one line a step.
 * Context: any, a report included. Locks: none.
 */
void
ptwalk_show(struct seq_buf *s, unsigned long va)
{
	struct pt_walk w;

	pt_walk(current_pgd(), va, &w);
	seq_printf(s, "VA 0x%08lx\n", va);
	seq_printf(s, "  L1  index 0x%03lx  entry @PA 0x%08x = 0x%08x -> ",
		   va >> SECTION_SHIFT, w.l1_pa, w.l1);
	if (w.level == 1) {
		seq_printf(s, "%s\n", kind_name(w.kind));
	} else {
		seq_printf(s, "second-level table, domain %u\n", w.domain);
		seq_printf(s, "  L2  index 0x%02lx   entry @PA 0x%08x = 0x%08x "
			   "-> %s\n", va >> PAGE_SHIFT & (PTRS_PER_PTE - 1),
			   w.l2_pa, w.l2, kind_name(w.kind));
	}
	show_result(s, &w);
}
