/* SPDX-License-Identifier: MIT */
/*
 * LZ4: compression that is cheap enough for every page on its way out.
 *
 * Ideas
 *   A block is a row of sequences. Each says: copy so many bytes from here
 *   (literals), then so many from what is already there, so far back (a
 *   match). No bit is ever shifted: everything begins at a byte.
 *
 *	token		high 4 bits: literals; low 4: length of the match - 4
 *	[255 ... n]	the first of them is 15: more to add, up to a byte < 255
 *	literals
 *	offset		two bytes, low one first; 1 to 65535 back
 *	[255 ... n]	the second of them is 15: likewise
 *
 *	"abcabcabcabcd12345"	->  3f a b c | 03 00 | -  60 d 1 2 3 4 5
 *				    3 literals, match of 9 from 3 back;
 *				    6 literals and the end
 *
 *   The last sequence stops after its literals. Rules for its writer: the last
 *   five bytes are literals, and no match begins in the last twelve. They
 *   let a reader copy word by word without looking at the end.
 *
 *   Finding matches   a table by hash of four bytes tells where such four were
 *	seen last. One look, one comparison; whoever was there before is
 *	forgotten. Where nothing is found for long the steps become longer, so
 *	that noise is passed quickly.
 *   A match may reach into what it makes: offset 1 and length 100 is a byte a
 *	hundred times.
 *
 * Invariants (tests/host/test_lz4.c, fuzz_lz4.c)
 *   L1  Of src not a byte outside [src, src + n) is read, of dst none outside
 *	 [dst, dst + room) read or written, whatever src holds.
 *   L2  decompress(compress(x)) == x.
 * Cost	 a page: docs/zram.md has the figures. Copies go by words, which the A9
 *	 reads where they lie; the Makefile says so to the compiler for this
 *	 file alone.
 * Questions a reader asks
 *   Why a table of 2048?  It is cleared for each page. Twice as large it finds 1 %
 *     more in a page and costs 350 instructions more.
 *   Why clear it?  An old entry would do no harm (the four bytes are compared
 *     anyway), but the same page would compress differently each time.
 *   Why not search for the longest match?  The next four bytes of a page are
 *     worth less than the time: reading back costs the same either way.
 * Sources  The LZ4 block format description (lz4_Block_format.md in the LZ4
 *	 project); Ziv and Lempel, IEEE Transactions on Information Theory 23(3),
 *	 1977; Williams, An extremely fast Ziv-Lempel data compression algorithm,
 *	 Data Compression Conference 1991 (the table without chains).
 */
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/lz4.h>
#include <lib/string.h>

#define MIN_MATCH	4u
#define LAST_LITERALS	5u	/* a match ends before them */
#define MATCH_MARGIN	12u	/* and begins before these */
#define NIBBLE_MAX	15u
#define SKIP_SHIFT	6	/* after 2^6 tries steps are one longer */
#define LONG_COPY	32u	/* from here on memcpy() is faster */

static inline u32
read_word(const u8 *p)
{
	u32 word;

	__builtin_memcpy(&word, p, 4);
	return word;
}

static inline void
write_word(u8 *p, u32 word)
{
	__builtin_memcpy(p, &word, 4);
}

/*
 * n bytes by words: up to three bytes too many are read and written. They do
 * not overlap, or src lies four or more before dst.
 */
static inline void
copy_words(u8 *dst, const u8 *src, size_t n)
{
	u8 *end = dst + n;

	do {
		write_word(dst, read_word(src));
		dst += 4;
		src += 4;
	} while (dst < end);
}

static inline u32
hash_of(u32 word)
{
	return word * 2654435761u >> (32 - LZ4_HASH_BITS);
}

/* Bytes in common before the first one that differs. */
static inline size_t
first_difference(u32 diff)
{
	return (unsigned)__builtin_ctz(diff) / 8;
}

/*
 * How many bytes at a and at b are the same, as far as limit (of a). The first
 * word decides most; the rest of the loop is for long runs.
 */
