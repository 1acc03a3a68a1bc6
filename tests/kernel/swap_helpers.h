/* SPDX-License-Identifier: MIT */
/* A swap area of a disk in memory, and pages that are sent there by hand. */
#ifndef TESTS_SWAP_HELPERS_H
#define TESTS_SWAP_HELPERS_H

#include <drivers/ramdisk.h>
#include <kernel/blk.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <mm/writeback.h>
#include "as_helpers.h"

#define SWAP_NAME	"/dev/swap-test"
#define PAGE_SECTORS	(PAGE_SIZE / SECTOR_SIZE)

/* What mkswap writes. */
static inline int
make_swap(struct block_device *disk, u32 last)
{
	u8 *header = get_zeroed_page(GFP_KERNEL);
	u32 words[3] = { 1, last, 0 };
	int err;

	if (!header)
		return -ENOMEM;
	memcpy(header + 1024, words, sizeof(words));
	memcpy(header + PAGE_SIZE - 10, "SWAPSPACE2", 10);
	err = blk_write(disk, 0, header, PAGE_SIZE);
	free_page(header);
	return err;
}

/* Swap of so many slots is on; NULL: the case failed. */
static inline struct block_device *
swap_begin(struct test *t, u32 slots)
{
	struct block_device *disk = NULL;

	if (!EXPECT_EQ(t, ramdisk_create("swt", (slots + 1) * PAGE_SECTORS,
					 false, &disk), 0))
		return NULL;
	EXPECT_EQ(t, make_swap(disk, slots), 0);
	EXPECT_EQ(t, swap_on_disk(disk->dev, SWAP_NAME, SWAP_PRIO_DEFAULT), 0);
	return disk;
}

static inline void
swap_end(struct test *t, struct block_device *disk)
{
	EXPECT_EQ(t, swap_off(SWAP_NAME), 0);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
}

/* page, locked, gets a slot and loses its translations. */
static inline bool
give_slot(struct page *page)
{
	if (page_state(page) == PAGE_STATE_CACHE)
		return page->user.mapping && try_to_unmap(page) &&
		       shmem_swap_out(page);
	return (page_state(page) == PAGE_STATE_SWAPCACHE ||
		add_to_swap(page)) && try_to_unmap(page);
}

/*
 * page, isolated and locked, is written to swap and has no translation left.
 * False: not so. It is locked again.
 */
static inline bool
write_page_to_swap(struct page *page)
{
	if (!give_slot(page))
		return false;
	if (clear_page_dirty_for_io(page)) {
		swap_writepage(page);
		wait_on_page_writeback(page);
		lock_page(page);
	}
	return page_state(page) == PAGE_STATE_SWAPCACHE;
}

/* page, isolated and locked, ends (it is in no cache any more), or stays. */
static inline void
free_or_put_back(struct page *page, bool gone)
{
	unlock_page(page);
	if (!gone) {
		lru_putback(page);
		return;
	}
	lru_isolated_gone(&page, 1);
}

/* page goes to swap, as reclaim does it. False: it could not. */
static inline bool
send_page_to_swap(struct page *page)
{
	bool gone;

	if (!lru_isolate_page(page))
		return false;
	lock_page(page);
	gone = write_page_to_swap(page) && remove_from_swap_cache(page);
	free_or_put_back(page, gone);
	return gone;
}

/* The page at addr, whose entry a fault may change at any time. */
static inline bool
send_to_swap(struct mm_struct *mm, unsigned long addr)
{
	pte_t pte = as_pte(mm, addr);

	return pte_mapped(pte) && send_page_to_swap(pfn_to_page(pte_pfn(pte)));
}

/* Page index of a file in memory. */
static inline bool
send_file_page_to_swap(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_get_page(mapping, index);

	if (!page)
		return false;
	put_page(page);		/* it stays, or the isolation sees it */
	return send_page_to_swap(page);
}

#endif
