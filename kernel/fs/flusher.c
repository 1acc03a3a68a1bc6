/* SPDX-License-Identifier: MIT */
/*
 * The flusher: a thread that writes dirty pages back in time, and the brake for
 * those who make them faster than it can.
 *
 * Ideas
 *	dirty pages
 *	   |.....dirty_ratio (20 %) ------- writers are made to wait
 *	   |  /\/\/\/\
 *	   | /
 *	   |/....dirty_background_ratio (10 %)  the flusher begins
 *	   |____________________________________ time
 *
 *   Percent of  the memory that files could have: free pages and those that files
 *	have now. Or a number of bytes; the one that was set last counts.
 *   Old	what has been dirty for dirty_expire_centisecs is written, however
 *	little it is, so that a crash loses no more than that; looked for every
 *	dirty_writeback_centisecs, as long as anything is dirty.
 *   Brake	a writer looks at the figures after each RATELIMIT pages. Above the
 *	limit it sleeps until the flusher has brought them under it, or for
 *	PAUSE_MAX; so a disk that takes nothing slows its writers to a crawl
 *	and does not stop them for ever.
 *   A full disk queue is no brake: pages under write-back count as dirty.
 *
 * Locks   none: figures are read as they are. flush_wait: the thread; under
 *   inode_lock, when the first inode becomes dirty. throttle_wait: writers.
 *
 * Questions a reader asks
 *   Why one thread and not one for each disk?  A slow disk would hold up a fast
 *   one; Linux has one for each. Ours begins I/O and does not wait for it, and
 *   queues are short.
 *
 * Sources  Wu, IO-less dirty throttling, LinuxCon Japan 2011 (what Linux does now);
 *   names of the knobs: Linux Documentation/admin-guide/sysctl/vm.rst.
 */
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#include "fs_private.h"

#define RATELIMIT	32u		/* pages a core makes dirty unseen */
#define CHUNK		1024L		/* pages of a round of the flusher */
#define PAUSE_MS	20u
#define PAUSE_MAX	50u		/* of them: a second for RATELIMIT pages */
#define CENTISEC_NS	(NSEC_PER_SEC / 100)

static int background_ratio = 10, dirty_ratio = 20;
static unsigned long background_bytes, dirty_bytes;	/* 0: the ratio counts */
static int expire_centisecs = 3000, writeback_centisecs = 500;

static DECLARE_WAIT_QUEUE_HEAD(flush_wait);
static DECLARE_WAIT_QUEUE_HEAD(throttle_wait);
static bool flush_wanted;		/* set by anybody, cleared by the thread */
static u32 dirtied[NR_CPUS];		/* since the core looked last */
static u32 nr_rounds;			/* ever; for tests, and the node */

/* --- figures ----------------------------------------------------------------- */

static unsigned long
dirtyable_pages(void)
{
	return global_zone_page_state(NR_FREE_PAGES) +
	       global_node_page_state(NR_FILE_PAGES) -
	       global_node_page_state(NR_SHMEM);
}

