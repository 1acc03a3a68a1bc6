/* SPDX-License-Identifier: MIT */
/*
 * The order of locks, as a node: what docs/locking.md shows is printed here,
 * from the same table that the checker uses.
 */
#include <kernel/lock_rank.h>
#include <kernel/node.h>

static void
lock_ranks_show(struct seq_buf *s)
{
	static const struct {
		const char *name, *what;
	} ranks[] = {
#define LOCK_RANK_ROW(lock, guards) { #lock, guards },
		LOCK_RANKS(LOCK_RANK_ROW)
#undef LOCK_RANK_ROW
	};

	for (unsigned i = 0; i < NR_LOCK_RANKS; i++)
		seq_printf(s, "%2u  %-13s %s\n", i, ranks[i].name,
			   ranks[i].what);
}
NODE("lock_ranks", lock_ranks_show);
