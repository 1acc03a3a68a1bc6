/* SPDX-License-Identifier: MIT */
/*
 * First-level tables that are kept for the next process (arch/arm/mm/user.c):
 * 16 KiB each, in one piece, which is why they are kept; and given back when
 * memory is short, for the same reason. Only the few that are left over can
 * be: those in use are their processes'.
 *
 * Here and not with the tables: arch/ does not know shrinkers.
 */
#include <asm/mmu.h>
#include <kernel/init.h>
#include <mm/slab.h>

static unsigned long
count_spare_tables(struct shrinker *shrinker)
{
	(void)shrinker;
	return mm_context_nr_spare();
}

static unsigned long
scan_spare_tables(struct shrinker *shrinker, unsigned long nr)
{
	unsigned spare = mm_context_nr_spare();

	(void)shrinker;
	return mm_context_trim(spare > nr ? spare - (unsigned)nr : 0);
}

static struct shrinker spare_tables = {
	.name = "spare-tables",
	.count = count_spare_tables,
	.scan = scan_spare_tables,
};

static int __init
spare_tables_init(void)
{
	shrinker_register(&spare_tables);
	return 0;
}
late_initcall(spare_tables_init);
