/* SPDX-License-Identifier: MIT */
/*
 * mymalloc: a malloc of one page of code, on sbrk().
 *
 * Ideas
 *   Block    a header, then what the caller gets. All blocks lie one behind the
 *            other from the start of the heap to its end, so the next one is
 *            found by the size of this one.
 *
 *		| size,free | 100 bytes | size,free | 24 bytes | ...
 *
 *   First    malloc takes the first free block that is large enough, and cuts
 *   fit      off what is too much. If none is, the heap grows.
 *   Merge    free joins a block with the free ones behind it. Those before it
 *            are found when malloc passes by: it joins as it searches.
 *
 * What is missing that newlib's has: bins by size, so that a search need not
 * pass every block; trimming of the heap's end.
 */
#include <stdbool.h>
#include <stddef.h>

#include "example.h"

struct block {
	size_t size;			/* of what follows, a multiple of 8 */
	bool free;
};
#define HEADER	((sizeof(struct block) + 7) & ~(size_t)7)
#define GROW	4096			/* the heap grows by at least this */

static struct block *first, *heap_end;

static struct block *
next_block(struct block *block)
{
	return (struct block *)((char *)block + HEADER + block->size);
}

static void
join_free(struct block *block)
{
	struct block *next;

	while ((next = next_block(block)) < heap_end && next->free)
		block->size += HEADER + next->size;
}

/* What is left behind size becomes a block, if it is worth one. */
static void
cut(struct block *block, size_t size)
{
	struct block *rest;

	if (block->size < size + HEADER + 8)
		return;
	rest = (struct block *)((char *)block + HEADER + size);
	rest->size = block->size - size - HEADER;
	rest->free = true;
	block->size = size;
}

static struct block *
grow(size_t size)
{
	size_t bytes = (size + HEADER + GROW - 1) / GROW * GROW;
	struct block *block = sbrk(bytes);

	if (block == (void *)-1)
		return NULL;
	if (!first)
		first = block;
	block->size = bytes - HEADER;
	block->free = true;
	heap_end = next_block(block);
	return block;
}

static void *
my_malloc(size_t size)
{
	struct block *block;

	size = (size + 7) & ~(size_t)7;
	for (block = first; block < heap_end; block = next_block(block)) {
		if (!block->free)
			continue;
		join_free(block);
		if (block->size >= size)
			break;
	}
	if (block >= heap_end)
		block = grow(size);
	if (!block)
		return NULL;
	cut(block, size);
	block->free = false;
	return (char *)block + HEADER;
}

static void
my_free(void *memory)
{
	struct block *block = (struct block *)((char *)memory - HEADER);

	if (!memory)
		return;
	block->free = true;
	join_free(block);
}

static void
show(const char *when)
{
	struct block *block;

	printf("%-28s", when);
	for (block = first; block < heap_end; block = next_block(block))
		printf(" %c%u", block->free ? '-' : '+', (unsigned)block->size);
	putchar('\n');
}

int
main(void)
{
	void *a, *b, *c, *big;

	/* Nothing may use newlib's malloc between our sbrk() calls. */
	setvbuf(stdout, NULL, _IONBF, 0);
	puts("Blocks in the order of their addresses: + given, - free\n");
	a = my_malloc(100);
	show("a = malloc(100)");
	b = my_malloc(200);
	c = my_malloc(300);
	show("b = 200, c = 300");
	my_free(b);
	show("free(b): a hole");
	b = my_malloc(50);
	show("malloc(50): first fit");
	my_free(a);
	my_free(b);
	show("free both: not yet joined");
	a = my_malloc(280);
	show("malloc(280): joined, fits");
	big = my_malloc(10000);
	show("malloc(10000): sbrk");
	my_free(big);
	my_free(c);
	my_free(a);
	big = my_malloc(1);
	show("all freed, malloc(1)");
	printf("\nheap: %ld bytes from %p\n", (long)((char *)heap_end -
						    (char *)first),
	       (void *)first);
	return big == NULL;
}
