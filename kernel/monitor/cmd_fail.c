/* SPDX-License-Identifier: MIT */
/*
 * Monitor command fail: let page allocations fail, as Linux's fail_page_alloc
 * does. What fails is chosen by
 *
 *	PERCENT		of the allocations that are looked at
 *	interval=N	only each N-th is looked at
 *	space=N		the first N frames are granted
 *	times=N		at most N fail
 */
#include "monitor_private.h"

#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>

static struct fault_attr setting;	/* as last given to fault_inject_set */

static void
fail_show(void)
{
	if (!setting.probability)
		console_puts("fail: off");
	else
		console_printf("fail: %u %% of each %u. allocation, after %ld "
			       "frames", setting.probability, setting.interval,
			       setting.space);
	if (setting.probability && setting.times >= 0)
		console_printf(", at most %d times", setting.times);
	console_printf("; %lu were made to fail so far\n",
		       fault_inject_count());
}

/* Read one word NAME=N into attr. */
static int
fail_option(const char *command, const char *word, struct fault_attr *attr)
{
	const char *value = strchr(word, '=');
	unsigned long n;

	if (!value)
		return monitor_usage(command);
	if (monitor_number(command, "value", value + 1, &n))
		return -EINVAL;
	if (n > 0x7fffffff)
		return monitor_error(command, -EINVAL, "%s is too large", word);
	if (strncmp(word, "interval=", 9) == 0 && n > 0)
		attr->interval = (unsigned)n;
	else if (strncmp(word, "space=", 6) == 0)
		attr->space = (long)n;
	else if (strncmp(word, "times=", 6) == 0)
		attr->times = (int)n;
	else
		return monitor_usage(command);
	return 0;
}

static int
fail_command(int argc, char **argv)
{
	struct fault_attr attr = { .interval = 1, .times = -1 };
	unsigned long percent;
	int i;

	if (argc == 1) {
		fail_show();
		return 0;
	}
	if (strcmp(argv[1], "off") != 0) {
		if (monitor_number(argv[0], "percentage", argv[1], &percent))
			return -EINVAL;
		if (percent < 1 || percent > 100)
			return monitor_error(argv[0], -EINVAL,
					     "the percentage must be 1 to 100");
		attr.probability = (unsigned)percent;
	} else if (argc > 2) {
		return monitor_usage(argv[0]);
	}
	for (i = 2; i < argc; i++) {
		if (fail_option(argv[0], argv[i], &attr))
			return -EINVAL;
	}
	setting = attr;
	fault_inject_set(&setting);
	fail_show();
	return 0;
}
MONITOR_COMMAND("fail", fail_command, "[PERCENT [interval=N]...|off]",
		"let allocations fail (space=N, times=N)");
