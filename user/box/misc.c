/* SPDX-License-Identifier: MIT */
/* true, false, sleep, env, uname, test, seq, kill, taskset, poweroff, reboot. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

static int
true_main(int argc, char **argv)
{
	return 0;
}
APPLET(true, true_main, "|succeed");

static int
false_main(int argc, char **argv)
{
	return 1;
}
APPLET(false, false_main, "|fail");

/* Seconds, with a fraction if wanted. */
static int
sleep_main(int argc, char **argv)
{
	struct timespec ts;
	double seconds;

	if (argc != 2)
		return complain_usage();
	seconds = strtod(argv[1], NULL);
	ts.tv_sec = seconds;
	ts.tv_nsec = (seconds - ts.tv_sec) * 1e9;
	return nanosleep(&ts, NULL) ? 1 : 0;
}
APPLET(sleep, sleep_main, "SECONDS|wait");

static int
env_main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strchr(argv[i], '='); i++)
		putenv(argv[i]);
	if (i < argc) {
		execvp(argv[i], argv + i);
		return complain(argv[i]) + 126;
	}
	for (i = 0; environ[i]; i++)
		puts(environ[i]);
	return 0;
}
APPLET(env, env_main, "[NAME=VALUE]... [COMMAND]|the environment");

static int
uname_main(int argc, char **argv)
{
	struct utsname name;

	if (uname(&name))
		return complain("uname");
	if (argc > 1 && !strcmp(argv[1], "-a"))
		printf("%s %s %s %s %s\n", name.sysname, name.nodename,
		       name.release, name.version, name.machine);
	else if (argc > 1 && !strcmp(argv[1], "-r"))
		puts(name.release);
	else
		puts(name.sysname);
	return 0;
}
APPLET(uname, uname_main, "[-a|-r]|which system this is");

static bool
test_file(char what, const char *path)
{
	struct stat st;

	if (what == 'L' || what == 'h')
		return !lstat(path, &st) && S_ISLNK(st.st_mode);
	if (stat(path, &st))
		return false;
	switch (what) {
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'f':
		return S_ISREG(st.st_mode);
	case 'c':
		return S_ISCHR(st.st_mode);
	case 's':
		return st.st_size > 0;
	case 'x':
		return !access(path, 1);
	default:
		return what == 'e' || what == 'r' || what == 'w';
	}
}

static bool
test_pair(const char *a, const char *operator, const char *b)
{
	long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);

	if (!strcmp(operator, "="))
		return !strcmp(a, b);
	if (!strcmp(operator, "!="))
		return strcmp(a, b);
	if (!strcmp(operator, "-eq"))
		return x == y;
	if (!strcmp(operator, "-ne"))
		return x != y;
	if (!strcmp(operator, "-lt"))
		return x < y;
	if (!strcmp(operator, "-le"))
		return x <= y;
	if (!strcmp(operator, "-gt"))
		return x > y;
	if (!strcmp(operator, "-ge"))
		return x >= y;
	fprintf(stderr, "test: %s: no such comparison\n", operator);
	return false;
}

static bool
test_words(int n, char **words)
{
	if (n > 0 && !strcmp(words[0], "!"))
		return !test_words(n - 1, words + 1);
	if (n == 3)
		return test_pair(words[0], words[1], words[2]);
	if (n == 2 && !strcmp(words[0], "-z"))
		return !words[1][0];
	if (n == 2 && !strcmp(words[0], "-n"))
		return words[1][0];
	if (n == 2 && words[0][0] == '-')
		return test_file(words[0][1], words[1]);
	return n == 1 && words[0][0];
}

static int
test_main(int argc, char **argv)
{
	if (!strcmp(argv[0], "[") && argc > 1 && !strcmp(argv[argc - 1], "]"))
		argc--;
	return !test_words(argc - 1, argv + 1);
}
APPLET(test, test_main, "A = B | -f FILE | ...|compare, look");

static const struct applet applet_bracket
	__attribute__((used, section(".table.["))) = {
		APPLET_MARK "[", test_main, "... ]|the same" };

static int
seq_main(int argc, char **argv)
{
	long from = argc > 2 ? atol(argv[1]) : 1;
	long to = argc > 1 ? atol(argv[argc - 1]) : 0;

	if (argc < 2)
		return complain_usage();
	for (; from <= to; from++)
		printf("%ld\n", from);
	return 0;
}
APPLET(seq, seq_main, "[FROM] TO|numbers");

static int
kill_main(int argc, char **argv)
{
	int sig = SIGTERM, i = 1, status = 0;

	if (argc > 1 && argv[1][0] == '-') {
		sig = signal_number(argv[1] + 1);
		i++;
	}
	if (sig < 0 || i >= argc)
		return complain_usage();
	for (; i < argc; i++) {
		if (kill(atoi(argv[i]), sig))
			status = complain(argv[i]);
	}
	return status;
}
APPLET(kill, kill_main, "[-SIGNAL] PID...|send a signal");

/* taskset MASK COMMAND..., or taskset -p MASK PID; without MASK: what it is. */
static int
taskset_main(int argc, char **argv)
{
	bool other = argc > 2 && !strcmp(argv[1], "-p");
	int pid = other ? atoi(argv[argc - 1]) : 0;
	unsigned mask;
	long err;

	if (argc < 3 || (other && argc > 4))
		return complain_usage();
	if (other && argc == 3) {
		err = SYSCALL(SYS_sched_getaffinity, pid, sizeof(mask), &mask);
		if (err > 0)
			printf("pid %d: cores %x\n", pid, mask);
	} else {
		mask = strtoul(argv[other ? 2 : 1], NULL, 16);
		err = SYSCALL(SYS_sched_setaffinity, pid, sizeof(mask), &mask);
	}
	if (err < 0) {
		errno = -err;
		return complain(argv[other ? argc - 1 : 1]);
	}
	if (other)
		return 0;
	execvp(argv[2], argv + 2);
	return complain(argv[2]) + 126;
}
APPLET(taskset, taskset_main,
       "MASK COMMAND... | -p [MASK] PID|on which cores it runs");

static int
poweroff_main(int argc, char **argv)
{
	SYSCALL(SYS_sync);
	reboot(RB_POWER_OFF);
	return complain("poweroff");
}
APPLET(poweroff, poweroff_main, "|end the machine");

static int
reboot_main(int argc, char **argv)
{
	SYSCALL(SYS_sync);
	reboot(RB_AUTOBOOT);
	return complain("reboot");
}
APPLET(reboot, reboot_main, "|start the machine again");

/* The kernel's log, all of it at once (syslog 3: what is there to read). */
static int
dmesg_main(int argc, char **argv)
{
	int size = SYSCALL(SYS_syslog, 10, 0, 0), got;
	char *text;

	if (size <= 0)
		size = 64 * 1024;
	text = malloc(size);
	if (!text)
		return complain("dmesg");
	got = SYSCALL(SYS_syslog, 3, text, size);
	if (got < 0) {
		errno = -got;
		return complain("the kernel's log");
	}
	return write(1, text, got) == got ? 0 : 1;
}
APPLET(dmesg, dmesg_main, "|the kernel's log");
