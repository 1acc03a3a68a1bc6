/* SPDX-License-Identifier: MIT */
/* How the suites of kmemleak lose objects: see kmemleak_lab.h. */
#include "kmemleak_lab.h"
#ifdef VELLUM_KMEMLEAK
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/percpu.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "threads.h"

#define USUAL_AGE	5000

unsigned long hidden[8];
void *volatile holder;
void *volatile holders[2];
char lab_text[LAB_TEXT];

static struct aside {
	unsigned long hidden;
	bool percpu, frame;
} aside[256];
static unsigned nr_aside;

/* --- help -------------------------------------------------------------- */

bool
watch(struct test *t)
{
	kmemleak_set_min_age(0);
	if (kmemleak_since_boot())
		return EXPECT(t, kmemleak_running);
	kmemleak_stop();
	return EXPECT_EQ(t, kmemleak_start(), 0);
}

void
end_watch(void)
{
	holder = holders[0] = holders[1] = NULL;
	free_aside();
	memset(hidden, 0, sizeof(hidden));
	kmemleak_set_min_age(USUAL_AGE);
	if (!kmemleak_since_boot())
		kmemleak_stop();
}

void *
shown(unsigned n)
{
	return (void *)~READ_ONCE(hidden[n]);
}

noinline void
hide(unsigned n, void *p)
{
	hidden[n] = ~(unsigned long)p;
}

/* So that no register of the case keeps the address. */
noinline void
hold(unsigned n, long offset)
{
	holder = (char *)shown(n) + offset;
}

noinline no_kasan void
wipe_stack(void)
{
	volatile u32 words[700];

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = 0;
}

noinline int
two_scans(void)
{
	int first = kmemleak_scan(), second = kmemleak_scan();

	return first < 0 || second < 0 ? -ENODEV : first + second;
}

noinline const char *
describe(unsigned n)
{
	struct seq_buf s;

	seq_buf_init(&s, lab_text, LAB_TEXT);
	return kmemleak_describe(&s, ~hidden[n]) ? lab_text : "";
}

bool
is_reported(unsigned n)
{
	return strstr(describe(n), ", reported") != NULL;
}

const char *
lab_report(void)
{
	struct seq_buf s;

	seq_buf_init(&s, lab_text, LAB_TEXT);
	kmemleak_report(&s);
	return lab_text;
}

noinline long
size_of(unsigned n)
{
	return (long)ksize(shown(n));
}

noinline void
free_hidden(unsigned n)
{
	kfree(shown(n));
	hidden[n] = 0;
}

/* In a thread of its own, whose stack is gone when the case goes on. */
void
in_thread(struct test *t, void (*fn)(void *), void *arg)
{
	test_join(test_start(t, fn, arg, "planter"));
	wipe_stack();
}

/* The record of a hidden object that may be lost, or NULL. */
static struct leak_object *
record_of(unsigned n)
{
	struct leak_object *object = leak_find(LEAK_TREE_LINEAR, ~hidden[n]);

	if (!object)
		object = leak_find(LEAK_TREE_PERCPU, ~hidden[n]);
	return object && object->min_count > 0 ? object : NULL;
}

/* Of what was planted just now nothing is known to anybody. */
static noinline bool
all_are_lost(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(hidden); n++) {
		struct leak_object *object = record_of(n);

		if (object && !(object->flags & LEAK_SUSPECT))
			return false;
	}
	return true;
}

noinline void
set_aside(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(hidden); n++) {
		struct leak_object *object = record_of(n);

		if (!object || nr_aside == ARRAY_SIZE(aside))
			continue;
		aside[nr_aside++] = (struct aside) {
			hidden[n], object->flags & LEAK_PERCPU,
			object->min_count == FRAME_COUNT,
		};
		object->min_count = KMEMLEAK_BLACK;
		hidden[n] = 0;
	}
}

static void
free_frame_of(void *p)
{
	kmemleak_free(p);
	free_page(p);
}

noinline void
free_aside(void)
{
	while (nr_aside) {
		struct aside *a = &aside[--nr_aside];

		if (a->percpu)
			free_percpu((void *)~a->hidden);
		else if (a->frame)
			free_frame_of((void *)~a->hidden);
		else
			kvfree((void *)~a->hidden);
	}
}

/*
 * Plant something that nobody knows. Other suites leave old addresses in their
 * variables: what these show by accident is set aside, and planted again.
 */
void
plant(struct test *t, void (*fn)(void *), void *arg)
{
	in_thread(t, fn, arg);
	for (unsigned tries = 0; tries < 8; tries++) {
		scan_once();
		if (all_are_lost())
			break;
		set_aside();
		in_thread(t, fn, arg);
	}
	/* As if no scan had been. */
	for (unsigned n = 0; n < ARRAY_SIZE(hidden); n++) {
		struct leak_object *object = record_of(n);

		if (!object)
			continue;
		object->flags &= ~LEAK_SUSPECT;
		object->count = 0;
	}
}

/*
 * The same, and look for it: two scans. Another core may have come upon the
 * address meanwhile, or left an old word of it: then once more. What was found.
 */
int
plant_and_find(struct test *t, void (*fn)(void *), void *arg, int want)
{
	int found = -1;

	for (unsigned tries = 0; tries < 6; tries++) {
		plant(t, fn, arg);
		found = scan_twice();
		if (found == want)
			break;
		set_aside();
	}
	return found;
}

/* --- plants ------------------------------------------------------------ */

noinline void
plant_object(void *arg)
{
	unsigned n = (unsigned)(unsigned long)arg;
	char *p = kmalloc(100, GFP_KERNEL);

	if (p)
		strscpy(p, "sixteen letters.and nineteen more", 100);
	hide(n, p);
}


/* 0 -> 1 -> 2 -> 0 */
void
plant_cycle(void *arg)
{
	void **a = kzalloc(64, GFP_KERNEL), **b = kzalloc(64, GFP_KERNEL);
	void **c = kzalloc(200, GFP_KERNEL);

	(void)arg;
	a[3] = b;
	b[15] = c;
	c[49] = a;
	hide(0, a);
	hide(1, b);
	hide(2, c);
}

/* 0 -> 1 */
void
plant_chain(void *arg)
{
	void **a = kzalloc(64, GFP_KERNEL), *b = kzalloc(64, GFP_KERNEL);

	(void)arg;
	a[5] = b;
	hide(0, a);
	hide(1, b);
}
#endif
