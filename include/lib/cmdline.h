/* SPDX-License-Identifier: MIT */
/*
 * Command lines: words between spaces, with quotes.
 *
 *	mem=64M test=buddy title="two words" 'a b'
 *
 * Quotes, single or double, may start anywhere in a word; what is between
 * them is taken as it is, and the quotes go. A quote that is never closed
 * lasts to the end. Spaces are all characters up to ' '.
 */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include <lib/compiler.h>
#include <lib/types.h>

/*
 * Copy the next word at *line into word (cut at size-1) and move *line behind
 * it. False when there is no further word.
 */
bool cmdline_next(const char **line, char *word, size_t size);
/* Cut word at its first '=': returns the value behind it, "" if it has none. */
char *cmdline_value(char *word);
/*
 * The value of the last word "name" or "name=value" of line, as
 * cmdline_next() cuts it. False when there is none.
 */
bool cmdline_find(const char *line, const char *name, char *value,
		  size_t size);
/*
 * Split line in place into at most max words and a NULL behind them (argv has
 * room for max + 1). Returns their number, or -E2BIG when there are more.
 */
int cmdline_split(char *line, char **argv, int max);

#endif
