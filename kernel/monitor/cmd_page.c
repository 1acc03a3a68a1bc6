/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands on page frames: page, map, verify.
 *
 * map draws a zone in at most 16 rows of 64 cells. A cell is one frame where
 * the zone is small, else a power of two of them; then its letter is that of
 * the owner with the most frames in it, in lower case when some of the cell
 * is free:
 *
 *	Normal: 64 KiB each letter
 *	  0x61000  ####KKKkk...............................................
 */
#include "monitor_private.h"

#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/init.h>
#include <mm/mm.h>
#include <mm/page.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/verify.h>
#include <mm/zone.h>

#define MAP_COLUMNS	64u
#define MAP_ROWS	16u

/*
 * A frame number from text: a frame number, a physical address, or an
 * address in lowmem. They cannot be mistaken for each other, because frame
 * numbers are below 2^20 and memory lies above.
 */
static int
page_number(const char *command, const char *text, pfn_t *pfn)
{
	unsigned long v;

	if (monitor_number(command, "frame", text, &v))
		return -EINVAL;
	if (v >= PAGE_OFFSET)
		v = v < (unsigned long)high_memory
			? __pa((void *)v) >> PAGE_SHIFT : 0;
	else if (v >= 1ul << (32 - PAGE_SHIFT))
		v >>= PAGE_SHIFT;
	if (!pfn_valid(v))
		return monitor_error(command, -EINVAL, "\"%s\" is no frame: "
				     "frames are 0x%lx to 0x%lx", text,
				     mem_map_start, mem_map_end - 1);
	*pfn = v;
	return 0;
}

/* --- who maps it ------------------------------------------------------------ */

#define MAX_MAPPERS	24u

struct mapper {
	const struct mm_struct *mm;	/* to compare: it may have ended */
	unsigned long address;
	bool section;			/* of 1 MiB: it has no pte */
	pte_t pte;
};

struct mappers {
	phys_addr_t section;		/* that is looked for */
	unsigned nr;			/* some may not have found room */
	struct mapper at[MAX_MAPPERS];
};

static bool
note_mapper(const struct rmap_place *p, void *arg)
{
	struct mappers *m = arg;

	if (m->nr < MAX_MAPPERS)
		m->at[m->nr] = (struct mapper){ p->mm, p->address, false,
						*p->pte };
	m->nr++;
	return true;
}

/* Sections are one space's alone, and have no reverse mapping. */
static bool
is_section(struct page *page)
{
	return page_is_anon(page) &&
	       compound_order(page) == SECTION_SHIFT - PAGE_SHIFT;
}

static void
look_for_section(struct mm_struct *mm, void *arg)
{
	struct mappers *m = arg;
	unsigned long addr;
	phys_addr_t pa;
	bool dirty;

	spin_lock(&mm->page_table_lock);
	for (addr = 0; addr < TASK_SIZE; addr += SECTION_SIZE)
		if (user_section_get(&mm->context, addr, &pa, &dirty) &&
		    pa == m->section && m->nr < MAX_MAPPERS)
			m->at[m->nr++] = (struct mapper){ mm, addr, true,
							  { 0 } };
	spin_unlock(&mm->page_table_lock);
}

struct owner {
	const struct mm_struct *mm;
	int pid;			/* 0: nobody's */
	char name[TASK_NAME_LEN];
};

static void
look_for_owner(struct process *process, void *arg)
{
	struct owner *owner = arg;
	struct mm_struct *mm = owner->pid ? NULL : process_get_mm(process);

	if (!mm)
		return;
	if (mm == owner->mm) {
		owner->pid = process->pid;
		process_name(process, owner->name);
	}
	mmput(mm);
}

static void
show_mapper(struct seq_buf *s, const struct mapper *m)
{
	struct owner owner = { .mm = m->mm, .name = "(no process)" };

	process_for_each(look_for_owner, &owner);
	seq_printf(s, "  %5d %-16s 0x%08lx ", owner.pid, owner.name,
		   m->address);
	if (m->section) {
		seq_puts(s, "    section of 1 MiB\n");
		return;
	}
	seq_printf(s, "%c%c%c %s %s\n", pte_present(m->pte) ? 'r' : '-',
		   pte_write(m->pte) ? 'w' : '-', pte_exec(m->pte) ? 'x' : '-',
		   pte_young(m->pte) ? "young" : "old  ",
		   pte_dirty(m->pte) ? "dirty" : "clean");
}

