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

/* What a pthread is made with but its TLS; the tid is stored, and cleared. */
#define THREAD_FLAGS	0x00350f00ul

/*
 * The child returns from the call on its own stack, so it must not touch the
 * parent's frame: it runs fn and ends, all in assembly.
 */
long
clone_on(unsigned long flags, void *top, int (*fn)(void *), void *arg,
	 volatile int *tid)
{
	register long r7 __asm__("r7") = SYS_clone;
	register long r0 __asm__("r0") = flags;
	register long r1 __asm__("r1") = (long)top;
	register long r2 __asm__("r2") = (long)tid;
	register long r3 __asm__("r3") = 0;
	register long r4 __asm__("r4") = (long)tid;
	register long r5 __asm__("r5") = (long)arg;
	register long r6 __asm__("r6") = (long)fn;

	__asm__ volatile("svc #0\n"
			 "cmp r0, #0\n"
			 "bne 1f\n"
			 "mov r0, r5\n"
			 "blx r6\n"
			 "movs r7, #1\n"
			 "svc #0\n"
			 "1:"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5),
			   "r"(r6)
			 : "memory", "cc", "lr", "ip");
	return r0;
}

long
start_thread(void *top, int (*fn)(void *), void *arg, volatile int *tid)
{
	return clone_on(THREAD_FLAGS, top, fn, arg, tid);
}

void
join_thread(volatile int *tid)
{
	int value;

	while ((value = *tid))
		SYSCALL(SYS_futex, tid, 0, value, 0, 0, 0);
}

/* --- swap in a disk in memory ------------------------------------------------- */

#define KNOB(name)	"/proc/sys/block/zram0/" name

static int
write_text(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n < 0 ? -1 : 0;
}

void
swap_begin(const char *size)
{
	static unsigned char header[PAGE];
	unsigned words[3] = { 1, strtoul(size, NULL, 10) * 256 - 1, 0 };
	int fd;

	if (write_text(KNOB("disksize"), size))
		SKIP("no zram, or it is in use");
	memcpy(header + 1024, words, sizeof(words));
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	fd = open(DISK, O_RDWR);
	ASSERT(fd >= 0 && write(fd, header, PAGE) == (ssize_t)PAGE);
	close(fd);
	ASSERT_EQ(SYSCALL(SYS_swapon, DISK, 0), 0);
}

void
swap_end(void)
{
	EXPECT_EQ(SYSCALL(SYS_swapoff, DISK), 0);
	EXPECT_EQ(write_text(KNOB("reset"), "1"), 0);
}

void
drop_objects(void)
{
	write_text("/proc/sys/vm/drop_caches", "2");
}

bool
objects_of(const char *cache, long *used, long *per_slab)
{
	static char text[16384];
	int fd, n, sum = 0;
	char *at;

	drop_objects();
	fd = open("/proc/slabinfo", O_RDONLY);
	while (sum < (int)sizeof(text) - 1 &&
	       (n = SYSCALL(SYS_read, fd, text + sum,
			    sizeof(text) - 1 - sum)) > 0)
		sum += n;
	text[sum] = '\0';
	close(fd);
	for (at = text; at; at = strchr(at + 1, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, cache, strlen(cache)) &&
		    at[strlen(cache)] == ' ')
			return sscanf(at + strlen(cache), "%ld %*d %*d %ld",
				      used, per_slab) == 2;
	}
	return false;
}
