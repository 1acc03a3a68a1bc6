/* SPDX-License-Identifier: MIT */
/*
 * thrash [MIB [PROCESSES]]: use more memory than there is, and look at each page.
 *
 *	round 1		write every page: a mark that says which it is
 *	round 2, 3	read the mark, write another
 *
 * With swap every mark is right, however little memory there is; the figures say
 * what it cost. Without, somebody is killed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096
#define ROUNDS	3

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

static int
use(unsigned who, size_t pages)
{
	unsigned char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned round;
	size_t i;

	if (at == MAP_FAILED) {
		perror("thrash: mmap");
		return 2;
	}
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < pages; i++) {
			if (round > 1 && !holds(at + i * PAGE,
						mark(who, i, round - 1))) {
				printf("thrash: page %lu of %u is wrong\n",
				       (unsigned long)i, who);
				return 1;
			}
			fill(at + i * PAGE, mark(who, i, round));
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	size_t pages = (argc > 1 ? atoi(argv[1]) : 16) * (1ul << 20) / PAGE;
	unsigned n = argc > 2 ? atoi(argv[2]) : 1, i, bad = 0;
	int status;

	if (!n || !pages) {
		fprintf(stderr, "usage: thrash [MIB [PROCESSES]]\n");
		return 2;
	}
	for (i = 0; i < n; i++) {
		if (!fork())
			_exit(use(i + 1, pages / n));
	}
	while (wait(&status) > 0)
		bad += status != 0;
	printf("thrash: %u processes, %lu pages, %u failed\n", n,
	       (unsigned long)pages, bad);
	return bad != 0;
}
