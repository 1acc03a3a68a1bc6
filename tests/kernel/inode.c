/* SPDX-License-Identifier: MIT */
/* Inodes found by number: one for each, whoever comes first, and while it goes. */
#include <kernel/printk.h>
#include <mm/debug.h>
#include <mm/verify.h>

#include "files.h"
#include "page_helpers.h"
#include "threads.h"
#include "verify_helpers.h"

static atomic_t evicted, may_evict;

static void
slow_evict(struct inode *inode)
{
	(void)inode;
	while (!atomic_read(&may_evict))
		usleep(200);
	atomic_inc(&evicted);
}

static const struct super_operations ops = { .evict_inode = slow_evict };
static struct super_block sb = { .s_op = &ops };

static void
start(void)
{
	atomic_set(&evicted, 0);
	atomic_set(&may_evict, 1);
}

/* As a file system reads one. */
static struct inode *
get(u64 ino)
{
	struct inode *inode = iget_locked(&sb, ino);

	if (inode && inode_is_new(inode)) {
		address_space_init(&inode->i_data, inode, NULL, GFP_KERNEL);
		inode->i_nlink = 0;	/* goes with its last user */
		unlock_new_inode(inode);
	}
	return inode;
}

static void
a_number_is_one_inode(struct test *t)
{
	struct inode *a, *b, *c;

	start();
	a = get(7);
	b = get(7);
	c = get(7 + 256);		/* of the same bucket */
	ASSERT(t, a && b && c);
	EXPECT(t, a == b);
	EXPECT(t, a != c);
	EXPECT_EQ(t, atomic_read(&a->i_count), 2);
	EXPECT_EQ(t, c->i_ino, 7 + 256);
	EXPECT_EQ(t, atomic_read(&sb.s_nr_inodes), 2);
	iput(a);
	EXPECT_EQ(t, atomic_read(&evicted), 0);
	iput(b);
	EXPECT_EQ(t, atomic_read(&evicted), 1);
	iput(c);
	EXPECT_EQ(t, atomic_read(&sb.s_nr_inodes), 0);
}

static void
what_could_not_be_read_is_read_anew(struct test *t)
{
	struct inode *inode;

	start();
	inode = iget_locked(&sb, 9);
	ASSERT(t, inode && inode_is_new(inode));
	iget_failed(inode);
	EXPECT_EQ(t, atomic_read(&evicted), 1);
	inode = iget_locked(&sb, 9);
	ASSERT(t, inode && inode_is_new(inode));
	iget_failed(inode);
}

static struct inode *result;

static void
get_9(void *arg)
{
	(void)arg;
	WRITE_ONCE(result, get(9));
}

/* The second one waits until the first has read it. */
static void
a_new_one_is_waited_for(struct test *t)
{
	struct inode *inode;
	struct task *task;

	start();
	result = NULL;
	inode = iget_locked(&sb, 9);
	ASSERT(t, inode != NULL);
	task = test_start(t, get_9, NULL, "get");
	TEST_WAIT_UNTIL(atomic_read(&inode->i_count) == 2);
	usleep(2000);
	EXPECT(t, READ_ONCE(result) == NULL);
	address_space_init(&inode->i_data, inode, NULL, GFP_KERNEL);
	inode->i_nlink = 0;
	unlock_new_inode(inode);
	test_join(task);
	EXPECT(t, result == inode);
	iput(inode);
	iput(inode);
}

/* ... or has failed; then it tries itself. */
static void
who_waited_for_a_failure_tries_anew(struct test *t)
{
	struct inode *inode;
	struct task *task;

	start();
	result = NULL;
	inode = iget_locked(&sb, 9);
	ASSERT(t, inode != NULL);
	task = test_start(t, get_9, NULL, "get");
	TEST_WAIT_UNTIL(atomic_read(&inode->i_count) == 2);
	iget_failed(inode);
	test_join(task);
	ASSERT(t, result != NULL);
	EXPECT_EQ(t, atomic_read(&result->i_count), 1);
	EXPECT_EQ(t, atomic_read(&evicted), 1);
	iput(result);
}

static void
put_it(void *arg)
{
	iput(arg);
}

/* While the old one goes nobody gets the number. */
static void
one_that_goes_is_waited_for(struct test *t)
{
	struct task *putter, *getter;
	struct inode *inode;

	start();
	result = NULL;
	inode = get(9);
	ASSERT(t, inode != NULL);
	atomic_set(&may_evict, 0);
	putter = test_start(t, put_it, inode, "put");
	TEST_WAIT_UNTIL(READ_ONCE(inode->i_state) & I_FREEING);
	getter = test_start(t, get_9, NULL, "get");
	usleep(2000);
	EXPECT(t, READ_ONCE(result) == NULL);
	EXPECT_EQ(t, atomic_read(&evicted), 0);
	atomic_set(&may_evict, 1);
	test_join(putter);
	test_join(getter);
	EXPECT_EQ(t, atomic_read(&evicted), 1);
	ASSERT(t, result != NULL);
	iput(result);
	EXPECT_EQ(t, atomic_read(&evicted), 2);
}

#define ROUNDS	300

static void
get_and_put(void *arg)
{
	unsigned long seed = (unsigned long)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct inode *inode = get(20 + (i * 7 + seed) % 3);

		if (inode)
			iput(inode);
		if (i % 16 == 0)
			yield();
	}
}

static void
many_cores_agree(struct test *t)
{
	struct task *tasks[4];
	unsigned long i;

	start();
	for (i = 0; i < 4; i++)
		tasks[i] = test_start_on(t, i % nr_cpus, get_and_put,
					 (void *)i);
	for (i = 0; i < 4; i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&sb.s_nr_inodes), 0);
	EXPECT_VERIFIED(t);
}

static void
verify_sees_a_number_in_the_wrong_place(struct test *t)
{
	struct inode *inode;

	start();
	inode = get(9);
	ASSERT(t, inode != NULL);
	EXPECT_CAUGHT(t, "I1", inode->i_ino = 10, inode->i_ino = 9);
	iput(inode);
}

TEST_SUITE("inode",
	   TEST_CASE(a_number_is_one_inode),
	   TEST_CASE(what_could_not_be_read_is_read_anew),
	   TEST_CASE(a_new_one_is_waited_for),
	   TEST_CASE(who_waited_for_a_failure_tries_anew),
	   TEST_CASE(one_that_goes_is_waited_for),
	   TEST_CASE(many_cores_agree),
	   TEST_CASE(verify_sees_a_number_in_the_wrong_place));
