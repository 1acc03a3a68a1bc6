/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands that look at addresses: ptwalk and hexdump.
 *
 * ptwalk draws what the MMU does with an address, level by level, from the
 * tables in memory, and then asks the MMU itself (ATS1CPR): the two agree,
 * or the line says so.
 *
 *	0xc0012345 = 1100 0000 0000 | 0001 0010 | 0011 0100 0101
 *	             L1 index 0xc00   L2 0x12     offset 0x345
 *
 * hexdump reads one row at a time inside catch_run(), so an address that is
 * not there ends the dump with a message instead of an oops.
 */
#include "monitor_private.h"

#include <asm/catch.h>
#include <asm/mmu.h>
#include <asm/pgtable.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/zone.h>

#define ROW_BYTES	16u
#define DUMP_DEFAULT	64u
#define DUMP_MAX	65536u

/* Print bits high-1..low of v in groups of four from the right. */
static void
walk_bits(u32 v, int high, int low)
{
	int bit;

	for (bit = high - 1; bit >= low; bit--)
		console_printf("%u%s", v >> bit & 1,
			       bit > low && (bit - low) % 4 == 0 ? " " : "");
}

/* The address cut into the fields that index the tables. */
static void
walk_show_fields(const struct pt_walk *w)
{
	u32 va = (u32)w->va;

	console_printf("  0x%08x = ", va);
	walk_bits(va, 32, 20);
	console_puts(" | ");
	if (w->level == 1) {
		walk_bits(va, 20, 0);
		console_printf("\n               L1 index 0x%03x   "
			       "section offset 0x%05x\n\n", va >> 20,
			       va & 0xfffff);
		return;
	}
	walk_bits(va, 20, 12);
	console_puts(" | ");
	walk_bits(va, 12, 0);
	console_printf("\n               L1 index 0x%03x   L2 0x%02x      "
		       "page offset 0x%03x\n\n", va >> 20, va >> 12 & 0xff,
		       va & 0xfff);
}

static const char *
walk_kind_text(enum pt_kind kind)
{
	switch (kind) {
	case PT_NONE:
		return "nothing";
	case PT_SECTION:
		return "section (1 MiB)";
	case PT_SUPERSECTION:
		return "supersection (16 MiB)";
	case PT_LARGE_PAGE:
		return "large page (64 KiB)";
	case PT_SMALL_PAGE:
		return "small page (4 KiB)";
	case PT_SOFTWARE:
		return "not present, kept by software";
	}
	return "?";
}

/* The entries, as they were read. */
static void
walk_show_levels(const struct pt_walk *w)
{
	console_printf("  L1  entry @PA 0x%08x = 0x%08x  -> ", w->l1_pa, w->l1);
	if (w->level == 1) {
		console_printf("%s\n", walk_kind_text(w->kind));
		return;
	}
	console_printf("second-level table, domain %u\n", w->domain);
	console_printf("  L2  entry @PA 0x%08x = 0x%08x  -> %s\n", w->l2_pa,
		       w->l2, walk_kind_text(w->kind));
}

/* What the entry allows and says, a pair of facts in a line. */
static void
walk_show_rights(const struct pt_walk *w)
{
	console_printf("        nG %u  %-34s S   %u  %s\n", !w->global,
		       w->global ? "global: for every address space"
				 : "tagged with the ASID",
		       w->shared, w->shared ? "shareable" : "not shareable");
	console_printf("        AP %c%c %-34s XN  %u  %s\n",
		       w->read ? 'r' : '-', w->write ? 'w' : '-',
		       w->user ? w->user_write ? "user may write too"
					       : "user may read"
			       : "kernel only",
		       !w->exec, w->exec ? "may be executed"
					 : "never executed");
	console_printf("        AF %u  %-34s TEX0 C B  %u %u %u\n", w->young,
		       w->young ? "young" : "old: the next access faults",
		       w->memattr >> 2 & 1, w->memattr >> 1 & 1,
		       w->memattr & 1);
	console_printf("        memory: %s; software: writable %u, dirty %u\n",
		       pt_memattr_name(w->memattr), w->writable, w->dirty);
}

/* The frame that was found, if it is memory. */
static void
walk_show_frame(phys_addr_t pa)
{
	pfn_t pfn = pa >> PAGE_SHIFT;
	struct page *page;

	console_printf("  =>  PA 0x%08x", pa);
	if (!pfn_valid(pfn)) {
		console_puts("   not memory\n");
		return;
	}
	page = pfn_to_page(pfn);
	console_printf("   page 0x%08lx   pfn 0x%lx   zone %s\n",
		       (unsigned long)page, pfn, page_zone(page)->name ?
		       page_zone(page)->name : "none");
	page = compound_head(page);
	console_printf("      %s, order %u, refcount %d, mapcount %d\n",
		       page_state_name(page_state(page)), page_order(page),
		       page_count(page), page_mapcount(page));
}

