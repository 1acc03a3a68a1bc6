/* SPDX-License-Identifier: MIT */
/*
 * init: the first process.
 *
 * It mounts what the kernel has not mounted, starts a shell on the console and
 * starts the next when that one ends; it waits for every process whose parent
 * is gone, for else they would stay zombies for ever. SIGTERM and SIGUSR2
 * power the machine off.
 *
 * If there is a script /etc/rc it is run before the first shell; if the kernel's
 * command line holds run=COMMAND, that is run instead of a shell, and the
 * machine is powered off when it ends (tests do this).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define CONSOLE	 "/dev/console"
#define TERMINAL "/dev/ttyAMA0"		/* the console cannot control jobs */

static volatile sig_atomic_t power_off;

static void
on_term(int sig)
{
	power_off = 1;
}

/* A file system that the kernel may have mounted already: then nothing. */
static void
mount_once(const char *type, const char *where, const char *shows)
{
	struct stat st;

	if (!stat(shows, &st))
		return;
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL))
		complain(where);
}

static void
open_console(void)
{
	int fd;

	if (fcntl(0, F_GETFL) >= 0)
		return;
	fd = open(CONSOLE, O_RDWR);
	if (fd < 0)
		return;
	dup2(fd, 1);
	dup2(fd, 2);
}

/* In a session of its own, with the console as its terminal. */
static pid_t
start(char *const argv[], const char *file)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	setsid();
	fd = open(TERMINAL, O_RDWR);
	if (fd < 0)
		fd = open(CONSOLE, O_RDWR);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	ioctl(0, TIOCSCTTY, 1);
	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	execv(file, argv);
	complain(file);
	_exit(127);
}

/* Wait for this one, and for whoever else comes to us. Its status. */
static int
wait_for(pid_t pid)
{
	int status;
	pid_t who;

	for (;;) {
		who = wait(&status);
		if (power_off)
			return 0;
		if (who == pid)
			return status;
		if (who < 0 && errno == ECHILD)
			return -1;
	}
}

/* A tenth of a second at most: who writes to a disk should be gone first. */
static void
wait_for_all(void)
{
	static const struct timespec tick = { .tv_nsec = 10000000 };
	pid_t pid;

	for (int i = 0; i < 10; i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return;
		nanosleep(&tick, NULL);
	}
}

/* A file system with a swap file on it could not be unmounted. */
static void
leave_swap(void)
{
	char *text = read_file("/proc/swaps"), *line, *save = NULL;
	char name[64];

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%63s", name) == 1 && name[0] == '/' &&
		    swapoff(name))
			complain(name);
	free(text);
}

/* Disks are left in order: those that are in use become read-only. */
static void
leave_disks(void)
{
	char *text = read_file("/proc/mounts"), *line, *save = NULL;
	char what[64], where[128], type[32];

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%63s %127s %31s", what, where, type) != 3 ||
		    strncmp(what, "/dev/", 5))
			continue;
		if (umount(where) &&
		    mount(what, where, type, MS_REMOUNT | MS_RDONLY, NULL))
			complain(where);
	}
	free(text);
}

static void
end_machine(void)
{
	fflush(stdout);
	kill(-1, SIGTERM);
	wait_for_all();
	kill(-1, SIGKILL);
	wait_for_all();
	leave_swap();
	leave_disks();
	reboot(RB_POWER_OFF);
	complain("power off");
	for (;;)
		pause();
}

/* What follows run= on the kernel's command line, to its end; or NULL. */
static char *
command_to_run(void)
{
	char *line = read_file("/proc/cmdline"), *run;

	run = line ? strstr(line, "run=") : NULL;
	if (!run || (run > line && run[-1] != ' '))
		return NULL;
	run[strcspn(run, "\n")] = '\0';
	return run + strlen("run=");
}

static void
run_shells(void)
{
	static char *const shell[] = { "-sh", NULL };
	int quick = 0;

	while (!power_off && quick < 10) {
		pid_t pid = start(shell, "/bin/sh");
		int status;

		if (pid < 0) {
			complain("no shell");
			return;
		}
		status = wait_for(pid);
		quick = WIFEXITED(status) && WEXITSTATUS(status) == 127 ?
			quick + 1 : 0;
	}
}

static int
init_main(int argc, char **argv)
{
	struct sigaction action = { .sa_flags = 0 };
	char *command;

	if (getpid() != 1) {
		fputs("init: the first process runs already\n", stderr);
		return 1;
	}
	open_console();
	mount_once("proc", "/proc", "/proc/meminfo");
	mount_once("devfs", "/dev", "/dev/null");
	action.sa_handler = on_term;	/* no SA_RESTART: wait() ends */
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	setenv("PATH", "/bin:/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "vt100", 1);
	chdir("/root");
	if (!access("/etc/rc", 0))
		wait_for(start((char *[]){ "sh", "/etc/rc", NULL }, "/bin/sh"));
	command = command_to_run();
	if (command)
		wait_for(start((char *[]){ "sh", "-c", command, NULL },
			       "/bin/sh"));
	else
		run_shells();
	end_machine();
	return 0;
}
APPLET(init, init_main, "|the first process");
