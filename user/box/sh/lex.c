/* SPDX-License-Identifier: MIT */
/*
 * Characters to words and operators.
 *
 * A word keeps its quotes: what they mean is known only when it is expanded.
 * Here they matter so far that a blank inside them does not end the word.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sh.h"

/* Behind the quotes at text; NULL: they are not closed. */
static const char *
skip_quotes(const char *text)
{
	char quote = *text++;

	for (; *text != quote; text++) {
		if (!*text)
			return NULL;
		if (quote == '"' && *text == '\\' && text[1])
			text++;
	}
	return text + 1;
}

const char *
lex_skip_bracket(const char *text)
{
	char open = *text, close = open == '(' ? ')' : '}';
	int depth = 0;

	while (text && *text) {
		if (*text == '\'' || *text == '"') {
			text = skip_quotes(text);
			continue;
		}
		if (*text == '\\' && text[1])
			text++;
		else if (*text == open)
			depth++;
		else if (*text == close && --depth == 0)
			return text + 1;
		text++;
	}
	return NULL;
}

/* Behind the word at text; NULL: something in it is not closed. */
static const char *
word_end(const char *text)
{
	while (text && *text && !strchr(" \t\n|&;<>()", *text)) {
		if (*text == '\'' || *text == '"')
			text = skip_quotes(text);
		else if (*text == '$' && (text[1] == '(' || text[1] == '{'))
			text = lex_skip_bracket(text + 1);
		else if (*text == '\\' && text[1])
			text += 2;
		else
			text++;
	}
	return text;
}

static void
lex_word(struct lexer *lexer)
{
	const char *end;

	while (!(end = word_end(lexer->at))) {
		lexer->at = lexer->more(lexer);
		if (!lexer->at) {
			sh_error("a quote or bracket is not closed");
			lexer->at = "";
			lexer->failed = true;
			lexer->token = TOKEN_END;
			return;
		}
	}
	lexer->word = sh_strndup(lexer->at, end - lexer->at);
	lexer->token = TOKEN_WORD;
	lexer->at = end;
}

/* <, >, >>, >&, with a number before it or not. */
static bool
lex_redirect(struct lexer *lexer)
{
	const char *at = lexer->at;
	int fd = -1;

	if (isdigit((unsigned char)*at) && (at[1] == '<' || at[1] == '>'))
		fd = *at++ - '0';
	if (*at != '<' && *at != '>')
		return false;
	lexer->fd = fd >= 0 ? fd : *at == '>';
	lexer->kind = *at == '<' ? REDIRECT_IN : REDIRECT_OUT;
	if (at[0] == '>' && at[1] == '>') {
		lexer->kind = REDIRECT_APPEND;
		at++;
	} else if (at[1] == '&') {
		lexer->kind = REDIRECT_DUP;
		at++;
	}
	lexer->at = at + 1;
	lexer->token = TOKEN_REDIRECT;
	return true;
}

static bool
lex_operator(struct lexer *lexer)
{
	static const struct {
		const char *text;
		enum token token;
	} table[] = {		/* the longer first */
		{ "||", TOKEN_OR }, { "|", TOKEN_PIPE }, { "&&", TOKEN_AND },
		{ "&", TOKEN_AMPERSAND }, { ";", TOKEN_SEMICOLON },
		{ "(", TOKEN_OPEN }, { ")", TOKEN_CLOSE },
		{ "\n", TOKEN_NEWLINE },
	};
	size_t i, len;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		len = strlen(table[i].text);
		if (strncmp(lexer->at, table[i].text, len))
			continue;
		lexer->at += len;
		lexer->token = table[i].token;
		return true;
	}
	return false;
}

void
lex_next(struct lexer *lexer)
{
	while (*lexer->at == ' ' || *lexer->at == '\t' ||
	       (lexer->at[0] == '\\' && lexer->at[1] == '\n'))
		lexer->at += *lexer->at == '\\' ? 2 : 1;
	if (*lexer->at == '#')
		lexer->at += strcspn(lexer->at, "\n");
	if (!*lexer->at) {
		lexer->token = TOKEN_END;
		return;
	}
	if (!lex_redirect(lexer) && !lex_operator(lexer))
		lex_word(lexer);
}
