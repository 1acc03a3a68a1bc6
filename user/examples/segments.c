/* SPDX-License-Identifier: MIT */
/*
 * segments: the five areas of a process, and how they move.
 *
 *	text	instructions		as long as the program is
 *	data	variables with a value	the same
 *	bss	those without		the same; zeros, and not in the file
 *	heap	malloc(), above bss	grows upwards: by brk(), or large
 *					pieces elsewhere, by mmap()
 *	stack	calls, local variables	grows downwards, when it is touched
 *
 * Start it twice: with address randomisation heap and stack lie elsewhere
 * each time (norandmaps on the kernel's command line stops that); text, data
 * and bss stay, for the program was linked for fixed addresses.
 */
#include "example.h"

extern char etext, edata, end;		/* from the linker */

static int initialised = 42;
static int uninitialised[1000];

static int
stack_depth(int levels)
{
	char room[16384];

	memset(room, levels, sizeof(room));
	if (!levels) {
		printf("  a local variable 32 calls deeper   %p\n", (void *)room);
		show_lines("/proc/self/maps", "[stack]");
		return room[0];
	}
	return stack_depth(levels - 1) + room[levels];
}

int
main(void)
{
	int local = 0;
	void *before = sbrk(0), *small, *large;

	printf("text   main()             %p, ends %p\n", (void *)main,
	       (void *)&etext);
	printf("data   initialised        %p, ends %p\n", (void *)&initialised,
	       (void *)&edata);
	printf("bss    uninitialised      %p, ends %p\n",
	       (void *)uninitialised, (void *)&end);
	printf("heap   ends (sbrk(0))     %p\n", before);
	printf("stack  a local variable   %p\n\n", (void *)&local);

	small = malloc(100000);
	printf("malloc(100000) gives %p; the heap ends %p, %ld KiB later\n",
	       small, sbrk(0), (long)((char *)sbrk(0) - (char *)before) / 1024);
	show_lines("/proc/self/maps", "[heap]");
	large = malloc(1000000);
	printf("malloc(1000000) gives %p: newlib takes it from the heap too\n\n",
	       large);
	puts("The stack before and after 33 calls with 16 KiB each:");
	show_lines("/proc/self/maps", "[stack]");
	stack_depth(32);
	puts("\nAll of it (/proc/self/maps):");
	show_lines("/proc/self/maps", NULL);
	free(large);
	free(small);
	return local;
}
