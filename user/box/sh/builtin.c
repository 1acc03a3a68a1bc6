/* SPDX-License-Identifier: MIT */
/* Commands that change the shell itself, and a few that would be slow else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../box.h"
#include "sh.h"

static int
cd_builtin(int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : getenv("HOME");
	char path[256];

	if (!to)
		to = "/";
	if (!strcmp(to, "-") && getenv("OLDPWD"))
		to = getenv("OLDPWD");
	if (!getcwd(path, sizeof(path)))
		path[0] = '\0';
	if (chdir(to)) {
		sh_error("cd: %s: %s", to, strerror(errno));
		return 1;
	}
	setenv("OLDPWD", path, 1);
	if (getcwd(path, sizeof(path)))
		setenv("PWD", path, 1);
	return 0;
}

static int
exit_builtin(int argc, char **argv)
{
	fflush(stdout);
	exit(argc > 1 ? atoi(argv[1]) : last_status);
}

/* Every variable is exported here; export only names or sets one. */
static int
export_builtin(int argc, char **argv)
{
	char *equals;
	int i;

	for (i = 1; i < argc; i++) {
		equals = strchr(argv[i], '=');
		if (equals)
			setenv(sh_strndup(argv[i], equals - argv[i]),
			       equals + 1, 1);
	}
	for (i = 0; argc == 1 && environ[i]; i++)
		puts(environ[i]);
	return 0;
}

static int
unset_builtin(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		unsetenv(argv[i]);
	return 0;
}

static int
true_builtin(int argc, char **argv)
{
	return 0;
}

static int
false_builtin(int argc, char **argv)
{
	return 1;
}

static int
applet_builtin(int argc, char **argv)
{
	const char *outer = program;
	int status;

	program = argv[0];
	status = applet_find(argv[0])->run(argc, argv);
	program = outer;
	return status;
}

static int
break_builtin(int argc, char **argv)
{
	break_loop = !strcmp(argv[0], "break");
	continue_loop = !break_loop;
	return 0;
}

static int
shift_builtin(int argc, char **argv)
{
	if (nr_parameters > 0) {
		parameters[1] = parameters[0];
		parameters++;
		nr_parameters--;
	}
	return 0;
}

static int
set_builtin(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-e"))
		exit_on_error = true;
	else if (argc > 1 && !strcmp(argv[1], "+e"))
		exit_on_error = false;
	else
		return export_builtin(1, argv);
	return 0;
}

/* A line of standard input, byte by byte: what follows is not ours. */
static int
read_builtin(int argc, char **argv)
{
	char line[512], *rest = line, *part;
	size_t len = 0;
	int i, got = 0;

	while (len < sizeof(line) - 1 && (got = read(0, line + len, 1)) > 0 &&
	       line[len] != '\n')
		len++;
	line[len] = '\0';
	for (i = 1; i < argc; i++) {
		rest += strspn(rest, " \t");
		part = rest;
		if (i < argc - 1) {
			rest += strcspn(rest, " \t");
			if (*rest)
				*rest++ = '\0';
		}
		setenv(argv[i], part, 1);
	}
	return got > 0 || len ? 0 : 1;
}

static int
exec_builtin(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	builtin_child();
	execvp(argv[1], argv + 1);
	sh_error("exec: %s: %s", argv[1], strerror(errno));
	_exit(126);
}

static int
source_builtin(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 2;
	status = source_file(argv[1]);
	returning = false;
	return status;
}

static int
return_builtin(int argc, char **argv)
{
	returning = true;
	return argc > 1 ? atoi(argv[1]) : last_status;
}

static int
umask_builtin(int argc, char **argv)
{
	mode_t old;

	if (argc > 1) {
		umask(strtol(argv[1], NULL, 8));
		return 0;
	}
	old = umask(0);
	umask(old);
	printf("%04o\n", (unsigned)old);
	return 0;
}

static const struct {
	char option;
	int what;
	unsigned unit;
	const char *name;
} limits[] = {
	{ 'd', RLIMIT_DATA, 1024, "data, KiB" },
	{ 'l', RLIMIT_MEMLOCK, 1024, "locked memory, KiB" },
	{ 'n', RLIMIT_NOFILE, 1, "open files" },
	{ 's', RLIMIT_STACK, 1024, "stack, KiB" },
	{ 'u', RLIMIT_NPROC, 1, "processes" },
	{ 'v', RLIMIT_AS, 1024, "address space, KiB" },
};

static void
print_limit(unsigned long value, unsigned unit)
{
	if (value == RLIM_INFINITY)
		puts("unlimited");
	else
		printf("%lu\n", value / unit);
}

/* ulimit [-d|-l|-n|-s|-u|-v] [VALUE]; without an option all are shown. */
static int
ulimit_builtin(int argc, char **argv)
{
	struct rlimit limit;
	size_t i;
	char option = argc > 1 && argv[1][0] == '-' ? argv[1][1] : 'a';

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (option != 'a' && option != limits[i].option)
			continue;
		if (getrlimit(limits[i].what, &limit))
			return complain("ulimit");
		if (option == 'a')
			printf("-%c  %-20s ", limits[i].option, limits[i].name);
		if (option == 'a' || argc < 3) {
			print_limit(limit.rlim_cur, limits[i].unit);
			continue;
		}
		limit.rlim_cur = limit.rlim_max =
			!strcmp(argv[2], "unlimited") ? RLIM_INFINITY :
			strtoul(argv[2], NULL, 0) * limits[i].unit;
		if (setrlimit(limits[i].what, &limit))
			return complain("ulimit");
	}
	return 0;
}

static const struct {
	const char *name;
	builtin_fn *run;
} builtins[] = {
	{ ":", true_builtin }, { "true", true_builtin },
	{ "false", false_builtin }, { "cd", cd_builtin },
	{ "exit", exit_builtin }, { "export", export_builtin },
	{ "unset", unset_builtin }, { "set", set_builtin },
	{ "echo", applet_builtin }, { "test", applet_builtin },
	{ "[", applet_builtin }, { "break", break_builtin },
	{ "continue", break_builtin }, { "shift", shift_builtin },
	{ "read", read_builtin }, { "exec", exec_builtin },
	{ ".", source_builtin }, { "return", return_builtin },
	{ "umask", umask_builtin }, { "ulimit", ulimit_builtin },
	{ "jobs", jobs_builtin }, { "fg", fg_builtin }, { "bg", bg_builtin },
	{ "wait", wait_builtin }, { "kill", kill_builtin },
};

builtin_fn *
builtin_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!strcmp(builtins[i].name, name))
			return builtins[i].run;
	}
	return NULL;
}

/* A child has no jobs, and dies of what the shell ignores. */
void
builtin_child(void)
{
	static const int defaults[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN,
					SIGTTOU };
	size_t i;

	job_control = false;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
}