/* Ask the hardware, and compare. */
static void
walk_show_check(const struct pt_walk *w, bool mapped)
{
	phys_addr_t pa = 0;
	bool ok = hardware_translate(w->va, false, &pa);

	if (ok)
		console_printf("  check: the MMU says PA 0x%08x   %s\n", pa,
			       mapped && pa == w->pa ? "agrees" : "DISAGREES");
	else
		console_printf("  check: the MMU says it faults   %s\n",
			       mapped ? "DISAGREES" : "agrees");
}

static int
ptwalk_command(int argc, char **argv)
{
	const pgd_t *pgd;
	struct pt_walk w;
	unsigned long va;
	bool mapped;

	if (argc != 2)
		return monitor_usage(argv[0]);
	if (monitor_address(argv[0], argv[1], &va))
		return -EINVAL;
	pgd = va < TASK_SIZE ? current_pgd() : swapper_pg_dir;
	pt_walk(pgd, va, &w);
	mapped = w.kind != PT_NONE && w.kind != PT_SOFTWARE;
	console_printf("VA 0x%08lx   %s   table %s, PA 0x%08x\n",
		       va, va < TASK_SIZE ? "user" : "kernel",
		       pgd == swapper_pg_dir ? "swapper_pg_dir" :
		       "of the space that this core is in", __pa(pgd));
	walk_show_fields(&w);
	walk_show_levels(&w);
	if (mapped) {
		walk_show_rights(&w);
		walk_show_frame(w.pa);
	} else {
		u32 fsr = w.level == 1 ? 0x05 : 0x07;

		console_printf("  =>  an access faults with status 0x%02x: "
			       "%s\n",
			       fsr, fault_status_name(fsr));
	}
	walk_show_check(&w, mapped);
	return 0;
}
MONITOR_COMMAND("ptwalk", ptwalk_command, "ADDR",
		"translate an address, level by level");

struct dump_row {
	const u8 *from;
	unsigned n;
	u8 bytes[ROW_BYTES];
};

/* Context: catch_run(). A byte at a time: nothing is read that is not shown. */
static void
dump_read(void *arg)
{
	struct dump_row *row = arg;
	unsigned i;

	for (i = 0; i < row->n; i++)
		row->bytes[i] = READ_ONCE(row->from[i]);
}

/* Read a row; false if it cannot be read. The oops is nobody's business. */
static bool
dump_try_read(struct dump_row *row)
{
	static char report[256];
	unsigned long flags = local_irq_save();
	bool faulted;

	log_capture_begin(report, sizeof(report));
	faulted = catch_run(dump_read, row);
	log_capture_end();
	if (faulted)
		lockcheck_reset();
	local_irq_restore(flags);
	return !faulted;
}

static void
dump_show(const struct dump_row *row)
{
	unsigned i;

	console_printf("%08lx ", (unsigned long)row->from);
	for (i = 0; i < ROW_BYTES; i++) {
		if (i < row->n)
			console_printf("%s%02x", i == 8 ? "  " : " ",
				       row->bytes[i]);
		else
			console_puts(i == 8 ? "    " : "   ");
	}
	console_puts("  |");
	for (i = 0; i < row->n; i++)
		console_printf("%c", row->bytes[i] >= 0x20 &&
			       row->bytes[i] < 0x7f ? row->bytes[i] : '.');
	console_puts("|\n");
}

static int
hexdump_command(int argc, char **argv)
{
	unsigned long addr, len = DUMP_DEFAULT;
	struct dump_row row;

	if (argc < 2 || argc > 3)
		return monitor_usage(argv[0]);
	if (monitor_address(argv[0], argv[1], &addr))
		return -EINVAL;
	if (argc == 3 && monitor_number(argv[0], "length", argv[2], &len))
		return -EINVAL;
	if (len == 0 || len > DUMP_MAX)
		return monitor_error(argv[0], -EINVAL,
				     "length must be 1 to %u bytes", DUMP_MAX);
	if (addr + len - 1 < addr)
		return monitor_error(argv[0], -EINVAL, "0x%lx bytes from there "
				     "go past the address space", len);
	while (len && !monitor_interrupted()) {
		row.from = (const u8 *)addr;
		row.n = (unsigned)min(len, (unsigned long)ROW_BYTES);
		if (!dump_try_read(&row))
			return monitor_error(argv[0], -EFAULT, "cannot read at "
					     "0x%08lx; \"ptwalk 0x%lx\" says "
					     "why", addr, addr);
		dump_show(&row);
		addr += row.n;
		len -= row.n;
	}
	return 0;
}
MONITOR_COMMAND("hexdump", hexdump_command, "ADDR [LEN]",
		"show memory, in safety");
