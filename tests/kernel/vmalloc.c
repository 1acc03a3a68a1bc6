/* SPDX-License-Identifier: MIT */
/* vmalloc, vmap, ioremap: addresses, guards, reuse, rules, mistakes. */
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <kernel/node.h>
#include <kernel/test.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/highmem.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include "../../mm/kmem/vmalloc_private.h"
#include "page_helpers.h"

static bool
mapped(const void *addr)
{
	struct pt_walk w;

	pt_walk(swapper_pg_dir, (unsigned long)addr, &w);
	return w.kind == PT_SMALL_PAGE;
}

static void
memory_holds_what_is_written(struct test *t)
{
	for (unsigned pages = 1; pages < 70; pages += pages / 2 + 1) {
		u32 *p = vmalloc(pages * PAGE_SIZE);
		unsigned n = pages * PAGE_SIZE / 4;

		ASSERT(t, p != NULL);
		EXPECT(t, is_vmalloc_addr(p));
		for (unsigned i = 0; i < n; i += 97)
			p[i] = i ^ pages;
		for (unsigned i = 0; i < n; i += 97)
			ASSERT_EQ(t, p[i], i ^ pages);
		vfree(p);
	}
}

static void
vzalloc_gives_zeroes(struct test *t)
{
	for (unsigned round = 0; round < 3; round++) {
		u32 *p = vzalloc(5 * PAGE_SIZE + 1);

		ASSERT(t, p != NULL);
		for (unsigned i = 0; i < 6 * PAGE_SIZE / 4 && !KASAN_ON; i++)
			ASSERT_EQ(t, p[i], 0);
		memset(p, 0xff, 5 * PAGE_SIZE);
		vfree(p);
	}
}

static void
nothing_and_too_much_give_null(struct test *t)
{
	EXPECT(t, !vmalloc(0));
	EXPECT(t, !vmalloc(~0ul));
	EXPECT(t, !vmalloc(vmalloc_state.size));
	EXPECT(t, !vmap(NULL, 0, PROT_KERNEL_RW));
	vfree(NULL);
	vunmap(NULL);
	iounmap(NULL);
}

static void
touch(void *addr)
{
	*(volatile u8 *)addr = 1;
}

static void
the_guard_page_behind_an_area_faults(struct test *t)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	ASSERT(t, p != NULL);
	EXPECT_REPORT(t, touch, p + 3 * PAGE_SIZE, KASAN_ON ? "KASAN" :
		      "guard page of vmalloc of 3 pages");
	vfree(p);
}

static void
a_freed_area_faults(struct test *t)
{
	char *p = vmalloc(PAGE_SIZE);

	ASSERT(t, p != NULL);
	vfree(p);
	EXPECT(t, !mapped(p));
	EXPECT_REPORT(t, touch, p, KASAN_ON ? "KASAN" : "not allocated");
}

/* Nobody gets the addresses or the frames before the flush. */
static void
addresses_are_used_again_only_after_a_flush(struct test *t)
{
	void *first, *second;

	vmalloc_purge();
	first = vmalloc(PAGE_SIZE);
	ASSERT(t, first != NULL);
	vfree(first);
	second = vmalloc(PAGE_SIZE);
	EXPECT(t, second != first);
	vfree(second);
	EXPECT(t, vmalloc_state.waiting_pages >= 4);
	vmalloc_purge();
	EXPECT_EQ(t, vmalloc_state.waiting_pages, 0);
	EXPECT_EQ(t, vmalloc_state.clean_pages, 0);
	second = vmalloc(PAGE_SIZE);
	EXPECT(t, second == first);
	vfree(second);
}

static void
waiting_areas_are_flushed_when_many(struct test *t)
{
	vmalloc_purge();
	for (unsigned i = 0; i < 2000; i++) {
		void *p = vmalloc(PAGE_SIZE);

		ASSERT(t, p != NULL);
		vfree(p);
		ASSERT(t, vmalloc_state.waiting_pages < 300);
	}
}

static void
free_in(void *p)
{
	vfree(p);
}

static void
vfree_of_a_wrong_pointer_is_reported(struct test *t)
{
	char *p = vmalloc(2 * PAGE_SIZE), *k = kmalloc(64, GFP_KERNEL);

	ASSERT(t, p && k);
	EXPECT_WARNING(t, free_in, p + PAGE_SIZE, "vmalloc+0x1000 of 2 pages");
	EXPECT_WARNING(t, free_in, p + 5, "vmalloc+0x5 of 2 pages");
	EXPECT_WARNING(t, free_in, k, "not in the vmalloc area");
	kfree(k);
	vfree(p);
	EXPECT_WARNING(t, free_in, p, "in the vmalloc area, not allocated");
}

static void
kfree_in(void *p)
{
	kfree(p);
}

static void
kfree_of_a_vmalloc_pointer_is_reported(struct test *t)
{
	void *p = vmalloc(PAGE_SIZE);

	ASSERT(t, p != NULL);
	EXPECT_WARNING(t, kfree_in, p, "vmalloc+0x0 of 1 pages");
	vfree(p);
}

static void
vunmap_in(void *p)
{
	vunmap(p);
}

