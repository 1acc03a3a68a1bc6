/* SPDX-License-Identifier: MIT */
/*
 * The model of the TLBs sees each way to forget an invalidation. The window is
 * an address that nobody uses; every case leaves it empty and invalidated.
 */
#include <asm/arch-pgtable.h>
#include <asm/fixmap.h>
#include <asm/irqflags.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/translation_check.h>
#include <mm/vmalloc.h>

#if TLBCHECK
#define IF_BUILT(fn)	TEST_CASE(fn)
#define WINDOW		(FIXMAP_END - 0x20000UL)

static struct page *frame, *other;

static bool
says(const char *text)
{
	return strstr(test_last_report(), text) != NULL;
}

static void
map(void *page)
{
	map_kernel_range(WINDOW, page_to_phys((struct page *)page), PAGE_SIZE,
			 PROT_KERNEL_RW, false);
}

static void
free_it(void *page)
{
	free_frame(page);
}

/* Two frames; the window on the first, or not any more. */
static bool
lab_open(struct test *t)
{
	vmalloc_purge();
	frame = alloc_page(GFP_KERNEL);
	other = alloc_page(GFP_KERNEL);
	if (!EXPECT(t, frame && other))
		return false;
	map(frame);
	return EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
}

static void
take_out(void)
{
	unmap_kernel_range_lazily(WINDOW, PAGE_SIZE);
}

static void
an_invalidated_frame_may_be_freed(struct test *t)
{
	if (!lab_open(t))
		return;
	take_out();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	flush_tlb_kernel_range(WINDOW, WINDOW + PAGE_SIZE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	free_frame(frame);
	map(other);
	take_out();
	flush_tlb_all();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	free_frame(other);
}

static void
a_frame_freed_while_it_is_remembered_is_told(struct test *t)
{
	if (!lab_open(t))
		return;
	take_out();
	EXPECT_WARNING(t, free_it, frame, "translation check: a frame is "
		       "freed, but may still be remembered");
	EXPECT(t, says("address ffee0000"));
	EXPECT(t, says("cores 0123"));
	EXPECT(t, says("taken out by: take_out+0x"));
	EXPECT(t, says("] free_it+0x"));
	flush_tlb_kernel_range(WINDOW, WINDOW + PAGE_SIZE);
	free_frame(other);
}

static void
alloc_it(void *arg)
{
	struct page **got = arg;

	*got = alloc_page(GFP_NOWAIT);
}

/* Freed while it was mapped, then unmapped: the next owner shares it. */
static void
a_frame_handed_out_while_it_is_remembered_is_told(struct test *t)
{
	unsigned long flags;
	struct page *got = NULL;

	if (!lab_open(t))
		return;
	flags = local_irq_save();
	free_frame(frame);
	take_out();
	EXPECT_WARNING(t, alloc_it, &got, "a frame is handed out, but may "
		       "still be remembered");
	local_irq_restore(flags);
	EXPECT(t, got == frame);
	flush_tlb_kernel_range(WINDOW, WINDOW + PAGE_SIZE);
	free_frame(got);
	free_frame(other);
}

static void
an_address_mapped_again_without_invalidation_is_told(struct test *t)
{
	if (!lab_open(t))
		return;
	take_out();
	map(frame);			/* the same frame: no harm */
	take_out();
	EXPECT_WARNING(t, map, other, "an address is mapped again, but was "
		       "not invalidated");
	take_out();
	flush_tlb_kernel_range(WINDOW, WINDOW + PAGE_SIZE);
	map(frame);
	EXPECT_WARNING(t, map, other, "a valid translation gets another frame "
		       "at once");
	take_out();
	flush_tlb_kernel_range(WINDOW, WINDOW + PAGE_SIZE);
	free_frame(frame);
	free_frame(other);
}

static void
note_not_global(void *arg)
{
	tlbcheck_change(WINDOW, 0, PTE_SMALL | PTE_AF | PTE_NG, 0);
}

static void
a_kernel_translation_that_is_not_global_is_told(struct test *t)
{
	EXPECT_WARNING(t, note_not_global, NULL, "not global");
}

/* What one core alone used, it alone must forget: no broadcast. */
static void
a_slot_of_one_core_needs_its_core_only(struct test *t)
{
	unsigned long va = WINDOW, flags;
	u32 entry = PHYS_OFFSET | PTE_SMALL | PTE_AF;

	vmalloc_purge();
	flags = local_irq_save();
	tlbcheck_change_local(va, entry, 0, 0);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	tlbcheck_flush_local(va, va + PAGE_SIZE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	/* But one core's invalidation is not all cores'. */
	tlbcheck_change(va, entry, 0, 0);
	tlbcheck_flush_local(va, va + PAGE_SIZE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	local_irq_restore(flags);
	flush_tlb_all();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
}

static void
vfree_keeps_its_frames_until_all_have_forgotten(struct test *t)
{
	char *p;
	unsigned i;

	vmalloc_purge();
	p = vmalloc(20 * PAGE_SIZE);
	ASSERT(t, p);
	for (i = 0; i < 20; i++)
		p[i * PAGE_SIZE] = 1;
	vfree(p);
	EXPECT(t, tlbcheck_nr_stale() >= 20);
	vmalloc_purge();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
}

/* Beyond the number of records the model forgets, and does not lie. */
static void
more_changes_than_records_do_no_harm(struct test *t)
{
	unsigned long i;

	for (i = 0; i < 3000; i++)
		tlbcheck_change(WINDOW + i * PAGE_SIZE, PHYS_OFFSET +
				i % 7 * PAGE_SIZE + (PTE_SMALL | PTE_AF), 0, 0);
	EXPECT(t, tlbcheck_nr_stale() <= 1024);
	flush_tlb_all();
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
}

#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a debug kernel");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("translation_check",
	   IF_BUILT(an_invalidated_frame_may_be_freed),
	   IF_BUILT(a_frame_freed_while_it_is_remembered_is_told),
	   IF_BUILT(a_frame_handed_out_while_it_is_remembered_is_told),
	   IF_BUILT(an_address_mapped_again_without_invalidation_is_told),
	   IF_BUILT(a_kernel_translation_that_is_not_global_is_told),
	   IF_BUILT(a_slot_of_one_core_needs_its_core_only),
	   IF_BUILT(vfree_keeps_its_frames_until_all_have_forgotten),
	   IF_BUILT(more_changes_than_records_do_no_harm));
