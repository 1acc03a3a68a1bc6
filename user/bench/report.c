/* SPDX-License-Identifier: MIT */
/* Start, printing, samples and their mean, median and worst. */
#include "bench.h"

#define MAX_SAMPLES	1024
#define CLOCK_MONOTONIC	1

void start(unsigned long *stack);

static const char *case_name;
static unsigned nr_samples, nr_cases;
static u64 samples[MAX_SAMPLES];	/* tenths of a ns for one operation */
static u64 sum_total, sum_times;

/* The compiler may call these. */
void *
memset(void *to, int value, size_t len)
{
	char *at = to;

	while (len--)
		*at++ = value;
	return to;
}

void *
memcpy(void *to, const void *from, size_t len)
{
	char *at = to;
	const char *source = from;

	while (len--)
		*at++ = *source++;
	return to;
}

void
print(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	SYSCALL(SYS_write, 1, text, len);
}

void
print_number(u64 number)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = '0' + number % 10;
		number /= 10;
	} while (number);
	print(at);
}

void
fail(const char *what, long value)
{
	print("# failed: ");
	print(what);
	print(" -");
	print_number(-value);
	print("\n");
	finish();
	__builtin_unreachable();
}

u64
now(void)
{
	long time[2];

	SYSCALL(SYS_clock_gettime, CLOCK_MONOTONIC, time);
	return (u64)(unsigned long)time[0] * 1000000000 + time[1];
}

void
begin(const char *name)
{
	case_name = name;
	nr_samples = 0;
	sum_total = sum_times = 0;
}

void
sample(u64 total, unsigned times)
{
	sum_total += total;
	sum_times += times;
	if (nr_samples < MAX_SAMPLES)
		samples[nr_samples++] = total * 10 / times;
}

static void
sort_samples(void)
{
	unsigned i, k;

	for (i = 1; i < nr_samples; i++) {
		u64 value = samples[i];

		for (k = i; k > 0 && samples[k - 1] > value; k--)
			samples[k] = samples[k - 1];
		samples[k] = value;
	}
}

static void
print_line(const char *name, u64 mean10, u64 median, u64 worst)
{
	print("bench user \"");
	print(name);
	print("\" mean ");
	print_number(mean10 / 10);
	print(".");
	print_number(mean10 % 10);
	print(" median ");
	print_number(median);
	print(" worst ");
	print_number(worst);
	print("\n");
	nr_cases++;
}

void
end(void)
{
	sort_samples();
	print_line(case_name, sum_total * 10 / sum_times,
		   samples[nr_samples / 2] / 10, samples[nr_samples - 1] / 10);
}

void
figure(const char *name, u64 value)
{
	print_line(name, value * 10, value, value);
}

/* The last line, then the end of the machine if we are its first program. */
void
finish(void)
{
	print("# bench: ");
	print_number(nr_cases);
	print(" cases\n");
	if (SYSCALL(SYS_getpid) == 1)
		SYSCALL(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		SYSCALL(SYS_exit_group, 0);
}

/* As the first process: a console, /proc for its figures, /tmp for a file. */
static void
prepare(void)
{
	long fd;

	if (SYSCALL(SYS_getpid) != 1)	/* somebody's system: it is set up */
		return;
	if (SYSCALL(SYS_fcntl64, 1, 3, 0) < 0) {	/* no console yet */
		fd = SYSCALL(SYS_openat, -100, "/dev/console", 2, 0);
		SYSCALL(SYS_dup2, fd, 1);
	}
	SYSCALL(SYS_mkdir, "/proc", 0755);
	SYSCALL(SYS_mount, "proc", "/proc", "proc", 0, 0);
	SYSCALL(SYS_mkdir, "/tmp", 0755);
	SYSCALL(SYS_mount, "tmpfs", "/tmp", "tmpfs", 0, 0);
}

/* What follows word on the kernel's command line; NULL: it is not there. */
static const char *
boot_word(const char *word)
{
	static char line[1024];
	long fd = SYSCALL(SYS_openat, -100, "/proc/cmdline", 0, 0);
	long len = SYSCALL(SYS_read, fd, line, sizeof(line) - 1);
	char *at;
	size_t i;

	SYSCALL(SYS_close, fd);
	for (at = line; len > 0 && at < line + len; at++) {
		for (i = 0; word[i] && at[i] == word[i]; i++)
			;
		if (!word[i])
			return at + i;
	}
	return NULL;
}

/*
 * Started as fork + exec's new program we end at once: what is measured is
 * the way here and back.
 */
void
start(unsigned long *stack)
{
	char **argv = (char **)(stack + 1);
	const char *pressure;

	if (stack[0] == 2 && argv[1][0] == '!')
		SYSCALL(SYS_exit_group, 0);
	prepare();
	pressure = boot_word("run=pressure");
	if (pressure) {
		bench_pressure(*pressure == '-');
		finish();
	}
	bench_calls();
	bench_memory();
	bench_many();
	bench_files();
	bench_processes();
	finish();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov	r0, sp\n"
	"	b	start\n");
