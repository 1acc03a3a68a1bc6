/* SPDX-License-Identifier: MIT */
/*
 * The runner: suites in turn, each case in a child, KTAP on standard output.
 *
 * Started by the kernel as the first process it opens the console, mounts
 * /proc, /dev and a tmpfs on /tmp where they are missing, and powers the machine
 * off at the end. Started by hand it takes names: utest [SUITE[:CASE]]...
 */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>

#include "utest.h"

#define STATUS_FAILED	1
#define STATUS_SKIPPED	77

static bool failed;			/* in the child */
static int why_pipe[2];			/* reasons of skips, child to parent */

bool
utest_check(bool good, const char *file, int line, const char *what)
{
	if (!good) {
		printf("    # %s:%d: not so: %s\n", file, line, what);
		failed = true;
	}
	return good;
}

static const char *
error_name(long value)
{
	return value < 0 && value > -200 ? strerror(-value) : "";
}

bool
utest_equal(long is, long want, const char *file, int line, const char *what)
{
	if (is == want)
		return true;
	printf("    # %s:%d: %s is %ld (0x%lx) %s, want %ld %s\n", file, line,
	       what, is, is, error_name(is), want, error_name(want));
	failed = true;
	return false;
}

void
utest_end(void)
{
	fflush(stdout);
	_exit(STATUS_FAILED);
}

void
utest_skip(const char *why)
{
	if (failed)
		utest_end();
	write(why_pipe[1], why, strlen(why) + 1);
	_exit(STATUS_SKIPPED);
}

static int
run_child(const struct utest *test)
{
	int status = 0;
	pid_t pid, got = 0;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);		/* kill(0, ...) hits this case only */
		test->run();
		fflush(stdout);
		_exit(failed ? STATUS_FAILED : 0);
	}
	/* As the first process it gets orphans, too: they are buried. */
	while (pid > 0 && got != pid && got >= 0)
		got = waitpid(-1, &status, 0);
	if (pid < 0 || got != pid) {
		printf("    # fork or wait failed: %s\n", strerror(errno));
		return STATUS_FAILED << 8;
	}
	kill(-pid, SIGKILL);		/* what the case left behind */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return status;
}

static bool
run_case(const struct utest *test, int number)
{
	int status = run_child(test);
	char why[200];
	ssize_t len;

	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIPPED) {
		len = read(why_pipe[0], why, sizeof(why) - 1);
		why[len > 0 ? len : 0] = '\0';
		printf("    ok %d %s # SKIP %s\n", number, test->name, why);
		return true;
	}
	if (WIFSIGNALED(status))
		printf("    # killed by signal %d (SIG%s)\n", WTERMSIG(status),
		       signal_name(WTERMSIG(status)));
	printf("    %sok %d %s\n", status ? "not " : "", number, test->name);
	return !status;
}

/* Is this case asked for? By SUITE or SUITE:CASE; without words, all are. */
static bool
wanted(const char *suite, const char *name, int argc, char **argv)
{
	size_t len = strlen(suite);
	int i;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], suite, len))
			continue;
		if (!argv[i][len] || (argv[i][len] == ':' &&
				      (!name || !strcmp(argv[i] + len + 1, name))))
			return true;
	}
	return argc <= 1;
}

static bool
run_suite(const struct utest_suite *suite, int number, int argc, char **argv)
{
	bool good = true;
	int i, count = 0;

	for (i = 0; i < suite->count; i++)
		count += wanted(suite->name, suite->cases[i].name, argc, argv);
	printf("    KTAP version 1\n    # Subtest: %s\n    1..%d\n",
	       suite->name, count);
	count = 0;
	for (i = 0; i < suite->count; i++) {
		if (wanted(suite->name, suite->cases[i].name, argc, argv))
			good &= run_case(&suite->cases[i], ++count);
	}
	printf("%sok %d %s\n", good ? "" : "not ", number, suite->name);
	return good;
}

static void
mount_once(const char *type, const char *where, const char *shows)
{
	struct stat st;

	mkdir(where, 0755);
	if (stat(shows, &st))
		mount(type, where, type, 0, NULL);
}

static void
become_first(void)
{
	int fd;

	mount_once("proc", "/proc", "/proc/meminfo");
	mount_once("devtmpfs", "/dev", "/dev/null");
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	if (fcntl(0, F_GETFL) < 0) {
		fd = open("/dev/console", O_RDWR);
		dup2(fd, 1);
		dup2(fd, 2);
	}
}

/*
 * The words behind utest= on the kernel's command line, parted by commas, as
 * arguments from 1 on. Returns how many arguments there are.
 */
static int
words_of_command_line(char **argv, int room)
{
	static char line[512];
	int fd = open("/proc/cmdline", O_RDONLY), count = 1;
	ssize_t len = read(fd, line, sizeof(line) - 1);
	char *words = len > 0 ? strstr(line, "utest=") : NULL;

	close(fd);
	if (!words)
		return 1;
	words += strlen("utest=");
	words[strcspn(words, " \n")] = '\0';
	while (count < room && (argv[count] = strsep(&words, ",")))
		count++;
	return count;
}

int
main(int argc, char **argv)
{
	char *words[16] = { argv[0] };
	const struct utest_suite *suite;
	int planned = 0, number = 0;
	bool good = true, first = getpid() == 1;

	if (argc > 1 && !strncmp(argv[1], "--tell", 6))
		return utest_tell(argc, argv);
	if (first) {
		become_first();
		argc = words_of_command_line(words, 16);
		argv = words;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	pipe(why_pipe);
	for (suite = table_start; suite < table_end; suite++)
		planned += wanted(suite->name, NULL, argc, argv);
	printf("KTAP version 1\n1..%d\n", planned);
	for (suite = table_start; suite < table_end; suite++) {
		if (wanted(suite->name, NULL, argc, argv))
			good &= run_suite(suite, ++number, argc, argv);
	}
	fflush(stdout);
	if (first)
		reboot(RB_POWER_OFF);
	return !good;
}
