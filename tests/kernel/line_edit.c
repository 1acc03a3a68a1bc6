/* SPDX-License-Identifier: MIT */
/*
 * The line editor against a model of a terminal.
 *
 * The terminal knows what a dumb one knows: characters, backspace, newline,
 * carriage return, bell; and the one escape sequence that Ctrl-L sends. What
 * the editor sent is played to it, and the row and the column that a person
 * would see are compared with what they should see.
 */
#include <kernel/line_edit.h>
#include <kernel/test.h>
#include <lib/string.h>

#define ROWS	16
#define COLUMNS	LINE_COLUMNS

#ifdef VELLUM_HOST
#define RANDOM_KEYS	200000
#else
#define RANDOM_KEYS	5000
#endif

static struct {
	char cells[ROWS][COLUMNS + 1];
	unsigned row, column, bells, clears;
	unsigned escape;
	const char *fault;		/* the first thing no terminal takes */
} term;

static struct line_edit ed;
static enum line_event last_event;

static void
term_reset(void)
{
	memset(&term, 0, sizeof(term));
	for (unsigned i = 0; i < ROWS; i++)
		memset(term.cells[i], ' ', COLUMNS);
}

static void
term_newline(void)
{
	term.column = 0;
	if (term.row + 1 < ROWS) {
		term.row++;
		return;
	}
	memmove(term.cells[0], term.cells[1],
		sizeof(term.cells[0]) * (ROWS - 1));
	memset(term.cells[ROWS - 1], ' ', COLUMNS);
}

static void
term_escape(char c)
{
	if (c == '[' || (c >= '0' && c <= '9'))
		return;
	if (c == 'J') {
		unsigned fault = term.fault != NULL, bells = term.bells;
		unsigned clears = term.clears;

		term_reset();
		term.bells = bells;
		term.clears = clears + 1;
		term.fault = fault ? "earlier" : NULL;
	} else if (c != 'H') {
		term.fault = "unknown escape sequence";
	}
	term.escape = 0;
}

static void
term_char(char c)
{
	if (term.escape) {
		term_escape(c);
	} else if (c == 27) {
		term.escape = 1;
	} else if (c == '\n') {
		term_newline();
	} else if (c == '\r') {
		term.column = 0;
	} else if (c == '\a') {
		term.bells++;
	} else if (c == '\b') {
		if (!term.column)
			term.fault = "backspace in the first column";
		else
			term.column--;
	} else if (c < 32 || c > 126) {
		term.fault = "not printable";
	} else if (term.column >= COLUMNS - 1) {
		term.fault = "written in the last column";
	} else {
		term.cells[term.row][term.column++] = c;
	}
}

static void
term_write(const char *text, size_t len, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		term_char(text[i]);
}

static const char *const words[] = {
	"cat", "cat-all", "help", "history", "meminfo", "zebra", NULL
};

static const char *
candidate(const char *line, size_t start, unsigned n, void *arg)
{
	(void)line;
	(void)arg;
	if (start)
		return n == 0 ? "meminfo" : n == 1 ? "memory" : NULL;
	return words[n];
}

static const struct line_ops ops = { term_write, candidate, NULL };

static void
begin(void)
{
	term_reset();
	line_init(&ed, "> ", &ops);
	line_start(&ed);
}

static void
type(const char *keys)
{
	for (; *keys; keys++)
		last_event = line_feed(&ed, *keys);
}

/* The row of the cursor, without blanks at its end. */
static const char *
row(unsigned up)
{
	static char text[COLUMNS + 1];
	int n = COLUMNS;

	memcpy(text, term.cells[term.row - up], COLUMNS);
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}

#define EXPECT_STR(t, is, want) do { \
	if (strcmp(is, want) != 0) \
		test_fail(t, __FILE__, __LINE__, "\"%s\" is not \"%s\"", \
			  is, want); \
} while (0)

#define SEE(line, col) do { \
	EXPECT_STR(t, row(0), line); \
	EXPECT_EQ(t, term.column, (unsigned)(col)); \
	EXPECT(t, !term.fault); \
} while (0)

