/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands that allocate objects and areas by hand: kmalloc, kfree,
 * slab, vmalloc, vfree.
 *
 *	vellum> kmalloc 50
 *	#0: c0832440 takes up 64 bytes
 *	vellum> slab #0
 *	...
 *
 * What they hand out is remembered by a number, so that only that can be
 * freed here, and needs no copying of addresses.
 */
#include "monitor_private.h"

#include <asm/memory.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#define MAX_HELD	64u
#define FRAMES_SHOWN	8u

/* What kmalloc, and what vmalloc gave; NULL: the slot is free. */
struct holder {
	void *held[MAX_HELD];
	void (*free)(const void *p);
};

static struct holder objects = { .free = kfree };
static struct holder areas = { .free = vfree };

static void **
holder_find(struct holder *h, const void *p)
{
	for (unsigned i = 0; i < MAX_HELD; i++) {
		if (h->held[i] == p)
			return &h->held[i];
	}
	return NULL;
}

/* The slot for what the command allocates, and the size it asks for. */
static int
holder_begin(struct holder *h, int argc, char **argv, void ***slot,
	     unsigned long *size)
{
	if (argc != 2)
		return monitor_usage(argv[0]);
	if (monitor_number(argv[0], "size", argv[1], size))
		return -EINVAL;
	*slot = holder_find(h, NULL);
	if (!*slot)
		return monitor_error(argv[0], -ENOSPC, "%u are held already; "
				     "free one", MAX_HELD);
	return 0;
}

/* What text names: an address, or "#n". 0 or the error that was told. */
static int
holder_address(struct holder *h, const char *command, const char *text,
	       unsigned long *addr)
{
	unsigned long n;

	if (text[0] != '#')
		return monitor_number(command, "address", text, addr);
	if (monitor_number(command, "object", text + 1, &n))
		return -EINVAL;
	if (n >= MAX_HELD || !h->held[n])
		return monitor_error(command, -ENOENT, "nothing has the "
				     "number %lu", n);
	*addr = (unsigned long)h->held[n];
	return 0;
}

/* Free one, or all. */
static int
holder_free(struct holder *h, int argc, char **argv)
{
	unsigned long addr;
	void **slot;
	int err;

	if (argc != 2)
		return monitor_usage(argv[0]);
	if (strcmp(argv[1], "all") == 0) {
		for (unsigned i = 0; i < MAX_HELD; i++) {
			h->free(h->held[i]);
			h->held[i] = NULL;
		}
		return 0;
	}
	err = holder_address(h, argv[0], argv[1], &addr);
	if (err)
		return err;
	slot = addr ? holder_find(h, (void *)addr) : NULL;
	if (!slot)
		return monitor_error(argv[0], -ENOENT, "%08lx was not "
				     "allocated here", addr);
	h->free(*slot);
	*slot = NULL;
	return 0;
}

static int
kmalloc_command(int argc, char **argv)
{
	unsigned long size;
	void **slot;
	int err = holder_begin(&objects, argc, argv, &slot, &size);

	if (err)
		return err;
	if (!size)
		return monitor_error(argv[0], -EINVAL, "a size of 0");
	*slot = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!*slot)
		return monitor_error(argv[0], -ENOMEM, "no memory for it");
	console_printf("#%u: %p takes up %zu bytes\n",
		       (unsigned)(slot - objects.held), *slot,
		       slab_footprint(*slot));
	return 0;
}
MONITOR_COMMAND("kmalloc", kmalloc_command, "SIZE",
		"allocate an object of SIZE bytes");

static int
kfree_command(int argc, char **argv)
{
	return holder_free(&objects, argc, argv);
}
MONITOR_COMMAND("kfree", kfree_command, "#N|ADDR|all",
		"free what kmalloc gave");

static int
slab_command(int argc, char **argv)
{
	unsigned long addr;
	struct seq_buf s;
	bool found;
	int err;

	if (argc != 2)
		return monitor_usage(argv[0]);
	err = holder_address(&objects, argv[0], argv[1], &addr);
	if (err)
		return err;
	monitor_seq_begin(&s);
	found = slab_describe(&s, (void *)addr);
	monitor_seq_end(&s);
	return found ? 0 : monitor_error(argv[0], -ENOENT, "%08lx is in no "
					 "slab", addr);
}
MONITOR_COMMAND("slab", slab_command, "#N|ADDR",
		"the object there, its slab, and who holds free ones");

static void
show_frames(const char *addr, unsigned long size)
{
	unsigned long nr = DIV_ROUND_UP(size, PAGE_SIZE);

	console_puts("  frames");
	for (unsigned long i = 0; i < min(nr, (unsigned long)FRAMES_SHOWN);
	     i++)
		console_printf(" 0x%lx", page_to_pfn(
			vmalloc_to_page(addr + (i << PAGE_SHIFT))));
	console_puts(nr > FRAMES_SHOWN ? " ...\n" : "\n");
}

static int
vmalloc_command(int argc, char **argv)
{
	unsigned long size;
	void **slot;
	int err = holder_begin(&areas, argc, argv, &slot, &size);

	if (err)
		return err;
	*slot = vmalloc(size);
	if (!*slot)
		return monitor_error(argv[0], -ENOMEM, "no frames or no "
				     "addresses for it");
	console_printf("#%u: %p, %lu pages and a guard\n",
		       (unsigned)(slot - areas.held), *slot,
		       DIV_ROUND_UP(size, PAGE_SIZE));
	show_frames(*slot, size);
	return 0;
}
MONITOR_COMMAND("vmalloc", vmalloc_command, "SIZE",
		"allocate an area of SIZE bytes");

static int
vfree_command(int argc, char **argv)
{
	return holder_free(&areas, argc, argv);
}
MONITOR_COMMAND("vfree", vfree_command, "#N|ADDR|all",
		"free what vmalloc gave");
