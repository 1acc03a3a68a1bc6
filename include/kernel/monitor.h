/* SPDX-License-Identifier: MIT */
/*
 * Monitor: the prompt that needs no user space.
 *
 * A command is a function with an argument vector, as main() has; it prints
 * with console_printf() and returns 0, or a negative error after having said
 * what was wrong.
 */
#ifndef KERNEL_MONITOR_H
#define KERNEL_MONITOR_H

#include <lib/compiler.h>
#include <lib/types.h>

struct monitor_command {
	const char *name;
	int (*fn)(int argc, char **argv);	/* argv[0] is the name */
	const char *args;		/* such as "ADDR [PID]" */
	const char *help;		/* one line */
};

#define MONITOR_COMMAND(cmd, func, arguments, text) \
	static const struct monitor_command monitor_command_##func \
	__used __section(".monitor") __aligned(4) = \
		{ cmd, func, arguments, text }

/* Run one line as if typed. Returns the command's result, -ENOENT if none. */
int monitor_run(const char *line);
/* Has the user pressed Ctrl-C since the last command began? */
bool monitor_interrupted(void);
/* Body of the monitor's kernel thread. */
void monitor_main(void *arg);

/* A character arrived from the console; called by its interrupt handler. */
void monitor_input(char c);
/* Type-ahead: input.c. */
bool monitor_input_early(char c);
bool monitor_take_early(char *c);

#endif
