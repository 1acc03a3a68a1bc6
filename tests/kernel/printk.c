/* SPDX-License-Identifier: MIT */
/*
 * The log ring, capture, and consoles.
 *
 * The log is read from a position noted before: log_end() runs to the end of
 * what is there. Messages of level DEBUG stay off the real console.
 */
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <kernel/printk.h>
#include <kernel/test.h>
#include <lib/string.h>

static char buffer[2048];

static u64
log_end(void)
{
	u64 pos = 0;

	while (log_read(&pos, buffer, sizeof(buffer)))
		;
	return pos;
}

/* What was logged since pos, as a string in buffer. */
static const char *
log_since(u64 pos)
{
	size_t n = log_read(&pos, buffer, sizeof(buffer) - 1);

	buffer[n] = '\0';
	return buffer;
}

/* Does line begin with "[sssss.uuuuuu] "? */
static bool
has_time(const char *line)
{
	return line[0] == '[' && line[6] == '.' && line[13] == ']' &&
	       line[14] == ' ';
}

static void
a_message_is_one_line_with_its_time(struct test *t)
{
	u64 pos = log_end();
	const char *text;

	printk(LOG_DEBUG, "figure %d\n", 42);
	text = log_since(pos);
	EXPECT(t, has_time(text));
	EXPECT(t, !strcmp(text + 15, "figure 42\n"));
}

static void
a_missing_newline_is_added(struct test *t)
{
	u64 pos = log_end();

	printk(LOG_DEBUG, "no newline");
	EXPECT(t, !strcmp(log_since(pos) + 15, "no newline\n"));
}

static void
each_line_of_a_message_is_a_record(struct test *t)
{
	u64 pos = log_end();
	const char *text, *second;

	printk(LOG_DEBUG, "first\nsecond\n");
	text = log_since(pos);
	second = strchr(text, '\n');
	ASSERT(t, second != NULL);
	EXPECT(t, !strncmp(text + 15, "first\n", 6));
	EXPECT(t, has_time(second + 1));
	EXPECT(t, !strcmp(second + 16, "second\n"));
}

static void
a_long_message_is_cut_and_still_a_line(struct test *t)
{
	static char longer[1000];
	u64 pos = log_end();
	const char *text;
	size_t n;

	memset(longer, 'x', sizeof(longer) - 1);
	printk(LOG_DEBUG, "%s", longer);
	text = log_since(pos);
	n = strlen(text);
	EXPECT(t, n > 300 && n < 400);
	EXPECT(t, text[n - 1] == '\n');
	EXPECT(t, strchr(text, '\n') == text + n - 1);
}

static void
time_never_goes_back(struct test *t)
{
	u64 pos = log_end();
	char first[16];
	const char *text, *nl;

	printk(LOG_DEBUG, "one");
	printk(LOG_DEBUG, "two");
	text = log_since(pos);
	memcpy(first, text, 14);
	nl = strchr(text, '\n');
	ASSERT(t, nl != NULL);
	EXPECT(t, memcmp(first, nl + 1, 14) <= 0);
}

/* 64 KiB hold some 1 800 lines of 36 bytes: 4 000 push the first ones out. */
static void
a_full_ring_drops_its_oldest_lines_whole(struct test *t)
{
	unsigned want = 0, got, lines = 0;
	u64 pos = 0;
	size_t n;

	for (unsigned i = 0; i < 4000; i++)
		printk(LOG_DEBUG, "line %8u", i);
	while ((n = log_read(&pos, buffer, 40)) != 0) {
		buffer[n] = '\0';
		if (!EXPECT(t, has_time(buffer)) ||
		    !EXPECT(t, !strncmp(buffer + 15, "line ", 5)))
			return;
		got = 0;
		for (const char *p = buffer + 20; *p != '\n'; p++)
			got = *p == ' ' ? 0 : got * 10 + (unsigned)(*p - '0');
		if (lines++ && !EXPECT_EQ(t, got, want))
			return;
		want = got + 1;
	}
	EXPECT_EQ(t, want, 4000);
	/* "<7>" and 29 bytes: what fits in 64 KiB, to the line */
	EXPECT_EQ(t, lines, 65536 / (3 + 15 + 13 + 1));
}

