/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands that run something for a while: test, stress, bench; and
 * those that end everything: reboot, poweroff.
 */
#include "monitor_private.h"

#include <kernel/bench.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <kernel/stress.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>

#ifdef VELLUM_TESTS
#include <kernel/test_run.h>

static void
test_list_suites(void)
{
	const struct test_suite *suite;
	unsigned n, cases = 0;

	for (n = 0; (suite = test_suite_at(n)); n++) {
		console_printf("%-19s %3u%s", suite->name, suite->nr_cases,
			       n % 3 == 2 ? "\n" : "   ");
		cases += suite->nr_cases;
	}
	console_printf("%s%u suites, %u cases; \"test all\" runs them\n",
		       n % 3 ? "\n" : "", n, cases);
}

static int
test_command(int argc, char **argv)
{
	char list[LINE_SIZE] = "";
	int i;

	if (argc == 1) {
		test_list_suites();
		return 0;
	}
	for (i = 1; i < argc; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%s", i > 1 ? "," : "", argv[i]);
	return test_run(list) ? -EIO : 0;
}
MONITOR_COMMAND("test", test_command, "[SUITE[:CASE]...]",
		"run tests (all: every one), or list the suites");
#endif

/* Unlike monitor_seq_begin(), also after Ctrl-C: the account is wanted. */
static void
run_print(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

static int
stress_command(int argc, char **argv)
{
	unsigned long seconds, seed = 1;
	struct seq_buf s;
	char text[256];
	int error;

	if (argc < 2 || argc > 3)
		return monitor_usage(argv[0]);
	if (monitor_number(argv[0], "duration", argv[1], &seconds))
		return -EINVAL;
	if (seconds == 0 || seconds > 1000000)
		return monitor_error(argv[0], -EINVAL,
				     "the duration must be 1 to 1000000 s");
	if (argc == 3) {
		if (strncmp(argv[2], "seed=", 5) != 0)
			return monitor_usage(argv[0]);
		if (monitor_number(argv[0], "seed", argv[2] + 5, &seed))
			return -EINVAL;
	}
	seq_buf_init(&s, text, sizeof(text));
	seq_buf_set_sink(&s, run_print, NULL);
	error = stress_run((unsigned)seconds * 1000, (u32)seed, &s);
	seq_buf_flush(&s);
	return error;
}
MONITOR_COMMAND("stress", stress_command, "SECONDS [seed=N]",
		"allocate at random on every core, then verify");

static int
bench_command(int argc, char **argv)
{
	const struct bench_suite *suite;
	unsigned n;

	if (argc > 2)
		return monitor_usage(argv[0]);
	if (bench_run(argc == 2 ? argv[1] : "all"))
		return 0;
	if (argc == 1)
		return monitor_error(argv[0], -ENOENT, "no suite is built in");
	console_printf("bench: no suite \"%s\"; there are:", argv[1]);
	for (n = 0; (suite = bench_suite_at(n)); n++)
		console_printf(" %s", suite->name);
	console_puts("\n");
	return -ENOENT;
}
MONITOR_COMMAND("bench", bench_command, "[SUITE]",
		"cost per operation (instructions under -icount 0)");

static int
uptime_command(int argc, char **argv)
{
	u64 ms = ktime_get_ns() / NSEC_PER_MSEC;

	if (argc > 1)
		return monitor_usage(argv[0]);
	console_printf("up %llu.%03u s, %lu ticks, %u of %u cores online\n",
		       (unsigned long long)(ms / 1000), (unsigned)(ms % 1000),
		       jiffies, num_online_cpus(), nr_cpus);
	return 0;
}
MONITOR_COMMAND("uptime", uptime_command, "", "time since boot");

static int
reboot_command(int argc, char **argv)
{
	if (argc > 1)
		return monitor_usage(argv[0]);
	machine_restart();
}
MONITOR_COMMAND("reboot", reboot_command, "", "restart the machine");

static int
poweroff_command(int argc, char **argv)
{
	unsigned long status = 0;

	if (argc > 2)
		return monitor_usage(argv[0]);
	if (argc == 2 && monitor_number(argv[0], "status", argv[1], &status))
		return -EINVAL;
	machine_power_off((unsigned)status);
}
MONITOR_COMMAND("poweroff", poweroff_command, "[STATUS]",
		"end the machine; STATUS goes to the emulator");
