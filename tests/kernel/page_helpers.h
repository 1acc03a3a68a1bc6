/* SPDX-License-Identifier: MIT */
/* What the suites of the page allocator share. */
#ifndef TESTS_PAGE_HELPERS_H
#define TESTS_PAGE_HELPERS_H

#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/gfp.h>
#include <mm/pcp.h>
#include <mm/zone.h>
#include "verify_helpers.h"

/* Pages kept in a chain through their owner.list. */
struct page_chain {
	struct list_head pages;
	unsigned long nr;
};

static inline void
chain_init(struct page_chain *chain)
{
	INIT_LIST_HEAD(&chain->pages);
	chain->nr = 0;
}

static inline void
chain_add(struct page_chain *chain, struct page *page)
{
	list_add(&page->owner.list, &chain->pages);
	chain->nr++;
}

/* Allocate until it fails; returns how many blocks. */
static inline unsigned long
chain_fill(struct page_chain *chain, gfp_t gfp, unsigned order)
{
	unsigned long before = chain->nr;
	struct page *page;

	while ((page = alloc_pages(gfp | __GFP_NOWARN, order)))
		chain_add(chain, page);
	return chain->nr - before;
}

static inline void
chain_free(struct page_chain *chain)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &chain->pages, owner.list) {
		list_del(&page->owner.list);
		put_page(page);
	}
	chain_init(chain);
}

/*
 * Any zone of this type that has frames to give, or NULL: in a large kernel on
 * a small machine the image alone fills the DMA zone.
 */
static inline struct zone *
find_zone(unsigned type)
{
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		if (zone->type == type && zone->managed_pages)
			return zone;
	}
	return NULL;
}

#endif
