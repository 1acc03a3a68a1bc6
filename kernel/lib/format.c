/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting into memory.
 *
 * Ideas
 *   Conversion  %[flags][width][.precision][length]letter
 *	flags	   - left, 0 zeros, + and space sign, # prefix 0x or 0
 *	width, precision   a number, or * for one from the arguments
 *	length	   hh h l ll z t
 *	letter	   d i u x X o c s p %
 *   %p prints the bare hex digits of an address, all of them: 0000c012.
 *   There is no floating point in the kernel, and no %n, ever.
 *
 *   Output past the end of the buffer is counted but not stored, so that the
 *   result tells how large the buffer should have been.
 *
 *	"%#08x" of 0x2a:   0x  0000  2a	  prefix, zeros, digits
 *	"%-8d|" of 42:	   42  ______ |	  digits, padding
 *
 * Cost    one division for each digit in base 10, shifts else. A 64-bit
 *   division is a library call of some 200 instructions, so numbers that
 *   fit 32 bits are divided as such.
 * Questions a reader asks
 *   What does an unknown letter print?  Itself with its %, and no argument
 *   is taken: a wrong format must not crash an oops report.
 */
#include <lib/string.h>

enum { FLAG_LEFT = 1, FLAG_ZERO = 2, FLAG_PLUS = 4, FLAG_SPACE = 8,
       FLAG_PREFIX = 16, FLAG_UPPER = 32 };

/* Where the text goes. len counts also what did not fit. */
struct output {
	char *buf;
	size_t size, len;
};

/* One conversion, taken apart. */
struct spec {
	unsigned flags;
	int width;
	int precision;		/* -1: none given */
	int length;		/* bytes of the integer argument */
};