/*
 * 2048 lines of 32 bytes fill the ring to the last byte. A line of 33 takes the
 * place of two: with one gone it would still lack a byte.
 */
static void
a_line_that_lacks_one_byte_of_room_drops_another(struct test *t)
{
	unsigned lines = 0;
	u64 pos = 0;
	size_t n;

	for (unsigned i = 0; i < 4000; i++)
		printk(LOG_DEBUG, "line %8u", i);
	printk(LOG_DEBUG, "fourteen bytes");
	while ((n = log_read(&pos, buffer, 40)) != 0) {
		if (!EXPECT(t, has_time(buffer)))
			return;
		lines++;
	}
	EXPECT_EQ(t, lines, 65536 / 32 - 2 + 1);
}

static void
reading_never_splits_a_line(struct test *t)
{
	u64 pos = log_end(), start = pos;
	size_t n;

	printk(LOG_DEBUG, "aaaa");
	printk(LOG_DEBUG, "bbbb");
	n = log_read(&pos, buffer, 30);
	EXPECT_EQ(t, n, 20);
	n = log_read(&pos, buffer, 30);
	EXPECT_EQ(t, n, 20);
	EXPECT_EQ(t, log_read(&pos, buffer, 30), 0);
	EXPECT_EQ(t, pos - start, 2 * 23);
}

/* --- Capture --- */

static void
capture_takes_log_and_console_text(struct test *t)
{
	char text[64];
	u64 pos = log_end();
	size_t n;

	log_capture_begin(text, sizeof(text));
	printk(LOG_EMERG, "to the log");
	console_printf("to the %s\n", "console");
	n = log_capture_end();
	EXPECT(t, !strcmp(text, "to the log\nto the console\n"));
	EXPECT_EQ(t, n, strlen(text));
	EXPECT_EQ(t, log_end(), pos);
}

static void
capture_is_cut_at_its_size(struct test *t)
{
	char text[8] = "";

	log_capture_begin(text, 6);
	printk(LOG_EMERG, "0123456789");
	console_puts("more");
	EXPECT_EQ(t, log_capture_end(), 5);
	EXPECT(t, !strcmp(text, "01234"));
}

/* --- Consoles --- */

static char shown[512];
static size_t shown_len;

static void
test_console_write(struct console *con, const char *text, size_t len)
{
	(void)con;
	for (size_t i = 0; i < len && shown_len < sizeof(shown) - 1; i++)
		shown[shown_len++] = text[i];
	shown[shown_len] = '\0';
}

static struct console test_console = {
	.name = "test", .write = test_console_write,
};

static void
shown_clear(void)
{
	shown_len = 0;
	shown[0] = '\0';
}

static void
a_console_shows_levels_up_to_its_limit(struct test *t)
{
	enum log_level before = console_loglevel;

	console_loglevel = LOG_EMERG;
	shown_clear();
	console_register(&test_console);
	shown_clear();
	console_loglevel = LOG_ALERT;
	printk(LOG_CRIT, "not shown");
	EXPECT_EQ(t, shown_len, 0);
	printk(LOG_ALERT, "# shown (a test of the log)");
	EXPECT(t, strstr(shown, "# shown"));
	console_unregister(&test_console);
	console_loglevel = before;
}

/* The last line of the log is what the replay ends with. */
static void
a_late_console_is_told_what_it_missed(struct test *t)
{
	static char last[512];
	enum log_level before = console_loglevel;

	console_loglevel = LOG_EMERG;
	for (unsigned i = 0; i < 3000; i++)
		printk(LOG_DEBUG, "hidden");
	console_loglevel = LOG_ALERT;
	printk(LOG_ALERT, "# missed by a console to come");
	console_loglevel = LOG_ALERT;
	shown_clear();
	console_register(&test_console);
	strscpy(last, shown, sizeof(last));
	console_unregister(&test_console);
	console_loglevel = before;
	EXPECT(t, strstr(last, "# missed"));
	EXPECT(t, !strstr(last, "hidden"));
	EXPECT(t, has_time(last));
}

