/* SPDX-License-Identifier: MIT */
/* System calls on processes and time. Errors: -1 and errno. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"
#include "raw.h"

pid_t
fork(void)
{
	return result(SYSCALL(SYS_fork));
}

int
execve(const char *path, char *const argv[], char *const envp[])
{
	return result(SYSCALL(SYS_execve, path, argv, envp));
}

int
execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

/* Each folder of PATH in turn. A file that may not be run is remembered. */
int
execvp(const char *file, char *const argv[])
{
	const char *path = getenv("PATH"), *end;
	char full[256];
	int err = ENOENT;

	if (strchr(file, '/'))
		return execv(file, argv);
	for (path = path ? path : "/bin:/sbin"; *path; path = end) {
		end = strchrnul(path, ':');
		snprintf(full, sizeof(full), "%.*s/%s", (int)(end - path), path,
			 file);
		execv(full, argv);
		if (errno != ENOENT && errno != ENOTDIR)
			err = errno;
		end += *end == ':';
	}
	errno = err;
	return -1;
}

pid_t
wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return result(SYSCALL(SYS_wait4, pid, status, options, usage));
}

pid_t
waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t
wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

int
raw_getpid(void)
{
	return SYSCALL(SYS_getpid);
}

pid_t
getpid(void)
{
	return raw_getpid();
}

pid_t
getppid(void)
{
	return SYSCALL(SYS_getppid);
}

pid_t
getpgrp(void)
{
	return SYSCALL(SYS_getpgrp);
}

uid_t
getuid(void)
{
	return SYSCALL(SYS_getuid32);
}

int
setpgid(pid_t pid, pid_t group)
{
	return result(SYSCALL(SYS_setpgid, pid, group));
}

pid_t
setsid(void)
{
	return result(SYSCALL(SYS_setsid));
}

int
uname(struct utsname *name)
{
	return result(SYSCALL(SYS_uname, name));
}

int
getrusage(int who, struct rusage *usage)
{
	return result(SYSCALL(SYS_getrusage, who, usage));
}

int
getrlimit(int what, struct rlimit *limit)
{
	return result(SYSCALL(SYS_ugetrlimit, what, limit));
}

int
setrlimit(int what, const struct rlimit *limit)
{
	return result(SYSCALL(SYS_setrlimit, what, limit));
}

long long
raw_clock(int which)
{
	long long time[2];		/* seconds, nanoseconds */

	if (SYSCALL(SYS_clock_gettime64, which, time))
		return 0;
	return time[0] * 1000000000 + time[1];
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	long long time[2];

	if (result(SYSCALL(SYS_clock_gettime64, clock, time)))
		return -1;
	ts->tv_sec = time[0];
	ts->tv_nsec = time[1];
	return 0;
}

/* The kernel's structure has 32-bit seconds here. */
int
nanosleep(const struct timespec *want, struct timespec *left)
{
	long time[2] = { want->tv_sec, want->tv_nsec }, rest[2] = { 0, 0 };
	int done = result(SYSCALL(SYS_nanosleep, time, rest));

	if (left) {
		left->tv_sec = rest[0];
		left->tv_nsec = rest[1];
	}
	return done;
}

int
pause(void)
{
	return result(SYSCALL(SYS_pause));
}

unsigned
sleep(unsigned seconds)
{
	struct timespec ts = { .tv_sec = seconds };

	return nanosleep(&ts, &ts) ? ts.tv_sec + (ts.tv_nsec > 0) : 0;
}
