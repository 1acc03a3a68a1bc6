/* SPDX-License-Identifier: MIT */
/*
 * tenprocs: ten processes at the same addresses.
 *
 * All ten write their number to the same virtual address and read it back:
 * each finds its own, for each has its own translation. The frame behind it is
 * shown where /proc/PID/pagemap tells (to root). Text is the same frame for all:
 * it is shared.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>

#include "example.h"

static volatile int number __attribute__((aligned(4096)));

/* The frame behind an address, by pagemap; 0: unknown. */
static unsigned long
frame_of(const void *address)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0)
		return 0;
	lseek(fd, (uintptr_t)address / 4096 * 8, SEEK_SET);
	if (read(fd, &entry, sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry >> 63 ? entry & ((1ull << 55) - 1) : 0;
}

static void
child(int n, int gate)
{
	char byte;

	number = n;
	read(gate, &byte, 1);		/* until all ten are there */
	printf("pid %3d: at %p is %2d, in frame 0x%05lx; text in 0x%05lx; "
	       "stack %p\n", getpid(), (void *)&number, number,
	       frame_of((void *)&number), frame_of((void *)child), (void *)&n);
	fflush(stdout);
	_exit(number != n);
}

int
main(void)
{
	int gate[2], i, status, wrong = 0;

	if (pipe(gate)) {
		perror("pipe");
		return 1;
	}
	for (i = 1; i <= 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			close(gate[1]);
			child(i, gate[0]);
		}
		if (pid < 0)
			perror("fork");
	}
	close(gate[1]);			/* the gate opens */
	while (wait(&status) > 0)
		wrong += status != 0;
	printf("%d of them found what another had written\n", wrong);
	return wrong;
}
