/* SPDX-License-Identifier: MIT */
/*
 * The first program, pid 1.
 *
 * As in Linux: rdinit= names it in the initial archive (default /init); without
 * one, init= names it anywhere; without that the usual places are tried. A
 * machine that has no program goes on to the monitor: there is much to look at
 * without one.
 *
 * What was typed before a program was found waits for it (type-ahead).
 *
 *	rdinit=PATH	said, and not there: told, then as if not said
 *	root=DISK	mounted if the archive has no /init; then as below
 *	init=PATH	said, and cannot be run: panic, as the user wanted only it
 */
#include <kernel/fs.h>
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/tty.h>
#include <lib/errno.h>
#include <lib/string.h>

static char rdinit[64], init[64];

static int
rdinit_param(const char *value)
{
	return strscpy(rdinit, value, sizeof(rdinit)) > 0 ? 0 : -EINVAL;
}
BOOT_PARAM("rdinit", rdinit_param);

static int
init_param(const char *value)
{
	return strscpy(init, value, sizeof(init)) > 0 ? 0 : -EINVAL;
}
BOOT_PARAM("init", init_param);

static bool
exists(const char *path)
{
	struct path p;

	if (kern_path(path, LOOKUP_FOLLOW, &p))
		return false;
	path_put(&p);
	return true;
}

/* The program to be run, or NULL. */
static const char *
choose(void)
{
	static const char *const usual[] = { "/sbin/init", "/etc/init",
					     "/bin/init", "/bin/sh" };

	if (exists(*rdinit ? rdinit : "/init"))
		return *rdinit ? rdinit : "/init";
	if (*rdinit)
		pr_err("init: rdinit=%s is not there\n", rdinit);
	mount_root_disk();
	if (*init)
		return init;
	for (unsigned i = 0; i < ARRAY_SIZE(usual); i++)
		if (exists(usual[i]))
			return usual[i];
	return NULL;
}

/* The thread that becomes pid 1. Returns only when the program cannot run. */
static void
init_thread(void *arg)
{
	const char *path = arg;
	int err;

	pr_info("init: running %s\n", path);
	err = run_init_process(path);
	panic("%s%s cannot be run: error %d", path == init ? "init=" : "",
	      path, -err);
}

bool
start_init(void)
{
	const char *path = choose();

	if (!path)
		return false;
	console_keys_to_programs();
	if (!kthread_run(init_thread, (void *)path, "init"))
		panic("no memory for init");
	return true;
}
