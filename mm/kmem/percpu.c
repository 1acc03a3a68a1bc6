/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU memory: objects of which each core has its own.
 *
 * Ideas
 *   Area	at boot each core gets a copy of the per-CPU section of the
 *		image, all areas at one distance, the stride:
 *
 *	 area of core 0      area of core 1      area of core 2
 *	|static |dynamic  | |static |dynamic  | |static |dynamic  |
 *	 ^ percpu_offset[0]  ^ percpu_offset[1] = percpu_offset[0] + stride
 *
 *   Chunk	memory of the same form, stride bytes for each core. So one
 *		"pointer" p stands for all copies: that of core i lies at
 *		p + percpu_offset[i], whatever chunk it is in. The first chunk
 *		is the dynamic end of the areas themselves; more are made when
 *		it is full.
 *   Grains	a chunk is cut into grains of 16 bytes. Two bits for each: used,
 *		and last (of its object), so that free needs no size.
 *
 * State	chunks
 * Invariants (percpu_verify)
 *   PC1 last bits only where used bits are; each run of used grains ends with
 *	 one.
 *   PC2 nr_free of a chunk is the number of clear used bits.
 * Locks	percpu_lock: the list of chunks, their bits. Memory is allocated
 *		outside it.
 * Cost		alloc: a scan of at most 32 words of bits in each chunk.
 * Source	Linux, mm/percpu.c (congruent chunks).
 */
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/hooks.h>
#include <mm/kmemleak.h>
#include <mm/percpu.h>
#include <mm/slab.h>
#include <mm/verify.h>

#define GRAIN		16u
/* Of the first chunk, for each core: enough for kmalloc under any design. */
#define FIRST_BYTES	(2048u * (unsigned)sizeof(void *))
#define MAX_GRAINS	1024u		/* larger strides are not used up */

struct percpu_chunk {
	struct list_head list;
	char *base;		/* the copy of core 0 */
	unsigned nr_grains;
	unsigned nr_free;
	unsigned first;		/* no free grain is below it */
	DECLARE_BITMAP(used, MAX_GRAINS);
	DECLARE_BITMAP(last, MAX_GRAINS);
};

/* The room that setup_per_cpu_areas() copies along. */
static DEFINE_PER_CPU(u8, first_room[FIRST_BYTES]) __aligned(64);
static struct percpu_chunk first_chunk;
static LIST_HEAD(chunks);
static DEFINE_SPINLOCK(percpu_lock, LOCK_PERCPU);

static unsigned long
stride(void)
{
	return nr_cpus > 1 ? percpu_offset[1] - percpu_offset[0] :
			     MAX_GRAINS * GRAIN;
}

/* --- bits ---------------------------------------------------------------------- */

/* The first bit of [from, end) that is set (or clear); end if there is none. */
static unsigned
find_bit(const unsigned long *map, unsigned from, unsigned end, bool set)
{
	while (from < end) {
		unsigned long word = map[from / BITS_PER_LONG];

		word = (set ? word : ~word) >> (from % BITS_PER_LONG);
		if (word)
			return min(from + ffs_long(word), end);
		from = ALIGN_DOWN(from, (unsigned)BITS_PER_LONG) +
		       BITS_PER_LONG;
	}
	return end;
}

/* n free grains at a multiple of align grains; nr_grains if there are none. */
static unsigned
find_room(const struct percpu_chunk *c, unsigned n, unsigned align)
{
	unsigned at = c->first, end;

	for (;;) {
		at = find_bit(c->used, at, c->nr_grains, false);
		at = ALIGN_UP(at, align);
		if (at + n > c->nr_grains)
			return c->nr_grains;
		end = find_bit(c->used, at, at + n, true);
		if (end == at + n)
			return at;
		at = end;
	}
}

static void
take(struct percpu_chunk *c, unsigned at, unsigned n)
{
	for (unsigned i = at; i < at + n; i++)
		set_bit(i, c->used);
	set_bit(at + n - 1, c->last);
	c->nr_free -= n;
	if (at == c->first)
		c->first = at + n;
}

/* --- chunks -------------------------------------------------------------------- */

