/* SPDX-License-Identifier: MIT */
/*
 * Semihosting: calls that the emulator itself answers.
 *
 * SVC 0x123456 with an operation in r0 and its argument in r1; the result
 * comes back in r0. QEMU takes the instruction away from the guest when it
 * was started with -semihosting-config enable=on. Otherwise it is an SVC like
 * any other, arrives at our own vector, and that answers -1 for this number:
 * so one harmless call tells whether anybody is there.
 *
 * Coming from supervisor mode an SVC overwrites lr, which is why the asm
 * statement gives it up.
 *
 * Sources  Semihosting for AArch32 and AArch64, ARM 100863.
 */
#include <asm/semihost.h>
#include <lib/string.h>

#define SYS_OPEN		0x01
#define SYS_CLOSE		0x02
#define SYS_WRITE		0x05
#define SYS_READ		0x06
#define SYS_TMPNAM		0x0d
#define SYS_CLOCK		0x10	/* centiseconds; QEMU: of the processor */
#define SYS_TIME		0x11	/* seconds since 1970 */
#define SYS_EXIT_EXTENDED	0x20
#define EXIT_APPLICATION	0x20026	/* "the application ended" */

static enum { UNKNOWN, ABSENT, PRESENT } state;

static long
semihost_call(unsigned op, const void *argument)
{
	register unsigned long r0 __asm__("r0") = op;
	register const void *r1 __asm__("r1") = argument;

	__asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "lr", "memory");
	return (long)r0;
}

/* Context: any, once exceptions have vectors. */
bool
semihost_present(void)
{
	if (state == UNKNOWN)
		state = semihost_call(SYS_TIME, NULL) == -1 ? ABSENT : PRESENT;
	return state == PRESENT;
}

u32
semihost_time(void)
{
	return semihost_present() ? (u32)semihost_call(SYS_TIME, NULL) : 0;
}

u32
semihost_clock(void)
{
	return semihost_present() ? (u32)semihost_call(SYS_CLOCK, NULL) : 0;
}

void
semihost_exit(unsigned status)
{
	unsigned long block[2] = { EXIT_APPLICATION, status & 0xff };

	if (semihost_present())
		semihost_call(SYS_EXIT_EXTENDED, block);
}

/* The modes of fopen() in the order of their numbers. */
static int
mode_number(const char *mode)
{
	static const char *const names[] = {
		"r", "rb", "r+", "r+b", "w", "wb", "w+", "w+b",
		"a", "ab", "a+", "a+b",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(mode, names[i]))
			return (int)i;
	}
	return -1;
}

int
semihost_open(const char *path, const char *mode)
{
	int number = mode_number(mode);
	unsigned long block[3] = {
		(unsigned long)path, (unsigned long)number, strlen(path)
	};

	if (number < 0 || !semihost_present())
		return -1;
	return (int)semihost_call(SYS_OPEN, block);
}

size_t
semihost_write(int handle, const void *data, size_t n)
{
	unsigned long block[3] = { (unsigned long)handle,
				   (unsigned long)data, n };

	if (!semihost_present())
		return n;
	return (size_t)semihost_call(SYS_WRITE, block);
}

size_t
semihost_read(int handle, void *data, size_t n)
{
	unsigned long block[3] = { (unsigned long)handle,
				   (unsigned long)data, n };

	if (!semihost_present())
		return n;
	return (size_t)semihost_call(SYS_READ, block);
}

int
semihost_close(int handle)
{
	unsigned long block[1] = { (unsigned long)handle };

	if (!semihost_present())
		return -1;
	return (int)semihost_call(SYS_CLOSE, block);
}

int
semihost_tmpnam(char *name, size_t size)
{
	unsigned long block[3] = { (unsigned long)name, 0, size };

	if (!semihost_present())
		return -1;
	return (int)semihost_call(SYS_TMPNAM, block);
}
