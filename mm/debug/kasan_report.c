/* SPDX-License-Identifier: MIT */
/*
 * What KASAN says of a bad access: in the order in which a reader wants it.
 *
 *	what happened	BUG: KASAN: page-use-after-free in fn+0x10/0x40
 *	to which bytes	Write of size 4 at addr c1234568
 *	who did it	CPU, task, stack
 *	whose it is	the object or variable, who allocated it, who freed it
 *	the shadow	around the address, which shows the neighbours too
 *
 * The kernel goes on afterwards; nr_warnings counts (kernel/panic.h).
 */
#ifdef VELLUM_KASAN
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/dma_debug.h>
#include <mm/kasan.h>
#include <mm/page.h>
#include <mm/stack_depot.h>
#include <mm/vmalloc.h>
#include "kasan.h"

#define ROW		16		/* bytes of shadow in a line */
#define ROWS_AROUND	2
#define FRAME_MAGIC	0x41b58ab3	/* first word of a frame's left zone */

/* The first byte of the access that may not be used so. */
static unsigned long
first_bad_byte(unsigned long addr, unsigned long n, bool write)
{
	unsigned long end = addr + n;

	for (; addr + 1 < end; addr++) {
		if (!kasan_may_use((void *)addr) &&
		    (write || *kasan_shadow(addr) != KASAN_DMA_READS))
			break;
	}
	return addr;
}

/* The shadow that says why: behind a granule that is used in part, the next. */
static u8
reason_at(unsigned long addr)
{
	u8 s = *kasan_shadow(addr);

	return s > 0 && s < KASAN_GRANULE ? kasan_shadow(addr)[1] : s;
}

static const char *
kind_of(u8 reason)
{
	switch (reason) {
	case KASAN_DMA_READS:
		return "write-while-lent";
	case KASAN_DMA_WRITES:
		return "use-while-lent";
	case KASAN_STACK_LEFT:
	case KASAN_STACK_MIDDLE:
	case KASAN_STACK_RIGHT:
		return "stack-out-of-bounds";
	case KASAN_SCOPE:
		return "use-after-scope";
	case KASAN_GLOBAL:
		return "global-out-of-bounds";
	case KASAN_VMALLOC:
		return "vmalloc-out-of-bounds";
	case KASAN_VFREED:
		return "vmalloc-use-after-free";
	case KASAN_SLAB_FREE:
		return "slab-use-after-free";
	case KASAN_SLAB_REDZONE:
	case KASAN_PAGE_REDZONE:
		return "slab-out-of-bounds";
	case KASAN_PAGE_FREE:
		return "page-use-after-free";
	default:
		return "out-of-bounds";
	}
}

static bool
in_lowmem(unsigned long addr)
{
	return addr >= PAGE_OFFSET && addr < (unsigned long)high_memory;
}

static void
describe_global(unsigned long addr)
{
	const struct kasan_global *g = kasan_find_global(addr);
	unsigned long start;

	if (!g)
		return;
	start = (unsigned long)g->start;
	pr_err("the address is %lu bytes behind the variable %s of %s, which "
	       "is %lu bytes at %08lx\n", addr - start - g->size, g->name,
	       g->file, g->size, start);
}

/*
 * The compiler describes a frame at its lowest address, the first of its left zone:
 * the magic number, then a text "number {offset size length name[:line]}...", then
 * the function. The rest of the zone holds what was there before, perhaps such a
 * number of an older frame.
 */
static const u32 *
find_frame(unsigned long addr)
{
	unsigned long at = ALIGN_DOWN(addr, KASAN_GRANULE);
	const u32 *word;

	for (; at > addr - THREAD_SIZE; at -= KASAN_GRANULE) {
		word = (const u32 *)at;
		if (*kasan_shadow(at) == KASAN_STACK_LEFT &&
		    *kasan_shadow(at - KASAN_GRANULE) != KASAN_STACK_LEFT &&
		    word[0] == FRAME_MAGIC)
			return word;
	}
	return NULL;
}

