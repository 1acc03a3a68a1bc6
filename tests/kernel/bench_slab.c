/* SPDX-License-Identifier: MIT */
/*
 * One workload for the three slab designs: what it costs, and what it wastes.
 *
 * Ideas
 *   Script	the workload is written down before it is played: a row of
 *		operations, the same for every design (seed SEED). Played on
 *		functions that do nothing it costs what the playing costs,
 *		which is taken off.
 *
 *			op:  slot 7 := kmalloc(200)   slot 7 := free   ...
 *
 *   Mixed	many objects die young, some live on, a few stay to the end;
 *		most are small. A quarter comes from three caches.
 *   Bursts	400 of a size, freed first in first out or last in first out,
 *		but for every 32nd, which stays until the end.
 *   Fragments	objects until there is no memory (or FILL_MAX bytes of them);
 *		then all are freed but every 16th. What is left could lie in
 *		a sixteenth of the pages, but does not: the pages that are
 *		held, those of slabs that are nearly empty, and the largest
 *		block that can be had tell how the survivors lie. Meaningful
 *		where memory is full, that is on a small machine:
 *		tools/slab-compare takes 16 MiB.
 *
 * Figures (notes of the case)
 *   asked, given	at the peak: bytes that were asked for; bytes that the
 *			objects take up in their slabs. Their difference is
 *			internal waste.
 *   pages at peak	frames of slabs then. What they hold beyond given is
 *			free objects, and the ends of slabs.
 *   pages after	frames that the design keeps when all is freed;
 *   pages at rest	and when it was told to shrink.
 *
 * Cost    each script is played three times, from the same beginning: to look
 *	   at it, as one batch, and timed call by call.
 */
#include <kernel/bench.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/init.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include "../../mm/kmem/kmem_cache.h"

#define SEED		2007
#define NR_STEPS	12000u	/* objects of the mixed script */
#define MAX_OPS		(2 * NR_STEPS)
#define NR_SLOTS	4096u
#define NOBODY		0xffffu
#define FOREVER		NR_STEPS	/* dies behind the last step */

#define NR_BURSTS	24u
#define BURST		400u
#define STAYS		32u	/* one of so many stays to the end */

#define FILL_MAX	(16ul << 20)
#define SURVIVES	16u

/* what: 0 kfree, else kmalloc of so many bytes; or one of these | cache. */
#define OP_CACHE_ALLOC	0x4000u
#define OP_CACHE_FREE	0x8000u

#define GFP_BENCH	(GFP_NOWAIT | __GFP_NOWARN)

struct op {
	u16 slot, what;
};

struct script {
	struct op *ops;
	unsigned nr, peak;		/* ops; behind which most bytes live */
	unsigned long live, most;	/* bytes, while it is written */
};

/* The four calls that a script is made of. */
struct calls {
	void *(*alloc)(size_t size, gfp_t gfp);
	void (*free)(const void *p);
	void *(*cache_alloc)(struct kmem_cache *cache, gfp_t gfp);
	void (*cache_free)(struct kmem_cache *cache, void *object);
};

#define NR_CACHES	3
static const u16 cache_sizes[NR_CACHES] = { 40, 200, 600 };
static struct kmem_cache *caches[NR_CACHES];
static void *slots[NR_SLOTS];

static unsigned long
slab_pages(void)
{
	return global_node_page_state(NR_SLAB_UNRECLAIMABLE) +
	       global_node_page_state(NR_SLAB_RECLAIMABLE);
}

/* --- writing scripts ---------------------------------------------------------- */

/* Bytes that an op asks for. */
static unsigned
op_bytes(unsigned what)
{
	return what & OP_CACHE_ALLOC ? cache_sizes[what & 3] : what;
}

static void
write_alloc(struct script *s, unsigned slot, unsigned what)
{
	s->ops[s->nr++] = (struct op){ slot, what };
	s->live += op_bytes(what);
	if (s->live > s->most) {
		s->most = s->live;
		s->peak = s->nr;
	}
}

