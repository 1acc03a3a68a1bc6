/* SPDX-License-Identifier: MIT */
/* What several examples need: a clock, and a line of /proc. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds of a clock that only goes forward. */
static inline unsigned long long
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The lines of a file that hold a word (all, if word is NULL). */
static inline void
show_lines(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	char line[256];

	if (!file) {
		printf("(%s cannot be read)\n", path);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		if (!word || strstr(line, word))
			fputs(line, stdout);
	}
	fclose(file);
}

#endif
