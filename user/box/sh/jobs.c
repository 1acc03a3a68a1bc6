/* SPDX-License-Identifier: MIT */
/*
 * Jobs: who has the terminal, who has ended.
 *
 * With a terminal each job is a process group. The group in front gets what is
 * typed, and Ctrl-C as SIGINT; others that read stop by SIGTTIN. The shell
 * takes the terminal back when the job in front has ended or stopped.
 *
 * The race of setpgid(): the child may run, or end, before the shell does, and
 * the other way round. So both call it, and errors do not matter.
 *
 * Without a terminal (a script) all stay in the shell's group.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sh.h"

struct process {
	struct process *next;
	pid_t pid;
	int status;
	bool ended, stopped;
};

struct job {
	struct job *next;
	int number;
	pid_t group;			/* 0: the shell's */
	struct process *processes;	/* the last one first */
	bool in_list;
	char text[64];
};

static struct job *jobs;		/* the newest first */
bool job_control;
pid_t last_background;

void
jobs_init(void)
{
	static const int ignored[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGQUIT };
	size_t i;

	job_control = true;
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(0, getpgrp());
}

struct job *
job_new(const char *text)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		sh_error("out of memory");
		_exit(2);
	}
	strlcpy(job->text, text, sizeof(job->text));
	return job;
}

static void
job_free(struct job *job)
{
	struct process *process;
	struct job **link;

	for (link = &jobs; *link; link = &(*link)->next) {
		if (*link == job) {
			*link = job->next;
			break;
		}
	}
	while ((process = job->processes)) {
		job->processes = process->next;
		free(process);
	}
	free(job);
}

void
job_join(struct job *job, pid_t pid, bool foreground)
{
	if (!job_control)
		return;
	setpgid(pid, job->group ? job->group : pid);
	if (foreground)
		tcsetpgrp(0, job->group ? job->group : pid);
}

void
job_add(struct job *job, pid_t pid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return;
	process->pid = pid;
	process->next = job->processes;
	job->processes = process;
	if (job_control) {
		if (!job->group)
			job->group = pid;
		setpgid(pid, job->group);
	}
}

static void
remember(struct process *process, int status)
{
	process->stopped = WIFSTOPPED(status);
	process->ended = WIFEXITED(status) || WIFSIGNALED(status);
	process->status = status;
}

static bool
tell_job(struct job *job, pid_t pid, int status)
{
	struct process *process;

	for (process = job->processes; process; process = process->next) {
		if (process->pid == pid && !process->ended) {
			remember(process, status);
			return true;
		}
	}
	return false;
}

/* What wait() told of one process, to the job that it belongs to. current may
 * not be in the list. */
static void
tell_jobs(struct job *current, pid_t pid, int status)
{
	struct job *job;

	if (tell_job(current, pid, status))
		return;
	for (job = jobs; job && !tell_job(job, pid, status); job = job->next)
		;
}

static bool
all(const struct job *job, bool or_stopped)
{
	const struct process *process;

	for (process = job->processes; process; process = process->next) {
		if (!process->ended && !(or_stopped && process->stopped))
			return false;
	}
	return true;
}

