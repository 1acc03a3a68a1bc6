/* SPDX-License-Identifier: MIT */
/*
 * The one word that says which debugging is on, and the way from the
 * allocator's hooks to the features.
 */
#include <kernel/init.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/pcp.h>
#include <mm/trace.h>

#ifndef VELLUM_NO_PAGE_DEBUG
u32 page_debug_flags;

void
page_debug_set(u32 flags, bool on)
{
	if (on)
		page_debug_flags |= flags;
	else
		page_debug_flags &= ~flags;
	if (mm_ready)
		pcp_set_slow(page_debug_flags != 0);
}

bool
page_debug_should_fail(gfp_t gfp, unsigned order)
{
	return (page_debug_flags & PAGE_DEBUG_FAULT) &&
	       fault_inject_should_fail(gfp, order);
}

void
page_debug_alloc(struct page *page, unsigned order, gfp_t gfp)
{
	if (page_debug_flags & PAGE_DEBUG_POISON)
		page_poison_alloc(page, order);
	if (page_debug_flags & PAGE_DEBUG_OWNER)
		page_owner_alloc(page, order, gfp);
	if ((page_debug_flags & PAGE_DEBUG_INIT_ALLOC) && !(gfp & __GFP_ZERO))
		page_fill(page, order, 0);
}

void
page_debug_free(struct page *page, unsigned order)
{
	trace_mm_page_free(page, order);
	if (page_debug_flags & PAGE_DEBUG_LIFE)
		page_life_note(page, PAGE_LIFE_FREE, order, 0);
	if (page_debug_flags & PAGE_DEBUG_OWNER)
		page_owner_free(page, order);
	if (page_debug_flags & PAGE_DEBUG_POISON)
		page_poison_free(page, order);
	else if (page_debug_flags & PAGE_DEBUG_INIT_FREE)
		page_fill(page, order, 0);
}

void
page_debug_split(struct page *page, unsigned order)
{
	if (page_debug_flags & PAGE_DEBUG_OWNER)
		page_owner_split(page, order);
}

void
page_debug_describe(struct seq_buf *s, struct page *page)
{
	if (page_debug_flags & PAGE_DEBUG_OWNER)
		page_owner_describe(s, page);
}

static bool
param_on(const char *value)
{
	return !strcmp(value, "1") || !strcmp(value, "on") || !*value;
}

static int
param_init_on_alloc(const char *value)
{
	page_debug_set(PAGE_DEBUG_INIT_ALLOC, param_on(value));
	return 0;
}
BOOT_PARAM("init_on_alloc", param_init_on_alloc);

static int
param_init_on_free(const char *value)
{
	page_debug_set(PAGE_DEBUG_INIT_FREE, param_on(value));
	return 0;
}
BOOT_PARAM("init_on_free", param_init_on_free);

static bool want_page_owner, want_page_poison;

static int
param_page_owner(const char *value)
{
	want_page_owner = param_on(value);
	return 0;
}
BOOT_PARAM("page_owner", param_page_owner);

static int
param_page_poison(const char *value)
{
	want_page_poison = param_on(value);
	return 0;
}
BOOT_PARAM("page_poison", param_page_poison);

/* Both need tables as large as memory: as soon as there are frames. */
static int
page_debug_init(void)
{
	int err = 0;

	if (want_page_poison)
		err = page_poison_start();
	if (want_page_owner && !err)
		err = page_owner_start();
	return err;
}
early_initcall(page_debug_init);
#endif
