/* SPDX-License-Identifier: MIT */
/* sync, dd: what is on its way to a disk, and copying block by block. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

/* Without names: everything. */
static int
sync_main(int argc, char **argv)
{
	int i, fd, status = 0;

	if (argc == 1)
		SYSCALL(SYS_sync);
	for (i = 1; i < argc; i++) {
		fd = open(argv[i], O_RDONLY);
		if (fd < 0 || SYSCALL(SYS_fsync, fd) < 0)
			status = complain(argv[i]);
		if (fd >= 0)
			close(fd);
	}
	return status;
}
APPLET(sync, sync_main, "[FILE]...|write what is dirty to its disk");

struct dd {
	const char *in, *out;
	unsigned long long bs, count, skip, seek;
	bool counted, fsync, notrunc;
	int in_flags, out_flags;		/* O_DIRECT */
};

/* "bs=4k"; 0, or -1 for a word that it does not know. */
static int
dd_word(struct dd *dd, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value++)
		return -1;
	if (!strncmp(word, "if=", 3))
		dd->in = value;
	else if (!strncmp(word, "of=", 3))
		dd->out = value;
	else if (!strncmp(word, "bs=", 3))
		dd->bs = parse_size(value);
	else if (!strncmp(word, "skip=", 5))
		dd->skip = parse_size(value);
	else if (!strncmp(word, "seek=", 5))
		dd->seek = parse_size(value);
	else if (!strncmp(word, "count=", 6)) {
		dd->count = parse_size(value);
		dd->counted = true;
	} else if (!strcmp(word, "conv=fsync"))
		dd->fsync = true;
	else if (!strcmp(word, "conv=notrunc"))
		dd->notrunc = true;
	else if (!strcmp(word, "iflag=direct"))
		dd->in_flags = O_DIRECT;
	else if (!strcmp(word, "oflag=direct"))
		dd->out_flags = O_DIRECT;
	else
		return -1;
	return dd->bs ? 0 : -1;
}

/* A whole block, or less at the end. */
static ssize_t
read_block(int fd, char *buf, size_t size)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < size && n > 0) {
		n = read(fd, buf + got, size - got);
		if (n > 0)
			got += n;
	}
	return n < 0 ? -1 : (ssize_t)got;
}

static int
write_block(int fd, const char *buf, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, buf, size);
		if (n <= 0)
			return -1;
		buf += n;
		size -= n;
	}
	return 0;
}

static int
dd_copy(const struct dd *dd, int in, int out, char *buf)
{
	unsigned long long whole = 0, part = 0, bytes = 0;
	ssize_t n = 1;
	int status = 0;

	while (!status && (!dd->counted || whole + part < dd->count)) {
		n = read_block(in, buf, dd->bs);
		if (n <= 0)
			break;
		/* The end of a file need be no whole sector. */
		if (dd->out_flags && (size_t)n < dd->bs)
			fcntl(out, F_SETFL, 0);
		if (write_block(out, buf, n))
			status = complain(dd->out ? dd->out : "output");
		whole += (size_t)n == dd->bs;
		part += (size_t)n < dd->bs;
		bytes += n;
	}
	if (n < 0)
		status = complain(dd->in ? dd->in : "input");
	if (dd->fsync && SYSCALL(SYS_fsync, out) < 0)
		status = complain(dd->out ? dd->out : "output");
	fprintf(stderr, "%llu+%llu blocks, %llu bytes\n", whole, part, bytes);
	return status;
}

static int
dd_main(int argc, char **argv)
{
	struct dd dd = { .bs = 512 };
	int i, in = 0, out = 1, status;
	char *buf;

	for (i = 1; i < argc; i++) {
		if (dd_word(&dd, argv[i]))
			return complain_usage();
	}
	/* Pages of its own: a disk may be asked to fill them. */
	buf = mmap(NULL, dd.bs, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		return complain("dd");
	if (dd.in)
		in = open(dd.in, O_RDONLY | dd.in_flags);
	if (in < 0)
		return complain(dd.in);
	if (dd.out)
		out = open(dd.out, O_WRONLY | O_CREAT | dd.out_flags |
			   (dd.notrunc || dd.seek ? 0 : O_TRUNC), 0666);
	if (out < 0)
		return complain(dd.out);
	if (dd.skip && lseek(in, dd.skip * dd.bs, SEEK_SET) < 0)
		return complain(dd.in ? dd.in : "input");
	if (dd.seek && lseek(out, dd.seek * dd.bs, SEEK_SET) < 0)
		return complain(dd.out ? dd.out : "output");
	status = dd_copy(&dd, in, out, buf);
	munmap(buf, dd.bs);
	return status;
}
APPLET(dd, dd_main, "[if=F] [of=F] [bs=N] [count=N] [oflag=direct] ...|copy blocks");