static void
typed_characters_appear(struct test *t)
{
	begin();
	SEE(">", 2);
	type("cat meminfo");
	SEE("> cat meminfo", 13);
	EXPECT_STR(t, ed.text, "cat meminfo");
}

static void
characters_are_inserted_and_deleted_anywhere(struct test *t)
{
	begin();
	type("cat minfo\033[D\033[D\033[D\033[D" "em");
	SEE("> cat meminfo", 9);
	type("\b\b");
	SEE("> cat minfo", 7);
	type("\001\033[3~");
	SEE("> at minfo", 2);
	type("\004");
	SEE("> t minfo", 2);
	type("\005\177");
	SEE("> t minf", 8);
	type("\033[H" "x" "\033[F" "y");
	SEE("> xt minfy", 10);
	type("\033[1~a\033[4~b\033[7~c\033[8~d");
	SEE("> caxt minfybd", 14);
	type("\002\002\006z");
	SEE("> caxt minfybzd", 14);
	EXPECT_EQ(t, term.bells, 0u);
}

static void
kill_keys_remove_parts(struct test *t)
{
	begin();
	type("one two  three");
	type("\027");
	SEE("> one two", 11);
	EXPECT_STR(t, ed.text, "one two  ");
	type("\027");
	EXPECT_STR(t, ed.text, "one ");
	type("two three\001\033[C\033[C\033[C\013");
	SEE("> one", 5);
	type(" two\033[D\033[D\025");
	SEE("> wo", 2);
	type("\025\013");
	EXPECT_STR(t, ed.text, "wo" + 2);
	SEE(">", 2);
	type("\027\025\013\004");
	SEE(">", 2);
}

static void
backspace_at_the_start_rings(struct test *t)
{
	begin();
	type("\b");
	EXPECT_EQ(t, term.bells, 1u);
	type("a\001\b");
	EXPECT_EQ(t, term.bells, 2u);
	type("\002\002\033[D");
	SEE("> a", 2);
	type("\005\006\033[C\004\033[3~");
	SEE("> a", 3);
	type("\033[99X\033[5~\033Oq\033x");
	SEE("> a", 3);
	type("\200\001\037");
	EXPECT_EQ(t, term.bells, 4u);
}

static void
enter_ends_the_line_once(struct test *t)
{
	begin();
	type("a\r");
	EXPECT_EQ(t, last_event, LINE_DONE);
	EXPECT_STR(t, ed.text, "a");
	line_start(&ed);
	type("\n");
	EXPECT_EQ(t, last_event, LINE_MORE);
	type("b\n");
	EXPECT_EQ(t, last_event, LINE_DONE);
	EXPECT_STR(t, row(1), "> b");
	line_start(&ed);
	type("\n");
	EXPECT_EQ(t, last_event, LINE_DONE);
}

static void
a_control_key_ends_an_escape_sequence(struct test *t)
{
	begin();
	type("ab\033\001" "c\033[3\005" "d");
	SEE("> cabd", 6);
	type("\033\033[Dx");
	SEE("> cabxd", 6);
	type("\033\r");
	EXPECT_EQ(t, last_event, LINE_DONE);
}

static void
control_c_gives_the_line_up(struct test *t)
{
	begin();
	type("abc\033[D\003");
	EXPECT_EQ(t, last_event, LINE_CANCEL);
	EXPECT_STR(t, row(1), "> abc^C");
	line_start(&ed);
	SEE(">", 2);
	EXPECT_EQ(t, ed.nr_history, 0u);
}

static void
history_is_browsed_and_the_draft_kept(struct test *t)
{
	begin();
	type("one\r");
	line_start(&ed);
	type("two\r");
	line_start(&ed);
	type("dra\033[A");
	SEE("> two", 5);
	type("\020");
	SEE("> one", 5);
	type("\033[A");
	EXPECT_EQ(t, term.bells, 1u);
	SEE("> one", 5);
	type("\033OB\016");
	SEE("> dra", 5);
	type("\033[B");
	EXPECT_EQ(t, term.bells, 2u);
	type("ft\r");
	EXPECT_STR(t, ed.text, "draft");
	EXPECT_EQ(t, ed.nr_history, 3u);
}

