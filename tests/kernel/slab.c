/* SPDX-License-Identifier: MIT */
/*
 * Caches and kmalloc from inside: lists, merging, RCU, mistakes, rules. Under
 * any design; what is SLUB's own is skipped under the others. The long random
 * run is in slab_random.c.
 */
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/cmdline.h>
#include <lib/errno.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/init.h>
#include <mm/kasan.h>
#include <mm/page_alloc.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include "../../mm/kmem/kmem_cache.h"
#include "page_helpers.h"

static bool
is_plain_slub(void)
{
	return the_slab_design == &slub_design &&
	       !slab_debug_flags_for("test-slab");
}

static bool
is_zero(const u8 *p, u32 n)
{
	while (n && !p[n - 1])
		n--;
	return !n;
}

static struct kmem_cache *cache;

static bool
make(struct test *t, unsigned size, slab_flags_t flags)
{
	cache = kmem_cache_create("test-slab", size, 0, SLAB_NO_MERGE | flags,
				  NULL);
	return EXPECT(t, cache != NULL);
}

static void
like_caches_share_one_and_others_do_not(struct test *t)
{
	struct kmem_cache *a, *b, *c;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	a = kmem_cache_create("test-a", 1500, 0, 0, NULL);
	b = kmem_cache_create("test-b", 1498, 0, 0, NULL);
	c = kmem_cache_create("test-c", 1500, 0, SLAB_NO_MERGE, NULL);
	EXPECT(t, a && a == b && c && c != a);
	EXPECT_EQ(t, kmem_cache_destroy(b), 0);
	EXPECT(t, !strcmp(kmem_cache_name(a), "test-a"));
	EXPECT_EQ(t, kmem_cache_size(a), 1500);
	EXPECT_EQ(t, kmem_cache_destroy(a), 0);
	EXPECT_EQ(t, kmem_cache_destroy(c), 0);
}

static void
construct_nothing(void *object)
{
}

/* Each pair looks alike but for one thing. */
static void
what_differs_in_one_thing_is_not_merged(struct test *t)
{
	struct kmem_cache *plain, *other[4];

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	/* 1496 bytes and the free pointer behind them. */
	other[0] = kmem_cache_create("test-a", 1496, 0, 0, construct_nothing);
	plain = kmem_cache_create("test-b", 1504, 0, 0, NULL);
	EXPECT(t, plain && plain != other[0]);
	other[1] = kmem_cache_create("test-c", 1510, 0, 0, NULL);
	other[2] = kmem_cache_create("test-d", 1504, 32, 0, NULL);
	other[3] = kmem_cache_create("test-e", 1504, 0, SLAB_CACHE_DMA, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(other); i++) {
		EXPECT(t, other[i] && other[i] != plain);
		EXPECT_EQ(t, kmem_cache_destroy(other[i]), 0);
	}
	EXPECT_EQ(t, kmem_cache_destroy(plain), 0);
}

static void
percpu_text(char *text, size_t bytes)
{
	struct seq_buf s;

	seq_buf_init(&s, text, bytes);
	node_find("percpu")->show(&s);
}

static void
a_cache_leaves_no_percpu_memory(struct test *t)
{
	static char before[1024], after[1024];

	for (unsigned round = 0; round < 2; round++) {
		percpu_text(before, sizeof(before));
		if (make(t, 104, 0))
			EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
		percpu_text(after, sizeof(after));
	}
	EXPECT(t, !strcmp(before, after));
}

static void
impossible_caches_are_refused(struct test *t)
{
	EXPECT(t, !kmem_cache_create("test", 0, 0, 0, NULL));
	EXPECT(t, !kmem_cache_create("test", KMALLOC_MAX_CACHE_SIZE + 1, 0, 0,
				     NULL));
	EXPECT(t, !kmem_cache_create("test", 8, 24, 0, NULL));
	EXPECT_EQ(t, kmem_cache_destroy(NULL), 0);
}

static void
alignment_is_kept(struct test *t)
{
	for (unsigned align = 8; align <= 256; align *= 2) {
		void *p[5];

		cache = kmem_cache_create("test-slab", 20, align,
					  SLAB_NO_MERGE, NULL);
		ASSERT(t, cache != NULL);
		for (unsigned i = 0; i < 5; i++) {
			p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			EXPECT_EQ(t, (unsigned long)p[i] % align, 0);
		}
		for (unsigned i = 0; i < 5; i++)
			kmem_cache_free(cache, p[i]);
		EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	}
}

