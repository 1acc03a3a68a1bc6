/* SPDX-License-Identifier: MIT */
/*
 * mapdemo: a file in memory. What is written through a shared mapping is in the
 * file; what is written through a private one is a copy of the page, which
 * nobody else sees.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "example.h"

#define NAME	"/tmp/mapdemo"
#define SIZE	(4 * 4096)

static long
faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void
show_file(int fd, const char *when)
{
	char text[16];

	pread(fd, text, sizeof(text) - 1, 0);
	text[15] = '\0';
	printf("%-34s the file begins \"%s\"\n", when, text);
}

int
main(void)
{
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *shared, *private;
	long before;

	if (fd < 0 || ftruncate(fd, SIZE) || write(fd, "written by hand", 15) < 0) {
		perror(NAME);
		return 1;
	}
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (shared == MAP_FAILED || private == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	show_lines("/proc/self/maps", "mapdemo");
	show_file(fd, "at first");
	before = faults();
	memcpy(shared, "SHARED ", 7);
	show_file(fd, "written through the shared one:");
	memcpy(private, "private", 7);
	show_file(fd, "written through the private one:");
	printf("the private mapping has \"%.15s\"\n", private);
	printf("page faults for these two writes: %ld\n", faults() - before);
	unlink(NAME);
	return 0;
}