static unsigned long
limit_of(unsigned long bytes, int ratio, unsigned long all)
{
	return bytes ? (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT :
	       all / 100 * (unsigned long)ratio;
}

void
dirty_limits(unsigned long *background, unsigned long *limit)
{
	unsigned long all = dirtyable_pages();

	*limit = limit_of(dirty_bytes, dirty_ratio, all);
	*background = limit_of(background_bytes, background_ratio, all);
	if (*background >= *limit)
		*background = *limit / 2;
}

static unsigned long
dirty_pages(void)
{
	return global_node_page_state(NR_FILE_DIRTY) +
	       global_node_page_state(NR_WRITEBACK);
}

static bool
over_background(void)
{
	unsigned long background, limit;

	dirty_limits(&background, &limit);
	return global_node_page_state(NR_FILE_DIRTY) > background;
}

static bool
over_limit(void)
{
	unsigned long background, limit;

	dirty_limits(&background, &limit);
	return dirty_pages() > limit;
}

/* --- the thread --------------------------------------------------------------- */

/* What a pass over all super blocks shall do, and has done. */
struct pass {
	u64 before;
	long left;		/* pages */
};

static void
flush_super(struct super_block *sb, void *arg)
{
	struct pass *pass = arg;

	writeback_sb_inodes(sb, WB_SYNC_NONE, pass->before, &pass->left);
}

/* Pages that were begun. */
static long
flush_pass(u64 before, long nr)
{
	struct pass pass = { before, nr };

	for_each_super(flush_super, &pass);
	wake_up_all(&throttle_wait);
	return nr - pass.left;
}

static void
flush_round(void)
{
	u64 now = ktime_get_ns();
	u64 age = (u64)expire_centisecs * CENTISEC_NS;

	nr_rounds++;
	if (now > age)
		flush_pass(now - age, 0x7fffffff);
	while (over_background() && flush_pass(ktime_get_ns(), CHUNK))
		cond_resched();
}

/* Until somebody wants it, or, while anything is dirty, the time is over. */
static void
flusher_sleep(void)
{
	unsigned period = (unsigned)writeback_centisecs;

	if (!any_inode_dirty() || !period)
		wait_event(&flush_wait, READ_ONCE(flush_wanted) ||
			   (any_inode_dirty() && writeback_centisecs));
	else
		wait_event_timeout(&flush_wait, READ_ONCE(flush_wanted),
				   (long)msecs_to_jiffies(10 *
						min(period, 1000000u)));
	WRITE_ONCE(flush_wanted, false);
}

static void
flusher(void *unused)
{
	(void)unused;
	for (;;) {
		flusher_sleep();
		flush_round();
	}
}

void
wake_flusher(void)
{
	WRITE_ONCE(flush_wanted, true);
	wake_up(&flush_wait);
}

void
flusher_first_dirty(void)
{
	wake_up(&flush_wait);
}

/* --- the brake ------------------------------------------------------------------ */

static void
throttle(void)
{
	for (unsigned i = 0; i < PAUSE_MAX && over_limit(); i++) {
		count_vm_event(DIRTY_THROTTLED);
		wake_flusher();
		wait_event_timeout(&throttle_wait, !over_limit(),
				   (long)msecs_to_jiffies(PAUSE_MS));
		if (fatal_signal_pending())
			break;
	}
}

/* Held: the writer's i_lock, perhaps; the flusher needs none. */
static void
balance_dirty_pages(struct address_space *mapping)
{
	u32 *mine = &dirtied[smp_processor_id()];

	(void)mapping;
	if (++*mine < RATELIMIT)
		return;
	*mine = 0;
	if (over_background())
		wake_flusher();
	throttle();
}

/* --- knobs ------------------------------------------------------------------------ */

static int
store_ratio(const char *text, int *ratio, unsigned long *bytes)
{
	unsigned long n;

	if (kstrtoul(text, 10, &n) || n > 100)
		return -EINVAL;
	*ratio = (int)n;
	*bytes = 0;
	return 0;
}

static int
store_bytes(const char *text, unsigned long *bytes)
{
	unsigned long n;

	if (kstrtoul(text, 10, &n) || n < 2 * PAGE_SIZE)
		return -EINVAL;
	*bytes = n;
	return 0;
}

static int
background_ratio_store(const char *text)
{
	return store_ratio(text, &background_ratio, &background_bytes);
}

static int
dirty_ratio_store(const char *text)
{
	return store_ratio(text, &dirty_ratio, &dirty_bytes);
}

static int
background_bytes_store(const char *text)
{
	return store_bytes(text, &background_bytes);
}

static int
dirty_bytes_store(const char *text)
{
	return store_bytes(text, &dirty_bytes);
}

/* The one of the two that does not count reads as 0, as in Linux. */
static void
background_ratio_show(struct seq_buf *s)
{
	seq_printf(s, "%d\n", background_bytes ? 0 : background_ratio);
}

static void
dirty_ratio_show(struct seq_buf *s)
{
	seq_printf(s, "%d\n", dirty_bytes ? 0 : dirty_ratio);
}

static void
background_bytes_show(struct seq_buf *s)
{
	seq_printf(s, "%lu\n", background_bytes);
}

static void
dirty_bytes_show(struct seq_buf *s)
{
	seq_printf(s, "%lu\n", dirty_bytes);
}

SYSCTL(dirty_background_ratio, .name = "vm/dirty_background_ratio",
       .show = background_ratio_show, .store = background_ratio_store);
SYSCTL(dirty_ratio, .name = "vm/dirty_ratio", .show = dirty_ratio_show,
       .store = dirty_ratio_store);
SYSCTL(dirty_background_bytes, .name = "vm/dirty_background_bytes",
       .show = background_bytes_show, .store = background_bytes_store);
SYSCTL(dirty_bytes, .name = "vm/dirty_bytes", .show = dirty_bytes_show,
       .store = dirty_bytes_store);
SYSCTL(dirty_expire, .name = "vm/dirty_expire_centisecs",
       .value = &expire_centisecs, .min = 0, .max = 0x7fffffff);
SYSCTL(dirty_writeback, .name = "vm/dirty_writeback_centisecs",
       .value = &writeback_centisecs, .min = 0, .max = 0x7fffffff);

static void
writeback_show(struct seq_buf *s)
{
	unsigned long background, limit;

	dirty_limits(&background, &limit);
	seq_printf(s, "%lu pages dirty, %lu under write-back; the flusher "
		   "begins above %lu, writers wait above %lu\n",
		   global_node_page_state(NR_FILE_DIRTY),
		   global_node_page_state(NR_WRITEBACK), background, limit);
	seq_printf(s, "%lu pages made dirty, %lu written, %u rounds of the "
		   "flusher\n", vm_event(NR_DIRTIED), vm_event(NR_WRITTEN),
		   nr_rounds);
}
NODE("writeback", writeback_show);

static int
flusher_init(void)
{
	if (!kthread_run(flusher, NULL, "flusher"))
		return -ENOMEM;
	balance_dirty_fn = balance_dirty_pages;
	return 0;
}
late_initcall(flusher_init);
