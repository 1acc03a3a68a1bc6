/* SPDX-License-Identifier: MIT */
/*
 * Stress: random allocations on every core for a time, then a full account.
 *
 * Ideas
 *   Worker    one thread on each core, each with its own random sequence
 *             (from the seed and its core) and a table of held blocks. A
 *             step picks a slot: an empty one is filled by an allocation of
 *             a random kind, a full one is checked and freed.
 *   Stamp     the first word of a page held is its frame number mixed with
 *             the seed; of a large block some 8 pages are stamped. If two
 *             owners ever get the same frame, or a free frame is written,
 *             the stamp is wrong at the free.
 *   Injection two in a hundred allocations are made to fail (fail_page_alloc),
 *             so that what follows a failure is run, too.
 *   Account   when all is freed again there must be exactly as many free
 *             pages as before, and mm_verify_all() must be clean.
 *
 *	orders	0: 8 of 16, 1-3: 7 of 16, 4-10: 1 of 16
 *	kinds	KERNEL, ATOMIC with interrupts masked, MOVABLE, RECLAIMABLE,
 *		HIGHUSER_MOVABLE, DMA, ZERO (checked), bulk, exact, split
 *
 * Under -icount with one seed everything repeats exactly; free-running, the
 * cores race, and the seed repeats only what each core does by itself.
 *
 * Cost      a worker holds at most one part in 4 x cores of what was free.
 */
#include <asm/irqflags.h>
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/monitor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <kernel/stress.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/init.h>
#include <mm/verify.h>
#include <mm/zone.h>

#define STRESS_SLOTS	256u
#define STRESS_BULK	16u
#define STRESS_STAMPS	8u

struct stress_slot {
	struct page *page;	/* NULL: empty */
	u8 order;
	u8 nr_single;		/* split: single pages from page on */
};

struct stress_worker {
	struct task *task;
	unsigned cpu;
	u64 rng;
	u64 nr_steps;
	unsigned long nr_allocs, nr_failures, nr_held, max_held;
	struct stress_slot slots[STRESS_SLOTS];
};

static struct stress_worker workers[NR_CPUS];
static u64 stress_end;			/* ktime */
static u32 stress_seed;
static atomic_t stress_errors;

static unsigned long stress_seconds;	/* stress= */
static unsigned long stress_param_seed = 1;

static u32
stress_random(struct stress_worker *w)
{
	u64 x = w->rng += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (u32)(x >> 32);
}

static u32
stress_stamp(const struct page *page)
{
	return (u32)page_to_pfn(page) * 2654435761u ^ stress_seed;
}

/* Report the first few; all are counted. */
static void
stress_error(const struct page *page, const char *what, u32 is, u32 want)
{
	if (atomic_add_return(&stress_errors, 1) <= 10)
		pr_err("stress: pfn 0x%lx: %s: 0x%08x, want 0x%08x\n",
		       page_to_pfn(page), what, is, want);
}

/* From one stamped page of a block of n pages to the next. */
static unsigned
stress_stride(unsigned n)
{
	return n <= STRESS_STAMPS ? 1 : n / STRESS_STAMPS;
}

/* Write the stamps into a block; if zeroed, check that first. */
static void
stress_mark(struct page *first, unsigned n, bool zeroed)
{
	for (unsigned i = 0; i < n; i += stress_stride(n)) {
		struct page *page = first + i;
		u32 *word = kmap_local_page(page);

		if (zeroed && (word[0] || word[PAGE_SIZE / 4 - 1]))
			stress_error(page, "not zero", word[0], 0);
		word[0] = stress_stamp(page);
		kunmap_local(word);
	}
}

static void
stress_check(struct page *first, unsigned n)
{
	for (unsigned i = 0; i < n; i += stress_stride(n)) {
		struct page *page = first + i;
		u32 *word = kmap_local_page(page);

		if (word[0] != stress_stamp(page))
			stress_error(page, "stamp", word[0],
				     stress_stamp(page));
		kunmap_local(word);
	}
}

static unsigned
stress_order(struct stress_worker *w)
{
	u32 r = stress_random(w);

	if (r & 1)
		return 0;
	if (r & 14)
		return 1 + (r >> 8) % 3;
	return 4 + (r >> 8) % (MAX_ORDER - 3);
}

