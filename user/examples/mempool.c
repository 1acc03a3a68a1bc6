/* SPDX-License-Identifier: MIT */
/*
 * mempool: a pool of equal pieces against malloc, timed.
 *
 * The pool takes one large piece at the start and threads a list through what
 * is free: the first word of a free piece is the address of the next. To take
 * is to unhook the first, to give back to hook in front. malloc has to find a
 * piece that fits, keep its size and join neighbours.
 *
 * Under `-icount shift=0` a nanosecond is an instruction.
 */
#include "example.h"

#define PIECE	64
#define COUNT	1000
#define ROUNDS	20

struct pool {
	void *memory;
	void **free;
};

static int
pool_init(struct pool *pool, size_t size, unsigned count)
{
	unsigned i;

	pool->memory = malloc(size * count);
	pool->free = NULL;
	if (!pool->memory)
		return -1;
	for (i = count; i-- > 0;) {
		void **piece = (void **)((char *)pool->memory + i * size);

		*piece = pool->free;
		pool->free = piece;
	}
	return 0;
}

static void *
pool_alloc(struct pool *pool)
{
	void **piece = pool->free;

	if (piece)
		pool->free = *piece;
	return piece;
}

static void
pool_free(struct pool *pool, void *memory)
{
	*(void **)memory = pool->free;
	pool->free = memory;
}

static void *pieces[COUNT];

/* ns for taking and giving back COUNT pieces, every second one first. */
static unsigned long
time_pool(struct pool *pool)
{
	unsigned long long from = now_ns();
	unsigned i, half;

	for (i = 0; i < COUNT; i++)
		pieces[i] = pool_alloc(pool);
	for (half = 0; half < 2; half++) {
		for (i = half; i < COUNT; i += 2)
			pool_free(pool, pieces[i]);
	}
	return now_ns() - from;
}

static unsigned long
time_malloc(void)
{
	unsigned long long from = now_ns();
	unsigned i, half;

	for (i = 0; i < COUNT; i++)
		pieces[i] = malloc(PIECE);
	for (half = 0; half < 2; half++) {
		for (i = half; i < COUNT; i += 2)
			free(pieces[i]);
	}
	return now_ns() - from;
}

int
main(void)
{
	unsigned long with_pool = ~0ul, with_malloc = ~0ul, once;
	struct pool pool;
	int i;

	if (pool_init(&pool, PIECE, COUNT)) {
		perror("mempool");
		return 1;
	}
	/* The best of some rounds: others may hold interrupts and faults. */
	for (i = 0; i < ROUNDS; i++) {
		once = time_pool(&pool);
		with_pool = once < with_pool ? once : with_pool;
		once = time_malloc();
		with_malloc = once < with_malloc ? once : with_malloc;
	}
	printf("%d pieces of %d bytes, taken and given back:\n", COUNT, PIECE);
	printf("  pool   %6lu ns each\n", with_pool / COUNT);
	printf("  malloc %6lu ns each\n", with_malloc / COUNT);
	return 0;
}
