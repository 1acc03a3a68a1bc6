/* SPDX-License-Identifier: MIT */
/*
 * Error sequence: one word that tells every observer of an error once.
 *
 * Ideas
 *   A file's writes may fail long after write() has returned. Everybody who has
 *   the file open shall hear of it, and each of them once. So the file has one
 *   word, the last error and a count of errors; each opening remembers the word
 *   that it saw last, and asks whether it has changed.
 *
 *	31.........13 | 12   | 11..0
 *	count		seen   the last error, positive; 0: there was none
 *
 *   Seen  the count need not grow when an error comes that nobody could have
 *	told from the last one, as nobody has looked since. So a disk that fails
 *	a thousand times does not wrap the count.
 *   An opening takes the word as it is, but 0 while it is not seen: an error that
 *	nobody was told of is told to the next one who asks.
 *
 * Context  any. All operations are atomic.
 * Sources  Layton, Improved block-layer error handling (LWN, 2017), for the idea.
 */
#ifndef LIB_ERRSEQ_H
#define LIB_ERRSEQ_H

#include <lib/types.h>

typedef u32 errseq_t;

#define ERRSEQ_SEEN	(1u << 12)
#define ERRSEQ_COUNT	(1u << 13)
#define ERRSEQ_ERRNO	0xfffu

/* An error, as -Exxx, has come. */
static inline void
errseq_set(errseq_t *seq, int err)
{
	errseq_t old = __atomic_load_n(seq, __ATOMIC_RELAXED), now;

	do {
		now = (old & ~(ERRSEQ_ERRNO | ERRSEQ_SEEN)) | (u32)-err;
		if (!old || old & ERRSEQ_SEEN)
			now += ERRSEQ_COUNT;
	} while (!__atomic_compare_exchange_n(seq, &old, now, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
}

/* What an observer who comes now has seen. */
static inline errseq_t
errseq_sample(const errseq_t *seq)
{
	errseq_t now = __atomic_load_n(seq, __ATOMIC_SEQ_CST);

	return now & ERRSEQ_SEEN ? now : 0;
}

/* The error since *since, as -Exxx, or 0; *since is left. */
static inline int
errseq_check(const errseq_t *seq, errseq_t since)
{
	errseq_t now = __atomic_load_n(seq, __ATOMIC_SEQ_CST);

	return (now & ~ERRSEQ_SEEN) == (since & ~ERRSEQ_SEEN) ? 0 :
	       -(int)(now & ERRSEQ_ERRNO);
}

/* The same, and it is told: *since moves. Held: what guards *since. */
static inline int
errseq_check_and_advance(errseq_t *seq, errseq_t *since)
{
	errseq_t old = __atomic_load_n(seq, __ATOMIC_SEQ_CST);
	int err = errseq_check(seq, *since);

	while (old && !(old & ERRSEQ_SEEN) &&
	       !__atomic_compare_exchange_n(seq, &old, old | ERRSEQ_SEEN,
					    false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	*since = old ? old | ERRSEQ_SEEN : 0;
	return err;
}

#endif
