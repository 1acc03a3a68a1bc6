/* SPDX-License-Identifier: MIT */
/*
 * Pressure stall information: time lost because memory, disks or cores are short.
 *
 * What it is for
 *   "90 % of memory is used" says nothing: that may be cache, and well used. What
 *   hurts is waiting. So time is measured in which somebody waits for a thing
 *   (some), and in which nobody gets anything done because of it (full).
 *
 *	task A	=====mmmmmmmm=====iiii====	m: reclaims, or waits for a page
 *	task B	=======mmmm=========iiiii=	   to come back; i: for a disk
 *	memory	some ^^^^^^^^   full ^^^^
 *	io	some	   ^^^^^^^	full ^^
 *
 * Ideas
 *   A task that is held up says so itself, around the place (psi_stall_enter).
 *   Busy	a core is busy unless it idles, or runs a task that is held up by
 *		memory (it reclaims: it works, but not for itself) with nobody
 *		waiting behind it.
 *   some	at least one task is held up.
 *   full	at least one is, and no core is busy.
 *   cpu	some: on some core somebody waits for another to be done.
 *   Averages  every 2 s the share of the last 2 s moves three averages by
 *		1 - exp(-2/10), exp(-2/60), exp(-2/300) of the difference. While all
 *		sleep no tick comes: what was missed is made up for when somebody
 *		looks, as so many equal periods.
 *
 *   What cores do is looked at when they begin or end to idle, when a task on
 *   them enters or leaves a stall, and at each tick. So a change of tasks between
 *   two ticks is seen up to 10 ms late: the price for not touching the switch.
 *
 * State	psi: one structure for the machine.
 * Locks	psi.lock (rank PSI), interrupts masked.
 * Cost		a stall: two short critical sections. Idling: two more, only while
 *		something is stalled or a bit changes. A tick: 20 instructions.
 * Questions a reader asks
 *   Linux has this for each core and weighs them. Why not here?  There one stalled
 *     task among 64 cores must not count as the whole machine; with four it is
 *     still plain what is meant.
 * Sources  Weiner, psi: pressure stall information, Linux 4.20, and Linux's
 *	    Documentation/accounting/psi.rst (the format; the windows).
 */
#include <asm/irqflags.h>
#include <kernel/node.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <lib/seq_buf.h>

#include "rq.h"

#define PERIOD_NS	(2 * NSEC_PER_SEC)
#define FIXED_SHIFT	16
#define MOST_PERIODS	4096u	/* after so many nothing is left of before */

static struct {
	spinlock_t lock;
	u64 since;			/* the totals are right up to here */
	u32 nr_stalled[2];		/* tasks, by PSI_IO, PSI_MEM */
	u32 busy, waiting;		/* cores, as bits */
	u64 total[NR_PSI_RESOURCES][NR_PSI_SHARES];	/* ns */
	u64 averaged_at;		/* end of the last period */
	u64 total_then[NR_PSI_RESOURCES][NR_PSI_SHARES];
	u32 average[NR_PSI_RESOURCES][NR_PSI_SHARES][3]; /* 1/100 %, << 8 */
} psi = {
	.lock = SPINLOCK_INIT(LOCK_PSI),
};

/* Does this moment count? Held: psi.lock, as for all below. */
static bool
counts(enum psi_resource r, enum psi_share share)
{
	if (r == PSI_CPU)
		return share == PSI_SOME && psi.waiting;
	return psi.nr_stalled[r] && (share == PSI_SOME || !psi.busy);
}

/* exp(-2/10), exp(-2/60), exp(-2/300), << FIXED_SHIFT */
static const u32 decays[3] = { 53656, 63387, 65101 };

u32
psi_decay(u32 average, u32 share, unsigned n, unsigned window)
{
	for (n = min(n, MOST_PERIODS); n; n--) {
		u64 sum = (u64)average * decays[window] +
			  (u64)share * ((1u << FIXED_SHIFT) - decays[window]);

		average = (u32)((sum + (1u << (FIXED_SHIFT - 1))) >>
				FIXED_SHIFT);
	}
	return average;
}

/* Periods that have ended since the last time. */
static void
update_averages(u64 now)
{
	u64 n = (now - psi.averaged_at) / PERIOD_NS, grown;
	u32 share;

	if (!n)
		return;
	for (unsigned r = 0; r < NR_PSI_RESOURCES; r++) {
		for (unsigned s = 0; s < NR_PSI_SHARES; s++) {
			grown = psi.total[r][s] - psi.total_then[r][s];
			share = (u32)min((u64)10000 << 8, (grown << 8) /
					 (n * PERIOD_NS / 10000));
			for (unsigned w = 0; w < 3; w++)
				psi.average[r][s][w] =
					psi_decay(psi.average[r][s][w], share,
						  (unsigned)min(n, (u64)
						  MOST_PERIODS), w);
			psi.total_then[r][s] = psi.total[r][s];
		}
	}
	psi.averaged_at += n * PERIOD_NS;
}

