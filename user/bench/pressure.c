/* SPDX-License-Identifier: MIT */
/*
 * What it costs when memory does not suffice: 256 MiB are touched on a machine
 * that has 128. Started when the kernel's command line says `run=pressure`
 * (tools/bench-user --pressure).
 *
 * A page	1 KiB of noise, then 3 KiB of zeros: a compressor makes a quarter
 *   of it. Word by word: three instructions of xorshift (Marsaglia, 2003) for
 *   each word of noise, with a seed from the page's number and the round, so
 *   that no two pages are alike. What the filling costs alone is measured
 *   first, and is part of the first two figures of zram.
 * zram		write all pages, in order; write them again, when each one has to
 *   come in and another to go out; read a word of each, and compare it.
 * Disk		the same on a virtio disk, but the second time one word of a page is
 *   changed. While all wait for the disk the machine skips its time, so the
 *   clock says nothing. Therefore a second process, as nice as can be, uses what
 *   is left and counts its rounds of LOOP_LEN instructions: the work is what
 *   passed less what it had. It also keeps the time from being skipped.
 *   The log's clock, with microseconds, is fine enough for
 * Out of memory	without swap, from the first line of the report to "Killed".
 * Wall		`run=pressure-wall`: the disk's part alone, in pages a second of
 *   the clock. Only where an instruction is not a nanosecond does it mean
 *   anything.
 */
#include "bench.h"

#define MIB		(1024u * 1024)
#define LEN		(256 * MIB)
#define PAGES		(LEN / PAGE)
#define STEP		1024u		/* pages of a sample */
#define NOISE		256u		/* words of 1024 */
#define LOOP_TURNS	500
#define LOOP_LEN	(5 + 2 * LOOP_TURNS)
#define PRIO_PROCESS	0
#define SIGKILL		9
#define LOCKED_SHARED	0x2021		/* MAP_LOCKED, SHARED_ANON */
#define O_RDWR		2
#define SYSLOG_READ_ALL	3
#define LOG_LEN		65536

static const char zram[] = "/dev/zram0", disk[] = "/dev/vda";

static unsigned
seed_of(unsigned page, unsigned round)
{
	return (page + 1) * 2654435761u ^ round << 20;
}

static inline unsigned
noise(unsigned word)
{
	word ^= word << 13;
	word ^= word >> 17;
	return word ^ word << 5;
}

static void
fill(char *at, unsigned page, unsigned round)
{
	unsigned word = seed_of(page, round), i;
	unsigned *to = (unsigned *)at;

	for (i = 0; i < NOISE; i++)
		to[i] = word = noise(word);
	for (; i < PAGE / 4; i++)
		to[i] = 0;
}

/* What a page must begin with. */
static void
check(const char *at, unsigned page, unsigned round)
{
	if (*(const volatile unsigned *)at != noise(seed_of(page, round)))
		fail("a page came back wrong", -(long)page);
}

static void
fill_alone(void)
{
	char *at = map(STEP * PAGE);
	unsigned round, i;
	u64 from;

	touch(at, STEP * PAGE);
	begin("filling a page, alone");
	for (round = 0; round < 4; round++) {
		from = now();
		for (i = 0; i < STEP; i++)
			fill(at + i * PAGE, i, round);
		sample(now() - from, STEP);
	}
	end();
	unmap(at, STEP * PAGE);
}

/* --- swap ------------------------------------------------------------------- */

static void
write_to(const char *path, const void *data, size_t len)
{
	long fd = SYSCALL(SYS_openat, -100, path, O_RDWR, 0);

	if (fd < 0)
		fail(path, fd);
	if (SYSCALL(SYS_write, fd, data, len) != (long)len)
		fail(path, -1);
	SYSCALL(SYS_close, fd);
}

/* mkswap (Linux, include/linux/swap.h: version, last page, bad ones), swapon. */
static void
swap_begin(const char *path)
{
	static unsigned header[PAGE / 4];
	static const char magic[] = "SWAPSPACE2";
	long err;

	header[256] = 1;
	header[257] = PAGES + 4096 - 1;
	memcpy((char *)header + PAGE - 10, magic, 10);
	write_to(path, header, PAGE);
	err = SYSCALL(SYS_swapon, path, 0);
	if (err)
		fail("swapon", err);
}

static void
swap_end(const char *path)
{
	long err = SYSCALL(SYS_swapoff, path);

	if (err)
		fail("swapoff", err);
}

static void
fill_all(char *at, unsigned round, const char *name)
{
	unsigned i, k;
	u64 from;

	begin(name);
	for (i = 0; i < PAGES; i += STEP) {
		from = now();
		for (k = i; k < i + STEP; k++)
			fill(at + k * PAGE, k, round);
		sample(now() - from, STEP);
	}
}

static void
compressed(void)
{
	unsigned i, k;
	char *at;
	u64 from;

	write_to("/proc/sys/block/zram0/disksize", "272M", 4);
	swap_begin(zram);
	at = map(LEN);
	fill_all(at, 0, "zram, first write");
	end();
	fill_all(at, 1, "zram, rewrite");
	end();
	begin("zram, read back");
	for (i = 0; i < PAGES; i += STEP) {
		from = now();
		for (k = i; k < i + STEP; k++)
			check(at + k * PAGE, k, 1);
		sample(now() - from, STEP);
	}
	end();
	unmap(at, LEN);
	swap_end(zram);
	write_to("/proc/sys/block/zram0/reset", "1", 1);
}