static void
chunk_init(struct percpu_chunk *c, char *base, unsigned bytes)
{
	c->base = base;
	c->nr_grains = min(bytes / GRAIN, MAX_GRAINS);
	c->nr_free = c->nr_grains;
}

/* Context: percpu_lock, or boot. */
static void
ensure_first_chunk(void)
{
	if (first_chunk.base)
		return;
	chunk_init(&first_chunk, (char *)per_cpu_ptr(&first_room, 0),
		   FIRST_BYTES);
	list_add(&first_chunk.list, &chunks);
}

static struct percpu_chunk *
chunk_create(void)
{
	struct percpu_chunk *c;
	char *base;

	if (!slab_is_available())
		return NULL;
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	base = kvmalloc(nr_cpus * stride(), GFP_KERNEL);
	if (!c || !base) {
		kfree(c);
		kvfree(base);
		return NULL;
	}
	kmemleak_ignore(base);		/* its objects are searched one by one */
	chunk_init(c, base, stride());
	return c;
}

static void
chunk_destroy(struct percpu_chunk *c)
{
	kvfree(c->base);
	kfree(c);
}

/* Room in any chunk. Returns the address for core 0, or NULL. */
static char *
take_from_chunks(unsigned n, unsigned align)
{
	unsigned long flags = spin_lock_irqsave(&percpu_lock);
	struct percpu_chunk *c;
	char *found = NULL;
	unsigned at;

	ensure_first_chunk();
	list_for_each_entry(c, &chunks, list) {
		if (c->nr_free < n)
			continue;
		at = find_room(c, n, align);
		if (at == c->nr_grains)
			continue;
		take(c, at, n);
		found = c->base + at * GRAIN;
		break;
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
	return found;
}

/* An empty chunk more. False without memory. */
static bool
add_chunk(void)
{
	struct percpu_chunk *c = chunk_create();
	unsigned long flags;

	if (!c)
		return false;
	flags = spin_lock_irqsave(&percpu_lock);
	list_add_tail(&c->list, &chunks);
	spin_unlock_irqrestore(&percpu_lock, flags);
	return true;
}

void *
percpu_alloc(size_t size, size_t align)
{
	unsigned n = DIV_ROUND_UP(size, GRAIN), cpu;
	char *base;

	if (!size || size > PERCPU_MAX_SIZE || align > 64)
		return NULL;
	/* As an object: mostly no frame is needed for it. */
	if (unlikely(slab_hooks & SLAB_HOOK_FAULT) &&
	    fault_inject_object(GFP_KERNEL))
		return NULL;
	align = max(align / GRAIN, (size_t)1);
	do {
		base = take_from_chunks(n, align);
	} while (!base && add_chunk());
	if (!base)
		return NULL;
	for_each_possible_cpu(cpu)
		memset(base + percpu_offset[cpu] - percpu_offset[0], 0,
		       n * GRAIN);
	base -= percpu_offset[0];
	kmemleak_alloc_percpu(base, size);
	return base;
}

/* The chunk whose core 0 part holds addr. Context: percpu_lock. */
static struct percpu_chunk *
chunk_of(const char *addr)
{
	struct percpu_chunk *c;

	list_for_each_entry(c, &chunks, list) {
		if (addr >= c->base && addr < c->base + c->nr_grains * GRAIN)
			return c;
	}
	return NULL;
}

/* Is an object begun at this grain? */
static bool
is_start(const struct percpu_chunk *c, unsigned at)
{
	return test_bit(at, c->used) &&
	       (at == 0 || !test_bit(at - 1, c->used) ||
		test_bit(at - 1, c->last));
}

/* Free the object at grain at. */
static void
release(struct percpu_chunk *c, unsigned at)
{
	unsigned end = find_bit(c->last, at, c->nr_grains, true) + 1;

	clear_bit(end - 1, c->last);
	for (unsigned i = at; i < end; i++)
		clear_bit(i, c->used);
	c->nr_free += end - at;
	c->first = min(c->first, at);
}

void
free_percpu(void *ptr)
{
	char *addr = per_cpu_ptr((char *)ptr, 0);
	struct percpu_chunk *c, *empty = NULL;
	unsigned long flags;
	unsigned at;

	if (!ptr)
		return;
	flags = spin_lock_irqsave(&percpu_lock);
	c = chunk_of(addr);
	at = c ? (unsigned)(addr - c->base) / GRAIN : 0;
	if (!c || (addr - c->base) % GRAIN || !is_start(c, at)) {
		spin_unlock_irqrestore(&percpu_lock, flags);
		pr_err("BUG: free_percpu of %p: no such object\n", ptr);
		WARN_ON(true);
		return;
	}
	kmemleak_free_percpu(ptr);
	release(c, at);
	if (c != &first_chunk && c->nr_free == c->nr_grains) {
		list_del(&c->list);
		empty = c;
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
	if (empty)
		chunk_destroy(empty);
}

#ifdef VELLUM_KMEMLEAK
void
percpu_dynamic_room(unsigned long *start, unsigned long *end)
{
	*start = (unsigned long)&first_room;
	*end = *start + FIRST_BYTES;
}

/* Enter the objects of chunk c. Context: percpu_lock. */
static void
enter_objects(const struct percpu_chunk *c)
{
	for (unsigned at = 0, end; at < c->nr_grains; at = end) {
		end = at + 1;
		if (!is_start(c, at))
			continue;
		end = find_bit(c->last, at, c->nr_grains, true) + 1;
		kmemleak_enter_old_percpu(c->base + at * GRAIN -
					  percpu_offset[0],
					  (end - at) * GRAIN);
	}
}

/* Before the slabs, which would enter the chunks as something to search. */
void
kmemleak_enter_percpu(void)
{
	unsigned long flags = spin_lock_irqsave(&percpu_lock);
	struct percpu_chunk *c;

	list_for_each_entry(c, &chunks, list) {
		enter_objects(c);
		if (c == &first_chunk)
			continue;
		kmemleak_enter_old(c->base, nr_cpus * stride());
		kmemleak_ignore(c->base);
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
}
#endif

/* --- looking ------------------------------------------------------------------- */

static void
percpu_show(struct seq_buf *s)
{
	unsigned long flags = spin_lock_irqsave(&percpu_lock);
	struct percpu_chunk *c;
	unsigned objects, run;

	seq_printf(s, "cores %u, stride %lu bytes, grain %u\n", nr_cpus,
		   stride(), GRAIN);
	seq_puts(s, "  base        bytes     used     free  largest  objects\n");
	list_for_each_entry(c, &chunks, list) {
		unsigned largest = 0;

		objects = 0;
		run = 0;
		for (unsigned i = 0; i < c->nr_grains; i++) {
			objects += test_bit(i, c->last);
			run = test_bit(i, c->used) ? 0 : run + 1;
			largest = max(largest, run);
		}
		seq_printf(s, "  %p %8u %8u %8u %8u %8u\n", (void *)c->base,
			   c->nr_grains * GRAIN,
			   (c->nr_grains - c->nr_free) * GRAIN,
			   c->nr_free * GRAIN, largest * GRAIN, objects);
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
}
NODE("percpu", percpu_show);

static void
percpu_verify(struct verify *v)
{
	unsigned long flags = spin_lock_irqsave(&percpu_lock);
	struct percpu_chunk *c;
	unsigned nr_free, bad;

	list_for_each_entry(c, &chunks, list) {
		nr_free = bad = 0;
		for (unsigned i = 0; i < c->nr_grains; i++) {
			bool used = test_bit(i, c->used);
			bool next = i + 1 < c->nr_grains &&
				    test_bit(i + 1, c->used);

			nr_free += !used;
			bad += test_bit(i, c->last) ? !used : used && !next;
		}
		VERIFY(v, !bad, "PC1", "percpu: chunk %p: %u objects without "
		       "an end, or ends without an object",
		       (void *)c->base, bad);
		VERIFY(v, nr_free == c->nr_free, "PC2",
		       "percpu: chunk %p: %u grains free, counted as %u",
		       (void *)c->base, nr_free, c->nr_free);
	}
	spin_unlock_irqrestore(&percpu_lock, flags);
}

static struct verify_module verify_module = { "percpu", percpu_verify, NULL };

static int
percpu_init(void)
{
	verify_register(&verify_module);
	return 0;
}
core_initcall(percpu_init);