static void
vmap_shows_the_frames_of_another(struct test *t)
{
	struct page *pages[5];
	u32 *view, *page;

	for (unsigned i = 0; i < 5; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
		ASSERT(t, pages[i] != NULL);
	}
	view = vmap(pages, 5, PROT_KERNEL_RW);
	ASSERT(t, view != NULL);
	for (unsigned i = 0; i < 5; i++) {
		view[i * PAGE_SIZE / 4] = i + 100;
		page = kmap_local_page(pages[i]);
		EXPECT_EQ(t, *page, i + 100);
		kunmap_local(page);
		EXPECT(t, vmalloc_to_page(view + i * PAGE_SIZE / 4) ==
			  pages[i]);
	}
	EXPECT(t, !vmalloc_to_page((char *)view + 5 * PAGE_SIZE));
	EXPECT_WARNING(t, free_in, view, "BUG: vfree of");
	vunmap(view);
	EXPECT_WARNING(t, vunmap_in, view, "BUG: vunmap of");
	for (unsigned i = 0; i < 5; i++)
		free_frame(pages[i]);
}

static void
a_read_only_view_cannot_be_written(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u32 *view;

	ASSERT(t, page != NULL);
	view = vmap(&page, 1, PROT_KERNEL_RO);
	ASSERT(t, view != NULL);
	EXPECT_REPORT(t, touch, view, "write");
	vunmap(view);
	free_frame(page);
}

#define UART_PHYS	0x10009000	/* the board's first PL011 */

static void
ioremap_reaches_registers_at_any_offset(struct test *t)
{
	/* PL011: the peripheral identification begins at 0xfe0. */
	volatile u32 *id = ioremap(UART_PHYS + 0xfe0, 16);
	struct pt_walk w;

	ASSERT(t, id != NULL);
	EXPECT_EQ(t, (unsigned long)id & ~PAGE_MASK, 0xfe0);
	EXPECT_EQ(t, id[0] & 0xff, 0x11);
	EXPECT_EQ(t, id[1] & 0xff, 0x10);
	pt_walk(swapper_pg_dir, (unsigned long)id, &w);
	EXPECT_EQ(t, w.pa, UART_PHYS + 0xfe0);
	EXPECT(t, !w.exec);
	EXPECT(t, !strcmp(pt_memattr_name(w.memattr), "strongly ordered") ||
		  strstr(pt_memattr_name(w.memattr), "device"));
	EXPECT(t, !vmalloc_to_page((void *)id));
	iounmap((void *)id);
}

static void
iounmap_at(void *p)
{
	iounmap(p);
}

static void
ioremap_refuses_memory_and_nonsense(struct test *t)
{
	EXPECT(t, !ioremap(PHYS_OFFSET + 0x100000, PAGE_SIZE));
	EXPECT(t, !ioremap(UART_PHYS, 0));
	EXPECT(t, !ioremap(0xfffff000, 0x2000));
	EXPECT_WARNING(t, iounmap_at, (void *)VMALLOC_END, "BUG: iounmap");
	iounmap(NULL);
}

static void
vmallocinfo_names_areas_and_callers(struct test *t)
{
	static char text[8192];
	struct seq_buf s;
	void *p = vmalloc(7 * PAGE_SIZE);
	char want[32];

	ASSERT(t, p != NULL);
	seq_buf_init(&s, text, sizeof(text));
	node_find("vmallocinfo")->show(&s);
	snprintf(want, sizeof(want), "0x%08lx-", (unsigned long)p);
	EXPECT(t, strstr(text, want) != NULL);
	EXPECT(t, strstr(text, "vmallocinfo_names_areas") != NULL);
	EXPECT(t, strstr(text, "pages=7 vmalloc") != NULL);
	vfree(p);
}

static void
kvmalloc_falls_back_to_scattered_frames(struct test *t)
{
	void *small = kvmalloc(100, GFP_KERNEL);
	void *whole = kvmalloc(8 * PAGE_SIZE, GFP_KERNEL);
	u32 *dirty = vmalloc(8 * PAGE_SIZE), *p;
	unsigned left = 0;

	EXPECT(t, small && !is_vmalloc_addr(small));
	EXPECT(t, whole && !is_vmalloc_addr(whole));
	kvfree(whole);
	kvfree(small);
	ASSERT(t, dirty != NULL);
	memset(dirty, 0xee, 8 * PAGE_SIZE);
	vfree(dirty);
	vmalloc_purge();
	fault_inject_nth(1);		/* no block of 8 pages */
	p = kvzalloc(8 * PAGE_SIZE, GFP_KERNEL);
	EXPECT(t, fault_inject_nth_done());
	ASSERT(t, p && is_vmalloc_addr(p));
	for (unsigned i = 0; i < 8 * PAGE_SIZE / sizeof(*p); i++)
		left += p[i] != 0;
	EXPECT_EQ(t, left, 0);
	kvfree(p);
}

#define SLOTS	24

