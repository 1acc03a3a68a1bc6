/* SPDX-License-Identifier: MIT */
/*
 * Line editor: bytes from a terminal in, an edited line out.
 *
 * Pure: it knows no console and no kernel, only two callbacks, so the same
 * file is built for the host and tested there against a model of a screen.
 */
#ifndef KERNEL_LINE_EDIT_H
#define KERNEL_LINE_EDIT_H

#include <lib/compiler.h>
#include <lib/types.h>

#define LINE_SIZE	160	/* longest line, with its NUL */
#define LINE_COLUMNS	80	/* of the terminal */
#define LINE_HISTORY	32	/* lines remembered */

enum line_event {
	LINE_MORE,		/* still editing */
	LINE_DONE,		/* Enter: text holds the line */
	LINE_CANCEL,		/* Ctrl-C: the line was given up */
};

struct line_edit;

struct line_ops {
	void (*write)(const char *text, size_t len, void *arg);
	/*
	 * The n-th thing that may stand at line[start]: all of them, the
	 * editor looks for those that fit. NULL behind the last one.
	 */
	const char *(*candidate)(const char *line, size_t start, unsigned n,
				 void *arg);
	void *arg;
};

struct line_edit {
	const struct line_ops *ops;
	const char *prompt;

	char text[LINE_SIZE];		/* the line, always NUL-terminated */
	unsigned len, cursor;

	/* What stands on the terminal behind the prompt. */
	char shown[LINE_COLUMNS];
	unsigned shown_len, shown_cursor;
	unsigned view;			/* text[view] is the leftmost */

	char history[LINE_HISTORY][LINE_SIZE];	/* oldest first */
	unsigned nr_history;
	unsigned browse;		/* line shown; nr_history: the draft */
	char draft[LINE_SIZE];		/* what was typed before browsing */

	u8 escape;			/* state of an escape sequence */
	char param;			/* its last digit */
	bool after_cr;			/* a newline now belongs to a return */
};

void line_init(struct line_edit *ed, const char *prompt,
	       const struct line_ops *ops);
/* Print the prompt and begin an empty line. */
void line_start(struct line_edit *ed);
/* Take one byte of input. */
enum line_event line_feed(struct line_edit *ed, char c);
/* Remember text: called by line_feed() on Enter for what is not blank. */
void line_history_add(struct line_edit *ed, const char *text);

#endif