static gfp_t
stress_gfp(struct stress_worker *w)
{
	static const gfp_t kinds[] = {
		GFP_KERNEL, GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT,
		GFP_KERNEL | __GFP_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_DMA,
		GFP_KERNEL | __GFP_ZERO, GFP_HIGHUSER | __GFP_ZERO,
	};

	return kinds[stress_random(w) % ARRAY_SIZE(kinds)] | __GFP_NOWARN;
}

/* Fill an empty slot with one block. */
static void
stress_alloc(struct stress_worker *w, struct stress_slot *slot)
{
	unsigned order = stress_order(w);
	gfp_t gfp = stress_gfp(w);
	unsigned long flags = 0;
	bool masked = !gfpflags_allow_blocking(gfp);

	if (w->nr_held + (1ul << order) > w->max_held)
		return;
	if (masked)
		flags = local_irq_save();
	slot->page = alloc_pages(gfp, order);
	if (masked)
		local_irq_restore(flags);
	w->nr_allocs++;
	if (!slot->page) {
		w->nr_failures++;
		return;
	}
	stress_mark(slot->page, 1u << order, gfp & __GFP_ZERO);
	slot->order = (u8)order;
	slot->nr_single = 0;
	if (order && order <= 4 && stress_random(w) % 4 == 0) {
		split_page(slot->page, order);
		slot->nr_single = (u8)(1u << order);
	}
	w->nr_held += 1ul << order;
}

static void
stress_free(struct stress_worker *w, struct stress_slot *slot)
{
	unsigned i;

	stress_check(slot->page, 1u << slot->order);
	if (slot->nr_single) {
		for (i = 0; i < slot->nr_single; i++)
			free_frame(slot->page + i);
	} else if (stress_random(w) % 8 == 0) {
		get_page(slot->page);
		free_frames(slot->page, slot->order);
		put_page(slot->page);
	} else {
		free_frames(slot->page, slot->order);
	}
	w->nr_held -= 1ul << slot->order;
	slot->page = NULL;
}

/* Single pages in one call, given back at once. */
static void
stress_bulk(struct stress_worker *w)
{
	struct page *pages[STRESS_BULK] = { NULL };
	unsigned i, n = 1 + stress_random(w) % STRESS_BULK;
	unsigned got = alloc_pages_bulk(GFP_KERNEL | __GFP_NOWARN, n, pages);

	w->nr_allocs += got;
	w->nr_failures += got < n;
	for (i = 0; i < n; i++) {
		if (pages[i])
			stress_mark(pages[i], 1, false);
	}
	for (i = 0; i < n; i++) {
		if (!pages[i])
			continue;
		stress_check(pages[i], 1);
		free_frame(pages[i]);
	}
}

/* A size that is no power of two, given back at once. */
static void
stress_exact(struct stress_worker *w)
{
	unsigned n = 1 + stress_random(w) % 24;
	void *p = alloc_pages_exact(n * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);

	w->nr_allocs++;
	if (!p) {
		w->nr_failures++;
		return;
	}
	stress_mark(virt_to_page(p), n, false);
	stress_check(virt_to_page(p), n);
	free_pages_exact(p, n * PAGE_SIZE);
}

static void
stress_step(struct stress_worker *w)
{
	struct stress_slot *slot;

	w->nr_steps++;
	switch (stress_random(w) % 32) {
	case 0:
		stress_bulk(w);
		return;
	case 1:
		stress_exact(w);
		return;
	case 2:
		if (stress_random(w) % 64 == 0)
			drain_all_pages();
		return;
	}
	slot = &w->slots[stress_random(w) % STRESS_SLOTS];
	if (slot->page)
		stress_free(w, slot);
	else
		stress_alloc(w, slot);
}

static void
stress_worker_main(void *arg)
{
	struct stress_worker *w = arg;
	unsigned i;

	while (ktime_get_ns() < stress_end && !monitor_interrupted()) {
		for (i = 0; i < 64; i++)
			stress_step(w);
		cond_resched();
	}
	for (i = 0; i < STRESS_SLOTS; i++) {
		if (w->slots[i].page)
			stress_free(w, &w->slots[i]);
	}
}