static void
history_drops_duplicates_and_blanks(struct test *t)
{
	begin();
	line_history_add(&ed, "a");
	line_history_add(&ed, "b");
	line_history_add(&ed, "a");
	line_history_add(&ed, "");
	line_history_add(&ed, "   ");
	EXPECT_EQ(t, ed.nr_history, 2u);
	EXPECT_STR(t, ed.history[0], "b");
	EXPECT_STR(t, ed.history[1], "a");
}

static void
a_full_history_forgets_the_oldest(struct test *t)
{
	char text[8] = "x";

	begin();
	for (int i = 0; i < LINE_HISTORY + 3; i++) {
		text[1] = (char)('A' + i);
		line_history_add(&ed, text);
	}
	EXPECT_EQ(t, ed.nr_history, (unsigned)LINE_HISTORY);
	EXPECT_EQ(t, ed.history[0][1], 'A' + 3);
	EXPECT_EQ(t, ed.history[LINE_HISTORY - 1][1], 'A' + LINE_HISTORY + 2);
}

static void
tab_completes_what_is_certain(struct test *t)
{
	begin();
	type("z\t");
	SEE("> zebra", 8);
	EXPECT_STR(t, ed.text, "zebra ");
	type("\025h\t");
	EXPECT_EQ(t, term.bells, 0u);
	EXPECT_STR(t, row(1), "help                history");
	SEE("> h", 3);
	type("e\t");
	EXPECT_STR(t, ed.text, "help ");
	type("me\t");
	EXPECT_STR(t, ed.text, "help mem");
	type("i\t");
	EXPECT_STR(t, ed.text, "help meminfo ");
	type("nothing\t");
	EXPECT_EQ(t, term.bells, 1u);
}

static void
tab_lists_all_in_columns(struct test *t)
{
	begin();
	type("\t");
	EXPECT_STR(t, row(2), "cat                 cat-all             help"
			   "                history");
	EXPECT_STR(t, row(1), "meminfo             zebra");
	SEE(">", 2);
	type("cat\t");
	EXPECT_STR(t, row(1), "cat                 cat-all");
	SEE("> cat", 5);
	type("-\t");
	EXPECT_STR(t, ed.text, "cat-all ");
}

static void
tab_in_the_middle_keeps_the_rest(struct test *t)
{
	begin();
	type("z meminfo\001\033[C\t");
	EXPECT_STR(t, ed.text, "zebra meminfo");
	SEE("> zebra meminfo", 7);
}

static void
control_l_clears_and_draws_again(struct test *t)
{
	begin();
	type("abc\033[D\014");
	EXPECT_EQ(t, term.clears, 1u);
	EXPECT_EQ(t, term.row, 0u);
	SEE("> abc", 4);
}

static void
a_full_line_refuses_more(struct test *t)
{
	begin();
	for (int i = 0; i < LINE_SIZE + 10; i++)
		type("x");
	EXPECT_EQ(t, ed.len, (unsigned)LINE_SIZE - 1);
	EXPECT_EQ(t, term.bells, 11u);
	EXPECT(t, !term.fault);
}

static void
a_long_line_is_seen_through_a_window(struct test *t)
{
	begin();
	for (int i = 0; i < 100; i++) {
		char c[2] = { (char)('a' + i % 26), 0 };

		type(c);
		EXPECT(t, !term.fault);
		EXPECT(t, term.column < COLUMNS);
	}
	EXPECT_EQ(t, row(0)[2], '<');
	type("\001");
	EXPECT_EQ(t, row(0)[2], 'a');
	EXPECT_EQ(t, row(0)[COLUMNS - 2], '>');
	EXPECT_EQ(t, term.column, 2u);
	type("\005");
	EXPECT_EQ(t, row(0)[2], '<');
	EXPECT_EQ(t, term.cells[term.row][term.column - 1], 'a' + 99 % 26);
	type("\025");
	SEE(">", 2);
}

/* Is the character of the line under the terminal's cursor? */
static bool
cursor_is_on_its_character(void)
{
	char want = ed.cursor < ed.len ? ed.text[ed.cursor] : ' ';

	return term.cells[term.row][term.column] == want;
}

