/* SPDX-License-Identifier: MIT */
/*
 * KFENCE's pool: where its pages come from, when it is on, what it shows.
 *
 *	kfence.sample_interval=MS	on from boot (0: off, the default)
 *	kfence.num_objects=N		its size, KFENCE_NUM_OBJECTS if not given
 *	kfence on, kfence off		at the prompt, later
 *
 * Ideas
 *   The pages' entries in the linear map are changed one by one, which sections
 *   do not allow. Two kinds of memory are mapped by pages: what is set aside
 *   for it at boot, and CMA areas. The first is there for certain and stays;
 *   the second is there as long as KFENCE is on, without a boot.
 *   A pool of n objects has 2n + 1 pages.
 *
 * Locks   switch_lock: on and off.
 */
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/cma.h>
#include <mm/memblock.h>
#include "kfence.h"

static DEFINE_MUTEX(switch_lock);
static unsigned wanted_interval, wanted_objects;	/* command line */
static phys_addr_t boot_pool;		/* 0: none */
static unsigned boot_objects;
static struct page *cma_pool;		/* switch_lock; NULL: not from CMA */
static struct timer gate_timer;

static int
param_number(const char *value, unsigned most, unsigned *result)
{
	char *end;
	u64 n = memparse(value, &end);

	if (end == value || *end || n > most)
		return -EINVAL;
	*result = (unsigned)n;
	return 0;
}

static int
param_interval(const char *value)
{
	return param_number(value, 1000000, &wanted_interval);
}
BOOT_PARAM("kfence.sample_interval", param_interval);

static int
param_objects(const char *value)
{
	return param_number(value, KFENCE_MAX_OBJECTS, &wanted_objects);
}
BOOT_PARAM("kfence.num_objects", param_objects);

static unsigned long
pool_pages(unsigned objects)
{
	return 2ul * objects + 1;
}

void
kfence_reserve(phys_addr_t limit)
{
	phys_addr_t size;

	if (!wanted_objects && !wanted_interval)
		return;
	boot_objects = wanted_objects ? wanted_objects : KFENCE_NUM_OBJECTS;
	size = pool_pages(boot_objects) << PAGE_SHIFT;
	boot_pool = memblock_phys_alloc(size, PAGE_SIZE, 0, limit);
	if (boot_pool &&
	    reserve_kernel_tables((unsigned long)__va(boot_pool), size))
		boot_pool = 0;
	if (!boot_pool)
		pr_err("kfence: no memory for a pool of %u objects\n",
		       boot_objects);
}

/* --- on and off -------------------------------------------------------- */

static void
gate_timer_fn(struct timer *timer, void *arg)
{
	u64 next = ktime_get_ns() +
		   (u64)kfence_stats.interval_ms * NSEC_PER_MSEC;

	kfence_open_gate();
	timer_add(timer, next);
	(void)arg;
}

/* Pages for so many objects, or for those of boot; NULL: none to be had. */
static void *
take_pages(unsigned *objects)
{
	if (boot_pool) {
		*objects = boot_objects;
		return __va(boot_pool);
	}
	if (cma_default)
		cma_pool = cma_alloc(cma_default, pool_pages(*objects), 0);
	return cma_pool ? page_address(cma_pool) : NULL;
}

static void
give_pages(unsigned objects)
{
	if (cma_pool)
		cma_release(cma_default, cma_pool, pool_pages(objects));
	cma_pool = NULL;
}

/* What is known of the objects. Returns false without memory. */
static bool
make_metadata(unsigned objects)
{
	kfence_pool.objects = kvzalloc(objects *
				       sizeof(struct kfence_metadata),
				       GFP_KERNEL);
	kfence_pool.opened = kvzalloc(pool_pages(objects), GFP_KERNEL);
	return kfence_pool.objects && kfence_pool.opened;
}

static void
free_metadata(void)
{
	kvfree(kfence_pool.objects);
	kvfree(kfence_pool.opened);
	kfence_pool = (struct kfence_pool){ .nr = 0 };
}

