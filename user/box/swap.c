/* SPDX-License-Identifier: MIT */
/* mkswap, swapon, swapoff: disks and files that take pages when memory is short. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "box.h"

#define PAGE		4096
#define MAGIC		"SWAPSPACE2"
#define HEADER_AT	1024

/* mkswap DEVICE | FILE: slot 0 says how many there are. */
static int
mkswap_main(int argc, char **argv)
{
	static unsigned char header[PAGE];
	uint32_t words[3] = { 1, 0, 0 };
	off_t size;
	int fd;

	if (argc != 2)
		return complain_usage();
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		return complain(argv[1]);
	size = lseek(fd, 0, SEEK_END);
	if (size < 10 * PAGE) {
		fprintf(stderr, "mkswap: %s: ten pages are the least\n",
			argv[1]);
		close(fd);
		return 1;
	}
	words[1] = (uint32_t)(size / PAGE - 1);
	memcpy(header + HEADER_AT, words, sizeof(words));
	memcpy(header + PAGE - 10, MAGIC, 10);
	/* swapon sees to it that it is on the disk. */
	if (lseek(fd, 0, SEEK_SET) || write(fd, header, PAGE) != PAGE) {
		close(fd);
		return complain(argv[1]);
	}
	close(fd);
	printf("Setting up swapspace version 1, size = %lu KiB\n",
	       (unsigned long)words[1] * 4);
	return 0;
}
APPLET(mkswap, mkswap_main, "DEVICE | FILE|make a disk or a file swap space");

/* swapon [-p PRIORITY] DEVICE...; swapon -s shows them. */
static int
swapon_main(int argc, char **argv)
{
	int flags = 0, status = 0, i = 1;
	char *text;

	if (argc == 2 && !strcmp(argv[1], "-s")) {
		text = read_file("/proc/swaps");
		if (!text)
			return complain("/proc/swaps");
		fputs(text, stdout);
		free(text);
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "-p")) {
		flags = SWAP_FLAG_PREFER |
			(atoi(argv[2]) & SWAP_FLAG_PRIO_MASK);
		i = 3;
	}
	if (i >= argc)
		return complain_usage();
	for (; i < argc; i++)
		if (swapon(argv[i], flags))
			status = complain(argv[i]);
	return status;
}
APPLET(swapon, swapon_main,
       "-s | [-p PRIORITY] DEVICE | FILE...|use disks or files for swap; show them");

static int
swapoff_main(int argc, char **argv)
{
	int status = 0, i;

	if (argc < 2)
		return complain_usage();
	for (i = 1; i < argc; i++)
		if (swapoff(argv[i]))
			status = complain(argv[i]);
	return status;
}
APPLET(swapoff, swapoff_main,
       "DEVICE | FILE...|bring back what is in swap, and use it no more");
