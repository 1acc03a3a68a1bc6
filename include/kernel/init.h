/* SPDX-License-Identifier: MIT */
/*
 * How parts of the kernel are started without knowing each other.
 *
 * INITCALL(level, fn) puts fn in a table that boot runs level by level; a
 * negative result is reported and boot goes on. BOOT_PARAM("name", fn) puts
 * fn in a table that is searched for each word "name=value" (or "name") of
 * the command line before memory is set up; fn returns 0, or -EINVAL for a
 * bad value, which is reported by name.
 */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

#include <lib/compiler.h>
#include <lib/types.h>

struct initcall {
	const char *name;
	int (*fn)(void);
};

/* Levels: early (no scheduler), core, device, late (all is up). */
#define INITCALL(level, func) \
	static const struct initcall initcall_##func \
	__used __section(".initcall." #level) __aligned(4) = { #func, func }

#define early_initcall(fn)	INITCALL(1, fn)
#define core_initcall(fn)	INITCALL(2, fn)
#define device_initcall(fn)	INITCALL(3, fn)
#define late_initcall(fn)	INITCALL(4, fn)

struct boot_param {
	const char *name;
	int (*fn)(const char *value);	/* value is "" for a bare word */
};

#define BOOT_PARAM(param, func) \
	static const struct boot_param boot_param_##func \
	__used __section(".boot_param") __aligned(4) = { param, func }

/* The command line as given (also the cmdline node). */
extern char boot_command_line[1024];

/* Boot has progressed past: */
enum system_state { SYSTEM_BOOTING, SYSTEM_SCHEDULING, SYSTEM_RUNNING,
		    SYSTEM_HALTING };
extern enum system_state system_state;

#endif
