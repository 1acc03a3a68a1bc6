/* SPDX-License-Identifier: MIT */
/*
 * Monitor command oops: cause a fault of choice, and see its report.
 *
 * Every kind is a bug that somebody wrote once. What follows is real: the
 * kernel reports and stops (or, with panic=-1, ends the machine). The tests
 * run the same functions inside catch_run(), see tests/kernel/monitor.c.
 */
#include "monitor_private.h"

#include <asm/irqflags.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/dma.h>
#include <mm/gfp.h>
#include <mm/slab.h>

struct oops_kind {
	const char *name;
	void (*fn)(void);
	const char *help;
};

/* An address that the compiler knows nothing about. */
static void *
oops_pointer(unsigned long address)
{
	__asm__ volatile("" : "+r"(address));
	return (void *)address;
}

static void
oops_null_read(void)
{
	READ_ONCE(*(u32 *)oops_pointer(0x10));
}

static void
oops_null_write(void)
{
	WRITE_ONCE(*(u32 *)oops_pointer(0x10), 1);
}

static void
oops_null_call(void)
{
	((void (*)(void))oops_pointer(0))();
}

static void
oops_text_write(void)
{
	WRITE_ONCE(*(u32 *)oops_pointer((unsigned long)oops_null_read), 0);
}

static void
oops_rodata_write(void)
{
	static const u32 constant = 1;

	WRITE_ONCE(*(u32 *)oops_pointer((unsigned long)&constant), 0);
}

/* mov pc, lr in a variable: data must not be executable. */
static void
oops_data_exec(void)
{
	static u32 code = 0xe1a0f00e;

	((void (*)(void))oops_pointer((unsigned long)&code))();
}

static void
oops_undefined(void)
{
	__asm__ volatile("udf #0");
}

/* LDM needs a word-aligned address, whatever SCTLR.A says. */
static void
oops_unaligned(void)
{
	u32 words[4] = { 0 };
	void *p = oops_pointer((unsigned long)words + 1);

	__asm__ volatile("ldm %0, {r2, r3}" :: "r"(p) : "r2", "r3", "memory");
}

/* Recurse without an end: the guard page below the stack is in the way. */
static noinline u32
oops_recurse(u32 n)
{
	volatile u32 frame[64];

	frame[n % 64] = n;
	return n ? oops_recurse(n + 1) + frame[n % 64] : 0;
}

static void
oops_stack(void)
{
	oops_recurse(1);
}

static void
oops_bug(void)
{
	BUG_ON(oops_pointer(1));
}

static void
oops_panic(void)
{
	panic("asked for by the monitor");
}

static void
oops_double_free(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	free_frame(page);
	free_frame(page);
}

/*
 * Misuse an object of a cache that looks after its objects (mm/kmem/
 * slub_debug.c; with KASAN the access itself is told). After the free and
 * another round the mistake was seen, and the machine goes on.
 */
static void
oops_with_object(void (*misuse)(struct kmem_cache *cache, u8 *object))
{
	struct kmem_cache *cache = kmem_cache_create("victim", 60, 0,
			SLAB_NO_MERGE | SLAB_CONSISTENCY_CHECKS |
			SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, NULL);
	u8 *object;

	if (!cache)
		return;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (object)
		misuse(cache, object);
	kmem_cache_destroy(cache);
}

static void
oops_write_behind(struct kmem_cache *cache, u8 *object)
{
	WRITE_ONCE(object[60], 'A');
	kmem_cache_free(cache, object);
}

static void
oops_overflow(void)
{
	oops_with_object(oops_write_behind);
}

static void
oops_write_freed(struct kmem_cache *cache, u8 *object)
{
	kmem_cache_free(cache, object);
	WRITE_ONCE(object[8], 'A');
	kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
}

static void
oops_use_after_free(void)
{
	oops_with_object(oops_write_freed);
}

/* The core writes into a buffer that a device owns. */
static void
oops_dma_write(void)
{
	static struct device dev = { .name = "oops", .dma_mask = ~0u };
	u8 *buf = kmalloc(256, GFP_KERNEL);
	dma_addr_t addr;

	if (!buf)
		return;
	addr = dma_map_single(&dev, buf, 256, DMA_TO_DEVICE);
	if (!dma_mapping_error(&dev, addr)) {
		WRITE_ONCE(buf[40], buf[40] + 1);
		dma_unmap_single(&dev, addr, 256, DMA_TO_DEVICE);
	}
	kfree(buf);
}

static void
oops_atomic_sleep(void)
{
	local_irq_disable();
	might_sleep();
	local_irq_enable();
}

/* Two locks against the order of lock_rank.h. */
static void
oops_lock_order(void)
{
	static spinlock_t upper, lower;

	spin_lock_init(&upper, LOCK_TEST);
	spin_lock_init(&lower, LOCK_MONITOR);
	spin_lock(&lower);
	spin_lock(&upper);
	spin_unlock(&upper);
	spin_unlock(&lower);
}

static void
oops_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static const struct oops_kind kinds[] = {
	{ "null-read", oops_null_read, "read a field through a null pointer" },
	{ "null-write", oops_null_write, "write through a null pointer" },
	{ "null-call", oops_null_call, "call a null pointer" },
	{ "text-write", oops_text_write, "overwrite the kernel's code" },
	{ "rodata-write", oops_rodata_write, "overwrite a constant" },
	{ "data-exec", oops_data_exec, "jump into data" },
	{ "undefined", oops_undefined, "an undefined instruction" },
	{ "unaligned", oops_unaligned, "LDM from an odd address" },
	{ "stack", oops_stack, "recurse until the stack is full" },
	{ "bug", oops_bug, "a BUG_ON whose condition holds" },
	{ "panic", oops_panic, "a plain panic" },
	{ "double-free", oops_double_free, "free a page twice" },
	{ "overflow", oops_overflow,
	  "write behind an object (SLUB or KASAN tells)" },
	{ "use-after-free", oops_use_after_free,
	  "write into a freed object (SLUB or KASAN tells)" },
	{ "dma-write", oops_dma_write,
	  "write into what a device owns (KASAN or the books tell)" },
	{ "atomic-sleep", oops_atomic_sleep,
	  "sleep with interrupts masked (debug builds)" },
	{ "lock-order", oops_lock_order,
	  "two locks in the wrong order (debug builds)" },
	{ "hang", oops_hang, "loop for ever with interrupts masked" },
};

static int
oops_command(int argc, char **argv)
{
	unsigned i;

	if (argc > 2)
		return monitor_usage(argv[0]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (argc == 1) {
			console_printf("  %-14s %s\n", kinds[i].name,
				       kinds[i].help);
		} else if (strcmp(kinds[i].name, argv[1]) == 0) {
			kinds[i].fn();
			return monitor_error(argv[0], -EIO,
					     "the kernel goes on after \"%s\"",
					     argv[1]);
		}
	}
	if (argc == 1)
		return 0;
	return monitor_error(argv[0], -ENOENT, "no kind \"%s\"; \"oops\" lists "
			     "them", argv[1]);
}
MONITOR_COMMAND("oops", oops_command, "[KIND]",
		"cause a fault, or list the kinds");
