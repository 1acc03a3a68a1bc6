/* SPDX-License-Identifier: MIT */
/*
 * Tests asked for on the command line:
 *
 *	test=SUITE[:CASE][,...]|all	run them, then end the machine
 *	test.seed=N			number that all random choices follow
 *	test.repeat=N			run each case N times, N seeds
 *	test.timeout=SECONDS		limit of one case in kernel time
 */
#ifdef VELLUM_TESTS
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/test_run.h>
#include <lib/errno.h>
#include <lib/string.h>

static char test_list[256];

static int __init
test_param(const char *value)
{
	if (!*value)
		value = "all";
	return strscpy(test_list, value, sizeof(test_list)) < 0 ? -EINVAL : 0;
}
BOOT_PARAM("test", test_param);

static int __init
test_seed_param(const char *value)
{
	unsigned long seed;

	if (kstrtoul(value, 0, &seed))
		return -EINVAL;
	test_seed = seed;
	return 0;
}
BOOT_PARAM("test.seed", test_seed_param);

static int __init
test_repeat_param(const char *value)
{
	unsigned long n;

	if (kstrtoul(value, 0, &n) || !n)
		return -EINVAL;
	test_repeat = (unsigned)n;
	return 0;
}
BOOT_PARAM("test.repeat", test_repeat_param);

static int __init
test_timeout_param(const char *value)
{
	unsigned long seconds;

	if (kstrtoul(value, 0, &seconds) || !seconds || seconds > 1000000)
		return -EINVAL;
	test_timeout = (unsigned)seconds;
	return 0;
}
BOOT_PARAM("test.timeout", test_timeout_param);

/*
 * Run what test= asked for and end the machine; return if it was not given.
 * Context: a kernel thread, all of the kernel up.
 */
void
test_at_boot(void)
{
	if (test_list[0])
		machine_power_off(test_run(test_list) ? 1 : 0);
}
#endif
