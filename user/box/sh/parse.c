/* SPDX-License-Identifier: MIT */
/*
 * Words and operators to a tree, by recursive descent:
 *
 *	line	  list newline
 *	list	  and_or { (";" | "&" | newline) and_or }
 *	and_or	  pipe { ("&&" | "||") pipe }
 *	pipe	  [ "!" ] command { "|" command }
 *	command	  if | while | for | "{" list "}" | "(" list ")" | simple
 *	simple	  { word | redirection }
 *
 * A keyword is one only where a command may begin: `echo if` prints "if".
 */
#include <string.h>

#include "sh.h"

static struct node *parse_list(struct lexer *lexer, bool inner);

static struct node *
node_new(enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = sh_alloc(sizeof(*node));

	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->left = left;
	node->right = right;
	return node;
}

/* The first mistake is told; the rest of the line is passed over. */
static void *
fail(struct lexer *lexer)
{
	if (!lexer->failed && lexer->token == TOKEN_WORD)
		sh_error("syntax error at '%s'", lexer->word);
	else if (!lexer->failed)
		sh_error("syntax error");
	lexer->failed = true;
	return NULL;
}

static bool
at_word(const struct lexer *lexer, const char *word)
{
	return lexer->token == TOKEN_WORD && !strcmp(lexer->word, word);
}

static bool
expect_word(struct lexer *lexer, const char *word)
{
	if (!at_word(lexer, word)) {
		fail(lexer);
		return false;
	}
	lex_next(lexer);
	return true;
}

/* Passes over newlines; at the end of the text it asks for more. */
static void
skip_newlines(struct lexer *lexer)
{
	while (lexer->token == TOKEN_NEWLINE || lexer->token == TOKEN_END) {
		if (lexer->token == TOKEN_END) {
			const char *more = lexer->more(lexer);

			if (!more)
				return;
			lexer->at = more;
		}
		lex_next(lexer);
	}
}

/* Words that end the list before them. */
static bool
at_end_of_list(const struct lexer *lexer)
{
	static const char *const enders[] = {
		"then", "else", "elif", "fi", "do", "done", "}",
	};
	size_t i;

	if (lexer->token == TOKEN_CLOSE || lexer->token == TOKEN_END)
		return true;
	for (i = 0; i < sizeof(enders) / sizeof(enders[0]); i++) {
		if (at_word(lexer, enders[i]))
			return true;
	}
	return false;
}

static void
parse_redirect(struct lexer *lexer, struct node *node)
{
	struct redirect *redirect = sh_alloc(sizeof(*redirect)), **link;

	redirect->next = NULL;
	redirect->kind = lexer->kind;
	redirect->fd = lexer->fd;
	lex_next(lexer);
	if (lexer->token != TOKEN_WORD) {
		fail(lexer);
		return;
	}
	redirect->target = lexer->word;
	for (link = &node->redirects; *link; link = &(*link)->next)
		;
	*link = redirect;
	lex_next(lexer);
}

static void
parse_redirects(struct lexer *lexer, struct node *node)
{
	while (node && lexer->token == TOKEN_REDIRECT && !lexer->failed)
		parse_redirect(lexer, node);
}

static struct node *
parse_simple(struct lexer *lexer)
{
	struct node *node = node_new(NODE_COMMAND, NULL, NULL);
	struct word_list list = { NULL, 0, 0 };

	while (!lexer->failed) {
		if (lexer->token == TOKEN_REDIRECT) {
			parse_redirect(lexer, node);
		} else if (lexer->token == TOKEN_WORD) {
			list_add(&list, lexer->word);
			lex_next(lexer);
		} else {
			break;
		}
	}
	list_add(&list, NULL);
	node->words = list.words;
	if (list.count == 1 && !node->redirects)
		return fail(lexer);
	return node;
}

/* Behind "if" or "elif". */
static struct node *
parse_if(struct lexer *lexer)
{
	struct node *node = node_new(NODE_IF, NULL, NULL);

	lex_next(lexer);
	node->cond = parse_list(lexer, true);
	if (!expect_word(lexer, "then"))
		return NULL;
	node->left = parse_list(lexer, true);
	if (at_word(lexer, "elif")) {
		node->right = parse_if(lexer);
		return node;
	}
	if (at_word(lexer, "else")) {
		lex_next(lexer);
		node->right = parse_list(lexer, true);
	}
	return expect_word(lexer, "fi") ? node : NULL;
}

static bool
parse_do(struct lexer *lexer, struct node *node)
{
	if (!expect_word(lexer, "do"))
		return false;
	node->left = parse_list(lexer, true);
	return expect_word(lexer, "done");
}