static void
a_log_line_starts_a_line_of_its_own(struct test *t)
{
	enum log_level before = console_loglevel;

	console_loglevel = LOG_EMERG;
	console_register(&test_console);
	shown_clear();
	console_loglevel = LOG_ALERT;
	console_puts("# a prompt> ");
	printk(LOG_ALERT, "# a line of the log");
	console_unregister(&test_console);
	console_loglevel = before;
	EXPECT(t, !strncmp(shown, "# a prompt> \n[", 14));
}

/* --- Trouble inside --- */

static char report[4096];
/* Volatile, so that the compiler does not know what it is. */
static volatile int *volatile null_page = (int *)0x10;

static void
faulting_write(struct console *con, const char *text, size_t len)
{
	(void)con;
	(void)text;
	(void)len;
	log_capture_begin(report, sizeof(report));
	*null_page = 1;
}

static struct console faulting_console = {
	.name = "faulting", .write = faulting_write,
};

static void
print_one(void *arg)
{
	(void)arg;
	console_puts("# the next console faults\n");
}

static void
a_fault_inside_a_console_frees_the_locks(struct test *t)
{
	enum log_level before = console_loglevel;
	u64 pos;
	bool thrown;

	console_loglevel = LOG_EMERG;
	console_register(&faulting_console);
	thrown = catch_run(print_one, NULL);
	log_capture_end();
	console_unregister(&faulting_console);
	console_loglevel = before;
	EXPECT(t, thrown);
	EXPECT(t, strstr(report, "NULL pointer dereference"));
	EXPECT(t, strstr(report, "faulting_write"));
	pos = log_end();
	printk(LOG_DEBUG, "alive");
	EXPECT(t, !strcmp(log_since(pos) + 15, "alive\n"));
}

/* --- Several cores --- */

#define LINES_EACH	200

static void
print_many(struct test *t, unsigned cpu, void *arg)
{
	char text[60];

	(void)t;
	(void)arg;
	memset(text, 'a' + (int)cpu, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < LINES_EACH; i++)
		printk(LOG_DEBUG, "%s", text);
}

static void
lines_of_several_cores_never_mix(struct test *t)
{
	unsigned count[4] = { 0 };
	u64 pos = log_end();
	size_t n;

	test_on_all_cpus(t, print_many, NULL);
	while ((n = log_read(&pos, buffer, 100)) != 0) {
		char c = buffer[15];

		if (n != 15 + 59 + 1 || c < 'a' || c > 'd')
			continue;	/* somebody else's */
		for (size_t i = 15; i < n - 1; i++) {
			if (buffer[i] != c) {
				test_fail(t, __FILE__, __LINE__, "mixed");
				return;
			}
		}
		count[c - 'a']++;
	}
	for (unsigned cpu = 0; cpu < 4; cpu++)
		EXPECT(t, count[cpu] == 0 || count[cpu] == LINES_EACH);
	EXPECT_EQ(t, count[0], LINES_EACH);
}

TEST_SUITE("printk",
	TEST_CASE(a_message_is_one_line_with_its_time),
	TEST_CASE(a_missing_newline_is_added),
	TEST_CASE(each_line_of_a_message_is_a_record),
	TEST_CASE(a_long_message_is_cut_and_still_a_line),
	TEST_CASE(time_never_goes_back),
	TEST_CASE(a_full_ring_drops_its_oldest_lines_whole),
	TEST_CASE(a_line_that_lacks_one_byte_of_room_drops_another),
	TEST_CASE(reading_never_splits_a_line),
	TEST_CASE(capture_takes_log_and_console_text),
	TEST_CASE(capture_is_cut_at_its_size),
	TEST_CASE(a_console_shows_levels_up_to_its_limit),
	TEST_CASE(a_late_console_is_told_what_it_missed),
	TEST_CASE(a_log_line_starts_a_line_of_its_own),
	TEST_CASE(a_fault_inside_a_console_frees_the_locks),
	TEST_CASE(lines_of_several_cores_never_mix));
