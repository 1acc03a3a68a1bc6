/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way to or from a caller's memory, piece by piece.
 *
 * A piece is copied with one call; what a user's memory does not take ends the
 * whole transfer, and the caller tells how far it got, as read() and write() do.
 *
 * Context  may sleep where the pieces are a user's (a page fault). So the
 *   other end must be an address that may be kept while sleeping: kmap(), not
 *   kmap_local_page().
 */
#include <asm/uaccess.h>
#include <kernel/iov_iter.h>
#include <lib/string.h>

/* Bytes of the current piece that are not copied: 0 when all went well. */
static size_t
piece_to(void *to, const void *from, size_t n, bool kernel)
{
	if (!kernel)
		return copy_to_user(to, from, n);
	memcpy(to, from, n);
	return 0;
}

static size_t
piece_from(void *to, const void *from, size_t n, bool kernel)
{
	if (!kernel)
		return copy_from_user(to, from, n);
	memcpy(to, from, n);
	return 0;
}

static size_t
piece_clear(void *to, size_t n, bool kernel)
{
	if (!kernel)
		return clear_user(to, n);
	memset(to, 0, n);
	return 0;
}

size_t
copy_to_iter(const void *from, size_t n, struct iov_iter *i)
{
	size_t done = 0, piece, left = 0;
	char *at;

	n = min(n, i->count);
	while (done < n && !left) {
		piece = iov_iter_piece(i, n - done, &at);
		left = piece_to(at, (const char *)from + done, piece,
				i->kernel);
		iov_iter_advance(i, piece - left);
		done += piece - left;
	}
	return done;
}

size_t
copy_from_iter(void *to, size_t n, struct iov_iter *i)
{
	size_t done = 0, piece, left = 0;
	char *at;

	n = min(n, i->count);
	while (done < n && !left) {
		piece = iov_iter_piece(i, n - done, &at);
		left = piece_from((char *)to + done, at, piece, i->kernel);
		iov_iter_advance(i, piece - left);
		done += piece - left;
	}
	return done;
}

size_t
clear_iter(size_t n, struct iov_iter *i)
{
	size_t done = 0, piece, left = 0;
	char *at;

	n = min(n, i->count);
	while (done < n && !left) {
		piece = iov_iter_piece(i, n - done, &at);
		left = piece_clear(at, piece, i->kernel);
		iov_iter_advance(i, piece - left);
		done += piece - left;
	}
	return done;
}