static const char *
read_number(const char *text, unsigned long *n)
{
	*n = 0;
	while (*text == ' ')
		text++;
	for (; *text >= '0' && *text <= '9'; text++)
		*n = *n * 10 + (unsigned long)(*text - '0');
	return text;
}

static void
describe_stack(unsigned long addr)
{
	const u32 *frame = find_frame(addr);
	unsigned long vars, offset, size, length;
	const char *text;
	char function[64];

	if (!frame)
		return;
	symbol_format(frame[2], function, sizeof(function));
	pr_err("the address is at offset %lu in the frame of %s, which "
	       "has:\n", addr - (unsigned long)frame, function);
	text = read_number((const char *)(unsigned long)frame[1], &vars);
	for (; vars; vars--) {
		text = read_number(text, &offset);
		text = read_number(text, &size);
		text = read_number(text, &length);
		text += *text == ' ';
		pr_err("  [%lu, %lu) '%.*s'\n", offset, offset + size,
		       (int)length, text);
		text += length;
	}
}

static void
describe_page(unsigned long addr)
{
	struct page *page = compound_head(virt_to_page((void *)addr));
	u32 alloc, free;

	if (page_state(page) == PAGE_STATE_SLAB) {
		kasan_describe_object(addr, page);
		return;
	}
	kasan_page_stacks(addr, &alloc, &free);
	stack_depot_print(alloc, "allocated by");
	stack_depot_print(free, "freed by");
	dump_page_log(virt_to_page((void *)addr), "the page of the address");
}

static void
describe(unsigned long addr, u8 reason, bool write)
{
	char line[96];

	switch (reason) {
	case KASAN_DMA_READS:
	case KASAN_DMA_WRITES:
		dma_debug_describe(__pa((void *)addr), write);
		describe_page(addr);
		break;
	case KASAN_STACK_LEFT:
	case KASAN_STACK_MIDDLE:
	case KASAN_STACK_RIGHT:
	case KASAN_SCOPE:
		describe_stack(addr);
		break;
	case KASAN_GLOBAL:
		describe_global(addr);
		break;
	default:
		if (in_lowmem(addr))
			describe_page(addr);
		else if (vmalloc_describe(addr, line, sizeof(line)))
			pr_err("the address: %s\n", line);
	}
}

static bool
shadow_is_mapped(const u8 *shadow)
{
	return (unsigned long)shadow >= KASAN_SHADOW_START &&
	       (unsigned long)shadow < KASAN_SHADOW_END;
}

static void
show_shadow(unsigned long addr)
{
	const u8 *bad = kasan_shadow(addr);
	const u8 *row = (u8 *)ALIGN_DOWN((unsigned long)bad, ROW) -
			ROWS_AROUND * ROW;
	char text[96];
	struct seq_buf s;

	pr_err("the shadow around the address:\n");
	for (int i = 0; i <= 2 * ROWS_AROUND; i++, row += ROW) {
		if (!shadow_is_mapped(row))
			continue;
		seq_buf_init(&s, text, sizeof(text));
		seq_printf(&s, "%c%08lx:", i == ROWS_AROUND ? '>' : ' ',
			   ((unsigned long)row - KASAN_SHADOW_OFFSET) << 3);
		for (int j = 0; j < ROW; j++)
			seq_printf(&s, row + j == bad ? "[%02x" :
				   row + j == bad + 1 ? "]%02x" : " %02x",
				   row[j]);
		pr_err("%s%s\n", text, row + ROW == bad + 1 ? "]" : "");
	}
}

void
kasan_report(unsigned long addr, unsigned long size, bool write,
	     unsigned long pc)
{
	unsigned long bad = first_bad_byte(addr, size, write), flags;
	u8 reason = reason_at(bad);
	char name[64];

	if (!soft_report_begin(&flags))
		return;
	symbol_format(pc - 4, name, sizeof(name));
	pr_err("BUG: KASAN: %s in %s\n", kind_of(reason), name);
	pr_err("%s of size %lu at addr %08lx\n", write ? "Write" : "Read",
	       size, addr);
	report_where();
	dump_stack();
	describe(bad, reason, write);
	show_shadow(bad);
	soft_report_end(flags);
}
#endif
