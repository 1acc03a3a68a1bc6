/* SPDX-License-Identifier: MIT */
/*
 * sh: where lines come from, and the arena that they live in.
 *
 *	sh			the terminal, with a prompt, or a pipe
 *	sh FILE [ARGUMENTS]	a script
 *	sh -c TEXT [ARGUMENTS]	one command
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../box.h"
#include "sh.h"

#define LINE_MAX_BYTES	1024
#define CHUNK		4096

int last_status;
bool break_loop, continue_loop, returning, exit_on_error;
char **parameters;
int nr_parameters;
static bool interactive;
static int script_fd;			/* where read_more() reads */

void
sh_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("sh: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* --- arena: chunks in a list, the newest first --- */

struct chunk {
	struct chunk *older;
	size_t base;		/* bytes in all older ones */
	size_t used, size;
	_Alignas(8) char data[];
};
static struct chunk *arena;

void *
sh_alloc(size_t size)
{
	struct chunk *chunk = arena;
	size_t want;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || chunk->size - chunk->used < size) {
		want = size > CHUNK ? size : CHUNK;
		chunk = malloc(sizeof(*chunk) + want);
		if (!chunk) {
			sh_error("out of memory");
			_exit(2);
		}
		chunk->base = arena ? arena->base + arena->used : 0;
		chunk->older = arena;
		chunk->used = 0;
		chunk->size = want;
		arena = chunk;
	}
	chunk->used += size;
	return chunk->data + chunk->used - size;
}

char *
sh_strndup(const char *text, size_t len)
{
	char *copy = sh_alloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

size_t
arena_mark(void)
{
	return arena ? arena->base + arena->used : 0;
}

void
arena_release(size_t mark)
{
	struct chunk *chunk;

	while ((chunk = arena) && chunk->base >= mark && chunk->older) {
		arena = chunk->older;
		free(chunk);
	}
	if (arena)
		arena->used = mark - arena->base;
}

/* --- lines --- */

static void
prompt(const char *variable, const char *otherwise)
{
	const char *text = getenv(variable);

	fflush(stdout);
	text = text ? text : otherwise;
	write(2, text, strlen(text));
}

/* A line with its newline; false: end of file. Ctrl-C starts a new line. */
static bool
read_line(int fd, char *line, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size - 1) {
		got = read(fd, line + len, 1);
		if (got < 0 && errno == EINTR) {
			write(2, "\n", 1);
			line[0] = '\n';
			line[1] = '\0';
			return true;
		}
		if (got <= 0)
			break;
		if (line[len++] == '\n')
			break;
	}
	line[len] = '\0';
	return len > 0;
}

/* One more line behind what is left of the old one. */
static const char *
read_more(struct lexer *lexer)
{
	char line[LINE_MAX_BYTES], *joined;
	size_t left = strlen(lexer->at);

	if (interactive)
		prompt("PS2", "> ");
	if (!read_line(script_fd, line, sizeof(line)))
		return NULL;
	joined = sh_alloc(left + strlen(line) + 1);
	memcpy(joined, lexer->at, left);
	strcpy(joined + left, line);
	return joined;
}

static const char *
no_more(struct lexer *lexer)
{
	return NULL;
}

int
run_text(const char *text)
{
	struct lexer lexer = { .at = text, .more = no_more };
	struct node *node;
	size_t mark;

	while (*lexer.at && !returning) {
		mark = arena_mark();
		node = parse_line(&lexer);
		if (lexer.failed)
			return last_status = 2;
		run_node(node);
		arena_release(mark);
	}
	return last_status;
}

/*
 * The text is kept to the end: the lexer points into it. One that names its
 * own file would read on where it stood, so each has a buffer of its own.
 */
int
source_file(const char *path)
{
	char *text = read_file(path);
	int status;

	if (!text) {
		sh_error("%s: %s", path, strerror(errno));
		return 127;
	}
	status = run_text(text);
	free(text);
	return status;
}

static void
on_interrupt(int sig)
{
}

/* A terminal to be in front of: only then are there jobs to control. */
static void
become_interactive(void)
{
	struct sigaction action = { .sa_flags = 0 };

	interactive = true;
	action.sa_handler = on_interrupt;	/* no SA_RESTART: read() ends */
	sigaction(SIGINT, &action, NULL);
	if (tcgetpgrp(0) >= 0)
		jobs_init();
}

static int
run_input(void)
{
	char line[LINE_MAX_BYTES];
	struct lexer lexer = { .more = read_more };
	struct node *node;

	for (;;) {
		jobs_report();
		if (interactive)
			prompt("PS1", "$ ");
		if (!read_line(0, line, sizeof(line)))
			break;
		lexer.at = line;
		node = parse_line(&lexer);
		if (lexer.failed)
			last_status = 2;
		else
			run_node(node);
		break_loop = continue_loop = returning = false;
		fflush(stdout);
		arena_release(0);
	}
	if (interactive)
		write(2, "\n", 1);
	return last_status;
}

static int
sh_main(int argc, char **argv)
{
	parameters = argv;
	nr_parameters = 0;
	if (argc > 2 && !strcmp(argv[1], "-c")) {
		if (argc > 3) {
			parameters = argv + 3;
			nr_parameters = argc - 4;
		}
		return run_text(argv[2]);
	}
	if (argc > 1 && argv[1][0] != '-') {
		parameters = argv + 1;
		nr_parameters = argc - 2;
		return source_file(argv[1]);
	}
	if (isatty(0))
		become_interactive();
	if (argv[0][0] == '-' && access("/etc/profile", 0) == 0)
		source_file("/etc/profile");
	return run_input();
}
APPLET(sh, sh_main, "[-c TEXT | FILE] [ARGUMENTS]|the shell");