/* The end of what was allocated with this op. */
static void
write_free(struct script *s, unsigned slot, unsigned what)
{
	s->live -= op_bytes(what);
	what = what & OP_CACHE_ALLOC ? OP_CACHE_FREE | (what & 3) : 0;
	s->ops[s->nr++] = (struct op){ slot, what };
}

/* Each power of two is as likely as the next up to 512; few are larger. */
static unsigned
random_size(u64 *rng)
{
	unsigned bits = 3 + random_below(rng, 7);

	if (random_below(rng, 32) == 0)
		return 1024 + random_below(rng, 7168);
	return (1u << bits) - random_below(rng, 1u << (bits - 1));
}

static unsigned
random_what(u64 *rng)
{
	if (random_below(rng, 4) == 0)
		return OP_CACHE_ALLOC | random_below(rng, NR_CACHES);
	return random_size(rng);
}

/* After how many further steps the object dies. */
static unsigned
random_life(u64 *rng)
{
	unsigned kind = random_below(rng, 16);

	if (kind < 10)
		return 1 + random_below(rng, 16);
	if (kind < 15)
		return 1 + random_below(rng, 1500);
	return FOREVER;
}

/* Slots by the step at which what is in them dies; free ones too. */
struct calendar {
	u16 due[NR_STEPS + 1];
	u16 next[NR_SLOTS];
	u16 what[NR_SLOTS];
	u16 spare;
};

static struct calendar *
calendar_make(void)
{
	struct calendar *c = vmalloc(sizeof(*c));

	if (!c)
		return NULL;
	memset(c->due, 0xff, sizeof(c->due));
	for (unsigned i = 0; i < NR_SLOTS; i++)
		c->next[i] = i + 1 < NR_SLOTS ? i + 1 : NOBODY;
	c->spare = 0;
	return c;
}

/* All that die at step do. */
static void
write_deaths(struct script *s, struct calendar *c, unsigned step)
{
	unsigned slot, next;

	for (slot = c->due[step]; slot != NOBODY; slot = next) {
		next = c->next[slot];
		write_free(s, slot, c->what[slot]);
		c->next[slot] = c->spare;
		c->spare = slot;
	}
}

static bool
write_mixed(struct script *s)
{
	struct calendar *c = calendar_make();
	unsigned slot, dies;
	u64 rng = SEED;

	if (!c)
		return false;
	for (unsigned step = 0; step < NR_STEPS; step++) {
		write_deaths(s, c, step);
		slot = c->spare;
		if (slot == NOBODY)
			continue;
		c->spare = c->next[slot];
		dies = min(step + random_life(&rng), FOREVER);
		c->what[slot] = random_what(&rng);
		c->next[slot] = c->due[dies];
		c->due[dies] = slot;
		write_alloc(s, slot, c->what[slot]);
	}
	write_deaths(s, c, FOREVER);
	vfree(c);
	return true;
}

static unsigned
burst_what(unsigned burst)
{
	static const u16 what[] = {
		64, 200, OP_CACHE_ALLOC, 24, 1000, 128,
		OP_CACHE_ALLOC | 1, 480, 2048, 96, OP_CACHE_ALLOC | 2, 16,
	};

	return what[burst % ARRAY_SIZE(what)];
}

/* Does the i-th object of a burst stay, and in which slot is it? */
static unsigned
burst_slot(unsigned burst, unsigned i, bool *stays)
{
	*stays = i % STAYS == 0;
	return *stays ? BURST + burst * (BURST / STAYS + 1) + i / STAYS : i;
}

static bool
write_bursts(struct script *s)
{
	unsigned slot, what;
	bool stays;

	static_assert(BURST + NR_BURSTS * (BURST / STAYS + 1) <= NR_SLOTS,
		      "slots for all bursts");
	for (unsigned burst = 0; burst < NR_BURSTS; burst++) {
		what = burst_what(burst);
		for (unsigned i = 0; i < BURST; i++)
			write_alloc(s, burst_slot(burst, i, &stays), what);
		for (unsigned i = 0; i < BURST; i++) {
			slot = burst_slot(burst, burst & 1 ? i : BURST - 1 - i,
					  &stays);
			if (!stays)
				write_free(s, slot, what);
		}
	}
	for (unsigned burst = 0; burst < NR_BURSTS; burst++) {
		for (unsigned i = 0; i < BURST; i += STAYS)
			write_free(s, burst_slot(burst, i, &stays),
				   burst_what(burst));
	}
	return true;
}

