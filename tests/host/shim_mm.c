/* SPDX-License-Identifier: MIT */
/*
 * What the page allocator needs of the machine: all of the arena has an
 * address, so a highmem page is reached like any other.
 */
#include <string.h>

#include <asm/cacheflush.h>
#include <asm/memory.h>
#include <asm/unwind.h>
#include <kernel/irq.h>
#include <kernel/mutex.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/lru.h>

DEFINE_PER_CPU(struct task *, current_task);
DEFINE_PER_CPU(unsigned, irq_nesting);
static unsigned mapped;

/* One thread plays everybody: nobody waits, and nobody is scheduled. */
void
mutex_lock(struct mutex *mutex)
{
	(void)mutex;
}

void
mutex_unlock(struct mutex *mutex)
{
	(void)mutex;
}

void
page_life_note(struct page *page, enum page_life what, unsigned order,
	       unsigned long info)
{
	(void)page;
	(void)what;
	(void)order;
	(void)info;
}

unsigned
psi_stall_enter(unsigned what)
{
	return what;
}

void
psi_stall_leave(unsigned was)
{
	(void)was;
}

void
might_sleep_at(const char *file, int line)
{
	(void)file;
	(void)line;
}

unsigned
stack_save(unsigned long *pcs, unsigned n, unsigned skip)
{
	(void)pcs;
	(void)n;
	(void)skip;
	return 0;
}

/* Nobody has pages on lists here. */
void
lruvec_init(struct lruvec *lruvec)
{
	(void)lruvec;
}

void
lru_page_freed(struct page *page)
{
	(void)page;
}

void
clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void
copy_page(void *dst, const void *src)
{
	memcpy(dst, src, PAGE_SIZE);
}

void *
kmap_local_page(struct page *page)
{
	mapped++;
	return __va((phys_addr_t)(page_to_pfn(page) << PAGE_SHIFT));
}

void
kunmap_local(const void *addr)
{
	(void)addr;
	mapped--;
}

unsigned
kmap_local_depth(void)
{
	return mapped;
}

void
clear_highpage(struct page *page)
{
	void *addr = kmap_local_page(page);

	clear_page(addr);
	kunmap_local(addr);
}

void
copy_highpage(struct page *to, struct page *from)
{
	void *dst = kmap_local_page(to), *src = kmap_local_page(from);

	copy_page(dst, src);
	kunmap_local(src);
	kunmap_local(dst);
}

/* mm/kmem, which keeps more than the lists of cores, is not built here. */
unsigned long
nr_settled_free_pages(void)
{
	drain_all_pages();
	return nr_free_pages();
}
