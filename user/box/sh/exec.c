/* SPDX-License-Identifier: MIT */
/*
 * A tree to processes.
 *
 * A pipeline or a command outside the shell is a job: a process group of its
 * own, which has the terminal while it is in front. Only what needs a process
 * gets one: `cd /tmp && x=1` runs in the shell.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../box.h"
#include "sh.h"

/* A process that does not come back: run what node says and exit. */
static void child_main(const struct node *node) __attribute__((noreturn));

/* "NAME=": its length; 0: it is none. */
static size_t
assignment(const char *word)
{
	size_t len = 0;

	if (!isalpha((unsigned char)*word) && *word != '_')
		return 0;
	while (isalnum((unsigned char)word[len]) || word[len] == '_')
		len++;
	return word[len] == '=' ? len + 1 : 0;
}

static void
assign(const char *word, size_t len)
{
	setenv(sh_strndup(word, len - 1), expand_word(word + len), 1);
}

static int
open_target(const struct redirect *redirect, const char *target)
{
	switch (redirect->kind) {
	case REDIRECT_IN:
		return open(target, O_RDONLY);
	case REDIRECT_OUT:
		return open(target, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	case REDIRECT_APPEND:
		return open(target, O_WRONLY | O_CREAT | O_APPEND, 0666);
	default:
		return dup(atoi(target));
	}
}

int
apply_redirects(const struct redirect *redirects)
{
	const struct redirect *redirect;

	for (redirect = redirects; redirect; redirect = redirect->next) {
		char *target = expand_word(redirect->target);
		int fd = open_target(redirect, target);

		if (fd < 0) {
			sh_error("%s: %s", target, strerror(errno));
			return -1;
		}
		if (fd != redirect->fd) {
			dup2(fd, redirect->fd);
			close(fd);
		}
	}
	return 0;
}

/* A command in the shell itself, with 0 to 2 put back afterwards. */
static int
run_redirected(const struct node *node, int (*run)(const struct node *,
						   char **), char **words)
{
	int saved[3], i, status = 1;

	if (!node->redirects)
		return run(node, words);
	fflush(stdout);
	for (i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
	if (!apply_redirects(node->redirects))
		status = run(node, words);
	fflush(stdout);
	for (i = 0; i < 3; i++) {
		if (saved[i] >= 0) {
			dup2(saved[i], i);
			close(saved[i]);
		}
	}
	return status;
}

static int
count_words(char **words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static int
run_builtin(const struct node *node, char **words)
{
	int status = builtin_find(words[0])(count_words(words), words);

	fflush(stdout);
	return status;
}

static int
run_group(const struct node *node, char **words)
{
	return run_node(node->left);
}

/* Become the program; exit status 127 and 126 as POSIX has them. */
static void
exec_words(char **words)
{
	int err;

	execvp(words[0], words);
	err = errno;
	if (err == ENOENT && !strchr(words[0], '/'))
		sh_error("%s: not found (help lists what there is)", words[0]);
	else
		sh_error("%s: %s", words[0], strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

static void
child_command(const struct node *node)
{
	char **words = node->words;
	size_t len;

	for (; *words && (len = assignment(*words)); words++)
		assign(*words, len);
	words = expand_words(words);
	if (apply_redirects(node->redirects))
		_exit(1);
	if (!words[0])
		_exit(0);
	if (builtin_find(words[0]))
		exit(run_builtin(node, words));
	exec_words(words);
}

static void
child_main(const struct node *node)
{
	builtin_child();
	if (node->kind == NODE_COMMAND)
		child_command(node);
	if (apply_redirects(node->redirects))
		_exit(1);
	last_status = run_node(node->kind == NODE_SUBSHELL ? node->left : node);
	fflush(stdout);
	_exit(last_status);
}

/* fork, with in and out as its input and output (-1: the shell's). */
static pid_t
start_child(struct job *job, const struct node *node, int in, int out,
	    bool foreground)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		sh_error("fork: %s", strerror(errno));
		return -1;
	}
	if (pid) {
		job_add(job, pid);
		return pid;
	}
	job_join(job, getpid(), foreground);
	if (in >= 0) {
		dup2(in, 0);
		close(in);
	}
	if (out >= 0) {
		dup2(out, 1);
		close(out);
	}
	child_main(node);
}

/* a | b | c leans to the left: ((a | b) | c). Returns false if it broke. */
static bool
start_pipeline(struct job *job, const struct node *node, int out,
	       bool foreground)
{
	int fds[2] = { -1, -1 };
	bool good = true;

	if (node->kind == NODE_PIPE) {
		if (pipe(fds)) {
			sh_error("pipe: %s", strerror(errno));
			return false;
		}
		/* So that no other child of the job keeps an end open. */
		fcntl(fds[0], F_SETFD, FD_CLOEXEC);
		good = start_pipeline(job, node->left, fds[1], foreground);
		close(fds[1]);
		node = node->right;
	}
	good = good && start_child(job, node, fds[0], out, foreground) > 0;
	if (fds[0] >= 0)
		close(fds[0]);
	return good;
}

/* The first words, for the list of jobs. */
static void
describe(const struct node *node, char *text, size_t size)
{
	size_t len;
	int i;

	if (!node || size < 8)
		return;
	if (node->kind == NODE_COMMAND) {
		for (i = 0; node->words[i]; i++) {
			len = strlcpy(text, node->words[i], size);
			if (len + 2 >= size)
				return;
			text += len;
			size -= len;
			if (node->words[i + 1]) {
				*text++ = ' ';
				size--;
			}
		}
		*text = '\0';
		return;
	}
	if (node->kind != NODE_PIPE) {
		strlcpy(text, "(...)", size);
		return;
	}
	describe(node->left, text, size);
	len = strlen(text);
	strlcpy(text + len, " | ", size - len);
	len = strlen(text);
	describe(node->right, text + len, size - len);
}

static int
run_job(const struct node *node, bool foreground)
{
	char text[64] = "";
	struct job *job;

	describe(node, text, sizeof(text));
	job = job_new(text);
	if (!start_pipeline(job, node, -1, foreground))
		last_status = 1;
	if (foreground)
		return job_wait(job);
	job_background(job);
	return 0;
}

static int
run_command(const struct node *node)
{
	char **words = node->words;
	size_t len;

	while (*words && (len = assignment(*words)))
		words++;
	if (!*words) {		/* nothing but assignments: they stay */
		last_status = 0;
		for (words = node->words; *words; words++)
			assign(*words, assignment(*words));
		return run_redirected(node, run_group, NULL) ? 1 : last_status;
	}
	if (words == node->words && builtin_find(words[0]))
		return run_redirected(node, run_builtin, expand_words(words));
	words = expand_words(words);
	if (!words[0])
		return 0;
	if (builtin_find(words[0]) && node->words[0][0] == '$')
		return run_redirected(node, run_builtin, words);
	return run_job(node, true);
}

/* false: leave the loop. */
static bool
loop_goes_on(void)
{
	bool go_on = !break_loop && !returning;

	continue_loop = false;
	break_loop = false;
	return go_on;
}

static int
run_while(const struct node *node, char **words)
{
	int status = 0;

	while ((run_node(node->cond) == 0) == (node->kind == NODE_WHILE)) {
		if (break_loop || returning)
			break;
		status = run_node(node->left);
		if (!loop_goes_on() || status == 128 + 2)
			break;
	}
	break_loop = false;
	return status;
}

static int
run_for(const struct node *node, char **words)
{
	char **values = expand_words(node->words + 1);
	int status = 0;

	for (; *values; values++) {
		setenv(node->words[0], *values, 1);
		status = run_node(node->left);
		if (!loop_goes_on() || status == 128 + 2)
			break;
	}
	return status;
}

static int
run_kind(const struct node *node)
{
	int status;

	switch (node->kind) {
	case NODE_COMMAND:
		return run_command(node);
	case NODE_PIPE:
	case NODE_SUBSHELL:
		return run_job(node, true);
	case NODE_AND:
		status = run_node(node->left);
		return status ? status : run_node(node->right);
	case NODE_OR:
		status = run_node(node->left);
		return status ? run_node(node->right) : status;
	case NODE_SEQUENCE:
		run_node(node->left);
		return run_node(node->right);
	case NODE_BACKGROUND:
		return run_job(node->left, false);
	case NODE_NOT:
		return !run_node(node->left);
	case NODE_IF:
		return run_node(run_node(node->cond) ? node->right :
						       node->left);
	case NODE_WHILE:
	case NODE_UNTIL:
		return run_redirected(node, run_while, NULL);
	case NODE_FOR:
		return run_redirected(node, run_for, NULL);
	case NODE_GROUP:
		return run_redirected(node, run_group, NULL);
	}
	return 0;
}

/* What a node that is not there (an empty line, no else) does: nothing. */
int
run_node(const struct node *node)
{
	if (!node)
		return 0;
	if (break_loop || continue_loop || returning)
		return last_status;
	last_status = run_kind(node);
	if (exit_on_error && last_status && node->kind == NODE_COMMAND)
		exit(last_status);
	return last_status;
}

char *
command_output(const char *text)
{
	int fds[2], i, n, len = 0, room = 256;
	char *output = sh_alloc(room + 1), *more;
	struct job *job;
	pid_t pid;

	output[0] = '\0';
	if (pipe(fds))
		return output;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		dup2(fds[1], 1);
		close(fds[1]);
		builtin_child();
		_exit(run_text(text));
	}
	close(fds[1]);
	while (pid > 0 && (n = read(fds[0], output + len, room - len)) > 0) {
		len += n;
		if (len < room)
			continue;
		more = sh_alloc(2 * room + 1);
		memcpy(more, output, len);
		output = more;
		room *= 2;
	}
	close(fds[0]);
	job = job_new(text);
	if (pid > 0) {
		job_add(job, pid);
		last_status = job_wait(job);
	}
	for (i = len; i > 0 && output[i - 1] == '\n'; i--)
		;
	output[i] = '\0';
	return output;
}
