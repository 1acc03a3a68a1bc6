/* SPDX-License-Identifier: MIT */
/*
 * What is said when an object was misused: in the form of Linux's reports, so
 * that what is learned here can be read there.
 *
 *	=====================================================
 *	BUG kmalloc-64: Right Redzone overwritten		the mistake
 *	-----------------------------------------------------
 *	0xc1234580-0xc1234583 @offset=1408. First byte 0x41 instead of 0xcc
 *	Allocated in f+0x12/0x40 age=120 ms cpu=0 pid=7		who had it
 *	    ...
 *	Freed in ...
 *	Slab 0xc02345a0 objects=21 used=5 fp=0xc1234000		its slab
 *	Object 0xc1234540 @offset=1344 fp=0x00000000
 *	Redzone  c1234500: bb bb ...				its bytes
 *	Object   c1234540: 41 41 ...
 *	CPU 0, task 7 (test)					where it was seen
 *	    ...
 *	FIX kmalloc-64: Restoring Redzone 0xc1234580-0xc1234583=0xcc
 */
#include <asm/unwind.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <lib/string.h>
#include "slub_debug.h"

#define BYTES_SHOWN	64	/* of an object */
#define OWN_FRAMES	6	/* from here up to who called the allocator */

#define RULE	"----------------------------------------------------------\n"

static u32
now_ms(void)
{
	u64 ns = ktime_get_ns();

	/* Not exact, but without a division of 64 bits: 2^-20 for 10^-6. */
	return (u32)(ns >> 20);
}

/* Fill t with the stack from caller on: the allocator's own frames are cut. */
void
slub_fill_track(struct track *t, unsigned long caller)
{
	unsigned long pc[TRACK_DEPTH + OWN_FRAMES];
	unsigned nr = stack_save(pc, ARRAY_SIZE(pc), 0), first = 0;

	while (first < nr && pc[first] != caller)
		first++;
	if (first == nr) {
		pc[0] = caller;
		first = 0;
		nr = 1;
	}
	t->nr = min(nr - first, (unsigned)TRACK_DEPTH);
	memcpy(t->pc, pc + first, t->nr * sizeof(*pc));
	t->when_ms = now_ms();
	t->pid = current ? current->pid : 0;
	t->cpu = smp_processor_id();
}

/* Who used it, when, and from where; nothing if nobody did. */
void
slub_print_track(const struct track *t, const char *what)
{
	char name[80];

	if (!t->nr)
		return;
	for (unsigned i = 0; i < t->nr; i++) {
		symbol_format(t->pc[i], name, sizeof(name));
		if (i == 0)
			pr_err("%s in %s age=%u ms cpu=%u pid=%u\n", what,
			       name, now_ms() - t->when_ms, t->cpu, t->pid);
		pr_err("    %s\n", name);
	}
}

static void
print_tracks(struct kmem_cache *cache, const void *object)
{
	const struct track *t = slub_debug_tracks(cache, object);

	if (!(cache->flags & SLAB_STORE_USER))
		return;
	slub_print_track(&t[0], "Allocated");
	slub_print_track(&t[1], "Freed");
}

/* n bytes at p, sixteen a line, each line with the name of the zone. */
static void
print_bytes(const char *name, const u8 *p, unsigned n)
{
	char hex[16 * 3 + 1], text[17];
	unsigned i, k;

	for (i = 0; i < n; i += 16, p += 16) {
		for (k = 0; k < 16 && i + k < n; k++) {
			snprintf(hex + 3 * k, 4, "%02x ", p[k]);
			text[k] = p[k] >= ' ' && p[k] < 0x7f ? p[k] : '.';
		}
		text[k] = '\0';
		pr_err("%-8s %08lx: %-48s %s\n", name, (unsigned long)p, hex,
		       text);
	}
}

/* What is at and around object. */
static void
print_object(struct kmem_cache *cache, struct page *page, const void *object)
{
	unsigned end = slub_debug_end(cache);
	const u8 *p = object;

	pr_err("Object %p @offset=%lu fp=%p\n", object,
	       (unsigned long)(p - (u8 *)page_address(page)),
	       get_free_pointer(cache, object));
	if (cache->red_left_pad)
		print_bytes("Redzone", p - min(cache->red_left_pad, (u16)16),
			    min(cache->red_left_pad, (u16)16));
	print_bytes("Object", p, min(cache->object_size, (u16)BYTES_SHOWN));
	if (cache->flags & SLAB_RED_ZONE)
		print_bytes("Redzone", p + cache->object_size,
			    cache->inuse - cache->object_size);
	if (end + cache->red_left_pad < cache->size)
		print_bytes("Padding", p + end,
			    min(cache->size - cache->red_left_pad - end, 16u));
}

static void
print_slab(struct page *page)
{
	pr_err("Slab %p objects=%u used=%u fp=%p\n", (void *)page,
	       page->slab.objects, page->slab.inuse, page->slab.freelist);
}

static void
print_title(const struct kmem_cache *cache, const char *what)
{
	pr_err("==========================================================\n");
	pr_err("BUG %s: %s\n", cache ? cache->name : "kmalloc", what);
	pr_err(RULE);
}

/* The object that addr lies in; NULL if in none of the slab. */
static void *
object_of(const struct kmem_cache *cache, struct page *page, const void *addr)
{
	long at = (char *)addr - (char *)page_address(page) -
		  (long)cache->red_left_pad;

	if (at < 0 || (unsigned long)at / cache->size >= page->slab.objects)
		return NULL;
	return slab_object(cache, page, at / cache->size);
}

/*
 * A misuse of the object at object, which may be any address. Counted as a
 * warning; the machine goes on.
 */
void
slab_bug(struct kmem_cache *cache, struct page *page, const void *object,
	 const char *fmt, ...)
{
	unsigned long flags;
	char what[128], line[192];
	void *start;
	va_list ap;

	if (!soft_report_begin(&flags))
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "%s of %p", what, object);
	print_title(cache, line);
	if (cache && page) {
		start = object_of(cache, page, object);
		if (cache_debugs(cache) && start)
			print_tracks(cache, start);
		print_slab(page);
		if (cache_debugs(cache) && start)
			print_object(cache, page, start);
	}
	report_where();
	dump_stack();
	soft_report_end(flags);
}

/* [bad, end) of the zone is not what it should be. */
void
slub_report_bytes(struct kmem_cache *cache, struct page *page, void *object,
		  const struct zone_check *z, u8 *bad, u8 *end)
{
	unsigned long flags;

	if (!soft_report_begin(&flags))
		return;
	print_title(cache, z->what);
	pr_err("%p-%p @offset=%lu. First byte 0x%x instead of 0x%x\n",
	       (void *)bad, (void *)(end - 1),
	       (unsigned long)(bad - (u8 *)page_address(page)), *bad,
	       z->value);
	print_tracks(cache, object);
	print_slab(page);
	print_object(cache, page, object);
	report_where();
	dump_stack();
	pr_err("FIX %s: Restoring %s %p-%p=0x%x\n", cache->name, z->name,
	       (void *)bad, (void *)(end - 1), z->value);
	soft_report_end(flags);
}

void
slub_print_leak(struct kmem_cache *cache, const void *object)
{
	pr_err("%s: object %p is still in use\n", cache->name, object);
	print_tracks(cache, object);
}
