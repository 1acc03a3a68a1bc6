/* SPDX-License-Identifier: MIT */
/* Sequence buffers: what fits, what is cut, and what a sink gets. */
#include <kernel/test.h>
#include <lib/seq_buf.h>
#include <lib/string.h>

/* A sink that puts the pieces together again. */
static char sunk[256];
static unsigned nr_pieces;

static void
collect(const char *text, size_t len, void *arg)
{
	size_t used = strlen(sunk);

	(void)arg;
	nr_pieces++;
	memcpy(sunk + used, text, len);
	sunk[used + len] = '\0';
}

static void
text_is_added_behind_text(struct test *t)
{
	char text[32];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, text[0], '\0');
	seq_puts(&s, "one ");
	seq_putc(&s, '2');
	seq_printf(&s, " %s=%d", "three", 3);
	EXPECT_EQ(t, strcmp(text, "one 2 three=3"), 0);
	EXPECT_EQ(t, s.len, strlen(text));
	EXPECT(t, !s.overflow);
	seq_buf_flush(&s);
	EXPECT_EQ(t, s.len, 13);
}

static void
overflow_is_cut_and_remembered(struct test *t)
{
	char text[8];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	seq_puts(&s, "1234567");
	EXPECT(t, !s.overflow);
	seq_putc(&s, '8');
	EXPECT(t, s.overflow);
	EXPECT_EQ(t, strcmp(text, "1234567"), 0);

	seq_buf_init(&s, text, sizeof(text));
	seq_printf(&s, "%s", "123456789");
	EXPECT(t, s.overflow);
	EXPECT_EQ(t, s.len, 7);
	EXPECT_EQ(t, strcmp(text, "1234567"), 0);
	seq_printf(&s, "x");
	EXPECT_EQ(t, strcmp(text, "1234567"), 0);
}

static void
buffer_of_no_size_loses_all(struct test *t)
{
	struct seq_buf s;

	seq_buf_init(&s, NULL, 0);
	seq_putc(&s, 'x');
	EXPECT(t, s.overflow);
	s.overflow = false;
	seq_printf(&s, "%d", 5);
	EXPECT(t, s.overflow);
	EXPECT_EQ(t, s.len, 0);
}

static void
sink_gets_everything_in_order(struct test *t)
{
	char text[10];
	struct seq_buf s;
	int i;

	sunk[0] = '\0';
	nr_pieces = 0;
	seq_buf_init(&s, text, sizeof(text));
	seq_buf_set_sink(&s, collect, NULL);
	for (i = 0; i < 10; i++) {
		seq_printf(&s, "%d,", i * 11);
		seq_puts(&s, "ab");
	}
	seq_buf_flush(&s);
	seq_buf_flush(&s);
	EXPECT_EQ(t, strcmp(sunk, "0,ab11,ab22,ab33,ab44,ab55,ab66,ab77,ab88,"
			    "ab99,ab"), 0);
	EXPECT(t, !s.overflow);
	EXPECT(t, nr_pieces >= 5);
	EXPECT_EQ(t, s.len, 0);
}

static void
piece_longer_than_the_buffer_is_cut(struct test *t)
{
	char text[6];
	struct seq_buf s;

	sunk[0] = '\0';
	seq_buf_init(&s, text, sizeof(text));
	seq_buf_set_sink(&s, collect, NULL);
	seq_puts(&s, "ab");
	seq_printf(&s, "%s", "0123456789");
	EXPECT(t, s.overflow);
	seq_buf_flush(&s);
	EXPECT_EQ(t, strcmp(sunk, "ab01234"), 0);
}

TEST_SUITE("lib_seq_buf",
	   TEST_CASE(text_is_added_behind_text),
	   TEST_CASE(overflow_is_cut_and_remembered),
	   TEST_CASE(buffer_of_no_size_loses_all),
	   TEST_CASE(sink_gets_everything_in_order),
	   TEST_CASE(piece_longer_than_the_buffer_is_cut));
