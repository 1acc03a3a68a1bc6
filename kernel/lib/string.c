/* SPDX-License-Identifier: MIT */
/*
 * Strings and numbers in text.
 *
 * memcpy, memmove and memset are assembly (arch/arm/lib), since they carry
 * most of a kernel's traffic. What is here runs on short strings, and plain
 * loops say best what it does. When built for the host (VELLUM_HOST) the C
 * library's own functions serve, and only what it lacks is taken from here.
 *
 * Questions a reader asks
 *   Why no strcpy or strcat?  They trust the source to fit. strscpy() is
 *   told the size, always ends with NUL, and says when it had to cut.
 */
#include <lib/errno.h>
#include <lib/string.h>

#ifndef VELLUM_HOST
/*
 * The optimiser knows the loop of strlen and memset when it sees one and
 * replaces it by a call, here a call of itself: forbidden for this part.
 */
#pragma GCC push_options
#pragma GCC optimize("no-tree-loop-distribute-patterns")

int
memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

void *
memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++) {
		if (*p == (u8)c)
			return (void *)p;
	}
	return NULL;
}

size_t
strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return p - s;
}

size_t
strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int
strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	}
	return 0;
}

/* The NUL counts as part of the string: strchr(s, 0) is its end. */
char *
strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *
strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *
strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (;; s++) {
		if (strncmp(s, what, n) == 0)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

#pragma GCC pop_options
#endif

ssize_t
strscpy(char *dst, const char *src, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		dst[i] = src[i];
		if (!src[i])
			return i;
	}
	if (size)
		dst[size - 1] = '\0';
	return -E2BIG;
}

/* Value of c as a digit of any base up to 16; 99 when it is none. */
static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/*
 * Read digits at s up to the first character that is none; base 0 means by
 * prefix (0x: 16, 0: 8, else 10), and base 16 accepts the prefix too.
 * *value saturates at limit, which *over tells. Returns the end, s if there
 * is no digit.
 */
static const char *
parse_digits(const char *s, unsigned base, u64 limit, u64 *value, bool *over)
{
	const char *p = s;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
		   digit_of(p[2]) < 16;
	u64 v = 0;

	if (base == 0)
		base = hex ? 16 : p[0] == '0' ? 8 : 10;
	if (hex && base == 16)
		p += 2;
	*over = false;
	for (; digit_of(*p) < base; p++) {
		if (v > (limit - digit_of(*p)) / base) {
			*over = true;
			v = limit;
		} else if (!*over) {
			v = v * base + digit_of(*p);
		}
	}
	*value = v;
	return p;
}

/*
 * The number that makes up all of s; one newline behind it is allowed. No
 * sign, no spaces.
 * Returns 0, -EINVAL when s is no number, -ERANGE when it does not fit.
 */
int
kstrtoul(const char *s, unsigned base, unsigned long *value)
{
	u64 v;
	bool over;
	const char *end = parse_digits(s, base, ~0UL, &v, &over);

	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (over)
		return -ERANGE;
	*value = (unsigned long)v;
	return 0;
}

/*
 * A size such as 64M or 0x100000 at the start of s. *end (if end is given)
 * is set behind number and suffix, to s when there is no number.
 */
u64
memparse(const char *s, char **end)
{
	u64 v;
	bool over;
	const char *p = parse_digits(s, 0, ~0ULL, &v, &over);
	unsigned shift = 0;

	if (p != s) {
		switch (*p) {
		case 'G': case 'g':
			shift = 30;
			break;
		case 'M': case 'm':
			shift = 20;
			break;
		case 'K': case 'k':
			shift = 10;
			break;
		}
	}
	if (shift)
		p++;
	if (end)
		*end = (char *)p;
	if (over || v > ~0ULL >> shift)
		return ~0ULL;
	return v << shift;
}
