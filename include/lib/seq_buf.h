/* SPDX-License-Identifier: MIT */
/*
 * Sequence buffer: text of unknown length, printed into a bounded space.
 *
 * One generator fills it for every reader of a figure: the console, procfs,
 * the oops printer and the tests. Output past the end is dropped and
 * remembered (overflow); what is there stays a valid string. When a sink is
 * set, a full buffer is handed to it and emptied instead, so that a long
 * table needs only a small buffer.
 */
#ifndef LIB_SEQ_BUF_H
#define LIB_SEQ_BUF_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <stdarg.h>

struct seq_buf {
	char *data;
	size_t size;		/* bytes, with room for the final NUL */
	size_t len;		/* bytes used, without the NUL */
	bool overflow;
	void (*sink)(const char *text, size_t len, void *arg);
	void *sink_arg;
};

void seq_buf_init(struct seq_buf *s, char *data, size_t size);
void seq_buf_set_sink(struct seq_buf *s,
		      void (*sink)(const char *, size_t, void *), void *arg);
void seq_buf_flush(struct seq_buf *s);
void seq_putc(struct seq_buf *s, char c);
void seq_puts(struct seq_buf *s, const char *text);
void seq_printf(struct seq_buf *s, const char *fmt, ...) __printf(2, 3);
void seq_vprintf(struct seq_buf *s, const char *fmt, va_list ap);

#endif
