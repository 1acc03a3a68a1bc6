/* SPDX-License-Identifier: MIT */
/*
 * Free ranges of addresses against a model that has one bit for each page:
 * the same answers, the lowest fit each time, and a whole tree after each.
 */
#include <stdlib.h>
#include <string.h>

#include <lib/seq_buf.h>
#include <mm/verify.h>
#include "../../mm/kmem/vrange.h"
#include "harness.h"

#define NR_PAGES	700u
#define BASE		0x40000000ul
#define PAGE		4096ul
#define MAX_TAKEN	300

static struct vrange_space space;
static bool used[NR_PAGES];
static struct {
	unsigned start, n;
} taken[MAX_TAKEN];
static unsigned nr_taken;

static struct vrange *
new_node(void)
{
	return calloc(1, sizeof(struct vrange));
}

static void
put(unsigned start, unsigned n)
{
	struct vrange *unused[2];

	vrange_put(&space, BASE + start * PAGE, BASE + (start + n) * PAGE,
		   new_node(), unused);
	free(unused[0]);
	free(unused[1]);
	memset(used + start, 0, n);
}

/* The lowest fit by the model; NR_PAGES if there is none. */
static unsigned
model_fit(unsigned n, unsigned align)
{
	unsigned at, i;

	for (at = 0; at + n <= NR_PAGES; at++) {
		if ((BASE / PAGE + at) % align)
			continue;
		for (i = 0; i < n && !used[at + i]; i++)
			;
		if (i == n)
			return at;
	}
	return NR_PAGES;
}

static bool
check(struct test *t)
{
	static char text[2048];
	struct verify v = { NULL, 0 };
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	v.out = &s;
	vrange_verify(&space, &v);
	if (v.nr_bad)
		test_fail(t, __FILE__, __LINE__, "%s", text);
	return !v.nr_bad;
}

static void
start(void)
{
	struct rb_node *n;

	while ((n = rb_first(&space.root))) {
		struct vrange *r = rb_entry(n, struct vrange, node);
		unsigned long at;
		struct vrange *spare = NULL, *unused;

		vrange_take(&space, r->end - r->start, PAGE, &at, &spare,
			    &unused);
		free(unused);
	}
	memset(used, 1, sizeof(used));
	nr_taken = 0;
	put(0, NR_PAGES);
}

static bool
take(struct test *t, unsigned n, unsigned align)
{
	struct vrange *spare = align > 1 ? new_node() : NULL, *unused;
	unsigned long at = 0;
	unsigned want = model_fit(n, align);
	bool got = vrange_take(&space, n * PAGE, align * PAGE, &at, &spare,
			       &unused);

	free(spare);
	free(unused);
	if (!EXPECT_EQ(t, got, want < NR_PAGES) || !got)
		return false;
	/* Without an alignment it is the lowest; with one it need not be. */
	if (align == 1)
		EXPECT_EQ(t, (at - BASE) / PAGE, want);
	EXPECT_EQ(t, at % (align * PAGE), 0);
	for (unsigned i = 0; i < n; i++)
		EXPECT(t, !used[(at - BASE) / PAGE + i]);
	memset(used + (at - BASE) / PAGE, 1, n);
	taken[nr_taken].start = (at - BASE) / PAGE;
	taken[nr_taken++].n = n;
	return true;
}

static void
random_ranges_agree_with_the_model(struct test *t)
{
	start();
	for (unsigned i = 0; i < 60000 && !t->nr_failed; i++) {
		unsigned n = 1 + test_below(t, test_below(t, 8) ? 6 : 60);
		unsigned align = 1u << (test_below(t, 4) ? 0 :
					test_below(t, 6));

		if (nr_taken < MAX_TAKEN && test_below(t, 100) < 55) {
			take(t, n, align);
		} else if (nr_taken) {
			unsigned k = test_below(t, nr_taken);

			put(taken[k].start, taken[k].n);
			taken[k] = taken[--nr_taken];
		}
		if (i % 8 == 0)
			check(t);
	}
	while (nr_taken) {
		nr_taken--;
		put(taken[nr_taken].start, taken[nr_taken].n);
	}
	check(t);
	EXPECT_EQ(t, space.free, NR_PAGES * PAGE);
	EXPECT(t, rb_first(&space.root) && !rb_next(rb_first(&space.root)));
}

static void
all_is_taken_and_no_more(struct test *t)
{
	start();
	EXPECT(t, !take(t, NR_PAGES + 1, 1));
	EXPECT(t, take(t, NR_PAGES, 1));
	EXPECT_EQ(t, space.free, 0);
	EXPECT(t, !take(t, 1, 1));
	put(0, NR_PAGES);
	check(t);
}

static void
a_cut_in_the_middle_needs_a_spare(struct test *t)
{
	struct vrange *spare = NULL, *unused;
	unsigned long at;

	start();
	EXPECT(t, take(t, 1, 1));
	/* The free range now begins at an odd page. */
	EXPECT(t, !vrange_take(&space, PAGE, 16 * PAGE, &at, &spare,
			       &unused));
	EXPECT(t, check(t));
	EXPECT(t, take(t, 1, 16));
	EXPECT(t, check(t));
}

static void
every_rule_is_checked(struct test *t)
{
	struct verify v = { NULL, 0 };
	struct vrange *r;

	start();
	take(t, 3, 1);
	r = rb_entry(space.root.node, struct vrange, node);
	r->largest++;
	vrange_verify(&space, &v);
	EXPECT(t, v.nr_bad == 1);
	r->largest--;
	space.free--;
	vrange_verify(&space, &v);
	EXPECT(t, v.nr_bad == 2);
	space.free++;
	swap(r->start, r->end);
	vrange_verify(&space, &v);
	EXPECT(t, v.nr_bad > 2);
	swap(r->start, r->end);
	EXPECT(t, check(t));
}

TEST_SUITE("vrange",
	   TEST_CASE(random_ranges_agree_with_the_model),
	   TEST_CASE(all_is_taken_and_no_more),
	   TEST_CASE(a_cut_in_the_middle_needs_a_spare),
	   TEST_CASE(every_rule_is_checked));