static int
start_locked(unsigned interval_ms, unsigned objects)
{
	void *pages;

	if (kfence_pool.nr)
		return -EBUSY;
	pages = take_pages(&objects);
	if (!pages)
		return -ENOMEM;
	if (!make_metadata(objects)) {
		free_metadata();
		give_pages(objects);
		return -ENOMEM;
	}
	kfence_pool.nr = objects;
	kfence_range.start = (unsigned long)pages;
	kfence_range.bytes = pool_pages(objects) << PAGE_SHIFT;
	kfence_close_pool();
	kfence_stats = (struct kfence_stats){ .objects = objects,
					      .interval_ms = interval_ms };
	timer_setup(&gate_timer, gate_timer_fn, NULL);
	if (interval_ms)
		timer_add(&gate_timer, ktime_get_ns() +
			  (u64)interval_ms * NSEC_PER_MSEC);
	return 0;
}

int
kfence_start(unsigned interval_ms, unsigned objects)
{
	int err;

	if (!objects || objects > KFENCE_MAX_OBJECTS)
		return -EINVAL;
	might_sleep();
	mutex_lock(&switch_lock);
	err = start_locked(interval_ms, objects);
	mutex_unlock(&switch_lock);
	return err;
}

static int
stop_locked(void)
{
	unsigned objects = kfence_pool.nr;

	if (!objects)
		return -EINVAL;
	WRITE_ONCE(kfence_pool.stopping, true);
	timer_del_sync(&gate_timer);
	kfence_shut_gate();
	if (!kfence_retire_pool())
		return -EBUSY;
	kfence_open_pool();
	kfence_range.bytes = 0;
	kfence_stats.objects = 0;
	free_metadata();
	give_pages(objects);
	return 0;
}

int
kfence_stop(void)
{
	int err;

	might_sleep();
	mutex_lock(&switch_lock);
	err = stop_locked();
	mutex_unlock(&switch_lock);
	return err;
}

void
kfence_get_stats(struct kfence_stats *stats)
{
	*stats = kfence_stats;
}

/* --- what it shows ----------------------------------------------------- */

static void
kfence_show(struct seq_buf *s)
{
	struct kfence_stats k = kfence_stats;

	if (!k.objects) {
		seq_puts(s, "off: kfence.sample_interval=MS at boot, or "
			 "\"kfence on\"\n");
		return;
	}
	seq_printf(s, "pool: %u objects at 0x%08lx-0x%08lx%s\n", k.objects,
		   kfence_range.start, kfence_range.start +
		   kfence_range.bytes - 1, cma_pool ? ", from CMA" : "");
	seq_printf(s, "sample_interval: %u ms\n", k.interval_ms);
	seq_printf(s, "gates: %lu\n", k.gates);
	seq_printf(s, "currently allocated: %u\n", k.used);
	seq_printf(s, "total allocations: %lu\n", k.allocs);
	seq_printf(s, "total frees: %lu\n", k.frees);
	seq_printf(s, "total bugs: %lu\n", k.bugs);
	seq_printf(s, "skipped allocations (incompatible): %lu\n",
		   k.incompatible);
	seq_printf(s, "skipped allocations (capacity): %lu\n", k.capacity);
	seq_printf(s, "skipped allocations (covered): %lu\n", k.covered);
}
NODE("kfence", kfence_show);

static void
show_object(const struct kfence_metadata *m, unsigned i, void *arg)
{
	const struct track *by = m->freed.nr ? &m->freed : &m->allocated;
	char name[64];

	symbol_format(by->pc[0], name, sizeof(name));
	seq_printf(arg, "kfence-#%u: 0x%08lx-0x%08lx, size=%lu, cache=%s, "
		   "%s by %s\n", i, m->addr, m->addr + m->size - 1,
		   (unsigned long)m->size, m->name,
		   m->freed.nr ? "freed" : "allocated", name);
}

static void
kfence_objects_show(struct seq_buf *s)
{
	mutex_lock(&switch_lock);
	seq_printf(s, "%u of %u objects in use\n", kfence_stats.used,
		   kfence_stats.objects);
	kfence_for_each(show_object, s);
	mutex_unlock(&switch_lock);
}
NODE("kfence_objects", kfence_objects_show);

static void
kfence_verify(struct verify *v)
{
	if (!mutex_trylock(&switch_lock))
		return;
	kfence_verify_pool(v);
	mutex_unlock(&switch_lock);
}

static struct verify_module verify_module = { "kfence", kfence_verify, NULL };

static int
kfence_init(void)
{
	verify_register(&verify_module);
	if (!wanted_interval || !boot_pool)
		return 0;
	return kfence_start(wanted_interval, boot_objects);
}
late_initcall(kfence_init);
