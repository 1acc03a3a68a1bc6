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
#include <mm/init.h>
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

#ifdef VELLUM_KASAN
#define KASAN_ON	true
#else
#define KASAN_ON	false
#endif

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
	EXPECT(t, mm_verify_all(NULL));
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

static void
shrink_gives_empty_slabs_back(struct test *t)
{
	unsigned long before, most;
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
	kmem_cache_shrink(cache);
	EXPECT(t, global_node_page_state(NR_SLAB_UNRECLAIMABLE) <= before + 1);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
bulk_is_all_or_nothing(struct test *t)
{
	void *p[64];

	if (!make(t, 128, 0))
		return;
	EXPECT(t, kmem_cache_alloc_bulk(cache, GFP_KERNEL, 64, p));
	for (unsigned i = 0; i < 64; i++)
		memset(p[i], i, 128);
	for (unsigned i = 0; i < 64; i++)
		EXPECT_EQ(t, *((u8 *)p[i] + 127), i);
	kmem_cache_free_bulk(cache, 64, p);
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
	if (nr_managed_pages() < 5000)
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

static void
alloc_victim(void *unused)
{
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
}

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
	EXPECT(t, mm_verify_all(NULL));
	(void)between;
}

static void
wrong_pointers_are_told(struct test *t)
{
	static u32 variable;
	char *p = kmalloc(48, GFP_KERNEL);
	void *page = get_free_page(GFP_KERNEL);

	ASSERT(t, p && page);
	if (!KASAN_ON) {
#ifdef VELLUM_DEBUG
		EXPECT_WARNING(t, kfree_at, p + 16, "pointer");
#endif
		EXPECT_WARNING(t, kfree_at, &variable, "no object");
		EXPECT_WARNING(t, kfree_at, page, "no object");
		EXPECT_WARNING(t, kfree_at, (void *)0x1000, "no object");
	}
	kfree(p);
	free_page(page);
}

static void
objects_of_another_cache_are_told(struct test *t)
{
	if (!make(t, 200, 0))
		return;
	victim = kmalloc(200, GFP_KERNEL);
	EXPECT_WARNING(t, cache_free_victim, NULL, "another cache");
	kfree(victim);
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
	EXPECT(t, mm_verify_all(NULL));
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
	EXPECT(t, mm_verify_all(NULL));
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
	EXPECT(t, mm_verify_all(NULL));
	kfree(p);
	kfree(q);
}

TEST_SUITE("slab",
	   TEST_CASE(like_caches_share_one_and_others_do_not),
	   TEST_CASE(impossible_caches_are_refused),
	   TEST_CASE(alignment_is_kept),
	   TEST_CASE(frees_into_one_slab_are_gathered),
	   TEST_CASE(footprint_is_what_an_object_takes_up),
	   TEST_CASE(shrink_gives_empty_slabs_back),
	   TEST_CASE(bulk_is_all_or_nothing),
	   TEST_CASE(type_safe_objects_keep_their_slab_for_readers),
	   TEST_CASE(dma_memory_comes_from_its_zone),
	   TEST_CASE(strings_are_copied),
	   TEST_CASE(slabinfo_has_linux_format),
	   TEST_CASE(double_free_is_told),
	   TEST_CASE(wrong_pointers_are_told),
	   TEST_CASE(objects_of_another_cache_are_told),
	   TEST_CASE(use_after_free_is_told_in_debug_builds),
	   TEST_CASE(rules_of_slub_are_checked),
	   TEST_CASE(rules_of_slab_are_checked),
	   TEST_CASE(rules_of_slob_are_checked));