/* --- playing them --------------------------------------------------------------- */

static noinline void *
no_alloc(size_t size, gfp_t gfp)
{
	return NULL;
}

static noinline void
no_free(const void *p)
{
}

static noinline void *
no_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return NULL;
}

static noinline void
no_cache_free(struct kmem_cache *cache, void *object)
{
}

static const struct calls real_calls = {
	kmalloc, kfree, kmem_cache_alloc, kmem_cache_free,
};
static const struct calls no_calls = {
	no_alloc, no_free, no_cache_alloc, no_cache_free,
};

static inline void
play_op(const struct op *op, const struct calls *calls)
{
	void **slot = &slots[op->slot];

	if (op->what & OP_CACHE_FREE)
		calls->cache_free(caches[op->what & 3], *slot);
	else if (op->what & OP_CACHE_ALLOC)
		*slot = calls->cache_alloc(caches[op->what & 3], GFP_BENCH);
	else if (op->what)
		*slot = calls->alloc(op->what, GFP_BENCH);
	else
		calls->free(*slot);
}

static noinline void
play(const struct script *s, unsigned from, unsigned to,
     const struct calls *calls)
{
	for (const struct op *op = s->ops + from; op < s->ops + to; op++)
		play_op(op, calls);
}

/* What lives at the peak: bytes asked for, and taken up. */
static void
note_live(struct bench *b, const struct script *s)
{
	static u16 what[NR_SLOTS];
	unsigned long asked = 0, given = 0;

	memset(what, 0, sizeof(what));
	for (const struct op *op = s->ops; op < s->ops + s->peak; op++)
		what[op->slot] = op->what & OP_CACHE_FREE ? 0 : op->what;
	for (unsigned i = 0; i < NR_SLOTS; i++) {
		if (!what[i])
			continue;
		asked += op_bytes(what[i]);
		given += slab_footprint(slots[i]);
	}
	bench_note(b, "asked", asked);
	bench_note(b, "given", given);
}

/* Play it once to look at the pages. */
static void
look_at(struct bench *b, const struct script *s, unsigned long before)
{
	play(s, 0, s->peak, &real_calls);
	note_live(b, s);
	bench_note(b, "pages at peak", slab_pages() - before);
	play(s, s->peak, s->nr, &real_calls);
	bench_note(b, "pages after", slab_pages() - before);
	kmem_cache_shrink_all();
	bench_note(b, "pages at rest", slab_pages() - before);
}

static void
measure(struct bench *b, const struct script *s)
{
	b->iterations = s->nr;
	b->stride = s->nr / 1024 + 1;
	bench_begin(b);
	play(s, 0, s->nr, &no_calls);
	bench_end(b);
	b->taken_off = b->total;
	bench_begin(b);
	play(s, 0, s->nr, &real_calls);
	bench_end(b);
	bench_rest(b);
	kmem_cache_shrink_all();
	bench_begin(b);
	for (unsigned i = 0; i < s->nr; i++) {
		bench_sample_begin(b);
		play_op(&s->ops[i], &real_calls);
		bench_sample_end(b);
	}
}

static bool
caches_make(void)
{
	for (unsigned i = 0; i < NR_CACHES; i++) {
		caches[i] = kmem_cache_create("bench-slab", cache_sizes[i], 0,
					      SLAB_NO_MERGE, NULL);
		if (!caches[i])
			return false;
	}
	return true;
}

static void
run_script(struct bench *b, bool (*write)(struct script *s))
{
	struct script s = { .ops = vmalloc(MAX_OPS * sizeof(*s.ops)) };

	if (s.ops && caches_make() && write(&s)) {
		kmem_cache_shrink_all();
		look_at(b, &s, slab_pages());
		measure(b, &s);
		bench_rest(b);
	}
	for (unsigned i = 0; i < NR_CACHES; i++)
		kmem_cache_destroy(caches[i]);
	memset(caches, 0, sizeof(caches));
	vfree(s.ops);
}