/* Through the whole line and back: < and > hide what the cursor is not on. */
static void
the_cursor_never_stands_on_a_mark(struct test *t)
{
	unsigned i, len = 2 * COLUMNS - 10;

	begin();
	for (i = 0; i < len; i++)
		type((char[]){ (char)('a' + i % 26), 0 });
	type("\001");
	for (i = 0; i < len; i++) {
		EXPECT(t, cursor_is_on_its_character());
		type("\006");
	}
	EXPECT_EQ(t, ed.cursor, len);
	for (i = 0; i < len; i++) {
		EXPECT(t, cursor_is_on_its_character());
		type("\002");
	}
	EXPECT_EQ(t, ed.cursor, 0u);
}

/* L1 to L3 of line_edit.c, and what the person sees. */
static bool
state_is_right(void)
{
	unsigned at = ed.cursor - ed.view, i, j;

	if (ed.cursor > ed.len || ed.len >= LINE_SIZE || ed.text[ed.len])
		return false;
	if (ed.view > ed.cursor || term.column != 2 + at || term.fault)
		return false;
	for (i = 1; i + 1 < COLUMNS - 4 && ed.view + i < ed.len; i++) {
		if (term.cells[term.row][2 + i] != ed.text[ed.view + i])
			return false;
	}
	for (i = ed.len - ed.view; i + 3 < COLUMNS; i++) {
		if (term.cells[term.row][2 + i] != ' ')
			return false;
	}
	for (i = 0; i < ed.nr_history; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(ed.history[i], ed.history[j]))
				return false;
		}
	}
	return true;
}

/* Any bytes at all: the screen always shows the line. */
static void
random_keys_never_confuse_it(struct test *t)
{
	static const char *const keys[] = {
		"\001", "\005", "\002", "\006", "\b", "\004", "\013", "\025",
		"\027", "\t", "\033[A", "\033[B", "\033[C", "\033[D",
		"\033[H", "\033[F", "\033[3~", "\014", "a", "b ", "cat mem",
		"the quick brown fox jumps over", "x", "y", "z", "m", " ",
	};

	begin();
	for (int i = 0; i < RANDOM_KEYS; i++) {
		u32 rng = test_random(t);

		last_event = LINE_MORE;
		if (rng >> 28 == 0) {
			char any[2] = { (char)(rng >> 8), 0 };

			if (!any[0])
				continue;	/* types nothing */
			type(any);
		} else {
			type(keys[(rng >> 8) % ARRAY_SIZE(keys)]);
		}
		if (last_event != LINE_MORE)
			line_start(&ed);
		if ((rng >> 16) % 512 == 7) {
			type("\r");
			if (EXPECT_EQ(t, last_event, LINE_DONE))
				line_start(&ed);
		}
		if (!state_is_right()) {
			test_fail(t, __FILE__, __LINE__, "after %d keys the "
				  "screen shows \"%s\", the line is \"%s\"",
				  i, row(0), ed.text);
			return;
		}
	}
}

TEST_SUITE("line_edit",
	TEST_CASE(typed_characters_appear),
	TEST_CASE(characters_are_inserted_and_deleted_anywhere),
	TEST_CASE(kill_keys_remove_parts),
	TEST_CASE(backspace_at_the_start_rings),
	TEST_CASE(enter_ends_the_line_once),
	TEST_CASE(a_control_key_ends_an_escape_sequence),
	TEST_CASE(control_c_gives_the_line_up),
	TEST_CASE(history_is_browsed_and_the_draft_kept),
	TEST_CASE(history_drops_duplicates_and_blanks),
	TEST_CASE(a_full_history_forgets_the_oldest),
	TEST_CASE(tab_completes_what_is_certain),
	TEST_CASE(tab_lists_all_in_columns),
	TEST_CASE(tab_in_the_middle_keeps_the_rest),
	TEST_CASE(control_l_clears_and_draws_again),
	TEST_CASE(a_full_line_refuses_more),
	TEST_CASE(a_long_line_is_seen_through_a_window),
	TEST_CASE(the_cursor_never_stands_on_a_mark),
	TEST_CASE(random_keys_never_confuse_it));
