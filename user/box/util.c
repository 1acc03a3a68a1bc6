/* SPDX-License-Identifier: MIT */
/* What several applets need. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"

int
complain(const char *what)
{
	int err = errno;

	fflush(stdout);
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(err));
	return 1;
}

int
complain_usage(void)
{
	const struct applet *applet = applet_find(program);
	const char *usage = applet ? applet->usage : "|";

	fprintf(stderr, "usage: %s %.*s\n", program,
		(int)(strchr(usage, '|') - usage), usage);
	return 2;
}

int
copy_fd(int from, int to)
{
	char buf[4096];
	ssize_t got, put, at;

	while ((got = read(from, buf, sizeof(buf))) > 0) {
		for (at = 0; at < got; at += put) {
			put = write(to, buf + at, got - at);
			if (put < 0)
				return -1;
		}
	}
	return got < 0 ? -1 : 0;
}

/* Files of /proc do not know their size: read until nothing comes. */
char *
read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 1024, len = 0;
	char *text, *more;
	ssize_t got = 0;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && (got = read(fd, text + len, size - 1 - len)) > 0) {
		len += got;
		if (len < size - 1)
			continue;
		size *= 2;
		more = realloc(text, size);
		if (!more)
			free(text);
		text = more;
	}
	close(fd);
	if (text && got < 0) {
		free(text);
		return NULL;
	}
	if (text)
		text[len] = '\0';
	return text;
}

unsigned long long
value_in(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (text && *text) {
		if (!strncmp(text, name, len) &&
		    (text[len] == ':' || text[len] == ' ' || text[len] == '\t'))
			return strtoull(text + len + 1, NULL, 10);
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return 0;
}

unsigned long long
parse_size(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 0);

	switch (*end) {
	case 'g': case 'G':
		n *= 1024;	/* fall through */
	case 'm': case 'M':
		n *= 1024;	/* fall through */
	case 'k': case 'K':
		n *= 1024;
	}
	return n;
}