/* Time goes on: what counts now has counted since the last change. */
static void
account(void)
{
	u64 now = ktime_get_ns(), passed = now - psi.since;

	for (unsigned r = 0; r < NR_PSI_RESOURCES; r++) {
		for (unsigned s = 0; s < NR_PSI_SHARES; s++)
			psi.total[r][s] += counts(r, s) ? passed : 0;
	}
	psi.since = now;
	update_averages(now);
}

static void
set_bit_of(u32 *word, bool on)
{
	u32 bit = 1u << smp_processor_id();

	*word = on ? *word | bit : *word & ~bit;
}

/* Does this core get anything done? Interrupts are masked. */
static bool
core_busy(const struct run_queue *rq, bool idle)
{
	if (idle)
		return false;
	return !(current->psi_flags & PSI_MEM_STALL) || rq->nr_running > 1;
}

/* Look at this core again. Interrupts are masked. */
static void
look(bool idle)
{
	const struct run_queue *rq = this_cpu_ptr(&run_queue);
	bool busy = core_busy(rq, idle), waiting = rq->nr_running > 1;
	unsigned cpu = smp_processor_id();

	if ((READ_ONCE(psi.busy) >> cpu & 1) == busy &&
	    (READ_ONCE(psi.waiting) >> cpu & 1) == waiting)
		return;
	spin_lock(&psi.lock);
	account();
	set_bit_of(&psi.busy, busy);
	set_bit_of(&psi.waiting, waiting);
	spin_unlock(&psi.lock);
}

void
psi_idle(bool idle)
{
	look(idle);
}

void
psi_tick(void)
{
	look(current->idle);
	if (ktime_get_ns() - READ_ONCE(psi.averaged_at) < PERIOD_NS)
		return;
	spin_lock(&psi.lock);
	account();
	spin_unlock(&psi.lock);
}

/* current changes over to flags. */
static void
change(unsigned flags)
{
	unsigned old = current->psi_flags;
	unsigned long irq = spin_lock_irqsave(&psi.lock);
	const struct run_queue *rq = this_cpu_ptr(&run_queue);

	account();
	psi.nr_stalled[PSI_IO] += !!(flags & PSI_IO_STALL);
	psi.nr_stalled[PSI_IO] -= !!(old & PSI_IO_STALL);
	psi.nr_stalled[PSI_MEM] += !!(flags & PSI_MEM_STALL);
	psi.nr_stalled[PSI_MEM] -= !!(old & PSI_MEM_STALL);
	current->psi_flags = (u8)flags;
	set_bit_of(&psi.busy, core_busy(rq, false));
	set_bit_of(&psi.waiting, rq->nr_running > 1);
	spin_unlock_irqrestore(&psi.lock, irq);
}

unsigned
psi_stall_enter(unsigned what)
{
	unsigned was = current->psi_flags;

	if ((was | what) != was)
		change(was | what);
	return was;
}

void
psi_stall_leave(unsigned was)
{
	if (current->psi_flags != was)
		change(was);
}

u64
psi_total(enum psi_resource resource, enum psi_share share)
{
	unsigned long irq = spin_lock_irqsave(&psi.lock);
	u64 total;

	account();
	total = psi.total[resource][share];
	spin_unlock_irqrestore(&psi.lock, irq);
	return total;
}

void
psi_show(struct seq_buf *s, enum psi_resource resource)
{
	static const char *const names[] = { "some", "full" };
	u32 average[NR_PSI_SHARES][3];
	u64 total[NR_PSI_SHARES];
	unsigned long irq = spin_lock_irqsave(&psi.lock);

	account();
	for (unsigned i = 0; i < NR_PSI_SHARES; i++) {
		total[i] = psi.total[resource][i];
		for (unsigned w = 0; w < 3; w++)
			average[i][w] = (psi.average[resource][i][w] + 128)
					>> 8;
	}
	spin_unlock_irqrestore(&psi.lock, irq);
	for (unsigned i = 0; i < NR_PSI_SHARES; i++) {
		const u32 *a = average[i];

		seq_printf(s, "%s avg10=%u.%02u avg60=%u.%02u avg300=%u.%02u "
			   "total=%llu\n", names[i], a[0] / 100, a[0] % 100,
			   a[1] / 100, a[1] % 100, a[2] / 100, a[2] % 100,
			   total[i] / 1000);
	}
}

static void
memory_show(struct seq_buf *s)
{
	psi_show(s, PSI_MEM);
}
NODE("pressure/memory", memory_show);

static void
io_show(struct seq_buf *s)
{
	psi_show(s, PSI_IO);
}
NODE("pressure/io", io_show);

static void
cpu_show(struct seq_buf *s)
{
	psi_show(s, PSI_CPU);
}
NODE("pressure/cpu", cpu_show);
