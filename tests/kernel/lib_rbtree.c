/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees against a table of which keys are in: after each of a long
 * row of insertions and removals the tree must be valid, hold those keys in
 * order, and, augmented with the sum or the greatest key of each subtree, have
 * the right values: a sum changes all the way up, a greatest seldom does.
 */
#include <kernel/test.h>
#include <lib/rbtree.h>
#include <lib/string.h>

#define NR_KEYS		200

struct item {
	struct rb_node node;
	u32 key;
	u32 value;		/* sum or greatest, of the keys below and here */
	bool in;
};

static struct item items[NR_KEYS];
static struct rb_root root;
static unsigned nr_in;

static struct item *
item_of(const struct rb_node *node)
{
	return node ? rb_entry(node, struct item, node) : NULL;
}

static u32
value_of(const struct rb_node *node)
{
	return node ? item_of(node)->value : 0;
}

static bool
set_value(struct item *item, u32 value)
{
	bool changed = item->value != value;

	item->value = value;
	return changed;
}

static bool
update_sum(struct rb_node *node)
{
	return set_value(item_of(node), item_of(node)->key +
			 value_of(node->left) + value_of(node->right));
}

/* Of keys in a mixed order, so that the greatest is not always the last. */
static bool
update_greatest(struct rb_node *node)
{
	u32 own = item_of(node)->key * 77 % NR_KEYS;

	return set_value(item_of(node), max(own, max(value_of(node->left),
						     value_of(node->right))));
}

static bool
less(const struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

static void
reset(void)
{
	unsigned i;

	memset(items, 0, sizeof(items));
	for (i = 0; i < NR_KEYS; i++)
		items[i].key = i;
	root = RB_ROOT;
	nr_in = 0;
}

static void
put(unsigned key, rb_update_t update)
{
	struct rb_node **link = &root.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = key < item_of(parent)->key ? &parent->left :
						    &parent->right;
	}
	rb_link_node(&items[key].node, parent, link);
	if (update) {
		update(&items[key].node);
		rb_update_path(parent, update);
		rb_insert_augmented(&items[key].node, &root, update);
	} else {
		rb_insert_color(&items[key].node, &root);
	}
	items[key].in = true;
	nr_in++;
}

static void
take(unsigned key, rb_update_t update)
{
	if (update)
		rb_erase_augmented(&items[key].node, &root, update);
	else
		rb_erase(&items[key].node, &root);
	items[key].in = false;
	nr_in--;
}

/* The tree is valid and holds what the table says, both ways. */
static bool
matches(struct test *t, rb_update_t update)
{
	const struct rb_node *up = rb_first(&root), *down = rb_last(&root);
	unsigned i;

	if (!EXPECT(t, rb_verify(&root, less)))
		return false;
	for (i = 0; i < NR_KEYS; i++) {
		if (items[i].in) {
			if (!EXPECT(t, up == &items[i].node))
				return false;
			up = rb_next(up);
		}
		if (items[NR_KEYS - 1 - i].in) {
			if (!EXPECT(t, down == &items[NR_KEYS - 1 - i].node))
				return false;
			down = rb_prev(down);
		}
		if (items[i].in && update &&
		    !EXPECT(t, !update(&items[i].node)))
			return false;
	}
	return EXPECT(t, !up && !down);
}

static void
ascending_keys_stay_balanced(struct test *t)
{
	unsigned i, depth = 0;
	const struct rb_node *node;

	reset();
	for (i = 0; i < NR_KEYS; i++)
		put(i, NULL);
	for (node = root.node; node; node = node->right)
		depth++;
	EXPECT(t, depth <= 16);		/* 2 log2(201) */
	EXPECT(t, matches(t, NULL));
}

static void
removal_in_every_order_keeps_the_rules(struct test *t)
{
	unsigned i;

	reset();
	for (i = 0; i < NR_KEYS; i++)
		put(i, NULL);
	for (i = 0; i < NR_KEYS; i += 2) {
		take(i, NULL);
		ASSERT(t, matches(t, NULL));
	}
	for (i = NR_KEYS; i > 0; i -= 2) {
		take(i - 1, NULL);
		ASSERT(t, matches(t, NULL));
	}
	EXPECT(t, root.node == NULL);
	EXPECT(t, rb_first(&root) == NULL);
	EXPECT(t, rb_last(&root) == NULL);
}

