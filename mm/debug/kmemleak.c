/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: which objects can nobody reach any more?
 *
 * Ideas
 *   Leak	an object that was not freed, and whose address stands nowhere.
 *		A collector of garbage would free it; in C one cannot know that
 *		a word is an address, but if *no* word of memory looks like the
 *		address of the object, it is certainly lost. So all memory is
 *		searched for such words, conservatively: what looks like a
 *		pointer is one, into whatever part of an object.
 *   Colours	as in tracing collectors:
 *
 *		white	fewer pointers to it were found than it must have
 *		grey	it has enough; its own contents are to be searched
 *		black	not looked at (kmemleak_ignore)
 *
 *	roots:	.data .bss  per-CPU  stacks		min_count
 *			\	|	/		 1  usual
 *			 v	v      v		 0  grey from the start
 *		      [A]----->[B]    [C]		-1  black
 *		[D]<-->[E]	  D and E point to each other, and to nothing
 *				  else: white at the end of the scan
 *
 *   Twice	Pointers move while the scan goes on, from where it will look to
 *		where it has looked. So an object that is found white becomes a
 *		suspect, with a checksum; only if the next scan finds it white
 *		again, unchanged, and old enough, it is reported. Suspects are
 *		searched all the same: what they point to is not yet lost.
 *   Notes	each object has a record (struct leak_object) in a page of
 *		records. Pages come from the page allocator, which kmemleak
 *		does not watch: no recursion. They are fetched ahead of need, so
 *		that a failure now and then does not matter. With none left,
 *		kmemleak ends, with one line: half the truth is worthless.
 *   Late start	Objects that are there when kmemleak starts late are entered as
 *		grey (LEAK_OLD): searched, not reported. Some of those may be
 *		free ones, which the allocators do not tell apart everywhere;
 *		they stand for nothing until they are handed out.
 *
 *   Per-CPU objects are known by a number that is no address (percpu.c), and
 *   are looked for by it; so they have a tree of their own, and to search one
 *   is to search the copies of all cores.
 *
 * State	leak (kmemleak.h)
 * Invariants (kmemleak_verify)
 *   K1  The objects of a tree are in order, disjoint, and inside its bounds.
 *   K2  Records used and unused add up to what the pages hold.
 *   K3  An object in lowmem does not lie in a free frame.
 * Locks	kmemleak_lock guards records and trees; it is held for PIECE bytes
 *		of memory or BATCH objects at most (scan.c), and an object that
 *		is freed waits for it: so whatever is in a tree may be read.
 *		kmemleak_mutex: one scan, start or stop at a time.
 * Cost		off: nothing (the hooks of objects lie on the slow path). On:
 *		a walk of the stack and a step into the tree for each object,
 *		64 bytes of notes, and all fast paths closed.
 * Questions a reader asks
 *   Why is struct page no root?  The allocators keep lists of free objects
 *     there. Who keeps an object alive by it says kmemleak_not_leak().
 *   And an address that is kept xored, or as a physical one?  The same.
 *   How does a leak stay hidden?  By any word that looks like its address: an
 *     old copy on a stack, a number. Try again later.
 * Sources  Boehm and Weiser, Garbage Collection in an Uncooperative
 *	    Environment, 1988; Linux, Documentation/dev-tools/kmemleak.rst
 *	    (interface, colours, report).
 */
#include <mm/kmemleak.h>
#ifdef VELLUM_KMEMLEAK
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/stack_depot.h>
#include <mm/verify.h>
#include <mm/vmalloc.h>
#include "kmemleak.h"

#define PAGE_RECORDS	(PAGE_SIZE / sizeof(struct leak_object) - 1)
#define LOW_UNUSED	1024	/* below it a page of records is fetched */
#define NOTE_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_NORETRY)
#define BATCH		64	/* objects visited under one lock */

/* A page of records; its first one's place is taken by the list. */
struct leak_page {
	struct leak_page *next;
	u8 unused[sizeof(struct leak_object) - sizeof(void *)];
	struct leak_object records[PAGE_RECORDS];
};

static_assert(sizeof(struct leak_page) == PAGE_SIZE, "one page");

DEFINE_SPINLOCK(kmemleak_lock, LOCK_KMEMLEAK);
struct mutex kmemleak_mutex = MUTEX_INIT(kmemleak_mutex);
struct leak_state leak __noleak;
bool kmemleak_running;

/* --- records ----------------------------------------------------------------- */

