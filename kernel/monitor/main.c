/* SPDX-License-Identifier: MIT */
/*
 * Monitor: reads a line, finds the command, runs it.
 *
 * Ideas
 *   Command  a MONITOR_COMMAND() entry in the table that the linker gathers;
 *            any file may add one. It gets an argument vector, as main()
 *            does, prints to the console, and returns 0 or a negative error
 *            after having said itself what was wrong.
 *   Words    are separated by blanks; "..." keeps blanks in a word.
 *
 * State     one line editor (5 KiB, mostly history), one copy of the line
 *   that is cut into words. So monitor_run() does not nest: a command must
 *   not call it. The tests, which run inside the command `test`, may: the
 *   words of `test` are not needed any more when the suites run.
 */
#include "monitor_private.h"

#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>

#define MAX_WORDS	16

extern const struct monitor_command __monitor_start[], __monitor_end[];

static struct line_edit editor;

/*
 * Find a command by its name, or NULL.
 */
const struct monitor_command *
monitor_command_find(const char *name)
{
	const struct monitor_command *c;

	for (c = __monitor_start; c < __monitor_end; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

/*
 * The n-th command in order of name, or NULL behind the last: the one that
 * exactly n others come before.
 */
const struct monitor_command *
monitor_command_at(unsigned n)
{
	const struct monitor_command *c, *other;

	for (c = __monitor_start; c < __monitor_end; c++) {
		unsigned before = 0;

		for (other = __monitor_start; other < __monitor_end; other++)
			before += strcmp(other->name, c->name) < 0;
		if (before == n)
			return c;
	}
	return NULL;
}

/*
 * Print "COMMAND: message"; returns error.
 */
int
monitor_error(const char *command, int error, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_printf("%s: %s\n", command, text);
	return error;
}

/*
 * Print how the command is used; returns -EINVAL.
 */
int
monitor_usage(const char *command)
{
	const struct monitor_command *c = monitor_command_find(command);

	console_printf("usage: %s %s\n", command, c ? c->args : "");
	return -EINVAL;
}

/*
 * Read a number: decimal, 0x hexadecimal, 0 octal.
 */
int
monitor_number(const char *command, const char *what, const char *text,
	       unsigned long *value)
{
	int error = kstrtoul(text, 0, value);

	if (!error)
		return 0;
	return monitor_error(command, -EINVAL,
			     error == -ERANGE ? "%s %s is too large"
					      : "%s \"%s\" is not a number",
			     what, text);
}

/*
 * Read an address: a number, or the name of a function of the kernel.
 */
int
monitor_address(const char *command, const char *text, unsigned long *value)
{
	unsigned long address;

	if (text[0] >= '0' && text[0] <= '9')
		return monitor_number(command, "address", text, value);
	address = symbol_address(text);
	if (!address)
		return monitor_error(command, -EINVAL, "\"%s\" is neither an "
				     "address (0x...) nor a function", text);
	*value = address;
	return 0;
}

static void
monitor_sink(const char *text, size_t len, void *arg)
{
	(void)arg;
	if (!monitor_interrupted())
		console_write(text, len);
}

/*
 * Prepare a sequence buffer that prints to the console, and stops printing
 * when the user presses Ctrl-C. Its space is static: one at a time.
 */
void
monitor_seq_begin(struct seq_buf *s)
{
	static char text[512];

	seq_buf_init(s, text, sizeof(text));
	seq_buf_set_sink(s, monitor_sink, NULL);
}

void
monitor_seq_end(struct seq_buf *s)
{
	seq_buf_flush(s);
	if (monitor_interrupted())
		console_puts("^C\n");
}

/* Cut line into words, in place. Returns how many, or -E2BIG, -EINVAL. */
static int
monitor_split(char *line, char **words)
{
	int n = 0;

	for (;;) {
		char stop = ' ';

		while (*line == ' ')
			line++;
		if (!*line)
			return n;
		if (n == MAX_WORDS)
			return -E2BIG;
		if (*line == '"') {
			stop = '"';
			line++;
		}
		words[n++] = line;
		while (*line && *line != stop)
			line++;
		if (*line)
			*line++ = '\0';
		else if (stop == '"')
			return -EINVAL;
	}
}

/*
 * Run one line as if typed.
 * Context: a kernel thread that may sleep.
 * Returns the command's result; 0 for a blank line; -ENOENT if there is no
 * such command, -E2BIG for too many words or too long a line, -EINVAL for a
 * quote that is not closed: each after a message.
 */
int
monitor_run(const char *line)
{
	static char copy[LINE_SIZE];
	char *words[MAX_WORDS + 1] = { NULL };
	const struct monitor_command *c;
	int n;

	if (strscpy(copy, line, sizeof(copy)) < 0)
		return monitor_error("monitor", -E2BIG, "the line is too long");
	n = monitor_split(copy, words);
	if (n == 0)
		return 0;
	if (n == -E2BIG)
		return monitor_error("monitor", n, "more than %d words",
				     MAX_WORDS);
	if (n < 0)
		return monitor_error("monitor", n, "a \" is not closed");
	words[n] = NULL;
	c = monitor_command_find(words[0]);
	if (!c)
		return monitor_error("monitor", -ENOENT, "no command \"%s\"; "
				     "\"help\" lists them", words[0]);
	return c->fn(n, words);
}

static void
monitor_write(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

struct nth_node {
	unsigned n;
	const char *name;
};

static void
monitor_nth_node(const struct node *node, void *arg)
{
	struct nth_node *want = arg;

	if (want->n-- == 0)
		want->name = node->name;
}

/* For completion: a command for the first word, else a node's name. */
static const char *
monitor_candidate(const char *line, size_t start, unsigned n, void *arg)
{
	struct nth_node want = { n, NULL };
	const struct monitor_command *c;

	(void)arg;
	if (start == 0 || strncmp(line, "help ", 5) == 0) {
		c = monitor_command_at(n);
		return c ? c->name : NULL;
	}
	node_for_each(monitor_nth_node, &want);
	return want.name;
}

static const struct line_ops monitor_line_ops = {
	.write = monitor_write,
	.candidate = monitor_candidate,
};

/*
 * Body of the monitor's thread: read a line, run it, for ever. arg not NULL:
 * programs have the console; it says nothing before somebody asks for it.
 */
void
monitor_main(void *arg)
{
	enum line_event event;

	if (arg)
		monitor_getchar();
	console_puts("\nType \"help\" for the commands.\n");
	line_init(&editor, MONITOR_PROMPT, &monitor_line_ops);
	for (;;) {
		line_start(&editor);
		do {
			event = line_feed(&editor, monitor_getchar());
		} while (event == LINE_MORE);
		if (event == LINE_CANCEL)
			continue;
		monitor_command_begin();
		monitor_run(editor.text);
		monitor_command_end();
	}
}

static int
help_one(const char *name)
{
	const struct monitor_command *c = monitor_command_find(name);

	if (!c)
		return monitor_error("help", -ENOENT, "no command \"%s\"",
				     name);
	console_printf("usage: %s %s\n  %s\n", c->name, c->args, c->help);
	return 0;
}

static int
help_command(int argc, char **argv)
{
	const struct monitor_command *c;
	char usage[64];
	unsigned n;

	if (argc > 2)
		return monitor_usage(argv[0]);
	if (argc == 2)
		return help_one(argv[1]);
	for (n = 0; (c = monitor_command_at(n)); n++) {
		snprintf(usage, sizeof(usage), "%s %s", c->name, c->args);
		console_printf("  %-26s %s\n", usage, c->help);
	}
	console_puts("Tab completes, arrows recall, Ctrl-C breaks off.\n");
	return 0;
}
MONITOR_COMMAND("help", help_command, "[COMMAND]",
		"list the commands, or explain one");

static int
history_command(int argc, char **argv)
{
	unsigned i;

	if (argc > 1)
		return monitor_usage(argv[0]);
	for (i = 0; i < editor.nr_history; i++)
		console_printf("%4u  %s\n", i + 1, editor.history[i]);
	return 0;
}
MONITOR_COMMAND("history", history_command, "", "the lines typed before");

static int
echo_command(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		console_printf("%s%s", i > 1 ? " " : "", argv[i]);
	console_puts("\n");
	return 0;
}
MONITOR_COMMAND("echo", echo_command, "[WORD...]", "print the words");
