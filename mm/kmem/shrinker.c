/* SPDX-License-Identifier: MIT */
/*
 * Shrinkers: caches that give memory back when it is short.
 *
 * Ideas
 *   Whoever keeps objects only because they may be useful again (dentries,
 *   say) registers two functions: how many could go, and free that many. When
 *   memory is short each cache is asked for a share of what it has:
 *
 *	priority 12	1/4096 of it: hardly any need
 *	priority  1	half of it
 *	priority  0	all
 *
 *   seeks says how dear an object is to make anew: the share is multiplied by
 *   4 / seeks, where 2 is usual.
 *   A share below BATCH is not worth the locks that scan takes: it is
 *   remembered (nr_deferred) and added the next time.
 *
 * Locks    shrinker_rwsem: the list; readers scan, so a shrinker that is
 *	    unregistered is not in use any more. nr_deferred: atomically.
 * Sources  Linux, mm/vmscan.c (shrink_slab) and its documentation of shrinkers.
 */
#include <kernel/node.h>
#include <kernel/rwsem.h>
#include <kernel/sched.h>
#include <mm/slab.h>

#define BATCH	64ul		/* objects asked for in one call of scan */

static LIST_HEAD(shrinkers);			/* shrinker_rwsem */
static struct rw_semaphore shrinker_rwsem = RWSEM_INIT(shrinker_rwsem);

void
shrinker_register(struct shrinker *shrinker)
{
	shrinker->nr_deferred = 0;
	if (!shrinker->seeks)
		shrinker->seeks = 2;
	down_write(&shrinker_rwsem);
	list_add_tail(&shrinker->list, &shrinkers);
	up_write(&shrinker_rwsem);
}

void
shrinker_unregister(struct shrinker *shrinker)
{
	down_write(&shrinker_rwsem);
	list_del(&shrinker->list);
	up_write(&shrinker_rwsem);
}

/* The share of freeable objects that is wanted at priority. */
static unsigned long
share_of(const struct shrinker *shrinker, unsigned long freeable,
	 unsigned priority)
{
	unsigned long share = priority < 32 ? freeable >> priority : 0;

	if (!priority)
		return freeable;
	return share * 4 / shrinker->seeks;
}

/* Ask one shrinker. Returns how many objects went. */
static unsigned long
do_shrink(struct shrinker *shrinker, unsigned priority)
{
	unsigned long freeable = shrinker->count(shrinker), freed = 0;
	unsigned long total, n, went, least;

	if (!freeable)
		return 0;
	total = share_of(shrinker, freeable, priority) +
		__atomic_exchange_n(&shrinker->nr_deferred, 0,
				    __ATOMIC_RELAXED);
	/* What was put off never asks for more than twice what there is. */
	total = min(total, 2 * freeable);
	/* Few are worth a call if they are all there is, or all are wanted. */
	least = priority ? min(BATCH, freeable) : 1;
	while (total >= least) {
		n = min(total, BATCH);
		went = shrinker->scan(shrinker, n);
		if (went == SHRINK_STOP)
			break;
		freed += went;
		total -= n;
		cond_resched();
	}
	__atomic_fetch_add(&shrinker->nr_deferred, total, __ATOMIC_RELAXED);
	return freed;
}

unsigned long
shrink_slab(unsigned priority)
{
	struct shrinker *shrinker;
	unsigned long freed = 0;

	might_sleep();
	down_read(&shrinker_rwsem);
	list_for_each_entry(shrinker, &shrinkers, list)
		freed += do_shrink(shrinker, priority);
	up_read(&shrinker_rwsem);
	return freed;
}

static void
shrinkers_show(struct seq_buf *s)
{
	struct shrinker *shrinker;

	seq_puts(s, "  objects  deferred seeks name\n");
	down_read(&shrinker_rwsem);
	list_for_each_entry(shrinker, &shrinkers, list)
		seq_printf(s, "%9lu %9lu %5u %s\n", shrinker->count(shrinker),
			   shrinker->nr_deferred, shrinker->seeks,
			   shrinker->name);
	up_read(&shrinker_rwsem);
}
NODE("shrinkers", shrinkers_show);