/* A page more of records; false without memory. Context: any, no lock. */
static bool
add_page(void)
{
	struct leak_page *page = get_free_page(NOTE_GFP);
	unsigned long flags;

	if (!page)
		return false;
	flags = spin_lock_irqsave(&kmemleak_lock);
	page->next = leak.pages;
	leak.pages = page;
	leak.nr_pages++;
	for (unsigned i = 0; i < PAGE_RECORDS; i++) {
		page->records[i].node.left = (struct rb_node *)leak.unused;
		leak.unused = &page->records[i];
	}
	leak.nr_unused += PAGE_RECORDS;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
	return true;
}

static void
free_all_pages(void)
{
	struct leak_page *page, *next;

	for (page = leak.pages; page; page = next) {
		next = page->next;
		free_page(page);
	}
	memset(&leak, 0, sizeof(leak));
}

/* Context: kmemleak_lock, as down to leak_insert(). */
static struct leak_object *
record_get(void)
{
	struct leak_object *object = leak.unused;

	if (!object)
		return NULL;
	leak.unused = (struct leak_object *)object->node.left;
	leak.nr_unused--;
	leak.nr_objects++;
	return object;
}

static void
record_put(struct leak_object *object)
{
	object->node.left = (struct rb_node *)leak.unused;
	leak.unused = object;
	leak.nr_unused++;
	leak.nr_objects--;
}

/* --- trees -------------------------------------------------------------------- */

static struct leak_object *
object_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct leak_object, node) : NULL;
}

struct leak_object *
leak_find(enum leak_tree tree, unsigned long addr)
{
	struct leak_index *index = &leak.tree[tree];
	struct rb_node *n = index->root.node;

	if (addr < index->low || addr >= index->high)
		return NULL;
	while (n) {
		struct leak_object *object = object_of(n);

		if (addr < object->start)
			n = n->left;
		else if (addr - object->start >= object->size)
			n = n->right;
		else
			return object;
	}
	return NULL;
}

struct leak_object *
leak_next(enum leak_tree tree, unsigned long addr)
{
	struct rb_node *n = leak.tree[tree].root.node;
	struct leak_object *best = NULL;

	while (n) {
		struct leak_object *object = object_of(n);

		if (object->start < addr) {
			n = n->right;
		} else {
			best = object;
			n = n->left;
		}
	}
	return best;
}

static struct leak_index *
index_of(const struct leak_object *object)
{
	return &leak.tree[object->flags & LEAK_PERCPU ? LEAK_TREE_PERCPU :
							LEAK_TREE_LINEAR];
}

static void
leak_remove(struct leak_object *object)
{
	rb_erase(&object->node, &index_of(object)->root);
	list_del(&object->list);
	if (leak.searched == object)
		leak.searched = NULL;
	if (object->flags & LEAK_REPORTED)
		leak.nr_reported--;
	record_put(object);
}

/* Forget what lies in [start, end). */
static void
remove_range(enum leak_tree tree, unsigned long start, unsigned long end)
{
	struct leak_object *object = leak_find(tree, start);

	if (!object)
		object = leak_next(tree, start);
	while (object && object->start < end) {
		struct leak_object *next = object_of(rb_next(&object->node));

		leak_remove(object);
		object = next;
	}
}

static void
leak_insert(struct leak_object *object)
{
	struct leak_index *index = index_of(object);
	struct rb_node **link = &index->root.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = object->start < object_of(parent)->start ?
			&parent->left : &parent->right;
	}
	rb_link_node(&object->node, parent, link);
	rb_insert_color(&object->node, &index->root);
	if (!index->high || object->start < index->low)
		index->low = object->start;
	index->high = max(index->high, object->start + object->size);
}

/* --- what the allocators say --------------------------------------------------- */

/* No record is left. Context: any. */
static void
give_up(void)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	bool first = !leak.out_of_memory;

	leak.out_of_memory = true;
	kmemleak_running = false;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
	if (!first)
		return;
	slab_set_hook(SLAB_HOOK_LEAK, false);
	pr_warn("kmemleak: no memory for its notes: off\n");
}

static void
fill_record(struct leak_object *object, const void *p, size_t size,
	    int min_count, unsigned flags)
{
	bool hard = in_interrupt();

	object->start = (unsigned long)p;
	object->size = size;
	object->born = jiffies;
	object->min_count = (s16)min_count;
	object->count = 0;
	object->flags = (u16)flags;
	object->pid = hard ? 0 : (s16)current->pid;
	memcpy(object->comm, hard ? "hardirq" : current->name,
	       hard ? sizeof("hardirq") : TASK_NAME_LEN);
	INIT_LIST_HEAD(&object->list);
}

/*
 * Enter an object. One of before a late start does not take the place of a
 * younger one; anything else takes the place of what was there.
 */
