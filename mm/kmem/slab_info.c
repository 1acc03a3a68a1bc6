/* SPDX-License-Identifier: MIT */
/*
 * Looking at the caches: the nodes slabinfo and sys/kernel/slab; one object.
 *
 * slabinfo has Linux's format 2.1, so that tools that read it read this one.
 * Its counts are those of the lists: objects that a core keeps for itself
 * count as active (slab_usage).
 */
#include <kernel/mutex.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <lib/string.h>
#include "kmem_cache.h"

static void
info_of(struct kmem_cache *cache, struct slab_info *info)
{
	info->name = cache->name;
	info->object_size = cache->object_size;
	info->size = cache->size;
	info->objects = cache->objects;
	info->order = cache->order;
	info->aliases = cache->refcount - 1;
	info->flags = cache->flags;
	the_slab_design->usage(cache, &info->usage);
}

void
slab_for_each(void (*fn)(const struct slab_info *info, void *arg), void *arg)
{
	struct kmem_cache *cache;
	struct slab_info info;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list) {
		info_of(cache, &info);
		fn(&info, arg);
	}
	mutex_unlock(&slab_mutex);
}

const char *
slab_design_name(void)
{
	return the_slab_design->name;
}

size_t
slab_footprint(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = slab_page_of(p);
	if (page_state(page) != PAGE_STATE_SLAB)
		return PAGE_SIZE << page_order(page);
	if (the_slab_design->footprint)
		return the_slab_design->footprint(page, p);
	return ((struct kmem_cache *)page->slab.cache)->size;
}

/* --- one object --------------------------------------------------------------- */

/*
 * The length of a list of free objects of the slab at page, and whether object
 * is one of them. Broken off where it leads out of the slab: another core may
 * be changing it.
 */
static unsigned
list_length(const struct kmem_cache *cache, const struct page *page,
	    const void *first, const void *object, bool *found)
{
	unsigned n = 0;

	while (first && n < page->slab.objects && is_lowmem(first) &&
	       slab_page_of(first) == page) {
		*found |= first == object;
		first = get_free_pointer(cache, first);
		n++;
	}
	return n;
}

/* What SLUB keeps of the slab at page, by core. Is object free? */
static bool
describe_lists(struct seq_buf *s, struct kmem_cache *cache,
	       const struct page *page, const void *object)
{
	struct kmem_cache_cpu *c;
	bool free = false;
	unsigned cpu, n;

	n = list_length(cache, page, page->slab.freelist, object, &free);
	seq_printf(s, "  free: %u on the slab's own list\n", n);
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(cache->lists, cpu);
		n = list_length(cache, page, c->own.first, object, &free);
		if (c->own.page == page)
			seq_printf(s, "        %u in the hands of core %u, "
				   "whose slab it is\n", n, cpu);
		n = list_length(cache, page, c->away.first, object, &free);
		if (c->away.page == page)
			seq_printf(s, "        %u that core %u gathered\n",
				   n, cpu);
	}
	return free;
}

bool
slab_describe(struct seq_buf *s, const void *p)
{
	struct page *page = is_lowmem(p) ? slab_page_of(p) : NULL;
	struct kmem_cache *cache;
	unsigned long at, n;
	bool free;

	if (!page || page_state(page) != PAGE_STATE_SLAB)
		return false;
	cache = page->slab.cache;
	seq_printf(s, "slab of %s: pfn 0x%lx, order %u, design %s\n",
		   the_slab_design->shared_slabs ? "all caches" : cache->name,
		   page_to_pfn(page), page_order(page),
		   the_slab_design->name);
	if (the_slab_design != &slub_design) {
		seq_printf(s, "  in use %u of %u\n", page->slab.inuse,
			   page->slab.objects);
		return true;
	}
	at = (char *)p - (char *)slab_object(cache, page, 0);
	n = min(at / cache->size, page->slab.objects - 1ul);
	seq_printf(s, "  objects of %u bytes, %u in use or in a core's hands, "
		   "of %u%s\n", cache->size, page->slab.inuse,
		   page->slab.objects, page->slab.frozen ? ", frozen" : "");
	free = describe_lists(s, cache, page, slab_object(cache, page, n));
	seq_printf(s, "  object %lu at %p, byte %lu of it: %s", n,
		   slab_object(cache, page, n), at - n * cache->size,
		   free ? "free" : "in use");
	seq_printf(s, ", free pointer at byte %u\n", cache->code.offset);
	return true;
}