static bool
is_mapped_page(const struct page *page)
{
	return page_is_anon(page) || page_state(page) == PAGE_STATE_CACHE;
}

/*
 * Who has a translation of page, as rmap_walk() finds it. A page that is busy
 * is not waited for: the prompt is there for a machine that hangs, too. Of a
 * page in a block it is the block's.
 */
static void
show_mappers(struct seq_buf *s, struct page *page)
{
	struct mappers m = { .section = page_to_phys(page) };
	bool locked;

	if (!is_mapped_page(page) || !page_mapcount(page) ||
	    !get_page_unless_zero(page))
		return;
	locked = trylock_page(page);
	if (locked && is_section(page)) {
		mm_for_each(look_for_section, &m);
		unlock_page(page);
	} else if (locked) {
		rmap_walk(page, note_mapper, &m);
		unlock_page(page);
	}
	put_page(page);
	if (!locked) {
		seq_puts(s, "  locked: who maps it is not asked now\n");
		return;
	}
	if (m.nr)
		seq_puts(s, "    PID NAME             ADDRESS    MAY STATE\n");
	for (unsigned i = 0; i < min(m.nr, MAX_MAPPERS); i++)
		show_mapper(s, &m.at[i]);
	if (m.nr > MAX_MAPPERS)
		seq_printf(s, "  and %u more\n", m.nr - MAX_MAPPERS);
}

/* The frame at an address of mm. */
static int
page_of_space(struct mm_struct *mm, unsigned long addr, pfn_t *pfn)
{
	int err = -EFAULT;
	phys_addr_t pa;
	bool dirty;
	pte_t *pte;

	if (addr >= TASK_SIZE)
		return err;
	spin_lock(&mm->page_table_lock);
	pte = pte_offset(&mm->context, addr);
	if (user_section_get(&mm->context, addr, &pa, &dirty)) {
		*pfn = (pa + addr % SECTION_SIZE) >> PAGE_SHIFT;
		err = 0;
	} else if (pte && pte_mapped(*pte) && pfn_valid(pte_pfn(*pte))) {
		*pfn = pte_pfn(*pte);
		err = 0;
	}
	spin_unlock(&mm->page_table_lock);
	return err;
}

/* The frame at an address of a process, both as text. */
static int
page_of_process(const char *command, const char *text, const char *who,
		pfn_t *pfn)
{
	unsigned long addr, pid;
	struct process *process;
	struct mm_struct *mm;
	int err = -EFAULT;

	if (monitor_number(command, "address", text, &addr) ||
	    monitor_number(command, "pid", who, &pid))
		return -EINVAL;
	process = process_find((int)pid);
	if (!process)
		return monitor_error(command, -ESRCH, "no process %lu; \"ps\" "
				     "lists them", pid);
	mm = process_get_mm(process);
	if (mm) {
		err = page_of_space(mm, addr, pfn);
		mmput(mm);
	}
	process_put(process);
	return err ? monitor_error(command, err, "process %lu has no page at "
				   "0x%lx", pid, addr) : 0;
}

static int
page_command(int argc, char **argv)
{
	bool life = argc > 2 && !strcmp(argv[argc - 1], "--life");
	struct seq_buf s;
	pfn_t pfn = 0;
	int err;

	argc -= life;
	if (argc != 2 && (argc != 4 || strcmp(argv[2], "-p")))
		return monitor_usage(argv[0]);
	err = argc == 2 ? page_number(argv[0], argv[1], &pfn) :
			  page_of_process(argv[0], argv[1], argv[3], &pfn);
	if (err)
		return err;
	monitor_seq_begin(&s);
	if (life) {
		page_life_show(&s, pfn_to_page(pfn));
	} else {
		dump_page(&s, pfn_to_page(pfn));
		show_mappers(&s, compound_head(pfn_to_page(pfn)));
	}
	monitor_seq_end(&s);
	return 0;
}
MONITOR_COMMAND("page", page_command, "PFN|ADDR [-p PID] [--life]",
		"a page frame: what it is, who maps it; what befell it");