static void
add_object(const void *p, size_t size, int min_count, unsigned flags)
{
	enum leak_tree tree = flags & LEAK_PERCPU ? LEAK_TREE_PERCPU :
						    LEAK_TREE_LINEAR;
	unsigned long start = (unsigned long)p, irq;
	u32 stack = flags & LEAK_OLD ? 0 : stack_depot_here(2);
	struct leak_object *object = NULL;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (READ_ONCE(leak.nr_unused) < LOW_UNUSED)
		add_page();
	irq = spin_lock_irqsave(&kmemleak_lock);
	if (!kmemleak_running || (flags & LEAK_OLD && leak_find(tree, start))) {
		spin_unlock_irqrestore(&kmemleak_lock, irq);
		return;
	}
	remove_range(tree, start, start + size);
	object = record_get();
	if (object) {
		fill_record(object, p, size, min_count, flags);
		object->stack = stack;
		leak_insert(object);
	}
	spin_unlock_irqrestore(&kmemleak_lock, irq);
	if (!object)
		give_up();
}

static void
remove_object(enum leak_tree tree, const void *p)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = leak_find(tree, (unsigned long)p);

	if (object && object->start == (unsigned long)p)
		leak_remove(object);
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

void
do_kmemleak_alloc(const void *p, size_t size, int min_count)
{
	add_object(p, size, min_count, 0);
}

void
do_kmemleak_free(const void *p)
{
	remove_object(LEAK_TREE_LINEAR, p);
}

void
do_kmemleak_alloc_percpu(const void *p, size_t size)
{
	add_object(p, size, 1, LEAK_PERCPU);
}

void
do_kmemleak_free_percpu(const void *p)
{
	remove_object(LEAK_TREE_PERCPU, p);
}

void
do_kmemleak_free_range(const void *p, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);

	remove_range(LEAK_TREE_LINEAR, (unsigned long)p,
		     (unsigned long)p + size);
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

static void
set_colour(enum leak_tree tree, const void *p, int min_count)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = leak_find(tree, (unsigned long)p);

	if (object)
		object->min_count = (s16)min_count;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

void
do_kmemleak_colour(const void *p, int min_count)
{
	set_colour(LEAK_TREE_LINEAR, p, min_count);
}

void
do_kmemleak_colour_percpu(const void *p, int min_count)
{
	set_colour(LEAK_TREE_PERCPU, p, min_count);
}

void
do_kmemleak_no_scan(const void *p)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	struct leak_object *object = leak_find(LEAK_TREE_LINEAR,
					       (unsigned long)p);

	if (object)
		object->flags |= LEAK_NO_SCAN;
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

void
kmemleak_enter_old(const void *p, size_t size)
{
	add_object(p, size, KMEMLEAK_GREY, LEAK_OLD);
}

void
kmemleak_enter_old_percpu(const void *p, size_t size)
{
	add_object(p, size, KMEMLEAK_GREY, LEAK_OLD | LEAK_PERCPU);
}

/* --- visiting ------------------------------------------------------------------- */

void
leak_for_each(void (*fn)(struct leak_object *object))
{
	for (unsigned tree = 0; tree < NR_LEAK_TREES; tree++) {
		struct leak_object *object;
		unsigned long at = 0;

		do {
			unsigned long flags = spin_lock_irqsave(&kmemleak_lock);

			object = leak_next(tree, at);
			for (unsigned n = 0; object && n < BATCH; n++) {
				at = object->start + 1;
				fn(object);
				object = object_of(rb_next(&object->node));
			}
			spin_unlock_irqrestore(&kmemleak_lock, flags);
			cond_resched();
		} while (object);
	}
}

unsigned long
kmemleak_frames(void)
{
	return READ_ONCE(leak.nr_pages);
}

void
kmemleak_usage(struct seq_buf *s)
{
	seq_printf(s, "kmemleak: %s, %lu objects, %lu KiB of notes, %lu scans, "
		   "%lu suspected, %lu reported\n", kmemleak_running ? "on" :
		   leak.out_of_memory ? "off (no memory for notes)" : "off",
		   leak.nr_objects, leak.nr_pages * 4, leak.nr_scans,
		   leak.nr_suspects, leak.nr_reported);
}

/* --- on and off ------------------------------------------------------------------ */

