/* SPDX-License-Identifier: MIT */
/* Command lines: words, quotes, values, and lines that are too long. */
#include <kernel/test.h>
#include <lib/cmdline.h>
#include <lib/errno.h>
#include <lib/string.h>

static void
words_are_cut_at_spaces(struct test *t)
{
	const char *line = "  mem=64M\tquiet  test=all\n";
	char word[16];

	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "mem=64M"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "quiet"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "test=all"), 0);
	EXPECT(t, !cmdline_next(&line, word, sizeof(word)));
	EXPECT(t, !cmdline_next(&line, word, sizeof(word)));
}

static void
quotes_hold_a_word_together(struct test *t)
{
	const char *line = "a=\"b c\" 'd e' f'\"'g '' \"open end";
	char word[16];

	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "a=b c"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "d e"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "f\"g"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, ""), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "open end"), 0);
	EXPECT(t, !cmdline_next(&line, word, sizeof(word)));
}

static void
long_words_are_cut_to_the_room(struct test *t)
{
	const char *line = "abcdefgh i";
	char word[4];

	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "abc"), 0);
	ASSERT(t, cmdline_next(&line, word, sizeof(word)));
	EXPECT_EQ(t, strcmp(word, "i"), 0);
	line = "x";
	EXPECT(t, cmdline_next(&line, NULL, 0));
}

static void
value_is_behind_the_first_equals_sign(struct test *t)
{
	char word[] = "root=LABEL=x", bare[] = "quiet";

	EXPECT_EQ(t, strcmp(cmdline_value(word), "LABEL=x"), 0);
	EXPECT_EQ(t, strcmp(word, "root"), 0);
	EXPECT_EQ(t, strcmp(cmdline_value(bare), ""), 0);
	EXPECT_EQ(t, strcmp(bare, "quiet"), 0);
}

static void
the_last_of_equal_names_wins(struct test *t)
{
	const char *line = "mem=1M memory=3M mem=2M quiet";
	char value[8] = "?";

	EXPECT(t, cmdline_find(line, "mem", value, sizeof(value)));
	EXPECT_EQ(t, strcmp(value, "2M"), 0);
	EXPECT(t, cmdline_find(line, "quiet", value, sizeof(value)));
	EXPECT_EQ(t, strcmp(value, ""), 0);
	EXPECT(t, !cmdline_find(line, "me", value, sizeof(value)));
	EXPECT(t, !cmdline_find("", "mem", value, sizeof(value)));
}

static void
split_makes_an_argument_vector(struct test *t)
{
	char line[] = " ptwalk 'a b'c  0x1000 ";
	char *argv[5];

	EXPECT_EQ(t, cmdline_split(line, argv, 4), 3);
	EXPECT_EQ(t, strcmp(argv[0], "ptwalk"), 0);
	EXPECT_EQ(t, strcmp(argv[1], "a bc"), 0);
	EXPECT_EQ(t, strcmp(argv[2], "0x1000"), 0);
	EXPECT(t, argv[3] == NULL);
}

static void
split_of_nothing_is_empty(struct test *t)
{
	char nothing[] = "", spaces[] = " \t ", one[] = "one";
	char *argv[3];

	EXPECT_EQ(t, cmdline_split(nothing, argv, 2), 0);
	EXPECT(t, argv[0] == NULL);
	EXPECT_EQ(t, cmdline_split(spaces, argv, 2), 0);
	EXPECT_EQ(t, cmdline_split(one, argv, 2), 1);
	EXPECT_EQ(t, strcmp(argv[0], "one"), 0);
}

static void
split_refuses_too_many_words(struct test *t)
{
	char three[] = "a b c", two[] = "a b ";
	char *argv[3];

	EXPECT_EQ(t, cmdline_split(three, argv, 2), -E2BIG);
	EXPECT_EQ(t, cmdline_split(two, argv, 2), 2);
}

TEST_SUITE("lib_cmdline",
	   TEST_CASE(words_are_cut_at_spaces),
	   TEST_CASE(quotes_hold_a_word_together),
	   TEST_CASE(long_words_are_cut_to_the_room),
	   TEST_CASE(value_is_behind_the_first_equals_sign),
	   TEST_CASE(the_last_of_equal_names_wins),
	   TEST_CASE(split_makes_an_argument_vector),
	   TEST_CASE(split_of_nothing_is_empty),
	   TEST_CASE(split_refuses_too_many_words));
