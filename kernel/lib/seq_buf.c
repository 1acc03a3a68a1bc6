/* SPDX-License-Identifier: MIT */
/*
 * Sequence buffer: see lib/seq_buf.h for the idea.
 *
 * Invariants
 *   S1  len < size and data[len] is NUL, whenever size is not 0.
 *   S2  overflow is set once text was lost, and never cleared but by init.
 * Locks  none: a buffer belongs to whoever fills it.
 */
#include <lib/seq_buf.h>
#include <lib/string.h>

/* Use size bytes at data; a size of 0 makes a buffer that loses all. */
void
seq_buf_init(struct seq_buf *s, char *data, size_t size)
{
	s->data = data;
	s->size = size;
	s->len = 0;
	s->overflow = false;
	s->sink = NULL;
	s->sink_arg = NULL;
	if (size)
		data[0] = '\0';
}

/* From now on a full buffer is handed to sink(text, len, arg) and emptied. */
void
seq_buf_set_sink(struct seq_buf *s, void (*sink)(const char *, size_t, void *),
		 void *arg)
{
	s->sink = sink;
	s->sink_arg = arg;
}

/* Hand what is there to the sink, if there is one and there is something. */
void
seq_buf_flush(struct seq_buf *s)
{
	if (!s->sink || !s->len)
		return;
	s->sink(s->data, s->len, s->sink_arg);
	s->len = 0;
	s->data[0] = '\0';
}

void
seq_putc(struct seq_buf *s, char c)
{
	if (s->len + 1 >= s->size)
		seq_buf_flush(s);
	if (s->len + 1 >= s->size) {
		s->overflow = true;
		return;
	}
	s->data[s->len++] = c;
	s->data[s->len] = '\0';
}

void
seq_puts(struct seq_buf *s, const char *text)
{
	while (*text)
		seq_putc(s, *text++);
}

/*
 * Format into the rest of the buffer. What does not fit there is tried again
 * in the emptied buffer when a sink takes the text before it; a single piece
 * longer than the whole buffer is cut.
 */
void
seq_vprintf(struct seq_buf *s, const char *fmt, va_list ap)
{
	size_t room = s->size - s->len;
	va_list again;
	size_t len;

	va_copy(again, ap);
	len = vsnprintf(s->data ? s->data + s->len : NULL, room, fmt, ap);
	if (len >= room && s->sink && s->len) {
		s->data[s->len] = '\0';
		seq_buf_flush(s);
		room = s->size;
		len = vsnprintf(s->data, room, fmt, again);
	}
	va_end(again);
	if (len < room) {
		s->len += len;
		return;
	}
	s->overflow = true;
	if (room)
		s->len += room - 1;
}

void
seq_printf(struct seq_buf *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	seq_vprintf(s, fmt, ap);
	va_end(ap);
}
