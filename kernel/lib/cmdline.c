/* SPDX-License-Identifier: MIT */
/* Command lines in words: see lib/cmdline.h for what a word is. */
#include <lib/cmdline.h>
#include <lib/errno.h>
#include <lib/string.h>

/* Longest "name=value" that cmdline_find() compares in full. */
#define MAX_WORD	256

static const char *
skip_spaces(const char *s)
{
	while (*s && (u8)*s <= ' ')
		s++;
	return s;
}

/*
 * Take one character of a word from *s, stepping over quotes; *quote is the
 * open one or NUL. False at the end of the word.
 */
static bool
word_char(const char **s, char *quote, char *c)
{
	for (;; (*s)++) {
		*c = **s;
		if (!*c || (!*quote && (u8)*c <= ' '))
			return false;
		if (*quote ? *c == *quote : *c == '\'' || *c == '"') {
			*quote = *quote ? '\0' : *c;
			continue;
		}
		(*s)++;
		return true;
	}
}

bool
cmdline_next(const char **line, char *word, size_t size)
{
	const char *s = skip_spaces(*line);
	char quote = '\0', c;
	size_t n = 0;

	if (!*s)
		return false;
	while (word_char(&s, &quote, &c)) {
		if (n + 1 < size)
			word[n++] = c;
	}
	if (size)
		word[n] = '\0';
	*line = s;
	return true;
}

char *
cmdline_value(char *word)
{
	char *equals = strchr(word, '=');

	if (!equals)
		return word + strlen(word);
	*equals = '\0';
	return equals + 1;
}

bool
cmdline_find(const char *line, const char *name, char *value, size_t size)
{
	char word[MAX_WORD];
	bool found = false;

	while (cmdline_next(&line, word, sizeof(word))) {
		char *text = cmdline_value(word);

		if (strcmp(word, name) != 0)
			continue;
		strscpy(value, text, size);
		found = true;
	}
	return found;
}

/* The words move to the left as quotes go, so they fit where they stood. */
int
cmdline_split(char *line, char **argv, int max)
{
	const char *s = skip_spaces(line);
	char *out = line;
	int argc = 0;

	while (*s) {
		char quote = '\0', c;
		bool more;

		if (argc == max)
			return -E2BIG;
		argv[argc++] = out;
		while (word_char(&s, &quote, &c))
			*out++ = c;
		more = *s;
		*out++ = '\0';
		if (!more)
			break;
		s = skip_spaces(s + 1);
	}
	argv[argc] = NULL;
	return argc;
}
