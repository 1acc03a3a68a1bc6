/* SPDX-License-Identifier: MIT */
/*
 * Page poisoning: see what was written to a page while nobody owned it.
 *
 * Ideas
 *   A page that is freed is filled with 0xaa; when it is allocated again,
 *   each byte must still be 0xaa. If one is not, somebody wrote through a
 *   pointer that he should have forgotten. The report names the frame and
 *   the bytes; page_owner (if on) knows who had it before.
 *
 *	freed:	 aa aa aa aa aa aa aa aa
 *	written: aa aa aa 00 00 aa aa aa	offset 3, 2 bytes, first 00
 *
 *   poisoned  one bit for each frame: filled since it was freed. So that the
 *	feature can be switched on at any time.
 *
 * Locks   none: a frame's bit is changed by whom the frame belongs to; the
 *	   words of the bitmap by atomic operations.
 * Sources  Linux's page_poison and init_on_free parameters.
 */
#include <asm/percpu.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/highmem.h>
#include <mm/hooks.h>

static unsigned long *poisoned;		/* bit per frame of mem_map */
unsigned nr_poison_errors;

static size_t
poison_map_bytes(void)
{
	return (mem_map_end - mem_map_start) / 8;
}

int
page_poison_start(void)
{
	unsigned long *map;

	if (poisoned)
		return -EBUSY;
	map = alloc_pages_exact(poison_map_bytes(), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	memset(map, 0, poison_map_bytes());
	poisoned = map;
	page_debug_set(PAGE_DEBUG_POISON, true);
	return 0;
}

void
page_poison_stop(void)
{
	unsigned long *map = poisoned;

	if (!map)
		return;
	page_debug_set(PAGE_DEBUG_POISON, false);
	poisoned = NULL;
	free_pages_exact(map, poison_map_bytes());
}

/* Fill every frame of the block. */
void
page_fill(struct page *page, unsigned order, u8 byte)
{
	struct page *end = page + (1UL << order);
	void *addr;

	for (; page < end; page++) {
		addr = kmap_local_page(page);
		memset(addr, byte, PAGE_SIZE);
		kunmap_local(addr);
	}
}

static void
poison_mark(struct page *page, bool on)
{
	unsigned long n = page - mem_map;
	unsigned long *word = &poisoned[n / BITS_PER_LONG];

	if (on)
		__atomic_fetch_or(word, BIT(n % BITS_PER_LONG),
				  __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(word, ~BIT(n % BITS_PER_LONG),
				   __ATOMIC_RELAXED);
}

void
page_poison_free(struct page *page, unsigned order)
{
	unsigned long i;

	if (!poisoned)
		return;
	page_fill(page, order, PAGE_POISON_BYTE);
	for (i = 0; i < 1UL << order; i++)
		poison_mark(page + i, true);
}

/* The first byte that is not poison, or PAGE_SIZE. */
static unsigned
poison_find_change(const u8 *bytes)
{
	const u32 want = PAGE_POISON_BYTE * 0x01010101u;
	const u32 *word = (const u32 *)bytes;
	unsigned i;

	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		if (unlikely(word[i] != want))
			break;
	}
	for (i *= sizeof(*word); i < PAGE_SIZE; i++) {
		if (bytes[i] != PAGE_POISON_BYTE)
			break;
	}
	return i;
}

static void
poison_report(struct page *page, const u8 *bytes, unsigned first)
{
	unsigned last = PAGE_SIZE - 1, i;
	char text[64];
	struct seq_buf s;

	while (bytes[last] == PAGE_POISON_BYTE)
		last--;
	seq_buf_init(&s, text, sizeof(text));
	for (i = first; i <= last && i < first + 16; i++)
		seq_printf(&s, " %02x", bytes[i]);
	nr_poison_errors++;
	pr_err("page poison: pfn %#lx was written while it was free, bytes "
	       "%#x-%#x:%s%s\n", (unsigned long)page_to_pfn(page), first,
	       last, text, last - first >= 16 ? " ..." : "");
	dump_page_log(page, "page poison: the page now");
	dump_stack();
}

void
page_poison_alloc(struct page *page, unsigned order)
{
	struct page *end = page + (1UL << order);
	unsigned first;
	const u8 *bytes;

	for (; page < end && poisoned; page++) {
		if (!test_bit(page - mem_map, poisoned))
			continue;
		bytes = kmap_local_page(page);
		first = poison_find_change(bytes);
		if (first < PAGE_SIZE)
			poison_report(page, bytes, first);
		kunmap_local(bytes);
		poison_mark(page, false);
	}
}
