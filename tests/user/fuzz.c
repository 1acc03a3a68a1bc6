/* SPDX-License-Identifier: MIT */
/* What the two fuzzers share. */
#include "fuzz.h"

/* splitmix64: Steele, Lea, Flood, OOPSLA 2014. */
unsigned
rng_next(struct rng *rng)
{
	unsigned long long z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) >> 16;
}

void
rng_start(struct rng *rng, unsigned seed, unsigned a, unsigned b)
{
	rng->state = ((unsigned long long)seed << 32) + (a << 8) + b;
	rng->state = (unsigned long long)rng_next(rng) << 32 | rng_next(rng);
}

unsigned
rng_below(struct rng *rng, unsigned n)
{
	return rng_next(rng) % n;
}

bool
rng_one_in(struct rng *rng, unsigned n)
{
	return rng_below(rng, n) == 0;
}

/* The text of a small file of /proc. */
static const char *
text_of(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	long n = fd < 0 ? 0 : SYSCALL(SYS_read, fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

unsigned
fuzz_option(const char *key, unsigned otherwise)
{
	const char *at = text_of("/proc/cmdline");
	size_t len = strlen(key);

	for (; (at = strstr(at, key)); at += len)
		if (at[len] == '=' && (at == text_of("/proc/cmdline") ||
				       at[-1] == ' '))
			return strtoul(at + len + 1, NULL, 0);
	return otherwise;
}

long
meminfo(const char *line)
{
	const char *at = strstr(text_of("/proc/meminfo"), line);

	return at ? strtol(strchr(at, ':') + 1, NULL, 10) : -1;
}

/*
 * Threads of the kernel may be busy with what the programs left (frames on
 * their way between lists): what is wrong is wrong again a moment later.
 */
void
expect_verified(const char *when)
{
	long pause[2] = { 0, 20 * 1000 * 1000 };
	const char *text = "";
	int i;

	if (access("/proc/verify", R_OK))
		return;				/* another system */
	for (i = 0; i < 20; i++) {
		text = text_of("/proc/verify");
		if (!strcmp(text, "every rule holds\n"))
			return;
		SYSCALL(SYS_nanosleep, pause, NULL);
	}
	printf("    # %s:\n%s", when, text);
	EXPECT(!"memory management contradicts itself");
}

/* Linux's errnos end at 133; -ERESTARTSYS and its kind lie behind. */
bool
is_internal_error(long result)
{
	return result < -133 && result >= -4095;
}
