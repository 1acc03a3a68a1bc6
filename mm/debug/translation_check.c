/* SPDX-License-Identifier: MIT */
/*
 * Reports of the translation checker (arch/arm/mm/tlbcheck.c keeps the books).
 *
 *	translation check: a frame is freed, but may still be remembered
 *	  address d0a01000, entry 0x6812345f (frame 0x68123), cores 0123
 *	  of user space 12			(not for the kernel's addresses)
 *	  taken out by: unmap_kernel_range_lazily+0x..
 *	  (task, stack of who frees it)
 *
 * What to do: invalidate (flush_tlb_kernel_range) between taking the
 * translation out and giving the frame, or the address, to anybody.
 */
#include <mm/translation_check.h>
#if TLBCHECK
#include <asm/processor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/seq_buf.h>

void
do_translation_error(const char *what, const struct stale_translation *stale)
{
	unsigned long flags;
	char cores[NR_CPUS + 1], name[64];
	struct seq_buf s;

	if (!soft_report_begin(&flags))
		return;
	seq_buf_init(&s, cores, sizeof(cores));
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		if (stale->cpus >> cpu & 1)
			seq_printf(&s, "%u", cpu);
	}
	symbol_format(stale->pc, name, sizeof(name));
	pr_err("translation check: %s\n", what);
	pr_err("  address %08lx, entry 0x%08x (frame 0x%05x), cores %s\n",
	       stale->va, stale->entry, stale->entry >> PAGE_SHIFT, cores);
	if (stale->space)
		pr_err("  of user space %u\n", stale->space);
	pr_err("  taken out by: %s\n", name);
	report_where();
	dump_stack();
	soft_report_end(flags);
}

void
translation_check_bad(struct page *page, const char *what,
		      const struct stale_translation *stale)
{
	(void)page;
	do_translation_error(what, stale);
}
#endif