static inline size_t
common_bytes(const u8 *a, const u8 *b, const u8 *limit)
{
	const u8 *start = a;
	u32 diff;

	for (; limit - a >= 16; a += 16, b += 16) {
		diff = read_word(a) ^ read_word(b);
		if (diff)
			return (size_t)(a - start) + first_difference(diff);
		diff = read_word(a + 4) ^ read_word(b + 4);
		if (diff)
			return (size_t)(a - start) + 4 + first_difference(diff);
		diff = read_word(a + 8) ^ read_word(b + 8);
		if (diff)
			return (size_t)(a - start) + 8 + first_difference(diff);
		diff = read_word(a + 12) ^ read_word(b + 12);
		if (diff)
			return (size_t)(a - start) + 12 +
			       first_difference(diff);
	}
	while (a < limit && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(a - start);
}

/* What a nibble could not hold: bytes of 255 and a smaller one. */
static inline u8 *
put_length(u8 *op, size_t length)
{
	for (; length >= 255; length -= 255)
		*op++ = 255;
	*op++ = (u8)length;
	return op;
}

/* Token, more of the length, literals. Room for all has been seen to. */
static inline u8 *
put_literals(u8 *op, const u8 *from, size_t n, unsigned match_nibble)
{
	u8 *token = op++;

	if (n < NIBBLE_MAX) {
		*token = (u8)(n << 4 | match_nibble);
	} else {
		*token = (u8)(NIBBLE_MAX << 4 | match_nibble);
		op = put_length(op, n - NIBBLE_MAX);
	}
	if (n)
		memcpy(op, from, n);
	return op + n;
}

/* Bytes that a sequence with n literals and a match of 4 + more may take. */
static inline size_t
sequence_bound(size_t n, size_t more)
{
	return 1 + n / 255 + 1 + n + 2 + more / 255 + 1;
}

/* A short sequence takes at most 17 bytes, and its words 3 more. */
#define SHORT_ROOM	20u

/* A whole sequence; NULL: it does not fit. */
static inline u8 *
put_sequence(u8 *op, const u8 *oend, const u8 *literals, size_t n,
	     size_t offset, size_t more)
{
	size_t left = (size_t)(oend - op);

	if (likely(n < NIBBLE_MAX && more < NIBBLE_MAX && left >= SHORT_ROOM)) {
		*op++ = (u8)(n << 4 | more);
		/* The match behind them gives the words something to read. */
		if (n)
			copy_words(op, literals, n);
		op += n;
		*op++ = (u8)offset;
		*op++ = (u8)(offset >> 8);
		return op;
	}
	if (left < sequence_bound(n, more))
		return NULL;
	op = put_literals(op, literals, n, (unsigned)min(more,
							 (size_t)NIBBLE_MAX));
	*op++ = (u8)offset;
	*op++ = (u8)(offset >> 8);
	if (more >= NIBBLE_MAX)
		op = put_length(op, more - NIBBLE_MAX);
	return op;
}

/*
 * The next place from ip to last whose four bytes were seen before, and where
 * (*match); NULL: none. An empty entry says 0, a place as good as any: ip is
 * behind it.
 */
static inline const u8 *
find_match(u16 *seen, const u8 *base, const u8 *ip, const u8 *last,
	   const u8 **match)
{
	unsigned tries = 1u << SKIP_SHIFT;

	while (ip <= last) {
		u32 word = read_word(ip);
		u16 *slot = &seen[hash_of(word)];
		const u8 *before = base + *slot;

		*slot = (u16)(ip - base);
		if (read_word(before) == word) {
			*match = before;
			return ip;
		}
		ip += tries++ >> SKIP_SHIFT;
	}
	return NULL;
}

/* The sequences with a match; *left: where the last literals begin. */
static u8 *
compress_matches(u16 *seen, const u8 *src, size_t n, u8 *op, const u8 *oend,
		 const u8 **left)
{
	const u8 *anchor = src, *ip = src + 1, *match;
	const u8 *last = src + n - MATCH_MARGIN;
	const u8 *limit = src + n - LAST_LITERALS;
	size_t more;

	while ((ip = find_match(seen, src, ip, last, &match))) {
		while (ip > anchor && match > src && ip[-1] == match[-1]) {
			ip--;
			match--;
		}
		more = common_bytes(ip + MIN_MATCH, match + MIN_MATCH, limit);
		op = put_sequence(op, oend, anchor, (size_t)(ip - anchor),
				  (size_t)(ip - match), more);
		if (!op)
			return NULL;
		ip += MIN_MATCH + more;
		anchor = ip;
		if (ip > last)
			break;
		/* What ends here may begin again. */
		seen[hash_of(read_word(ip - 2))] = (u16)(ip - 2 - src);
	}
	*left = anchor;
	return op;
}

size_t
lz4_compress(struct lz4_work *work, const void *src, size_t n,
	     void *dst, size_t room)
{
	const u8 *end = (const u8 *)src + n, *left = src;
	const u8 *oend = (u8 *)dst + room;
	u8 *op = dst;

	if (n > LZ4_MAX_INPUT)
		return 0;
	if (n > MATCH_MARGIN) {
		memset(work, 0, sizeof(*work));
		op = compress_matches(work->seen, src, n, op, oend, &left);
		if (!op)
			return 0;
	}
	n = (size_t)(end - left);
	if ((size_t)(oend - op) < 1 + n +
	    (n < NIBBLE_MAX ? 0 : (n - NIBBLE_MAX) / 255 + 1))
		return 0;
	return (size_t)(put_literals(op, left, n, 0) - (u8 *)dst);
}

/* --- Reading --- */

/* Where a block is read and where it goes; each with its end. */
struct expansion {
	const u8 *ip, *iend;
	u8 *op, *oend;
};

/* Add what follows a nibble of 15; false: the block ends before. */
static inline bool
get_length(struct expansion *x, size_t *length)
{
	u8 byte;

	do {
		if (x->ip == x->iend)
			return false;
		byte = *x->ip++;
		*length += byte;
	} while (byte == 255);
	return true;
}

static inline bool
expand_literals(struct expansion *x, size_t n)
{
	size_t in = (size_t)(x->iend - x->ip);
	size_t out = (size_t)(x->oend - x->op);

	if (n < LONG_COPY && in >= n + 3 && out >= n + 3) {
		if (n)
			copy_words(x->op, x->ip, n);
	} else if (n <= in && n <= out) {
		memcpy(x->op, x->ip, n);
	} else {
		return false;
	}
	x->ip += n;
	x->op += n;
	return true;
}

/*
 * n > 0 bytes from offset back. What repeats itself sooner than a word, or
 * long, is doubled: once offset bytes are copied, twice as many are there.
 */
static inline void
repeat(u8 *op, size_t offset, size_t n)
{
	const u8 *from = op - offset;

	if (offset == 1) {
		memset(op, *from, n);
		return;
	}
	for (; n > offset; offset *= 2) {
		memcpy(op, from, offset);
		op += offset;
		n -= offset;
	}
	memcpy(op, from, n);
}

static inline bool
expand_match(struct expansion *x, const u8 *dst, size_t offset, size_t n)
{
	size_t out = (size_t)(x->oend - x->op);

	if (unlikely(!offset || offset > (size_t)(x->op - dst) || n > out))
		return false;
	if (likely(n < LONG_COPY && offset >= 4 && n + 3 <= out))
		copy_words(x->op, x->op - offset, n);
	else
		repeat(x->op, offset, n);
	x->op += n;
	return true;
}

int
lz4_decompress(const void *src, size_t n, void *dst, size_t room)
{
	struct expansion x = {
		.ip = src, .iend = (const u8 *)src + n,
		.op = dst, .oend = (u8 *)dst + room,
	};
	size_t length, offset;
	unsigned token;

	while (x.ip < x.iend) {
		token = *x.ip++;
		length = token >> 4;
		if (length == NIBBLE_MAX && !get_length(&x, &length))
			return -EINVAL;
		if (!expand_literals(&x, length))
			return -EINVAL;
		if (x.ip == x.iend)		/* the last sequence */
			return (int)(x.op - (u8 *)dst);
		if (x.iend - x.ip < 2)
			return -EINVAL;
		offset = x.ip[0] | (size_t)x.ip[1] << 8;
		x.ip += 2;
		length = token & NIBBLE_MAX;
		if (length == NIBBLE_MAX && !get_length(&x, &length))
			return -EINVAL;
		if (!expand_match(&x, dst, offset, length + MIN_MATCH))
			return -EINVAL;
	}
	return -EINVAL;			/* nothing, or ends with a match */
}
