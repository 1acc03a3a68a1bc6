/* SPDX-License-Identifier: MIT */
/*
 * Movable guests: pages that their owner can let go of when asked.
 *
 * Ideas
 *   Memory that is kept for a device (CMA) is lent, while the device does not
 *   need it, to those who can leave again. How a guest leaves is its owner's
 *   business: here stands only how it is asked.
 *
 *	page->flags	KERNEL | PG_private
 *	page->owner.private[0]	--> struct movable_ops { drop }
 *
 *   Migration, which keeps what is in the page, will be another way to leave.
 * The race
 *   Between finding a page and asking its owner, the owner may free it and
 *   somebody else allocate it. So a reference is taken first, which keeps the
 *   frame what it is; the owner looks, under its own lock, whether the page is
 *   still its own, and answers -ENOENT if not.
 * Locks   none of its own: the owner's.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/movable.h>

void
page_set_movable(struct page *page, const struct movable_ops *ops)
{
	assert(page_state(page) == PAGE_STATE_KERNEL && !page_order(page) &&
	       ops && ops->drop);
	page->owner.private[0] = (unsigned long)ops;
	smp_store_release(&page->flags, page->flags | PG_private);
}

void
page_clear_movable(struct page *page)
{
	page->flags &= ~PG_private;
	page->owner.private[0] = 0;
}

const struct movable_ops *
page_movable_ops(struct page *page)
{
	u32 flags = smp_load_acquire(&page->flags);

	if ((flags & PAGE_STATE_MASK) != PAGE_STATE_KERNEL ||
	    !(flags & PG_private))
		return NULL;
	return (const struct movable_ops *)READ_ONCE(page->owner.private[0]);
}

/* Ask for one frame; true if its owner let go of it. */
static bool
movable_drop(struct page *page)
{
	const struct movable_ops *ops;
	bool dropped = false;

	if (page_state(page) != PAGE_STATE_KERNEL ||
	    !get_page_unless_zero(page))
		return false;
	ops = page_movable_ops(page);
	if (ops)
		dropped = ops->drop(page) == 0;
	put_page(page);
	return dropped;
}

unsigned long
movable_drop_range(pfn_t start, pfn_t end)
{
	unsigned long nr = 0;

	might_sleep();
	for (; start < end; start++)
		nr += movable_drop(pfn_to_page(start));
	return nr;
}