/* --- nodes ------------------------------------------------------------------------ */

static void
show_line(const struct slab_info *i, void *arg)
{
	const struct slab_usage *u = &i->usage;

	seq_printf(arg, "%-17s %6lu %6lu %6u %4u %4u : tunables %4u %4u %4u "
		   ": slabdata %6lu %6lu %6u\n", i->name, u->active, u->total,
		   i->size, i->objects, 1u << i->order, 0, 0, 0, u->slabs,
		   u->slabs, 0);
}

static void
slabinfo_show(struct seq_buf *s)
{
	seq_puts(s, "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> "
		 "<objperslab> <pagesperslab> : tunables <limit> <batchcount> "
		 "<sharedfactor> : slabdata <active_slabs> <num_slabs> "
		 "<sharedavail>\n");
	slab_for_each(show_line, s);
}
NODE("slabinfo", slabinfo_show);

static void
show_flags(struct seq_buf *s, const struct kmem_cache *cache)
{
	static const struct {
		slab_flags_t flag;
		const char *name;
	} names[] = {
		{ SLAB_CACHE_DMA, "cache_dma" },
		{ SLAB_TYPESAFE_BY_RCU, "destroy_by_rcu" },
		{ SLAB_HWCACHE_ALIGN, "hwcache_align" },
		{ SLAB_POISON, "poison" },
		{ SLAB_RECLAIM_ACCOUNT, "reclaim_account" },
		{ SLAB_RED_ZONE, "red_zone" },
		{ SLAB_CONSISTENCY_CHECKS, "sanity_checks" },
		{ SLAB_STORE_USER, "store_user" },
		{ SLAB_TRACE, "trace" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		seq_printf(s, "%-16s %u\n", names[i].name,
			   !!(cache->flags & names[i].flag));
}

/* What Linux has in the files of one folder, as lines. */
static void
show_cache(struct seq_buf *s, struct kmem_cache *cache)
{
	char ctor[64] = "none";
	struct slab_usage u;

	the_slab_design->usage(cache, &u);
	if (cache->ctor)
		symbol_format((unsigned long)cache->ctor, ctor, sizeof(ctor));
	seq_printf(s, "%-16s %s\n", "design", the_slab_design->name);
	seq_printf(s, "%-16s %u\n", "object_size", cache->object_size);
	seq_printf(s, "%-16s %u\n", "slab_size", cache->size);
	seq_printf(s, "%-16s %u\n", "objs_per_slab", cache->objects);
	seq_printf(s, "%-16s %u\n", "order", cache->order);
	seq_printf(s, "%-16s %u\n", "align", cache->align);
	seq_printf(s, "%-16s %u\n", "aliases", cache->refcount - 1);
	seq_printf(s, "%-16s %u\n", "min_partial", cache->min_partial);
	seq_printf(s, "%-16s %u\n", "cpu_partial", cache->cpu_partial);
	seq_printf(s, "%-16s %s\n", "ctor", ctor);
	seq_printf(s, "%-16s %lu\n", "objects", u.active);
	seq_printf(s, "%-16s %lu\n", "total_objects", u.total);
	seq_printf(s, "%-16s %lu\n", "slabs", u.slabs);
	seq_printf(s, "%-16s %lu\n", "partial", u.partial);
	show_flags(s, cache);
}

static bool
slab_entry_show(struct seq_buf *s, const char *name)
{
	struct kmem_cache *cache;
	bool found = false;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list) {
		found = !strcmp(cache->name, name);
		if (found) {
			show_cache(s, cache);
			break;
		}
	}
	mutex_unlock(&slab_mutex);
	return found;
}

static void
show_name(const struct slab_info *info, void *arg)
{
	seq_printf(arg, "%s\n", info->name);
}

static void
slab_dir_show(struct seq_buf *s)
{
	slab_for_each(show_name, s);
}
NODE_DIR("sys/kernel/slab", slab_dir_show, slab_entry_show);
