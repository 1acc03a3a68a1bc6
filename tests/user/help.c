/* SPDX-License-Identifier: MIT */
/* What several suites need. */
#include <setjmp.h>

#include "utest.h"

char *
map(size_t len)
{
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static jmp_buf back;
static siginfo_t seen;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	seen = *info;
	longjmp(back, 1);
}

int
fault_of(void (*fn)(void *), void *arg, siginfo_t *info)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction old_segv, old_bus;

	memset(&seen, 0, sizeof(seen));
	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	if (!setjmp(back))
		fn(arg);
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	if (info)
		*info = seen;
	return seen.si_signo;
}

static void
load(void *address)
{
	*(volatile char *)address;
}

static void
store(void *address)
{
	*(volatile char *)address = 1;
}

int
load_fault(const void *address)
{
	return fault_of(load, (void *)address, NULL);
}

int
store_fault(void *address)
{
	return fault_of(store, address, NULL);
}

int
status_of(void (*fn)(void *), void *arg)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

char *
temp_name(const char *name)
{
	static char names[2][64];
	static int turn;

	turn = !turn;
	snprintf(names[turn], sizeof(names[turn]), "/tmp/utest-%d-%s", getpid(),
		 name);
	return names[turn];
}

int
temp_file(const char *content, size_t len)
{
	char *name = temp_name("file");
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return -1;
	unlink(name);
	if (len && write(fd, content, len) != (ssize_t)len)
		return -1;
	lseek(fd, 0, SEEK_SET);
	return fd;
}

bool
is_hole(const void *address)
{
	unsigned char vec;

	return SYSCALL(SYS_mincore, (long)address & ~(PAGE - 1), PAGE, &vec) ==
	       -ENOMEM;
}

long long
clock_now(int clock)
{
	long long time[2] = { 0, 0 };

	SYSCALL(SYS_clock_gettime64, clock, time);
	return time[0] * 1000000000 + time[1];
}
