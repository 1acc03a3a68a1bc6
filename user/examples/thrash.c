/* SPDX-License-Identifier: MIT */
/*
 * thrash [MIB [PROCESSES [ROUNDS]]]: use more memory than there is, and look at
 * every byte of it.
 *
 *	round 1		write every page: numbers that follow from whose it is and
 *			which
 *	round 2, 3, ..	read them again, write others
 *
 * With swap every byte is right, however little memory there is; the figures say
 * what it cost. Without, somebody is killed.
 *
 * The processes go from round to round together, and end together: so all of the
 * memory is in use at once. Else the first would be done before the last has
 * begun, and each would have the machine for itself in turn.
 *
 *	process 1   round 1 ====......|round 2 =======..|round 3 ==...|
 *	process 2   round 1 =========.|round 2 ===......|round 3 =====|
 *	parent		   a	    a |	 a byte for each
 *				      "arrived", to the parent
 *
 * A process that ends early (killed, or with a wrong page) is counted out, or the
 * others would wait for it for ever.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096
#define ROUNDS	3

static int arrived[2];		/* bytes to the parent: ARRIVED, or ENDED */
static int go[2][2];		/* to the children: in even, in odd rounds */

#define ARRIVED	'a'
#define ENDED	'e'		/* from the handler of SIGCHLD */

static uint32_t
mark(unsigned who, size_t page, unsigned round)
{
	return who * 2654435761u + (uint32_t)page * 31 + round;
}

/* Every byte of a page follows from its mark. */
static void
fill(unsigned char *at, uint32_t value)
{
	uint32_t *word = (uint32_t *)at;
	unsigned i;

	for (i = 0; i < PAGE / 4; i++)
		word[i] = i % 4 ? value + i / 64 : value;
}

static int
holds(const unsigned char *at, uint32_t value)
{
	const uint32_t *word = (const uint32_t *)at;
	unsigned i;

	for (i = 0; i < PAGE / 4; i++)
		if (word[i] != (i % 4 ? value + i / 64 : value))
			return 0;
	return 1;
}

/* --- from round to round together --- */

static void
child_ended(int sig)
{
	int before = errno;

	(void)sig;
	write(arrived[1], &(char){ ENDED }, 1);
	errno = before;
}

/* A child: until all have ended this round. Two pipes in turn, so that a fast one
 * cannot take the byte that a slow one has not fetched yet. */
static void
meet(unsigned round)
{
	char byte = ARRIVED;

	write(arrived[1], &byte, 1);
	while (read(go[round % 2][0], &byte, 1) < 0 && errno == EINTR)
		;
}

/* The parent: how many of n children failed. */
static unsigned
lead(unsigned n, unsigned rounds)
{
	unsigned round, here, bad = 0, i;
	int status;
	char byte;

	for (round = 1; round <= rounds; round++) {
		for (here = 0; here < n;) {
			if (read(arrived[0], &byte, 1) != 1)
				continue;
			here += byte == ARRIVED;
			while (byte == ENDED && waitpid(-1, &status, WNOHANG) > 0) {
				bad += status != 0;
				n--;
			}
		}
		for (i = 0; i < n; i++)
			write(go[round % 2][1], &(char){ ARRIVED }, 1);
	}
	while (waitpid(-1, &status, 0) > 0)
		bad += status != 0;
	return bad;
}

static int
use(unsigned who, size_t pages, unsigned rounds)
{
	unsigned char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned round;
	size_t i;

	if (at == MAP_FAILED) {
		perror("thrash: mmap");
		return 2;
	}
	for (round = 1; round <= rounds; round++) {
		for (i = 0; i < pages; i++) {
			if (round > 1 && !holds(at + i * PAGE,
						mark(who, i, round - 1))) {
				printf("thrash: page %lu of %u is wrong\n",
				       (unsigned long)i, who);
				fflush(stdout);
				return 1;
			}
			fill(at + i * PAGE, mark(who, i, round));
		}
		meet(round);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	size_t pages = (argc > 1 ? atoi(argv[1]) : 16) * (1ul << 20) / PAGE;
	unsigned n = argc > 2 ? atoi(argv[2]) : 1, i, bad;
	unsigned rounds = argc > 3 ? atoi(argv[3]) : ROUNDS, started = 0;
	pid_t pid;

	if (!n || pages < n || !rounds || argc > 4) {
		fprintf(stderr, "usage: thrash [MIB [PROCESSES [ROUNDS]]]\n");
		return 2;
	}
	if (pipe(arrived) || pipe(go[0]) || pipe(go[1])) {
		perror("thrash: pipe");
		return 2;
	}
	signal(SIGCHLD, child_ended);
	for (i = 0; i < n; i++) {
		pid = fork();
		if (!pid)
			_exit(use(i + 1, pages / n, rounds));
		if (pid < 0)
			perror("thrash: fork");
		started += pid > 0;
	}
	bad = n - started + lead(started, rounds);
	printf("thrash: %u processes, %lu pages, %u failed\n", n,
	       (unsigned long)(pages / n * n), bad);
	return bad != 0;
}
