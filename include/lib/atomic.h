/* SPDX-License-Identifier: MIT */
/*
 * Atomic integers, on the compiler's builtins (LDREX/STREX on ARMv7).
 *
 * As in Linux: an operation that returns a value is a full barrier, one that
 * returns nothing is relaxed, and atomic_read/atomic_set order nothing;
 * nor does what says so in its name.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include <lib/compiler.h>
#include <lib/types.h>

typedef struct {
	s32 value;
} atomic_t;

#define ATOMIC_INIT(v)	{ (v) }

static inline s32
atomic_read(const atomic_t *a)
{
	return READ_ONCE(a->value);
}

static inline void
atomic_set(atomic_t *a, s32 v)
{
	WRITE_ONCE(a->value, v);
}

static inline void
atomic_add(atomic_t *a, s32 v)
{
	__atomic_fetch_add(&a->value, v, __ATOMIC_RELAXED);
}

static inline void
atomic_sub(atomic_t *a, s32 v)
{
	__atomic_fetch_sub(&a->value, v, __ATOMIC_RELAXED);
}

static inline void
atomic_inc(atomic_t *a)
{
	atomic_add(a, 1);
}

static inline void
atomic_dec(atomic_t *a)
{
	atomic_sub(a, 1);
}

static inline s32
atomic_add_return(atomic_t *a, s32 v)
{
	return __atomic_add_fetch(&a->value, v, __ATOMIC_SEQ_CST);
}

static inline s32
atomic_sub_return(atomic_t *a, s32 v)
{
	return __atomic_sub_fetch(&a->value, v, __ATOMIC_SEQ_CST);
}

static inline s32
atomic_add_return_relaxed(atomic_t *a, s32 v)
{
	return __atomic_add_fetch(&a->value, v, __ATOMIC_RELAXED);
}

static inline bool
atomic_dec_and_test(atomic_t *a)
{
	return atomic_sub_return(a, 1) == 0;
}

static inline s32
atomic_xchg(atomic_t *a, s32 v)
{
	return __atomic_exchange_n(&a->value, v, __ATOMIC_SEQ_CST);
}

/* Set to next if it holds old; true when it did. */
static inline bool
atomic_try_cmpxchg(atomic_t *a, s32 old, s32 next)
{
	return __atomic_compare_exchange_n(&a->value, &old, next, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Add v unless the value is unless; true when it was added. */
static inline bool
atomic_add_unless(atomic_t *a, s32 v, s32 unless)
{
	s32 old = atomic_read(a);

	while (old != unless) {
		if (__atomic_compare_exchange_n(&a->value, &old, old + v, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)

#endif