static char
map_lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 'a' - 'A');
	return c == '#' ? '+' : c;
}

/* The letter of the cell [pfn, pfn + n). */
static char
map_cell(pfn_t pfn, unsigned long n)
{
	static u32 counts[128];
	unsigned c, best = '.';
	bool free;

	if (n == 1)
		return page_letter(pfn);
	memset(counts, 0, sizeof(counts));
	while (n--)
		counts[page_letter(pfn++) & 127]++;
	free = counts['.'] || counts[','];
	counts['.'] = 0;
	for (c = 0; c < 128; c++) {
		if (counts[c] > counts[best])
			best = c;
	}
	return free ? map_lower((char)best) : (char)best;
}

static void
map_zone(const struct zone *zone)
{
	unsigned long cell = 1, n;
	pfn_t pfn, end = zone_end_pfn(zone);
	unsigned i;

	while (DIV_ROUND_UP(zone->spanned_pages, cell) > MAP_COLUMNS * MAP_ROWS)
		cell *= 2;
	console_printf("node %u zone %s: a letter is %lu KiB\n", zone->nid,
		       zone->name, cell << (PAGE_SHIFT - 10));
	for (pfn = zone->start_pfn; pfn < end && !monitor_interrupted();) {
		char row[MAP_COLUMNS + 1];
		pfn_t first = pfn;

		for (i = 0; i < MAP_COLUMNS && pfn < end; i++) {
			n = min(cell, end - pfn);
			row[i] = map_cell(pfn, n);
			pfn += n;
		}
		row[i] = '\0';
		console_printf("  0x%05lx  %s\n", first, row);
	}
}

static void
map_legend(void)
{
	static const struct {
		char letter;
		const char *text;
	} legend[] = {
#define MAP_LEGEND(name, letter, text, moves)	{ letter, text },
		PAGE_STATES(MAP_LEGEND)
#undef MAP_LEGEND
	};
	unsigned i, n = 0;

	for (i = 0; i < ARRAY_SIZE(legend); i++) {
		if (i == PAGE_STATE_TAIL || i == PAGE_STATE_OFFLINE)
			continue;
		console_printf("%c %-12s%s", legend[i].letter, legend[i].text,
			       ++n % 5 ? "" : "\n");
	}
	console_puts("\nlower case or +: partly free; blank: no memory\n");
}

static int
map_command(int argc, char **argv)
{
	struct zone *zone;
	unsigned i, shown = 0;

	if (argc > 2)
		return monitor_usage(argv[0]);
	for_each_zone(zone, i) {
		if (argc == 2 && strcmp(zone->name, argv[1]) != 0)
			continue;
		map_zone(zone);
		shown++;
	}
	if (!shown)
		return monitor_error(argv[0], -ENOENT, "no zone \"%s\"; "
				     "\"cat zoneinfo\" lists them", argv[1]);
	map_legend();
	return 0;
}
MONITOR_COMMAND("map", map_command, "[ZONE]",
		"draw page frames by owner, a letter each");

static int
verify_command(int argc, char **argv)
{
	struct seq_buf s;
	bool ok;

	if (argc > 1)
		return monitor_usage(argv[0]);
	monitor_seq_begin(&s);
	ok = mm_verify_all(&s);
	monitor_seq_end(&s);
	if (!ok)
		return monitor_error(argv[0], -EIO, "memory management "
				     "contradicts itself, see above");
	console_printf("verified: every rule holds, %lu of %lu pages free\n",
		       nr_free_pages(), totalram_pages());
	return 0;
}
MONITOR_COMMAND("verify", verify_command, "",
		"check all of memory management against its rules");

/* The same for programs: /proc/verify. It takes long, so it is root's. */
static void
verify_show(struct seq_buf *s)
{
	if (current->process && current->process->euid)
		seq_puts(s, "verify: only for root\n");
	else if (mm_verify_all(s))
		seq_puts(s, "every rule holds\n");
}
NODE("verify", verify_show);