/* Prepare and start a worker on core cpu; false if it cannot be created. */
static bool
stress_start(struct stress_worker *w, unsigned cpu, unsigned long max_held)
{
	memset(w, 0, sizeof(*w));
	w->cpu = cpu;
	w->rng = ((u64)stress_seed << 8 | cpu) * 0xd1342543de82ef95ull;
	w->max_held = max_held;
	w->task = kthread_create_on_cpu(stress_worker_main, w, cpu,
					"stress/%u", cpu);
	if (!w->task)
		return false;
	get_task(w->task);
	wake_up_process(w->task);
	return true;
}

/* Say what was done, and check that nothing is missing. */
static int
stress_account(unsigned long before, struct seq_buf *out)
{
	u64 steps = 0, allocs = 0, failures = 0;
	unsigned long now;
	unsigned cpu;
	bool clean;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		steps += workers[cpu].nr_steps;
		allocs += workers[cpu].nr_allocs;
		failures += workers[cpu].nr_failures;
	}
	now = nr_settled_free_pages();
	seq_printf(out, "stress: %llu steps, %llu allocations, %llu of them "
		   "failed\n", (unsigned long long)steps,
		   (unsigned long long)allocs, (unsigned long long)failures);
	seq_printf(out, "stress: %lu pages free before, %lu after; %d wrong "
		   "stamps\n", before, now, atomic_read(&stress_errors));
	clean = mm_verify_all(out);
	seq_printf(out, "stress: verify %s\n", clean ? "clean" : "NOT clean");
	return clean && now == before && !atomic_read(&stress_errors) ? 0
								      : -EIO;
}

/*
 * Run for so many milliseconds of kernel time and check everything at the end.
 * Context: a kernel thread that may sleep.
 * Returns 0; -ENOMEM if a worker could not be created; -EIO if something
 * was wrong, after saying what.
 */
int
stress_run(unsigned ms, u32 seed, struct seq_buf *out)
{
	static const struct fault_attr injection = {
		.probability = 2, .interval = 1, .times = -1,
	};
	unsigned long before, max_held;
	unsigned cpu;
	int error = 0;

	before = nr_settled_free_pages();
	max_held = before / (4 * num_online_cpus());
	stress_seed = seed;
	atomic_set(&stress_errors, 0);
	memset(workers, 0, sizeof(workers));
	stress_end = ktime_get_ns() + (u64)ms * NSEC_PER_MSEC;
	seq_printf(out, "stress: %u cores for %u ms, seed=%u, %lu pages free\n",
		   num_online_cpus(), ms, seed, before);
	seq_buf_flush(out);
	for_each_online_cpu(cpu) {
		if (!stress_start(&workers[cpu], cpu, max_held))
			error = -ENOMEM;
	}
	fault_inject_set(&injection);
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (workers[cpu].task)
			kthread_join(workers[cpu].task);
	}
	fault_inject_set(NULL);
	if (error)
		seq_puts(out, "stress: no memory for a worker's stack\n");
	return stress_account(before, out) ? -EIO : error;
}

static int __init
stress_param(const char *value)
{
	if (kstrtoul(value, 0, &stress_seconds) || !stress_seconds ||
	    stress_seconds > 1000000)
		return -EINVAL;
	return 0;
}
BOOT_PARAM("stress", stress_param);

static int __init
stress_seed_param_set(const char *value)
{
	return kstrtoul(value, 0, &stress_param_seed) ? -EINVAL : 0;
}
BOOT_PARAM("stress.seed", stress_seed_param_set);

static void
stress_print(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

/*
 * Run what stress= asked for and end the machine; return if it was not given.
 */
void
stress_at_boot(void)
{
	char buf[256];
	struct seq_buf s;
	int error;

	if (!stress_seconds)
		return;
	seq_buf_init(&s, buf, sizeof(buf));
	seq_buf_set_sink(&s, stress_print, NULL);
	error = stress_run((unsigned)stress_seconds * 1000,
			   (u32)stress_param_seed, &s);
	seq_buf_flush(&s);
	console_printf("stress: %s\n", error ? "FAILED" : "ok");
	machine_power_off(error ? 1 : 0);
}