static void
mixed(struct bench *b)
{
	run_script(b, write_mixed);
}

static void
bursts(struct bench *b)
{
	run_script(b, write_bursts);
}

/* --- fragments -------------------------------------------------------------------- */

/* The beginning of each object: they hold themselves together. */
struct fragment {
	struct fragment *next;
	u32 size;
};

struct fill {
	struct fragment *first, **end;
	unsigned long nr, bytes;
};

static void
fill_memory(struct fill *f)
{
	struct fragment *x;
	u64 rng = SEED;
	unsigned size;

	f->end = &f->first;
	while (f->bytes < FILL_MAX) {
		size = max(random_size(&rng), (unsigned)sizeof(*x));
		x = kmalloc(size, GFP_BENCH);
		if (!x)
			break;
		x->size = size;
		*f->end = x;
		f->end = &x->next;
		f->nr++;
		f->bytes += size;
	}
	*f->end = NULL;
}

/* Free all but one in every n. */
static void
thin_out(struct fill *f, unsigned n)
{
	struct fragment *x, *next, **keep = &f->first;
	unsigned long i = 0;

	f->nr = f->bytes = 0;
	for (x = f->first; x; x = next, i++) {
		next = x->next;
		if (i % n || n == 1) {
			kfree(x);
			continue;
		}
		*keep = x;
		keep = &x->next;
		f->nr++;
		f->bytes += x->size;
	}
	*keep = NULL;
}

/*
 * Frames of the slabs of which at most an eighth is in use. used: one entry
 * for each frame, all zero.
 */
static unsigned long
sparse_pages(const struct fill *f, u16 *used)
{
	unsigned long pages = 0, bytes;
	struct fragment *x;
	struct page *page;
	u16 *here;

	for (x = f->first; x; x = x->next)
		used[slab_page_of(x) - mem_map] += slab_footprint(x);
	for (x = f->first; x; x = x->next) {
		page = slab_page_of(x);
		here = &used[page - mem_map];
		bytes = PAGE_SIZE << page_order(page);
		if (*here && *here <= bytes / 8)
			pages += bytes / PAGE_SIZE;
		*here = 0;
	}
	return pages;
}

/* Frames of the largest block that can be had. */
static unsigned long
largest_block(void)
{
	struct page *page;

	drain_all_pages();
	for (int order = MAX_ORDER; order >= 0; order--) {
		page = alloc_pages(GFP_BENCH, order);
		if (!page)
			continue;
		free_pages(page_address(page), order);
		return 1ul << order;
	}
	return 0;
}

static void
note_fragments(struct bench *b, struct fill *f, u16 *used,
	       unsigned long before)
{
	bench_note(b, "survivors", f->nr);
	bench_note(b, "asked", f->bytes);
	bench_note(b, "pages held", slab_pages() - before);
	bench_note(b, "pages nearly empty", sparse_pages(f, used));
	bench_note(b, "largest block", largest_block());
}

/* Mean and worst: of an allocation while memory fills, its loop included. */
static void
fragments(struct bench *b)
{
	u16 *used = vzalloc((mem_map_end - mem_map_start) * sizeof(*used));
	struct fill f = { NULL };
	unsigned long before;

	b->iterations = 0;
	if (!used)
		return;
	kmem_cache_shrink_all();
	before = slab_pages();
	bench_begin(b);
	fill_memory(&f);
	bench_end(b);
	bench_rest(b);
	b->iterations = f.nr;
	bench_note(b, "objects", f.nr);
	bench_note(b, "asked at full", f.bytes);
	bench_note(b, "pages at full", slab_pages() - before);
	thin_out(&f, SURVIVES);
	kmem_cache_shrink_all();
	note_fragments(b, &f, used, before);
	thin_out(&f, 1);
	kmem_cache_shrink_all();
	bench_note(b, "pages at rest", slab_pages() - before);
	vfree(used);
}

BENCH_SUITE("slab",
	    BENCH_CASE("mixed", mixed),
	    BENCH_CASE("bursts", bursts),
	    BENCH_CASE("fragments", fragments));
