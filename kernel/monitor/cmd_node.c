/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands that show texts: nodes and the log.
 *
 * Ctrl-C ends each of them: the sink of monitor_seq_begin() drops what comes
 * after it, and the loops look at monitor_interrupted().
 */
#include "monitor_private.h"

#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/errno.h>

#define WATCH_STEPS	10	/* a redraw each second, a look at keys more */
#define WATCH_STEP_MS	100

static void
node_print(const struct node *node)
{
	struct seq_buf s;

	monitor_seq_begin(&s);
	node->show(&s);
	monitor_seq_end(&s);
}

static const struct node *
node_wanted(const char *command, const char *name)
{
	const struct node *node = node_find(name);

	if (!node)
		monitor_error(command, -ENOENT, "no node \"%s\"; \"nodes\" "
			      "lists them", name);
	return node;
}

/* cat FOLDER/ENTRY; false if there is no such. */
static bool
entry_print(const char *path)
{
	struct seq_buf s;
	bool found;

	monitor_seq_begin(&s);
	found = node_show_entry(path, &s);
	monitor_seq_end(&s);
	return found;
}

static int
cat_command(int argc, char **argv)
{
	int i;

	if (argc < 2)
		return monitor_usage(argv[0]);
	for (i = 1; i < argc && !monitor_interrupted(); i++) {
		const struct node *node;

		if (entry_print(argv[i]))
			continue;
		node = node_wanted(argv[0], argv[i]);
		if (!node)
			return -ENOENT;
		node_print(node);
	}
	return 0;
}
MONITOR_COMMAND("cat", cat_command, "NODE...", "show the nodes");

static void
node_list(const struct node *node, void *arg)
{
	unsigned *n = arg;

	console_printf("%-19s%s", node->name, ++*n % 4 ? " " : "\n");
}

static int
nodes_command(int argc, char **argv)
{
	unsigned n = 0;

	if (argc > 1)
		return monitor_usage(argv[0]);
	node_for_each(node_list, &n);
	if (n % 4)
		console_puts("\n");
	return 0;
}
MONITOR_COMMAND("nodes", nodes_command, "", "list the nodes that cat shows");

/* Sleep until the next redraw; false when the user pressed a key. */
static bool
watch_pause(void)
{
	unsigned i;

	for (i = 0; i < WATCH_STEPS; i++) {
		if (monitor_interrupted() || monitor_input_pending())
			return false;
		msleep(WATCH_STEP_MS);
	}
	return true;
}

static int
watch_command(int argc, char **argv)
{
	const struct node *node;

	if (argc != 2)
		return monitor_usage(argv[0]);
	node = node_wanted(argv[0], argv[1]);
	if (!node)
		return -ENOENT;
	do {
		console_printf("\033[H\033[2J%s at %llu s; a key ends this\n\n",
			       node->name, (unsigned long long)
			       (ktime_get_ns() / NSEC_PER_SEC));
		node_print(node);
	} while (watch_pause());
	if (monitor_input_pending())
		monitor_getchar();
	return 0;
}
MONITOR_COMMAND("watch", watch_command, "NODE",
		"show a node every second until a key");

static int
dmesg_command(int argc, char **argv)
{
	static char text[256];
	u64 pos = 0;
	size_t n;

	if (argc > 1)
		return monitor_usage(argv[0]);
	while (!monitor_interrupted() &&
	       (n = log_read(&pos, text, sizeof(text))) > 0)
		console_write(text, n);
	return 0;
}
MONITOR_COMMAND("dmesg", dmesg_command, "", "show the kernel's log again");