static void
random_row(struct test *t, rb_update_t update, unsigned steps)
{
	unsigned i;

	reset();
	for (i = 0; i < steps; i++) {
		unsigned key = test_random(t) % NR_KEYS;

		if (items[key].in)
			take(key, update);
		else
			put(key, update);
		if ((i % 8 == 0 || nr_in < 12) && !matches(t, update))
			return;
	}
	EXPECT(t, matches(t, update));
}

static void
random_operations_match_the_table(struct test *t)
{
	random_row(t, NULL, 4000);
}

static void
augmented_sums_stay_right(struct test *t)
{
	random_row(t, update_sum, 4000);
}

static void
augmented_maxima_stay_right(struct test *t)
{
	random_row(t, update_greatest, 4000);
}

static void
update_path_carries_a_change_up(struct test *t)
{
	unsigned i;

	reset();
	for (i = 0; i < 50; i++)
		put(i, update_sum);
	items[49].key = 1000;
	rb_update_path(&items[49].node, update_sum);
	EXPECT_EQ(t, value_of(root.node), 48 * 49 / 2 + 1000);
	EXPECT(t, matches(t, update_sum));
	/* A change of nothing ends the walk at once. */
	rb_update_path(&items[49].node, update_sum);
	EXPECT(t, matches(t, update_sum));
}

static void
replacing_keeps_the_place(struct test *t)
{
	struct item other[3];
	unsigned keys[3] = { 0, 25, 31 };	/* leaf, inner, anywhere */
	unsigned i;

	reset();
	for (i = 0; i < 50; i++)
		put(i, NULL);
	for (i = 0; i < 3; i++) {
		other[i] = items[keys[i]];
		rb_replace_node(&items[keys[i]].node, &other[i].node, &root);
		EXPECT(t, rb_verify(&root, less));
	}
	EXPECT(t, rb_first(&root) == &other[0].node);
	EXPECT(t, rb_next(&items[24].node) == &other[1].node);
	EXPECT(t, rb_prev(&items[32].node) == &other[2].node);
	root = RB_ROOT;
}

/* Breaks a rule and sees verify say so. */
static void
verify_catches_each_rule_broken(struct test *t)
{
	struct rb_node *node, *child;

	reset();
	put(1, NULL);
	put(0, NULL);
	put(2, NULL);		/* black 1 over red 0 and 2 */
	put(3, NULL);		/* black 1, 0, 2; red 3 */
	ASSERT(t, rb_verify(&root, less));
	node = &items[2].node;
	child = &items[3].node;

	node->parent_color &= ~1UL;		/* red over red */
	EXPECT(t, !rb_verify(&root, less));
	node->parent_color |= 1;
	child->parent_color |= 1;		/* one way too black */
	EXPECT(t, !rb_verify(&root, less));
	child->parent_color &= ~1UL;
	root.node->parent_color &= ~1UL;	/* red root */
	EXPECT(t, !rb_verify(&root, less));
	root.node->parent_color |= 1;
	items[3].key = 0;			/* out of order */
	EXPECT(t, !rb_verify(&root, less));
	EXPECT(t, rb_verify(&root, NULL));
	items[3].key = 3;
	child->parent_color = (unsigned long)root.node;	/* wrong parent */
	EXPECT(t, !rb_verify(&root, less));
	child->parent_color = (unsigned long)node;
	EXPECT(t, rb_verify(&root, less));
	root = RB_ROOT;
}

TEST_SUITE("lib_rbtree",
	   TEST_CASE(ascending_keys_stay_balanced),
	   TEST_CASE(removal_in_every_order_keeps_the_rules),
	   TEST_CASE(random_operations_match_the_table),
	   TEST_CASE(augmented_sums_stay_right),
	   TEST_CASE(augmented_maxima_stay_right),
	   TEST_CASE(update_path_carries_a_change_up),
	   TEST_CASE(replacing_keeps_the_place),
	   TEST_CASE(verify_catches_each_rule_broken));