static struct node *
parse_while(struct lexer *lexer)
{
	struct node *node = node_new(at_word(lexer, "while") ? NODE_WHILE :
							       NODE_UNTIL,
				     NULL, NULL);

	lex_next(lexer);
	node->cond = parse_list(lexer, true);
	return parse_do(lexer, node) ? node : NULL;
}

static struct node *
parse_for(struct lexer *lexer)
{
	struct node *node = node_new(NODE_FOR, NULL, NULL);
	struct word_list list = { NULL, 0, 0 };

	lex_next(lexer);
	if (lexer->token != TOKEN_WORD)
		return fail(lexer);
	list_add(&list, lexer->word);
	lex_next(lexer);
	skip_newlines(lexer);
	if (at_word(lexer, "in")) {
		for (lex_next(lexer); lexer->token == TOKEN_WORD;
		     lex_next(lexer))
			list_add(&list, lexer->word);
	} else {
		list_add(&list, "\"$@\"");
	}
	list_add(&list, NULL);
	node->words = list.words;
	if (lexer->token == TOKEN_SEMICOLON)
		lex_next(lexer);
	skip_newlines(lexer);
	return parse_do(lexer, node) ? node : NULL;
}

static struct node *
parse_subshell(struct lexer *lexer)
{
	struct node *node = node_new(NODE_SUBSHELL, NULL, NULL);

	lex_next(lexer);
	node->left = parse_list(lexer, true);
	if (lexer->token != TOKEN_CLOSE)
		return fail(lexer);
	lex_next(lexer);
	return node;
}

static struct node *
parse_group(struct lexer *lexer)
{
	struct node *node = node_new(NODE_GROUP, NULL, NULL);

	lex_next(lexer);
	node->left = parse_list(lexer, true);
	return expect_word(lexer, "}") ? node : NULL;
}

static struct node *
parse_command(struct lexer *lexer)
{
	struct node *node;

	if (at_word(lexer, "if"))
		node = parse_if(lexer);
	else if (at_word(lexer, "while") || at_word(lexer, "until"))
		node = parse_while(lexer);
	else if (at_word(lexer, "for"))
		node = parse_for(lexer);
	else if (at_word(lexer, "{"))
		node = parse_group(lexer);
	else if (lexer->token == TOKEN_OPEN)
		node = parse_subshell(lexer);
	else if (at_end_of_list(lexer))
		return fail(lexer);
	else
		return parse_simple(lexer);
	parse_redirects(lexer, node);
	return node;
}

static struct node *
parse_pipe(struct lexer *lexer)
{
	bool negate = at_word(lexer, "!");
	struct node *node;

	if (negate)
		lex_next(lexer);
	node = parse_command(lexer);
	while (lexer->token == TOKEN_PIPE && !lexer->failed) {
		lex_next(lexer);
		skip_newlines(lexer);
		node = node_new(NODE_PIPE, node, parse_command(lexer));
	}
	return negate ? node_new(NODE_NOT, node, NULL) : node;
}

static struct node *
parse_and_or(struct lexer *lexer)
{
	struct node *node = parse_pipe(lexer);

	while ((lexer->token == TOKEN_AND || lexer->token == TOKEN_OR) &&
	       !lexer->failed) {
		enum node_kind kind = lexer->token == TOKEN_AND ? NODE_AND :
								  NODE_OR;

		lex_next(lexer);
		skip_newlines(lexer);
		node = node_new(kind, node, parse_pipe(lexer));
	}
	return node;
}

/*
 * inner: inside brackets or between keywords, where a newline separates as a
 * semicolon does; on the outside it ends the line.
 */
static struct node *
parse_list(struct lexer *lexer, bool inner)
{
	struct node *list = NULL, *node;

	if (inner)
		skip_newlines(lexer);
	while (!lexer->failed && !at_end_of_list(lexer) &&
	       lexer->token != TOKEN_NEWLINE) {
		node = parse_and_or(lexer);
		if (lexer->token == TOKEN_AMPERSAND)
			node = node_new(NODE_BACKGROUND, node, NULL);
		list = list ? node_new(NODE_SEQUENCE, list, node) : node;
		if (lexer->token == TOKEN_AMPERSAND ||
		    lexer->token == TOKEN_SEMICOLON)
			lex_next(lexer);
		else if (lexer->token != TOKEN_NEWLINE &&
			 lexer->token != TOKEN_END)
			break;
		if (inner)
			skip_newlines(lexer);
	}
	if (inner && !list)
		return fail(lexer);
	return list;
}

struct node *
parse_line(struct lexer *lexer)
{
	struct node *node;

	lexer->failed = false;
	lex_next(lexer);
	node = parse_list(lexer, false);
	if (!lexer->failed && lexer->token != TOKEN_NEWLINE &&
	    lexer->token != TOKEN_END)
		fail(lexer);
	return lexer->failed ? NULL : node;
}