/* Objects of up to half a line share one, but none lies in two. */
static void
objects_keep_to_cache_lines_if_asked(struct test *t)
{
	static const u8 cases[][2] = {	/* size, alignment */
		{ 6, 8 }, { 12, 16 }, { 17, 32 }, { 32, 32 }, { 40, 32 },
	};
	void *p[20];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!make(t, cases[i][0], SLAB_HWCACHE_ALIGN))
			return;
		for (unsigned k = 0; k < 20; k++) {
			p[k] = kmem_cache_alloc(cache, GFP_KERNEL);
			EXPECT_EQ(t, (unsigned long)p[k] % cases[i][1], 0);
		}
		kmem_cache_free_bulk(cache, 20, p);
		EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	}
}

static void
zalloc_clears_what_was_left_in_the_object(struct test *t)
{
	u8 *p;

	if (!make(t, 72, 0))
		return;
	for (unsigned round = 0; round < 20; round++) {
		p = kmem_cache_zalloc(cache, GFP_KERNEL);
		ASSERT(t, p != NULL);
		EXPECT(t, is_zero(p, 72));
		memset(p, 0xee, 72);
		kmem_cache_free(cache, p);
	}
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* An object freed into another slab waits on the away list. */
static void
frees_into_one_slab_are_gathered(struct test *t)
{
	struct kmem_cache_cpu *c;
	struct page *page;
	void *p[100];
	unsigned n;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	if (!make(t, 256, 0))
		return;
	for (n = 0; n < 100; n++)
		p[n] = kmem_cache_alloc(cache, GFP_KERNEL);
	page = slab_page_of(p[0]);
	for (n = 0; slab_page_of(p[n]) == page; n++)
		kmem_cache_free(cache, p[n]);
	c = this_cpu_ptr(cache->lists);
	EXPECT(t, c->away.page == page);
	EXPECT_EQ(t, c->nr_away, n);
	EXPECT_EQ(t, page->slab.inuse, page->slab.objects);
	while (n < 100)
		kmem_cache_free(cache, p[n++]);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* By design: the size class, or a header and whole units of 8 bytes. */
static void
footprint_is_what_an_object_takes_up(struct test *t)
{
	void *small = kmalloc(100, GFP_KERNEL);
	void *large = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);

	ASSERT(t, small && large);
	if (the_slab_design == &slob_design)
		EXPECT_EQ(t, slab_footprint(small), 8 + 104);
	else if (is_plain_slub() && !KASAN_ON)
		EXPECT_EQ(t, slab_footprint(small), 128);
	else
		EXPECT(t, slab_footprint(small) >= 128);
	EXPECT_EQ(t, slab_footprint(large), 4 * PAGE_SIZE);
	EXPECT_EQ(t, slab_footprint(NULL), 0);
	kfree(small);
	kfree(large);
}

/*
 * What a core took from full slabs and gave back one object of goes into its
 * reserve, which has few places; then to the node.
 */
static void
a_core_keeps_few_slabs_in_reserve(struct test *t)
{
	struct kmem_cache_cpu *c;
	void *p[200];
	unsigned most = 0, n;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	if (!make(t, 256, 0))
		return;
	for (n = 0; n < 200; n++) {
		p[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, p[n] != NULL);
	}
	c = this_cpu_ptr(cache->lists);
	for (n = 0; n < 200; n += cache->objects) {
		kmem_cache_free(cache, p[n]);
		p[n] = NULL;
		most = max(most, c->nr_partial);
	}
	EXPECT_EQ(t, most, cache->cpu_partial);
	EXPECT(t, cache->node.nr_partial > 0);
	for (n = 0; n < 200; n++) {
		if (p[n])
			kmem_cache_free(cache, p[n]);
	}
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* Small objects: at order 3 the rest is less than one, a 16th at most. */
static void
slabs_of_small_objects_waste_little(struct test *t)
{
	unsigned bytes;

	if (!is_plain_slub())
		SKIP(t, "not plain SLUB");
	for (unsigned size = 8; size <= 2000; size += 44) {
		if (!make(t, size, 0))
			return;
		bytes = PAGE_SIZE << cache->order;
		EXPECT(t, bytes % cache->size <= bytes / 16);
		EXPECT(t, cache->order <= 3);
		EXPECT_EQ(t, cache->objects, bytes / cache->size);
		EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	}
}

/* Without a block for a slab of the usual order, the least one will do. */
static void
a_smaller_slab_will_do_when_memory_is_short(struct test *t)
{
	struct slab_usage usage;
	struct page *page;
	void *p[40];
	unsigned n;

	if (the_slab_design == &slob_design)
		SKIP(t, "SLOB has no slabs of several pages");
	if (!make(t, 2100, 0))
		return;
	ASSERT(t, cache->order > cache->min_order);
	fault_inject_nth(2);		/* 1: the object itself */
	p[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(t, fault_inject_nth_done());
	ASSERT(t, p[0] != NULL);
	kmem_cache_usage(cache, &usage);
	EXPECT_EQ(t, usage.frames, 1ul << cache->min_order);
	EXPECT_EQ(t, usage.total, (PAGE_SIZE << cache->min_order) /
		  cache->size);
	page = slab_page_of(p[0]);
	EXPECT_EQ(t, page_order(page), cache->min_order);
	EXPECT_EQ(t, page->slab.objects,
		  (PAGE_SIZE << cache->min_order) / cache->size);
	for (n = 1; n < 40; n++) {
		p[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, p[n] != NULL);
		memset(p[n], n, 2100);
	}
	EXPECT_EQ(t, page_order(slab_page_of(p[39])), cache->order);
	EXPECT_VERIFIED(t);
	kmem_cache_free_bulk(cache, 40, p);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static unsigned
alloc_reports(void)
{
	return nr_alloc_reports + nr_alloc_reports_dropped;
}

/*
 * With interrupts masked nothing can be waited for: that try may fail, and the
 * next one waits. Who cannot wait has but one, and it is told.
 */
static void
only_the_last_try_for_a_frame_is_told(struct test *t)
{
	unsigned before = alloc_reports();
	void *p;

	if (the_slab_design != &slub_design)
		SKIP(t, "SLAB and SLOB ask for a frame once");
	if (!make(t, 64, 0))
		return;
	ASSERT_EQ(t, cache->order, cache->min_order);
	fault_inject_nth(2);		/* 1: the object itself */
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(t, fault_inject_nth_done());
	EXPECT(t, p != NULL);
	EXPECT_EQ(t, alloc_reports(), before);
	kmem_cache_free(cache, p);
	kmem_cache_shrink(cache);
	fault_inject_nth(2);
	EXPECT(t, !kmem_cache_alloc(cache, GFP_ATOMIC));
	EXPECT(t, fault_inject_nth_done());
	EXPECT_EQ(t, alloc_reports(), before + 1);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* A new slab hands its objects out in the random order of its cache. */
static void
an_overflow_cannot_tell_who_follows(struct test *t)
{
	unsigned behind = 0;
	char *p[64];

	if (!is_plain_slub())
		SKIP(t, "not plain SLUB");
	if (!make(t, 64, 0))
		return;
	for (unsigned i = 0; i < 64; i++) {
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		behind += i && p[i] == p[i - 1] + cache->size;
	}
	EXPECT(t, behind < 32);
	kmem_cache_free_bulk(cache, 64, (void **)p);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
shrink_gives_empty_slabs_back(struct test *t)
{
	unsigned long before, most, kept;
	unsigned frames;
	void *p[300];

	if (!make(t, 512, 0))
		return;
	before = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	for (unsigned i = 0; i < 300; i++)
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	most = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	EXPECT(t, most >= before + 300 * 512 / PAGE_SIZE);
	for (unsigned i = 0; i < 300; i++)
		kmem_cache_free(cache, p[i]);
	kept = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	frames = kmem_cache_shrink(cache);
	if (!KASAN_ON)		/* where other caches' objects go too */
		EXPECT_EQ(t, frames, kept -
			  global_node_page_state(NR_SLAB_UNRECLAIMABLE));
	EXPECT(t, global_node_page_state(NR_SLAB_UNRECLAIMABLE) <= before + 1);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
bulk_is_all_or_nothing(struct test *t)
{
	void *p[256];

	if (!make(t, 128, 0))
		return;
	EXPECT(t, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 64, p));
	for (unsigned i = 0; i < 64; i++)
		memset(p[i], i, 128);
	for (unsigned i = 0; i < 64; i++)
		EXPECT_EQ(t, *((u8 *)p[i] + 127), i);
	kmem_cache_free_bulk(cache, 64, p);
	fault_inject_nth(200);
	EXPECT(t, !kmem_cache_alloc_bulk(cache, GFP_NOWAIT | __GFP_NOWARN, 256,
					 p));
	EXPECT(t, fault_inject_nth_done());
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* A reader may look at a freed object of such a cache, never at another. */
static void
type_safe_objects_keep_their_slab_for_readers(struct test *t)
{
	u32 *p[40];

	if (!make(t, 1000, SLAB_TYPESAFE_BY_RCU))
		return;
	for (unsigned i = 0; i < 40; i++) {
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, p[i] != NULL);
		*p[i] = 0x7e57;
	}
	rcu_read_lock();
	for (unsigned i = 0; i < 40; i++)
		kmem_cache_free(cache, p[i]);
	kmem_cache_shrink(cache);
	for (unsigned i = 0; i < 40 && !KASAN_ON; i++) {
		EXPECT_EQ(t, READ_ONCE(*p[i]), 0x7e57);
		EXPECT_EQ(t, page_state(slab_page_of(p[i])), PAGE_STATE_SLAB);
	}
	rcu_read_unlock();
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
dma_memory_comes_from_its_zone(struct test *t)
{
	struct zone *zone = find_zone(ZONE_DMA);

	if (!zone || zone->nr_free < zone->watermark[WMARK_HIGH] + 100)
		SKIP(t, "the kernel fills the DMA zone of so small a machine");
	for (unsigned size = 8; size <= 8192; size *= 4) {
		void *p = kmalloc(size, GFP_KERNEL | __GFP_DMA);

		ASSERT(t, p != NULL);
		EXPECT_EQ(t, page_zone(slab_page_of(p))->type, ZONE_DMA);
		kfree(p);
	}
}

static void
strings_are_copied(struct test *t)
{
	char *s = kstrdup("forty-two", GFP_KERNEL);

	ASSERT(t, s != NULL);
	EXPECT(t, !strcmp(s, "forty-two"));
	kfree(s);
}

static void
slabinfo_has_linux_format(struct test *t)
{
	static char text[8192];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	node_find("slabinfo")->show(&s);
	EXPECT(t, strstr(text, "slabinfo - version: 2.1\n# name ") == text);
	EXPECT(t, strstr(text, "\nkmalloc-64 ") != NULL);
	EXPECT(t, strstr(text, " : tunables ") != NULL);
	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, node_show_entry("sys/kernel/slab/kmalloc-64", &s));
	EXPECT(t, strstr(text, "object_size      64\n") != NULL);
	EXPECT(t, !node_show_entry("sys/kernel/slab/none", &s));
}

/* --- mistakes ------------------------------------------------------------------ */

static void *victim;

static void
free_victim(void *unused)
{
	kfree(victim);
}

static void
cache_free_victim(void *unused)
{
	kmem_cache_free(cache, victim);
}

static void
kfree_at(void *p)
{
	kfree(p);
}

#ifdef VELLUM_DEBUG
static void
alloc_victim(void *unused)
{
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
}
#endif

static void
double_free_is_told(struct test *t)
{
	void *between;

	if (KASAN_ON)
		SKIP(t, "KASAN tells it");
	victim = kmalloc(40, GFP_KERNEL);
	ASSERT(t, victim != NULL);
	kfree(victim);
	EXPECT_WARNING(t, free_victim, NULL, "double free");
#ifdef VELLUM_DEBUG
	/* Not the last freed one either. */
	victim = kmalloc(40, GFP_KERNEL);
	between = kmalloc(40, GFP_KERNEL);
	ASSERT(t, victim && between);
	kfree(victim);
	kfree(between);
	EXPECT_WARNING(t, free_victim, NULL, "double free");
#endif
	EXPECT_VERIFIED(t);
	(void)between;
}

static void
free_into_two_slabs(void *other)
{
	kmem_cache_free(cache, victim);
	kmem_cache_free(cache, other);
}

/*
 * Constructed objects carry no mark: that there are more free ones than the
 * slab has is seen when they go back to it.
 */
static void
a_constructed_object_freed_twice_is_told_when_it_goes_back(struct test *t)
{
	struct page *page;
	void *p[64];
	unsigned n, last;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	cache = kmem_cache_create("test-slab", 1000, 0, 0, construct_nothing);
	ASSERT(t, cache != NULL);
	for (n = 0; n < 64; n++) {
		p[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, p[n] != NULL);
	}
	victim = p[0];
	page = slab_page_of(victim);
	for (n = 1; slab_page_of(p[n]) == page; n++)
		kmem_cache_free(cache, p[n]);
	for (last = n; slab_page_of(p[last]) == slab_page_of(p[n]); last++)
		;
	free_into_two_slabs(p[n++]);		/* the first slab is empty */
	kmem_cache_free(cache, p[last]);	/* and the second given up */
	p[last] = NULL;
	ASSERT_EQ(t, page->slab.inuse, 0);
	EXPECT_WARNING(t, free_into_two_slabs, p[n], "double free");
	p[n] = NULL;
	for (; n < 64; n++) {
		if (p[n])
			kmem_cache_free(cache, p[n]);
	}
	/* The second free cut the list of the slab short; with it that goes. */
	kmem_cache_shrink(cache);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
wrong_pointers_are_told(struct test *t)
{
	static u32 variable;
	char *p = kmalloc(48, GFP_KERNEL);
	char *large = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);
	void *page = get_free_page(GFP_KERNEL);

	ASSERT(t, p && large && page);
	if (!KASAN_ON) {
#ifdef VELLUM_DEBUG
		EXPECT_WARNING(t, kfree_at, p + 16, "pointer");
#endif
		EXPECT_WARNING(t, kfree_at, &variable, "no object");
		EXPECT_WARNING(t, kfree_at, page, "no object");
		EXPECT_WARNING(t, kfree_at, large + 64, "no object");
		EXPECT_WARNING(t, kfree_at, large + PAGE_SIZE, "no object");
		EXPECT_WARNING(t, kfree_at, (void *)0x1000, "no object");
	}
	kfree(large);
	kfree(p);
	free_page(page);
}

static void
objects_of_another_cache_are_told(struct test *t)
{
	static u32 variable;

	if (!make(t, 200, 0))
		return;
	victim = kmalloc(200, GFP_KERNEL);
	EXPECT_WARNING(t, cache_free_victim, NULL, "another cache");
	kfree(victim);
	victim = (void *)0x1000;
	EXPECT_WARNING(t, cache_free_victim, NULL, "no object");
	victim = &variable;
	EXPECT_WARNING(t, cache_free_victim, NULL, "free of");
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
use_after_free_is_told_in_debug_builds(struct test *t)
{
#ifdef VELLUM_DEBUG
	u32 *p, keep;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	if (!make(t, 64, 0))
		return;
	p = victim = kmem_cache_alloc(cache, GFP_KERNEL);
	ASSERT(t, p != NULL);
	kmem_cache_free(cache, p);
	keep = *p;
	*p = 7;
	EXPECT_WARNING(t, alloc_victim, NULL, "use after free");
	EXPECT(t, victim == p && keep != 7);
	kmem_cache_free(cache, victim);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
#else
	SKIP(t, "release build");
#endif
}

/* --- rules --------------------------------------------------------------------- */

/* A cache with one partly used slab on the node. */
static struct page *
partial_slab(struct test *t, void **keep)
{
	void *p[3];

	if (!make(t, 300, 0))
		return NULL;
	for (unsigned i = 0; i < 3; i++)
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, p[0]);
	kmem_cache_free(cache, p[1]);
	kmem_cache_shrink(cache);
	*keep = p[2];
	return slab_page_of(p[2]);
}

static void
rules_of_slub_are_checked(struct test *t)
{
	struct page *page;
	void *keep, *list;

	if (!is_plain_slub() || KASAN_ON)
		SKIP(t, "not plain SLUB");
	page = partial_slab(t, &keep);
	ASSERT(t, page != NULL);
	ASSERT_EQ(t, cache->node.nr_partial, 1);
	page->slab.frozen = 1;
	EXPECT(t, verify_catches("U1"));
	page->slab.frozen = 0;
	page->slab.inuse++;
	EXPECT(t, verify_catches("U2"));
	page->slab.inuse--;
	list = page->slab.freelist;
	page->slab.freelist = (void *)(PAGE_OFFSET + 0x1000);
	EXPECT(t, verify_catches("U2"));
	page->slab.freelist = list;
	cache->node.nr_partial++;
	EXPECT(t, verify_catches("U3"));
	cache->node.nr_partial--;
	cache->node.nr_slabs = 0;
	EXPECT(t, verify_catches("U3"));
	cache->node.nr_slabs = 1;
	EXPECT_VERIFIED(t);
	kmem_cache_free(cache, keep);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
rules_of_slab_are_checked(struct test *t)
{
	struct page *page;
	void *keep;

	if (the_slab_design != &slab_design)
		SKIP(t, "not the SLAB design");
	page = partial_slab(t, &keep);
	ASSERT(t, page != NULL);
	list_move(&page->slab.list, &cache->node.full);
	EXPECT(t, verify_catches("A1"));
	list_move(&page->slab.list, &cache->node.partial);
	page->slab.inuse++;
	EXPECT(t, verify_catches("A2"));
	page->slab.inuse--;
	cache->node.nr_free++;
	EXPECT(t, verify_catches("A3"));
	cache->node.nr_free--;
	EXPECT_VERIFIED(t);
	kmem_cache_free(cache, keep);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
rules_of_slob_are_checked(struct test *t)
{
	struct page *page;
	void *p, *q;

	if (the_slab_design != &slob_design)
		SKIP(t, "not the SLOB design");
	p = kmalloc(700, GFP_KERNEL);
	q = kmalloc(700, GFP_KERNEL);
	ASSERT(t, p && q);
	page = slab_page_of(q);
	if (page->slab.freelist) {
		page->slab.inuse++;
		EXPECT(t, verify_catches("B2"));
		page->slab.inuse--;
		*(u16 *)page->slab.freelist += 4096;
		EXPECT(t, verify_catches("B1"));
		*(u16 *)page->slab.freelist -= 4096;
	}
	EXPECT_VERIFIED(t);
	kfree(p);
	kfree(q);
}

TEST_SUITE("slab",
	   TEST_CASE(like_caches_share_one_and_others_do_not),
	   TEST_CASE(what_differs_in_one_thing_is_not_merged),
	   TEST_CASE(a_cache_leaves_no_percpu_memory),
	   TEST_CASE(impossible_caches_are_refused),
	   TEST_CASE(alignment_is_kept),
	   TEST_CASE(objects_keep_to_cache_lines_if_asked),
	   TEST_CASE(zalloc_clears_what_was_left_in_the_object),
	   TEST_CASE(frees_into_one_slab_are_gathered),
	   TEST_CASE(footprint_is_what_an_object_takes_up),
	   TEST_CASE(a_core_keeps_few_slabs_in_reserve),
	   TEST_CASE(slabs_of_small_objects_waste_little),
	   TEST_CASE(a_smaller_slab_will_do_when_memory_is_short),
	   TEST_CASE(only_the_last_try_for_a_frame_is_told),
	   TEST_CASE(an_overflow_cannot_tell_who_follows),
	   TEST_CASE(shrink_gives_empty_slabs_back),
	   TEST_CASE(bulk_is_all_or_nothing),
	   TEST_CASE(type_safe_objects_keep_their_slab_for_readers),
	   TEST_CASE(dma_memory_comes_from_its_zone),
	   TEST_CASE(strings_are_copied),
	   TEST_CASE(slabinfo_has_linux_format),
	   TEST_CASE(double_free_is_told),
	   TEST_CASE(a_constructed_object_freed_twice_is_told_when_it_goes_back),
	   TEST_CASE(wrong_pointers_are_told),
	   TEST_CASE(objects_of_another_cache_are_told),
	   TEST_CASE(use_after_free_is_told_in_debug_builds),
	   TEST_CASE(rules_of_slub_are_checked),
	   TEST_CASE(rules_of_slab_are_checked),
	   TEST_CASE(rules_of_slob_are_checked));