static int
exit_value(const struct job *job)
{
	int status = job->processes ? job->processes->status : 0;

	if (WIFSTOPPED(status))
		return 128 + WSTOPSIG(status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Killed by a signal, other than by Ctrl-C or a closed pipe: say so. */
static void
tell_signal(const struct job *job)
{
	int status = job->processes ? job->processes->status : 0;
	const char *name;

	if (!WIFSIGNALED(status))
		return;
	if (WTERMSIG(status) == SIGINT) {
		fputc('\n', stderr);
		return;
	}
	if (WTERMSIG(status) == SIGPIPE)
		return;
	name = signal_name(WTERMSIG(status));
	fprintf(stderr, "%s: killed by signal %d (SIG%s)\n", job->text,
		WTERMSIG(status), name ? name : "?");
}

static void
list_job(struct job *job)
{
	if (job->in_list)
		return;
	job->number = jobs ? jobs->number + 1 : 1;
	job->in_list = true;
	job->next = jobs;
	jobs = job;
}

/* Without job control a stopped child is waited for: who stopped it goes on. */
static int
stops(void)
{
	return job_control ? WUNTRACED : 0;
}

int
job_wait(struct job *job)
{
	int status, value;
	pid_t pid;

	while (!all(job, true)) {
		pid = waitpid(-1, &status, stops());
		if (pid > 0)
			tell_jobs(job, pid, status);
		else if (errno != EINTR)
			break;
	}
	if (job_control)
		tcsetpgrp(0, getpgrp());
	value = exit_value(job);
	if (!all(job, false)) {
		list_job(job);
		fprintf(stderr, "\n[%d] stopped  %s\n", job->number, job->text);
		return value;
	}
	tell_signal(job);
	job_free(job);
	return value;
}

void
job_background(struct job *job)
{
	list_job(job);
	last_background = job->processes ? job->processes->pid : 0;
	if (job_control)
		fprintf(stderr, "[%d] %d\n", job->number, last_background);
}

static void
collect(void)
{
	int status;
	pid_t pid;

	while (jobs && (pid = waitpid(-1, &status, WNOHANG | stops() |
						   WCONTINUED)) > 0)
		tell_jobs(jobs, pid, status);
}

void
jobs_report(void)
{
	struct job *job, *next;

	collect();
	for (job = jobs; job; job = next) {
		next = job->next;
		if (!all(job, false))
			continue;
		if (job_control)
			fprintf(stderr, "[%d] done  %s\n", job->number,
				job->text);
		job_free(job);
	}
}

int
jobs_builtin(int argc, char **argv)
{
	struct job *job;

	collect();
	for (job = jobs; job; job = job->next)
		printf("[%d] %-8s %s\n", job->number,
		       all(job, false) ? "done" :
		       all(job, true) ? "stopped" : "running", job->text);
	return 0;
}

/* "%2", "2" or nothing: the newest. */
static struct job *
find_job(const char *name)
{
	struct job *job;
	int number;

	if (!name)
		return jobs;
	number = atoi(name + (*name == '%'));
	for (job = jobs; job && job->number != number; job = job->next)
		;
	return job;
}

pid_t
job_group(const char *name)
{
	struct job *job = find_job(name);

	return job ? job->group : 0;
}

static struct job *
continue_job(const char *name, bool foreground)
{
	struct job *job = find_job(name);
	struct process *process;

	if (!job || !job_control) {
		sh_error("no such job");
		return NULL;
	}
	for (process = job->processes; process; process = process->next)
		process->stopped = false;
	fprintf(stderr, "%s\n", job->text);
	if (foreground)
		tcsetpgrp(0, job->group);
	kill(-job->group, SIGCONT);
	return job;
}

int
fg_builtin(int argc, char **argv)
{
	struct job *job = continue_job(argv[1], true);

	return job ? job_wait(job) : 1;
}

int
bg_builtin(int argc, char **argv)
{
	return !continue_job(argv[1], false);
}

/* All jobs, or the processes named. */
int
wait_builtin(int argc, char **argv)
{
	struct process *process;
	struct job *job;
	int status, value = 0;
	pid_t pid;

	for (;;) {
		for (job = jobs; job && all(job, false); job = job->next)
			;
		if (argc > 1) {
			pid = atoi(argv[1]);
			for (job = jobs; job; job = job->next) {
				process = job->processes;
				if (process && process->pid == pid)
					break;
			}
			if (!job)
				return 127;
			value = exit_value(job);
			if (all(job, false))
				break;
		}
		if (!job)
			break;
		pid = waitpid(-1, &status, 0);
		if (pid > 0)
			tell_jobs(jobs, pid, status);
		else if (errno != EINTR)
			break;
		else
			return 128 + SIGINT;
	}
	if (argc <= 1)
		jobs_report();
	else if (job)
		job_free(job);
	return value;
}

/* kill %1: the rest is for the applet. */
int
kill_builtin(int argc, char **argv)
{
	int sig = SIGTERM, i, status = 0;
	pid_t group, pid;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && i == 1) {
			sig = signal_number(argv[i] + 1);
			if (sig < 0) {
				sh_error("kill: %s: no such signal", argv[i]);
				return 2;
			}
			continue;
		}
		group = argv[i][0] == '%' ? job_group(argv[i]) : 0;
		pid = group ? -group : atoi(argv[i]);
		if (!pid || kill(pid, sig)) {
			sh_error("kill: %s: %s", argv[i],
				 pid ? strerror(errno) : "no such job");
			status = 1;
		}
	}
	return status;
}