static void
out_char(struct output *o, char c)
{
	if (o->len < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void
out_fill(struct output *o, char c, int n)
{
	while (n-- > 0)
		out_char(o, c);
}

static void
out_text(struct output *o, const char *text, int n)
{
	while (n-- > 0)
		out_char(o, *text++);
}

/* text of n bytes, padded with spaces to the width. */
static void
format_text(struct output *o, const struct spec *spec, const char *text, int n)
{
	int pad = spec->width - n;

	if (!(spec->flags & FLAG_LEFT))
		out_fill(o, ' ', pad);
	out_text(o, text, n);
	if (spec->flags & FLAG_LEFT)
		out_fill(o, ' ', pad);
}

/*
 * The digits of v, ending at end (exclusive); returns where they start.
 * Zero has none: the caller's minimum of one digit supplies it.
 */
static char *
digits_before(char *end, u64 v, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	u32 low;

	while (v >> 32) {
		*--end = digits[v % base];
		v /= base;
	}
	for (low = (u32)v; low; low /= base)
		*--end = digits[low % base];
	return end;
}

/*
 * A number: sign or prefix, zeros up to the precision (or, with flag 0, to
 * the width), digits. C's rules: a precision switches flag 0 off, and zero
 * with precision 0 has no digits at all.
 */
static void
format_number(struct output *o, const struct spec *spec, u64 v, unsigned base,
	      char sign)
{
	char digits[24];	/* 22 octal digits of 64 bits */
	char *end = digits + sizeof(digits);
	char *start = digits_before(end, v, base, spec->flags & FLAG_UPPER);
	char prefix[2];
	int nr_prefix = 0, nr_digits = end - start, zeros, pad;

	if (sign)
		prefix[nr_prefix++] = sign;
	if ((spec->flags & FLAG_PREFIX) && base == 16 && v) {
		prefix[nr_prefix++] = '0';
		prefix[nr_prefix++] = spec->flags & FLAG_UPPER ? 'X' : 'x';
	}
	zeros = (spec->precision < 0 ? 1 : spec->precision) - nr_digits;
	if ((spec->flags & FLAG_PREFIX) && base == 8 && zeros < 1)
		zeros = 1;
	if ((spec->flags & FLAG_ZERO) && !(spec->flags & FLAG_LEFT) &&
	    spec->precision < 0)
		zeros = max(zeros, spec->width - nr_prefix - nr_digits);
	zeros = max(zeros, 0);
	pad = spec->width - nr_prefix - zeros - nr_digits;
	if (!(spec->flags & FLAG_LEFT))
		out_fill(o, ' ', pad);
	out_text(o, prefix, nr_prefix);
	out_fill(o, '0', zeros);
	out_text(o, start, nr_digits);
	if (spec->flags & FLAG_LEFT)
		out_fill(o, ' ', pad);
}

/* A decimal number in a format; large ones saturate at a million. */
static int
parse_number(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = min(n * 10 + (**fmt - '0'), 1000000);
	return n;
}

static unsigned
parse_flags(const char **fmt)
{
	unsigned flags = 0;

	for (;; (*fmt)++) {
		switch (**fmt) {
		case '-':
			flags |= FLAG_LEFT;
			break;
		case '0':
			flags |= FLAG_ZERO;
			break;
		case '+':
			flags |= FLAG_PLUS;
			break;
		case ' ':
			flags |= FLAG_SPACE;
			break;
		case '#':
			flags |= FLAG_PREFIX;
			break;
		default:
			return flags;
		}
	}
}

/* Size in bytes of the integer that a length modifier announces. */
static int
parse_length(const char **fmt)
{
	char c = **fmt;

	if (c != 'h' && c != 'l' && c != 'z' && c != 't')
		return sizeof(int);
	(*fmt)++;
	if (c == 'z' || c == 't')
		return sizeof(size_t);
	if (**fmt != c)
		return c == 'h' ? sizeof(short) : sizeof(long);
	(*fmt)++;
	return c == 'h' ? sizeof(char) : sizeof(long long);
}

/*
 * An integer argument of the given size, as C promotes it: what is smaller
 * than an int arrives as an int and is cut here.
 */
#define TAKE_UNSIGNED(ap, length) \
	((length) == sizeof(long long) ? va_arg(ap, unsigned long long) : \
	 (length) == sizeof(int) ? va_arg(ap, unsigned) : \
	 (length) == sizeof(short) ? (unsigned short)va_arg(ap, unsigned) : \
	 (unsigned char)va_arg(ap, unsigned))
#define TAKE_SIGNED(ap, length) \
	((length) == sizeof(long long) ? va_arg(ap, long long) : \
	 (length) == sizeof(int) ? va_arg(ap, int) : \
	 (length) == sizeof(short) ? (short)va_arg(ap, int) : \
	 (signed char)va_arg(ap, int))

static void
format_signed(struct output *o, const struct spec *spec, long long v)
{
	char sign = v < 0 ? '-' :
		    spec->flags & FLAG_PLUS ? '+' :
		    spec->flags & FLAG_SPACE ? ' ' : '\0';

	format_number(o, spec, v < 0 ? -(u64)v : (u64)v, 10, sign);
}

/* %s; a NULL prints as (null). Reads no further than the precision. */
static void
format_string(struct output *o, const struct spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	format_text(o, spec, s, spec->precision < 0 ? (int)strlen(s)
			: (int)strnlen(s, spec->precision));
}

/* %p: every digit of the address, no prefix. */
static void
format_pointer(struct output *o, struct spec *spec, const void *p)
{
	spec->precision = 2 * sizeof(p);
	format_number(o, spec, (unsigned long)p, 16, '\0');
}

/* size_t and char * make va_list an array on some hosts: passed wrapped. */
struct arguments {
	va_list ap;
};

static void
parse_width(struct spec *spec, const char **fmt, struct arguments *args)
{
	spec->width = 0;
	spec->precision = -1;
	if (**fmt == '*') {
		(*fmt)++;
		spec->width = clamp(va_arg(args->ap, int), -1000000, 1000000);
		if (spec->width < 0) {
			spec->flags |= FLAG_LEFT;
			spec->width = -spec->width;
		}
	} else {
		spec->width = parse_number(fmt);
	}
	if (**fmt != '.')
		return;
	(*fmt)++;
	if (**fmt == '*') {
		(*fmt)++;
		spec->precision = clamp(va_arg(args->ap, int), -1, 1000000);
	} else {
		spec->precision = parse_number(fmt);
	}
}

/* One conversion by its letter; false when there is no such letter. */
static bool
format_one(struct output *o, struct spec *spec, char letter,
	   struct arguments *args)
{
	char c;

	switch (letter) {
	case 'd': case 'i':
		format_signed(o, spec, TAKE_SIGNED(args->ap, spec->length));
		return true;
	case 'X':
		spec->flags |= FLAG_UPPER;
		/* fall through */
	case 'u': case 'x': case 'o':
		format_number(o, spec, TAKE_UNSIGNED(args->ap, spec->length),
			      letter == 'u' ? 10 : letter == 'o' ? 8 : 16,
			      '\0');
		return true;
	case 'p':
		format_pointer(o, spec, va_arg(args->ap, void *));
		return true;
	case 's':
		format_string(o, spec, va_arg(args->ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(args->ap, int);
		format_text(o, spec, &c, 1);
		return true;
	case '%':
		out_char(o, '%');
		return true;
	}
	return false;
}

/*
 * Format into buf, at most size bytes with the NUL (size 0 stores nothing).
 * Context: any. Returns the length that the whole text has, without NUL.
 */
int
vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = { buf, size, 0 };
	struct arguments args;
	struct spec spec;
	const char *start;

	va_copy(args.ap, ap);
	while (*fmt) {
		if (*fmt != '%') {
			out_char(&o, *fmt++);
			continue;
		}
		start = fmt++;
		spec.flags = parse_flags(&fmt);
		parse_width(&spec, &fmt, &args);
		spec.length = parse_length(&fmt);
		if (*fmt && format_one(&o, &spec, *fmt, &args)) {
			fmt++;
			continue;
		}
		out_char(&o, '%');
		fmt = start + 1;
	}
	va_end(args.ap);
	if (size)
		buf[min(o.len, size - 1)] = '\0';
	return o.len;
}

int
snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

/* As snprintf(), but returns the length that is in buf. */
int
scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len < size)
		return len;
	return size ? (int)size - 1 : 0;
}