/* --- a disk ------------------------------------------------------------------- */

struct idler {
	volatile unsigned *rounds;
	long pid;
};

/* Use all that nobody else wants; each round is LOOP_LEN instructions. */
static void __attribute__((noreturn))
use_the_rest(volatile unsigned *rounds)
{
	__asm__ volatile(
		"1:	ldr	r3, [%0]\n"
		"	add	r3, r3, #1\n"
		"	str	r3, [%0]\n"
		"	mov	r2, %1\n"
		"2:	subs	r2, r2, #1\n"
		"	bne	2b\n"
		"	b	1b\n"
		: : "r"(rounds), "i"(LOOP_TURNS) : "r2", "r3", "cc", "memory");
	__builtin_unreachable();
}

static struct idler
idler_start(void)
{
	struct idler idler = {
		(volatile unsigned *)map_at(0, PAGE, RW, LOCKED_SHARED, -1, 0), 0
	};

	*idler.rounds = 0;
	idler.pid = SYSCALL(SYS_fork);
	if (idler.pid < 0)
		fail("fork", idler.pid);
	if (!idler.pid) {
		SYSCALL(SYS_setpriority, PRIO_PROCESS, 0, 19);
		use_the_rest(idler.rounds);
	}
	return idler;
}

static void
idler_stop(struct idler *idler)
{
	SYSCALL(SYS_kill, idler->pid, SIGKILL);
	SYSCALL(SYS_wait4, idler->pid, 0, 0, 0);
	unmap((void *)idler->rounds, PAGE);
}

/* A word of each page is changed; each was the last one's round's. */
static void
change(char *at, unsigned first)
{
	unsigned k;

	for (k = first; k < first + STEP; k++) {
		check(at + k * PAGE, k, 0);
		*(volatile unsigned *)(at + k * PAGE + PAGE - 4) = k;
	}
}

/* Its work: what passes less what the idler had. */
static void
change_all(char *at, const struct idler *idler)
{
	unsigned i, rest;
	u64 from;

	begin("virtio disk, page in + out, CPU");
	for (i = 0; i < PAGES; i += STEP) {
		from = now();
		rest = *idler->rounds;
		change(at, i);
		rest = *idler->rounds - rest;
		sample(now() - from - (u64)rest * LOOP_LEN, STEP);
	}
	end();
}

static void
change_all_by_the_clock(char *at)
{
	u64 from = now();
	unsigned i;

	for (i = 0; i < PAGES; i += STEP)
		change(at, i);
	figure("virtio disk, pages in and out a second",
	       (u64)PAGES * 1000000000 / (now() - from));
}

/* The idler comes first: a child of later would have all pages too. */
static void
on_a_disk(bool wall)
{
	struct idler idler;
	unsigned k;
	char *at;

	if (!wall)
		idler = idler_start();
	swap_begin(disk);
	at = map(LEN);
	for (k = 0; k < PAGES; k++)
		fill(at + k * PAGE, k, 0);
	if (wall) {
		change_all_by_the_clock(at);
	} else {
		change_all(at, &idler);
		idler_stop(&idler);
	}
	unmap(at, LEN);
	swap_end(disk);
}

/* --- out of memory ---------------------------------------------------------------- */

/* Is text what follows? */
static bool
begins(const char *at, const char *end, const char *text)
{
	for (; *text; at++, text++)
		if (at == end || *at != *text)
			return false;
	return true;
}

/* The time of a line "<4>[   12.345678] ...", in microseconds. */
static u64
time_of(const char *line)
{
	u64 time = 0;

	while (*line != '[')
		line++;
	for (; *line != ']'; line++)
		if (*line >= '0' && *line <= '9')
			time = time * 10 + *line - '0';
	return time;
}

/* When the last line with text in it was written; 0: there is none. */
static u64
when(const char *log, size_t len, const char *text)
{
	const char *at, *line = log, *end = log + len;
	u64 time = 0;

	for (at = log; at < end; at++) {
		if (*at == '\n')
			line = at + 1;
		else if (begins(at, end, text))
			time = time_of(line);
	}
	return time;
}

static void
out_of_memory(void)
{
	static char log[LOG_LEN];
	u64 report, killed;
	long pid, len;

	pid = SYSCALL(SYS_fork);
	if (!pid) {
		for (;;)	/* at once it would be more than there is */
			touch(map(16 * MIB), 16 * MIB);
	}
	if (pid < 0)
		fail("fork", pid);
	SYSCALL(SYS_wait4, pid, 0, 0, 0);
	len = SYSCALL(SYS_syslog, SYSLOG_READ_ALL, log, sizeof(log));
	report = len < 0 ? 0 : when(log, len, "invoked oom-killer");
	killed = len < 0 ? 0 : when(log, len, "Killed process");
	if (!report || killed < report)
		fail("nobody was killed", -1);
	figure("out of memory, from report to kill", (killed - report) * 1000);
}

void
bench_pressure(bool wall)
{
	if (wall) {
		on_a_disk(true);
		return;
	}
	fill_alone();
	compressed();
	on_a_disk(false);
	out_of_memory();
}
