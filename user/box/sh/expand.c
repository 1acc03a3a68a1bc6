/* SPDX-License-Identifier: MIT */
/*
 * What a word stands for.
 *
 *	raw word	$HOME/"my file"*.c
 *	1 expand	variables and commands, quotes taken away; each
 *			character remembers whether it was quoted
 *	2 split		at blanks that came unquoted out of a $
 *	3 files		words with an unquoted * or ? name files, if any match
 *
 * Quoted is a bit beside each character: a mark 0x01 before a character that
 * must be taken as it is. Words of files have no 0x01 in them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

#define QUOTED	'\001'
#define SPLIT	'\002'			/* a blank at which words part */
#define EMPTY	'\003'			/* "" is a word too */

struct text {
	char *at;			/* malloc()ed */
	size_t len, room;
};

static void
put(struct text *text, char c)
{
	if (text->len + 1 >= text->room) {
		text->room = text->room ? 2 * text->room : 64;
		text->at = realloc(text->at, text->room);
		if (!text->at) {
			sh_error("out of memory");
			_exit(2);
		}
	}
	text->at[text->len++] = c;
	text->at[text->len] = '\0';
}

static void
put_string(struct text *text, const char *string, bool quoted)
{
	for (; *string; string++) {
		if (!quoted && isspace((unsigned char)*string)) {
			put(text, SPLIT);
			continue;
		}
		if (quoted)
			put(text, QUOTED);
		put(text, *string);
	}
}

static void
put_number(struct text *text, long number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%ld", number);
	put_string(text, digits, true);
}

/* $@ and $*: one word each if quoted. */
static void
put_parameters(struct text *text, bool quoted)
{
	int i;

	for (i = 1; i <= nr_parameters; i++) {
		if (i > 1)
			put(text, SPLIT);
		put_string(text, parameters[i], quoted);
	}
}

/* $1, $?, ...: true if c is one of those. */
static bool
put_special(struct text *text, char c, bool quoted)
{
	if (isdigit((unsigned char)c)) {
		if (c - '0' <= nr_parameters)
			put_string(text, parameters[c - '0'], quoted);
	} else if (c == '?') {
		put_number(text, last_status);
	} else if (c == '$') {
		put_number(text, getpid());
	} else if (c == '#') {
		put_number(text, nr_parameters);
	} else if (c == '!') {
		put_number(text, last_background);
	} else if (c == '@' || c == '*') {
		put_parameters(text, quoted);
	} else {
		return false;
	}
	return true;
}

static void
put_variable(struct text *text, const char *name, size_t len, bool quoted)
{
	char *copy = sh_strndup(name, len), *value;
	char *use = strstr(copy, ":-");

	if (use)
		*use = '\0';
	if (copy[0] == '#' && copy[1]) {	/* ${#name} */
		value = getenv(copy + 1);
		put_number(text, value ? strlen(value) : 0);
		return;
	}
	if (copy[0] && !copy[1] && put_special(text, copy[0], quoted))
		return;
	value = getenv(copy);
	if (value && *value)
		put_string(text, value, quoted);
	else if (use)
		put_string(text, expand_word(use + 2), quoted);
}

/* At a $; returns what is behind it and its name. */
static const char *
expand_dollar(struct text *text, const char *at, bool quoted)
{
	const char *end;

	at++;
	if (at[0] == '(' && at[1] == '(') {
		end = lex_skip_bracket(at);
		put_number(text, arithmetic(expand_word(
			sh_strndup(at + 2, end - at - 4))));
		return end;
	}
	if (*at == '(') {
		end = lex_skip_bracket(at);
		put_string(text, command_output(sh_strndup(at + 1,
							   end - at - 2)),
			   quoted);
		return end;
	}
	if (*at == '{') {
		end = lex_skip_bracket(at);
		put_variable(text, at + 1, end - at - 2, quoted);
		return end;
	}
	if (*at && put_special(text, *at, quoted))
		return at + 1;
	for (end = at; isalnum((unsigned char)*end) || *end == '_'; end++)
		;
	if (end == at)
		put_string(text, "$", true);
	else
		put_variable(text, at, end - at, quoted);
	return end;
}

static const char *
expand_double_quotes(struct text *text, const char *at)
{
	bool parameters_only = !strncmp(at, "\"$@\"", 4);

	if (!parameters_only)
		put(text, EMPTY);
	for (at++; *at && *at != '"';) {
		if (*at == '$') {
			at = expand_dollar(text, at, true);
			continue;
		}
		if (*at == '\\' && at[1] && strchr("\"\\$", at[1]))
			at++;
		put(text, QUOTED);
		put(text, *at++);
	}
	return at + (*at == '"');
}

static void
expand_raw(struct text *text, const char *at)
{
	if (*at == '~' && (!at[1] || at[1] == '/')) {
		put_variable(text, "HOME", 4, true);
		at++;
	}
	while (*at) {
		if (*at == '\'') {
			put(text, EMPTY);
			for (at++; *at && *at != '\''; at++) {
				put(text, QUOTED);
				put(text, *at);
			}
			at += *at == '\'';
		} else if (*at == '"') {
			at = expand_double_quotes(text, at);
		} else if (*at == '\\' && at[1]) {
			put(text, QUOTED);
			put(text, at[1]);
			at += 2;
		} else if (*at == '$') {
			at = expand_dollar(text, at, false);
		} else {
			put(text, *at++);
		}
	}
}

/* Marks taken away. */
static char *
plain(const char *text, size_t len)
{
	char *copy = sh_alloc(len + 1);
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == QUOTED && i + 1 < len)
			copy[n++] = text[++i];
		else if (text[i] != EMPTY)
			copy[n++] = text[i] == SPLIT ? ' ' : text[i];
	}
	copy[n] = '\0';
	return copy;
}

/* A pattern in which what was quoted has a backslash before it. */
static char *
as_pattern(const char *text, size_t len, bool *magic)
{
	char *copy = sh_alloc(2 * len + 1);
	size_t i, n = 0;

	*magic = false;
	for (i = 0; i < len; i++) {
		if (text[i] == EMPTY)
			continue;
		if (text[i] == QUOTED && i + 1 < len) {
			i++;
			if (strchr("*?\\", text[i]))
				copy[n++] = '\\';
		} else if (text[i] == '*' || text[i] == '?') {
			*magic = true;
		}
		copy[n++] = text[i];
	}
	copy[n] = '\0';
	return copy;
}

static void
add_field(struct word_list *list, const char *text, size_t len)
{
	bool magic;
	char *pattern = as_pattern(text, len, &magic);

	if (!magic || !glob_files(list, pattern))
		list_add(list, plain(text, len));
}

static void
split_fields(struct word_list *list, const struct text *text)
{
	size_t i = 0, start;

	while (i < text->len) {
		if (text->at[i] == SPLIT) {
			i++;
			continue;
		}
		for (start = i; i < text->len && text->at[i] != SPLIT; i++)
			i += text->at[i] == QUOTED;
		add_field(list, text->at + start, i - start);
	}
}

char **
expand_words(char **words)
{
	struct word_list list = { NULL, 0, 0 };

	for (; *words; words++) {
		struct text text = { NULL, 0, 0 };

		expand_raw(&text, *words);
		split_fields(&list, &text);
		free(text.at);
	}
	list_add(&list, NULL);
	return list.words;
}

char *
expand_word(const char *word)
{
	struct text text = { NULL, 0, 0 };
	char *result;

	expand_raw(&text, word);
	result = plain(text.at ? text.at : "", text.len);
	free(text.at);
	return result;
}