static void
verify_tree(struct verify *v, struct leak_index *index, bool percpu)
{
	unsigned long last = 0;
	struct rb_node *n;

	VERIFY(v, rb_verify(&index->root, NULL), "K1",
	       "kmemleak: a tree of objects is damaged");
	for (n = rb_first(&index->root); n; n = rb_next(n)) {
		struct leak_object *o = object_of(n);
		void *p = (void *)o->start;

		VERIFY(v, o->start >= last && o->start >= index->low &&
		       o->start + o->size <= index->high, "K1",
		       "kmemleak: the object at %p overlaps its neighbour, or "
		       "the bounds", p);
		last = o->start + o->size;
		VERIFY(v, percpu || p < (void *)PAGE_OFFSET ||
		       p >= high_memory || page_state(virt_to_page(p)) !=
		       PAGE_STATE_FREE, "K3",
		       "kmemleak: the object at %p lies in a free frame", p);
	}
}

static void
kmemleak_verify(struct verify *v)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);

	if (kmemleak_running) {
		for (unsigned i = 0; i < NR_LEAK_TREES; i++)
			verify_tree(v, &leak.tree[i], i == LEAK_TREE_PERCPU);
		VERIFY(v, leak.nr_objects + leak.nr_unused ==
		       leak.nr_pages * PAGE_RECORDS, "K2",
		       "kmemleak: %lu records used, %lu unused, of %lu pages",
		       leak.nr_objects, leak.nr_unused, leak.nr_pages);
	}
	spin_unlock_irqrestore(&kmemleak_lock, flags);
}

static struct verify_module verify_module = {
	"kmemleak", kmemleak_verify, NULL
};

/* Make notes from here on. 0 or -ENOMEM. Context: kmemleak_mutex, or boot. */
static int
begin(void)
{
	static bool registered;

	free_all_pages();
	INIT_LIST_HEAD(&leak.grey);
	INIT_LIST_HEAD(&leak.white);
	while (leak.nr_unused < 2 * LOW_UNUSED) {
		if (!add_page()) {
			free_all_pages();
			return -ENOMEM;
		}
	}
	if (stack_depot_get()) {
		free_all_pages();
		return -ENOMEM;
	}
	if (!registered)
		verify_register(&verify_module);
	registered = true;
	WRITE_ONCE(kmemleak_running, true);
	slab_set_hook(SLAB_HOOK_LEAK, true);
	return 0;
}

static void
enter_old_objects(void)
{
	struct task *task = NULL;

	kstack_drain();
	kmemleak_enter_percpu();
	kmemleak_enter_slabs();
	kmemleak_enter_vmalloc();
	while ((task = task_next(task)))
		kmemleak_no_scan(task->stack);
}

int
kmemleak_start(void)
{
	int err = -EBUSY;

	might_sleep();
	mutex_lock(&kmemleak_mutex);
	if (!kmemleak_running && !leak.out_of_memory)
		err = begin();
	if (!err) {
		enter_old_objects();
		err = kmemleak_running ? 0 : -ENOMEM;
	}
	mutex_unlock(&kmemleak_mutex);
	if (err == -ENOMEM)
		kmemleak_stop();
	return err;
}

void
kmemleak_stop(void)
{
	bool was;

	might_sleep();
	mutex_lock(&kmemleak_mutex);
	was = kmemleak_running || leak.out_of_memory;
	WRITE_ONCE(kmemleak_running, false);
	if (was) {
		slab_set_hook(SLAB_HOOK_LEAK, false);
		/* Whoever still writes a note does not sleep meanwhile. */
		synchronize_rcu();
		free_all_pages();
		stack_depot_put();
	}
	mutex_unlock(&kmemleak_mutex);
}

bool
kmemleak_since_boot(void)
{
	return leak.since_boot;
}

static bool want_on __initdata;
static unsigned want_period __initdata;

/* kmemleak=on, off, or scan=SECONDS (which is on, too). */
static int __init
param_kmemleak(const char *value)
{
	unsigned n = 0;

	if (!strncmp(value, "scan=", 5)) {
		for (value += 5; *value >= '0' && *value <= '9'; value++)
			n = min(n * 10 + (unsigned)(*value - '0'), 86400u);
		if (*value || !n)
			return -EINVAL;
		want_period = n;
	} else if (strcmp(value, "on") && strcmp(value, "off")) {
		return -EINVAL;
	}
	want_on = strcmp(value, "off") != 0;
	return 0;
}
BOOT_PARAM("kmemleak", param_kmemleak);

void __init
kmemleak_init(void)
{
	if (!want_on)
		return;
	if (begin())
		pr_warn("kmemleak: no memory for its notes: off\n");
	else
		leak.since_boot = true;
}

static int __init
kmemleak_late_init(void)
{
	return want_period ? kmemleak_set_period(want_period) : 0;
}
late_initcall(kmemleak_late_init);
#endif
