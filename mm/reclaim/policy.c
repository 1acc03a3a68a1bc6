/* SPDX-License-Identifier: MIT */
/*
 * Which page goes: policies of replacement, exchangeable at boot.
 *
 *	reclaim_policy=lru	two lists and a second chance (the default)
 *	reclaim_policy=clock	one list; used since the last round: once more
 *	reclaim_policy=fifo	one list; whoever came first goes first
 *
 * The lists, the locks and the mechanics of taking a page away are the same for
 * all (lru.c, vmscan.c); a policy is one fact and one judgement, so runs of one
 * program under several of them differ in that alone.
 *
 * lru, at the old end of the inactive list:
 *
 *	used by			kind			verdict
 *	two translations, or	anonymous, file		active
 *	  again since the last
 *	  look (PG_referenced)
 *	text that runs		file			active
 *	one translation, for	file			once more: PG_referenced
 *	  the first time				now
 *	one translation		anonymous, shmem	active
 *	read() only		file			goes (read() marks by itself)
 *	nobody						goes
 *
 * A page of a file gets its second chance before it is thought to be part of a
 * working set: a program that maps a file and reads it through uses each page
 * once. Anonymous pages are dearer to bring back, and one use is enough.
 *
 * Sources  Corbato, 1968; Babaoglu and Joy, SOSP 1981; Johnson and Shasha,
 *	    "2Q", VLDB 1994 (why one use is not enough); Gorman, chapter 10.
 */
#include <kernel/init.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/reclaim.h>

static bool
test_clear_referenced(struct page *page)
{
	return __atomic_fetch_and(&page->flags, ~PG_referenced,
				  __ATOMIC_RELAXED) & PG_referenced;
}

static enum page_verdict
lru_judge(struct page *page, unsigned nr_used, bool exec)
{
	bool again = test_clear_referenced(page);

	if (!nr_used)
		return PAGE_RECLAIM;
	if (page->flags & PG_swapbacked || again || nr_used > 1 || exec)
		return PAGE_ACTIVATE;
	__atomic_fetch_or(&page->flags, PG_referenced, __ATOMIC_RELAXED);
	return PAGE_KEEP;
}

static enum page_verdict
clock_judge(struct page *page, unsigned nr_used, bool exec)
{
	(void)exec;
	return test_clear_referenced(page) || nr_used ? PAGE_KEEP :
							PAGE_RECLAIM;
}

static enum page_verdict
fifo_judge(struct page *page, unsigned nr_used, bool exec)
{
	(void)page;
	(void)nr_used;
	(void)exec;
	return PAGE_RECLAIM;
}

static const struct reclaim_policy policies[] = {
	{ "lru", true, lru_judge },
	{ "clock", false, clock_judge },
	{ "fifo", false, fifo_judge },
};

const struct reclaim_policy *reclaim_policy = &policies[0];

static int
policy_param(const char *value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i].name, value))
			continue;
		reclaim_policy = &policies[i];
		return 0;
	}
	return -EINVAL;
}
BOOT_PARAM("reclaim_policy", policy_param);
