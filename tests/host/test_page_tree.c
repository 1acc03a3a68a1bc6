/* SPDX-License-Identifier: MIT */
/*
 * The page tree against a sorted array: the same answers after each of many
 * random insertions and deletions, dense ones and far apart ones, the shape
 * checked, and no node lost.
 */
#include <stdlib.h>
#include <string.h>

#include <lib/errno.h>
#include "../../mm/cache/page_tree.h"
#include "harness.h"

#define MAX_ENTRIES	600

static struct page_tree tree;
static unsigned long model[MAX_ENTRIES];	/* indices, ascending */
static u8 model_tags[MAX_ENTRIES];		/* of the same place */
static unsigned nr_model;
static long nr_nodes;				/* in the tree */

/* An entry tells its index: even, as pointers are. */
static void *
entry_of(unsigned long index)
{
	return (void *)((index + 1) * 4);
}

static void
free_list(struct page_tree_node *list, long count)
{
	struct page_tree_node *node;

	while ((node = list)) {
		list = node->next;
		nr_nodes += count;
		free(node);
	}
}

static int
insert(struct test *t, unsigned long index)
{
	unsigned need = page_tree_nodes_needed(&tree, index), i;
	struct page_tree_node *spare = NULL, *node;
	int err;

	for (i = 0; i < need; i++) {
		node = calloc(1, sizeof(*node));
		node->next = spare;
		spare = node;
	}
	err = page_tree_insert(&tree, index, entry_of(index), &spare);
	/* What it asked for is what it takes. */
	if (!err)
		EXPECT(t, !spare);
	nr_nodes += err ? 0 : need;
	free_list(spare, 0);
	return err;
}

static bool
delete(unsigned long index)
{
	struct page_tree_node *freed = NULL;
	void *entry = page_tree_delete(&tree, index, &freed);

	free_list(freed, -1);
	return entry == entry_of(index);
}

/* Where index is or would be. */
static unsigned
model_find(unsigned long index)
{
	unsigned i = 0;

	while (i < nr_model && model[i] < index)
		i++;
	return i;
}

static bool
model_has(unsigned long index)
{
	unsigned i = model_find(index);

	return i < nr_model && model[i] == index;
}

/* The next one with a tag is the same in both; and so it is for index. */
static void
check_tag(struct test *t, unsigned long index, unsigned tag)
{
	unsigned i = model_find(index);
	unsigned long next = index;
	void *entry = page_tree_next_tagged(&tree, &next, tag);
	bool any = false;

	EXPECT_EQ(t, page_tree_get_tag(&tree, index, tag),
		  model_has(index) && model_tags[i] >> tag & 1);
	while (i < nr_model && !(model_tags[i] >> tag & 1))
		i++;
	EXPECT(t, entry == (i < nr_model ? entry_of(model[i]) : NULL));
	if (i < nr_model)
		EXPECT_EQ(t, next, model[i]);
	for (i = 0; i < nr_model; i++)
		any |= model_tags[i] >> tag & 1;
	EXPECT_EQ(t, page_tree_tagged(&tree, tag), any);
}

static void
check(struct test *t, unsigned long index)
{
	unsigned i = model_find(index);
	unsigned long nr, next = index;
	void *entry = page_tree_next(&tree, &next);

	EXPECT(t, page_tree_check(&tree, &nr));
	EXPECT_EQ(t, nr, nr_model);
	EXPECT(t, page_tree_lookup(&tree, index) ==
		  (model_has(index) ? entry_of(index) : NULL));
	if (i == nr_model) {
		EXPECT(t, !entry);
		return;
	}
	EXPECT(t, entry == entry_of(model[i]));
	EXPECT_EQ(t, next, model[i]);
}

/* Mark an entry, or take its mark. */
static void
change_tag(struct test *t)
{
	unsigned k = test_below(t, nr_model), tag = test_below(t, 2);

	if (test_below(t, 2)) {
		page_tree_set_tag(&tree, model[k], tag);
		model_tags[k] |= (u8)(1u << tag);
	} else {
		page_tree_clear_tag(&tree, model[k], tag);
		model_tags[k] &= (u8)~(1u << tag);
	}
}

/* Dense, in clusters, or anywhere in 32 bits. */
static unsigned long
some_index(struct test *t)
{
	switch (test_below(t, 4)) {
	case 0:
		return test_below(t, 130);
	case 1:
		return (test_below(t, 5) << 12) + test_below(t, 70);
	case 2:
		return 0xffffffffu - test_below(t, 70);
	default:
		return (unsigned long)1 << test_below(t, 32);
	}
}

