/* SPDX-License-Identifier: MIT */
/*
 * Monitor command kmemleak: as one writes to Linux's file of that name, and
 * what a boot parameter would do. The report is the node: cat kmemleak.
 */
#include "monitor_private.h"

#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/kmemleak.h>

#ifdef VELLUM_KMEMLEAK
static int
kmemleak_off_error(void)
{
	return monitor_error("kmemleak", -ENODEV, "it is off (\"kmemleak on\")");
}

static int
scan_command(void)
{
	int found = kmemleak_scan();

	if (found == -ENODEV)
		return kmemleak_off_error();
	if (!found)
		console_printf("no new leaks; %lu suspects, which the next "
			       "scan will confirm or clear\n",
			       kmemleak_suspects());
	return 0;
}

static int
list_command(void)
{
	struct seq_buf s;

	monitor_seq_begin(&s);
	kmemleak_report(&s);
	monitor_seq_end(&s);
	return 0;
}

static int
usage_command(void)
{
	struct seq_buf s;

	monitor_seq_begin(&s);
	kmemleak_usage(&s);
	monitor_seq_end(&s);
	return 0;
}

static int
on_command(void)
{
	int err = kmemleak_start();

	if (err == -EBUSY)
		return monitor_error("kmemleak", err, "it is on");
	if (err)
		return monitor_error("kmemleak", err, "no memory");
	return usage_command();
}

static int
off_command(void)
{
	kmemleak_stop();
	return 0;
}

static int
clear_command(void)
{
	kmemleak_clear();
	return 0;
}

/*
 * For demonstration: three objects in a row, of which the only pointer to the
 * first is lost.
 */
static noinline void
lose_a_list(void)
{
	void **object, *next = NULL;

	for (unsigned i = 0; i < 3; i++) {
		object = kzalloc(48 + 16 * i, GFP_KERNEL);
		if (!object)
			return;
		object[0] = next;
		next = object;
	}
}

static int
leak_command(void)
{
	lose_a_list();
	return 0;
}

static int
dump_command(const char *where)
{
	unsigned long addr;
	struct seq_buf s;
	bool known;

	if (monitor_address("kmemleak", where, &addr))
		return -EINVAL;
	monitor_seq_begin(&s);
	known = kmemleak_describe(&s, addr);
	monitor_seq_end(&s);
	return known ? 0 : monitor_error("kmemleak", -ENOENT, "no object at "
					 "%s", where);
}

/* NAME=VALUE: stack=on|off, scan=SECONDS, age=MS. */
static int
set_command(const char *command, const char *word)
{
	unsigned long n;

	if (!strcmp(word, "stack=on") || !strcmp(word, "stack=off")) {
		kmemleak_set_stacks(word[7] == 'n');
		return 0;
	}
	if (strncmp(word, "scan=", 5) && strncmp(word, "age=", 4))
		return monitor_usage(command);
	if (monitor_number(command, "number", strchr(word, '=') + 1, &n))
		return -EINVAL;
	if (n > 86400)
		return monitor_error(command, -EINVAL, "%s is too large", word);
	if (word[0] == 'a')
		kmemleak_set_min_age((unsigned)n);
	else if (kmemleak_set_period((unsigned)n))
		return monitor_error(command, -ENOMEM, "no memory");
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} verbs[] = {
	{ "scan", scan_command }, { "list", list_command },
	{ "clear", clear_command }, { "on", on_command },
	{ "off", off_command }, { "leak", leak_command },
};

static int
kmemleak_command(int argc, char **argv)
{
	if (argc == 1)
		return usage_command();
	if (argc == 3 && !strcmp(argv[1], "dump"))
		return dump_command(argv[2]);
	if (argc != 2)
		return monitor_usage(argv[0]);
	for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].fn();
	}
	return set_command(argv[0], argv[1]);
}
MONITOR_COMMAND("kmemleak", kmemleak_command,
		"[scan|list|clear|dump ADDR|leak|on|off|stack=on|scan=S|age=MS]",
		"find objects that nobody can reach (leak: lose some)");
#endif