static void
churn(struct test *t, unsigned cpu, void *arg)
{
	u64 rng = t->seed + cpu;
	u32 *slots[SLOTS] = { NULL }, pages[SLOTS];

	for (unsigned n = 0; n < 600; n++) {
		unsigned i = random_below(&rng, SLOTS);
		u32 *last;

		if (slots[i]) {
			last = slots[i] + pages[i] * PAGE_SIZE / 4 - 1;
			if (*slots[i] != i + cpu || *last != i + cpu)
				test_fail(t, __FILE__, __LINE__,
					  "area of %u pages changed", pages[i]);
			vfree(slots[i]);
			slots[i] = NULL;
			continue;
		}
		pages[i] = 1 + random_below(&rng, random_below(&rng, 8) ? 4 : 40);
		slots[i] = vmalloc(pages[i] * PAGE_SIZE);
		if (slots[i]) {
			slots[i][0] = i + cpu;
			slots[i][pages[i] * PAGE_SIZE / 4 - 1] = i + cpu;
		}
	}
	for (unsigned i = 0; i < SLOTS; i++)
		vfree(slots[i]);
}

static void
all_cores_may_map_and_unmap_at_once(struct test *t)
{
	test_on_all_cpus(t, churn, NULL);
}

/* What was flushed does not keep its frames until addresses run out. */
static void
clean_areas_are_given_up_bit_by_bit(struct test *t)
{
	unsigned long most = 0;

	for (unsigned n = 0; n < 600; n++) {
		void *p = vmalloc(4 * PAGE_SIZE);

		ASSERT(t, p != NULL);
		vfree(p);
		most = max(most, vmalloc_state.clean_pages);
	}
	EXPECT(t, most > 0 && most <= 512);
}

static void
a_stack_counts_while_it_is_somebodys(struct test *t)
{
	unsigned long kb = global_node_page_state(NR_KERNEL_STACK_KB);
	void *stacks[12];		/* more than are kept */
	unsigned n;

	for (n = 0; n < ARRAY_SIZE(stacks); n++) {
		stacks[n] = kstack_alloc();
		ASSERT(t, stacks[n] != NULL);
	}
	EXPECT_EQ(t, global_node_page_state(NR_KERNEL_STACK_KB),
		  kb + n * (THREAD_SIZE / 1024));
	while (n)
		kstack_free(stacks[--n]);
	EXPECT_EQ(t, global_node_page_state(NR_KERNEL_STACK_KB), kb);
}

/* V1-V3 and R1-R3, each broken by hand. */
static void
every_rule_is_checked(struct test *t)
{
	void *p = vmalloc(2 * PAGE_SIZE), *q = vmalloc(PAGE_SIZE);
	struct vrange *r;
	struct vm_area area;
	struct page *keep;

	ASSERT(t, p && q);
	vfree(q);
	ASSERT(t, vmalloc_find((unsigned long)p, &area));
	vmalloc_state.size += PAGE_SIZE;
	EXPECT(t, verify_catches("V1"));
	vmalloc_state.size -= PAGE_SIZE;
	/* The array is in the area: few. Change it where it is. */
	keep = area.pages[1];
	area.pages[1] = area.pages[0];
	EXPECT(t, verify_catches("V2"));
	area.pages[1] = keep;
	vmalloc_state.waiting_pages++;
	EXPECT(t, verify_catches("V3"));
	vmalloc_state.waiting_pages--;
	r = rb_entry(vmalloc_state.free.root.node, struct vrange, node);
	r->largest++;
	EXPECT(t, verify_catches("R2"));
	r->largest--;
	vmalloc_state.free.free += PAGE_SIZE;
	EXPECT(t, verify_catches("R3"));
	vmalloc_state.free.free -= PAGE_SIZE;
	swap(r->start, r->end);
	EXPECT(t, verify_catches("R1"));
	swap(r->start, r->end);
	EXPECT_VERIFIED(t);
	vfree(p);
}

TEST_SUITE("vmalloc",
	   TEST_CASE(memory_holds_what_is_written),
	   TEST_CASE(vzalloc_gives_zeroes),
	   TEST_CASE(nothing_and_too_much_give_null),
	   TEST_CASE(the_guard_page_behind_an_area_faults),
	   TEST_CASE(a_freed_area_faults),
	   TEST_CASE(addresses_are_used_again_only_after_a_flush),
	   TEST_CASE(waiting_areas_are_flushed_when_many),
	   TEST_CASE(vfree_of_a_wrong_pointer_is_reported),
	   TEST_CASE(kfree_of_a_vmalloc_pointer_is_reported),
	   TEST_CASE(vmap_shows_the_frames_of_another),
	   TEST_CASE(a_read_only_view_cannot_be_written),
	   TEST_CASE(ioremap_reaches_registers_at_any_offset),
	   TEST_CASE(ioremap_refuses_memory_and_nonsense),
	   TEST_CASE(vmallocinfo_names_areas_and_callers),
	   TEST_CASE(kvmalloc_falls_back_to_scattered_frames),
	   TEST_CASE(all_cores_may_map_and_unmap_at_once),
	   TEST_CASE(clean_areas_are_given_up_bit_by_bit),
	   TEST_CASE(a_stack_counts_while_it_is_somebodys),
	   TEST_CASE(every_rule_is_checked));
