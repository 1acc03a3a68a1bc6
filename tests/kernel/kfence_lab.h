/* SPDX-License-Identifier: MIT */
/*
 * For the suites of KFENCE: a pool without a timer, and objects from it.
 *
 * Every case switches KFENCE on without a timer and asks for its samples, so
 * that nobody else takes one; where it is on since boot, that pool is used.
 */
#ifndef TESTS_KFENCE_LAB_H
#define TESTS_KFENCE_LAB_H

#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/kfence.h>
#include <mm/slab.h>

#define OBJECTS		8
#define MOST_TRIES	100

static bool was_on;
static struct kfence_stats before;

static __attribute__((unused)) noinline void *
make_object(size_t n)
{
	void *p;

	kfence_sample_nth(1);
	p = kmalloc(n, GFP_KERNEL);
	kfence_sample_nth(0);
	return p;
}

/* A sampled object of cache. */
static inline void *
sample_of(struct kmem_cache *cache, gfp_t gfp)
{
	void *p;

	kfence_sample_nth(1);
	p = kmem_cache_alloc(cache, gfp);
	kfence_sample_nth(0);
	return p;
}

static inline const char *
lab_open(void)
{
	int err = kfence_start(0, OBJECTS);

	was_on = err == -EBUSY;
	if (err && !was_on)
		return "no CMA area to take a pool from, and none since boot";
	kfence_get_stats(&before);
	return was_on && before.interval_ms ? "a timer takes samples too" :
					      NULL;
}

#define LAB_OPEN(t) do { \
	const char *why_ = lab_open(); \
	if (why_) \
		SKIP(t, why_); \
} while (0)

static inline void
lab_close(struct test *t)
{
	struct kfence_stats after;

	kfence_get_stats(&after);
	EXPECT_EQ(t, after.used, before.used);
	if (!was_on)
		EXPECT_EQ(t, kfence_stop(), 0);
}

static inline bool
lies_right(const void *p)
{
	return (unsigned long)p % PAGE_SIZE != 0;
}

/* An object at this end of its page; the lot is drawn until it is. */
static inline char *
object_at(size_t n, bool right)
{
	char *p;

	for (unsigned i = 0; i < MOST_TRIES; i++) {
		p = make_object(n);
		if (is_kfence_address(p) && lies_right(p) == right)
			return p;
		kfree(p);
	}
	return NULL;
}

#endif
