/* SPDX-License-Identifier: MIT */
/*
 * The shell, in the order in which a line passes through it:
 *
 *	lex.c	    characters -> words and operators
 *	parse.c	    those -> a tree
 *	expand.c    variables, $(commands), quotes and * in a word; arith.c $((1+1))
 *	exec.c	    the tree -> processes
 *	jobs.c	    process groups, the terminal, waiting
 *	builtin.c   what must happen in the shell itself: cd, export, fg, ...
 *	main.c	    where lines come from
 *
 * Memory: a tree and all its words come from an arena (sh_alloc), given back in
 * one piece after the command that it belongs to. Variables and jobs live
 * longer and are malloc()ed.
 */
#ifndef SH_H
#define SH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum node_kind {
	NODE_COMMAND,		/* words, redirections */
	NODE_PIPE,		/* left | right */
	NODE_AND, NODE_OR,	/* left && right, left || right */
	NODE_SEQUENCE,		/* left ; right */
	NODE_BACKGROUND,	/* left & */
	NODE_NOT,		/* ! left */
	NODE_IF,		/* if cond; then left; else right */
	NODE_WHILE,		/* while cond; do left */
	NODE_UNTIL,
	NODE_FOR,		/* for words[0] in words[1...]; do left */
	NODE_GROUP,		/* { left; } with redirections */
	NODE_SUBSHELL,		/* ( left ) */
};

enum redirect_kind {
	REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_DUP,
};

struct redirect {
	struct redirect *next;
	enum redirect_kind kind;
	int fd;
	char *target;		/* a word */
};

struct node {
	enum node_kind kind;
	struct node *cond, *left, *right;
	char **words;		/* raw, with quotes; NULL-terminated */
	struct redirect *redirects;
};

/* --- arena, in main.c --- */
void *sh_alloc(size_t size);
char *sh_strndup(const char *text, size_t len);
size_t arena_mark(void);
void arena_release(size_t mark);

/* --- lex.c --- */
enum token {
	TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_PIPE, TOKEN_OR, TOKEN_AND,
	TOKEN_AMPERSAND, TOKEN_SEMICOLON, TOKEN_OPEN, TOKEN_CLOSE,
	TOKEN_REDIRECT,
};

struct lexer {
	const char *at;
	/* More text, appended behind what is left: inside quotes, or after
	 * "|" or "do". Returns the new start, NULL: there is no more. */
	const char *(*more)(struct lexer *lexer);
	enum token token;
	char *word;		/* TOKEN_WORD */
	int fd;			/* TOKEN_REDIRECT */
	enum redirect_kind kind;
	bool failed;
};
void lex_next(struct lexer *lexer);
/* Behind the bracket that closes the one at text ("(" or "{"); NULL: none. */
const char *lex_skip_bracket(const char *text);

/* --- parse.c --- */
/* One complete command line; NULL with lexer->failed: a mistake, told. */
struct node *parse_line(struct lexer *lexer);

/* --- expand.c --- */
/* All words, split and with * filled in; NULL-terminated, in the arena. */
char **expand_words(char **words);
/* One word without splitting. */
char *expand_word(const char *word);
/* The same without $ and without *: is text matched by pattern? */
bool match_pattern(const char *pattern, const char *text);
/* Files that match, appended to list; false: none does. */
struct word_list {
	char **words;
	int count, room;
};
void list_add(struct word_list *list, char *word);
bool glob_files(struct word_list *list, const char *pattern);

/* --- arith.c --- */
long arithmetic(const char *text);

/* --- exec.c --- */
int run_node(const struct node *node);
int run_text(const char *text);		/* a whole script */
int apply_redirects(const struct redirect *redirects);
/* Standard output of a command, without newlines at its end. */
char *command_output(const char *text);

/* --- jobs.c --- */
extern bool job_control;		/* a terminal, and we are in front */
void jobs_init(void);
struct job;
struct job *job_new(const char *text);
/* A child enters the group of its job: called in the child and in the shell. */
void job_add(struct job *job, pid_t pid);
void job_join(struct job *job, pid_t pid, bool foreground);
/* Wait until it ends or stops; its status. */
int job_wait(struct job *job);
void job_background(struct job *job);
void jobs_report(void);			/* those that have ended */
int jobs_builtin(int argc, char **argv);
int fg_builtin(int argc, char **argv);
int bg_builtin(int argc, char **argv);
int wait_builtin(int argc, char **argv);
int kill_builtin(int argc, char **argv);
pid_t job_group(const char *name);	/* of "%1"; 0: there is none */

/* --- builtin.c --- */
typedef int builtin_fn(int argc, char **argv);
builtin_fn *builtin_find(const char *name);
void builtin_child(void);		/* a fork of the shell begins its life */

/* --- main.c --- */
extern int last_status;			/* $? */
extern bool break_loop, continue_loop, returning;
extern char **parameters;		/* $0, $1, ... */
extern int nr_parameters;		/* $# */
extern pid_t last_background;		/* $! */
extern bool exit_on_error;
int source_file(const char *path);
void sh_error(const char *format, ...);

#endif
