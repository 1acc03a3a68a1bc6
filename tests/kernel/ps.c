/* SPDX-License-Identifier: MIT */
/* Who sees all tasks: the node, and the walk over them. */
#include <kernel/node.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "threads.h"

static void
wait_for_stop(void *arg)
{
	(void)arg;
	while (!kthread_should_stop())
		msleep(10);
}

static char table[8192];

static bool
table_has(const char *text)
{
	struct seq_buf s;

	seq_buf_init(&s, table, sizeof(table));
	node_find("tasks")->show(&s);
	return strstr(table, text) != NULL;
}

/* The thread of RCU sleeps in its function, but for moments. */
static void
tasks_node_lists_this_thread(struct test *t)
{
	ASSERT(t, node_find("tasks") != NULL);
	EXPECT(t, table_has(current->name));
	EXPECT(t, table_has("idle/0"));
	TEST_WAIT_UNTIL(table_has(" rcu_thread"));
}

#define MANY	100			/* more than one walk of the list notes */
#define MANY_TEXT	32768

/* The number that a line begins with, behind blanks. */
static int
number_of(const char *line)
{
	int number = 0;

	while (*line == ' ')
		line++;
	for (; *line >= '0' && *line <= '9'; line++)
		number = number * 10 + *line - '0';
	return number;
}

/* Lines of tasks called many, while the numbers go up; 0: they do not. */
static unsigned
count_many(const char *text)
{
	const char *line = strchr(text, '\n') + 1, *end, *name;
	unsigned n = 0;
	int last = 0;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		if (number_of(line) <= last)
			return 0;
		last = number_of(line);
		name = strstr(line, " many ");
		n += name && name < end;
	}
	return n;
}

static void
tasks_node_lists_many_threads_once_and_in_order(struct test *t)
{
	struct task *tasks[MANY];
	char *text = kmalloc(MANY_TEXT, GFP_KERNEL);
	struct seq_buf s;
	unsigned i, n;

	ASSERT(t, text != NULL);
	for (n = 0; n < MANY; n++) {
		tasks[n] = kthread_run(wait_for_stop, NULL, "many");
		if (!tasks[n])
			break;
	}
	EXPECT_EQ(t, n, MANY);
	seq_buf_init(&s, text, MANY_TEXT);
	node_find("tasks")->show(&s);
	EXPECT_EQ(t, count_many(text), n);
	for (i = 0; i < n; i++)
		kthread_stop(tasks[i]);
	kfree(text);
}

/* By number, which need not be their age, each with a reference meanwhile. */
static void
the_walk_over_the_tasks_meets_each_once(struct test *t)
{
	struct task *one = kthread_run(wait_for_stop, NULL, "one");
	struct task *two = kthread_run(wait_for_stop, NULL, "two");
	struct task *task = NULL;
	unsigned walked = 0, met = 0;
	int last = -1;

	ASSERT(t, one && two);
	task_set_pid(one, PID_MAX - 1);
	while ((task = task_next(task))) {
		EXPECT(t, task->pid > last && task->refs > 1);
		last = task->pid;
		met += task == one || task == two;
		walked++;
	}
	EXPECT_EQ(t, met, 2);
	EXPECT_EQ(t, walked, task_count());
	kthread_stop(one);
	kthread_stop(two);
}

TEST_SUITE("ps",
	   TEST_CASE(tasks_node_lists_this_thread),
	   TEST_CASE(tasks_node_lists_many_threads_once_and_in_order),
	   TEST_CASE(the_walk_over_the_tasks_meets_each_once));