static void
random_entries_agree_with_the_model(struct test *t)
{
	for (unsigned i = 0; i < 40000 && !t->nr_failed; i++) {
		unsigned long index = some_index(t);
		unsigned at = model_find(index);
		/* Grow and shrink in waves, so that the tree is empty often. */
		bool add = test_below(t, 100) < (i / 500 % 2 ? 75 : 20);

		if (add && nr_model < MAX_ENTRIES) {
			bool had = model_has(index);

			EXPECT_EQ(t, insert(t, index), had ? -EEXIST : 0);
			if (!had) {
				memmove(model + at + 1, model + at,
					(nr_model - at) * sizeof(*model));
				memmove(model_tags + at + 1, model_tags + at,
					nr_model - at);
				model_tags[at] = 0;
				model[at] = index;
				nr_model++;
			}
		} else if (nr_model) {
			unsigned k = test_below(t, nr_model);

			EXPECT(t, delete(model[k]));
			EXPECT(t, !delete(model[k]));
			memmove(model + k, model + k + 1,
				(--nr_model - k) * sizeof(*model));
			memmove(model_tags + k, model_tags + k + 1,
				nr_model - k);
		}
		if (nr_model)
			change_tag(t);
		check_tag(t, index, i % 2);
		check_tag(t, some_index(t), i % 2);
		check(t, index);
		check(t, some_index(t));
	}
	while (nr_model)
		EXPECT(t, delete(model[--nr_model]));
	EXPECT(t, !tree.root);
	EXPECT_EQ(t, nr_nodes, 0);
}

static void
one_page_needs_no_node(struct test *t)
{
	EXPECT_EQ(t, page_tree_nodes_needed(&tree, 0), 0);
	EXPECT_EQ(t, insert(t, 0), 0);
	EXPECT(t, tree.root == entry_of(0));
	EXPECT_EQ(t, insert(t, 0), -EEXIST);
	EXPECT_EQ(t, insert(t, 1), 0);
	EXPECT_EQ(t, nr_nodes, 1);
	/* The last one goes back to the root: the node is free again. */
	EXPECT(t, delete(1));
	EXPECT(t, tree.root == entry_of(0));
	EXPECT_EQ(t, nr_nodes, 0);
	EXPECT(t, delete(0));
	EXPECT(t, !tree.root);
}

static void
a_far_page_makes_two_paths(struct test *t)
{
	EXPECT_EQ(t, insert(t, 0), 0);
	/* Six levels for the far one, five more for the near one. */
	EXPECT_EQ(t, page_tree_nodes_needed(&tree, 0xffffffffu), 11);
	EXPECT_EQ(t, insert(t, 0xffffffffu), 0);
	EXPECT_EQ(t, nr_nodes, 11);
	EXPECT(t, page_tree_lookup(&tree, 0) == entry_of(0));
	EXPECT(t, delete(0));
	EXPECT_EQ(t, nr_nodes, 6);
	EXPECT(t, delete(0xffffffffu));
	EXPECT_EQ(t, nr_nodes, 0);
}

static void
every_rule_is_checked(struct test *t)
{
	struct page_tree_node *root;
	unsigned long nr;

	insert(t, 0);
	insert(t, 70);
	root = (void *)((unsigned long)tree.root & ~1ul);
	root->count++;
	EXPECT(t, !page_tree_check(&tree, &nr));
	root->count--;
	root->shift += 6;
	EXPECT(t, !page_tree_check(&tree, &nr));
	root->shift -= 6;
	EXPECT(t, page_tree_check(&tree, &nr));
	/* T3: only slot 0 is left, and it should have become the root. */
	{
		struct page_tree_node *leaf = root->slots[1];

		root->slots[1] = NULL;
		root->count--;
		EXPECT(t, !page_tree_check(&tree, &nr));
		root->slots[1] = leaf;
		root->count++;
	}
	/* T4: a mark that the leaf does not have; one that nobody sees. */
	page_tree_set_tag(&tree, 70, PAGE_TREE_DIRTY);
	EXPECT(t, page_tree_check(&tree, &nr));
	root->tags[PAGE_TREE_DIRTY][0] |= 1;
	EXPECT(t, !page_tree_check(&tree, &nr));
	root->tags[PAGE_TREE_DIRTY][0] = 0;
	EXPECT(t, !page_tree_check(&tree, &nr));
	root->tags[PAGE_TREE_DIRTY][0] = 2;
	tree.tags = 0;
	EXPECT(t, !page_tree_check(&tree, &nr));
	tree.tags = 1;
	EXPECT(t, delete(70));
	EXPECT_EQ(t, tree.tags, 0);
	tree.tags = 1;		/* a mark of the only entry: all is well */
	EXPECT(t, page_tree_check(&tree, &nr));
	EXPECT(t, delete(0));
	EXPECT_EQ(t, tree.tags, 0);
}

TEST_SUITE("page_tree",
	   TEST_CASE(random_entries_agree_with_the_model),
	   TEST_CASE(one_page_needs_no_node),
	   TEST_CASE(a_far_page_makes_two_paths),
	   TEST_CASE(every_rule_is_checked));
