/* SPDX-License-Identifier: MIT */
/*
 * vmapdemo: memory that the kernel got from vmalloc(), in our address space.
 *
 * vmalloc() memory is contiguous only by its addresses; its frames lie anywhere.
 * So the driver maps them page by page, when we touch them: by its fault
 * handler. What the kernel wrote there we read, and the other way round: no
 * byte is copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "example.h"

#define DEVICE	"/dev/vmap"
#define SIZE	(4 * 4096)

int
main(void)
{
	int fd = open(DEVICE, O_RDWR), i;
	struct rusage before, after;
	char *at, line[40];

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV)) {
		puts("vmapdemo: this kernel has no " DEVICE);
		return 0;
	}
	at = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
					MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		perror(DEVICE);
		return 1;
	}
	show_lines("/proc/self/maps", "vmap");
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < SIZE; i += 4096)
		printf("page %d begins \"%.20s\"\n", i / 4096, at + i);
	getrusage(RUSAGE_SELF, &after);
	printf("page faults: %ld\n", after.ru_minflt - before.ru_minflt);
	strcpy(at, "written by a program");
	lseek(fd, 0, SEEK_SET);
	if (read(fd, line, 21) == 21)
		printf("read() tells what the kernel sees: \"%.20s\"\n", line);
	return 0;
}
