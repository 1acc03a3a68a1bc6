/* SPDX-License-Identifier: MIT */
/* Shared by the files of the monitor, and by nobody else. */
#ifndef MONITOR_PRIVATE_H
#define MONITOR_PRIVATE_H

#include <kernel/line_edit.h>
#include <kernel/monitor.h>
#include <lib/seq_buf.h>

#define MONITOR_PROMPT	"vellum> "

/* The next byte of input; sleeps until there is one. */
char monitor_getchar(void);
/* Has something been typed that waits to be read? */
bool monitor_input_pending(void);
/* A command begins (forget Ctrl-C) / has ended. */
void monitor_command_begin(void);
void monitor_command_end(void);

/* Print "COMMAND: message" and give back error, for `return`. */
int monitor_error(const char *command, int error, const char *fmt, ...)
	__printf(3, 4);
/* The command was called wrongly: print how it is used. -EINVAL. */
int monitor_usage(const char *command);
/*
 * Read a number from text into *value, or say what is wrong with it, calling
 * it what ("order", "length"). Returns 0 or -EINVAL.
 */
int monitor_number(const char *command, const char *what, const char *text,
		   unsigned long *value);
/* The same for an address: a number, or the name of a function. */
int monitor_address(const char *command, const char *text,
		    unsigned long *value);

/* A sequence buffer that prints to the console until Ctrl-C. */
void monitor_seq_begin(struct seq_buf *s);
void monitor_seq_end(struct seq_buf *s);

/* The n-th command in order of name, or NULL. */
const struct monitor_command *monitor_command_at(unsigned n);
const struct monitor_command *monitor_command_find(const char *name);

#endif
