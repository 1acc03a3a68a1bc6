/* SPDX-License-Identifier: MIT */
/*
 * Expectations: how a case says that something is not as it should be.
 *
 * Ideas
 *   A failed expectation is a line of diagnostics and a count; nothing is
 *   thrown and nothing stops, so that one case can show several things.
 *   A report is what an oops or a panic prints. A case that expects one runs
 *   the offending function inside catch_run(): the report is diverted to a
 *   buffer, and when the report ends, control comes back here instead of
 *   the machine stopping.
 */
#ifdef VELLUM_TESTS
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/test_run.h>
#include <lib/string.h>

/*
 * Print one line of diagnostics, without its newline.
 */
void
test_diag(struct test *t, const char *text)
{
	if (t->diag)
		seq_printf(t->diag, "    # %s\n", text);
	else
		console_printf("    # %s\n", text);
}

/*
 * The same for text of several lines.
 */
void
test_diag_lines(struct test *t, const char *text)
{
	char line[128];
	size_t n;

	while (*text) {
		const char *end = strchr(text, '\n');

		n = end ? (size_t)(end - text) : strlen(text);
		n = min(n, sizeof(line) - 1);
		memcpy(line, text, n);
		line[n] = '\0';
		test_diag(t, line);
		text += n;
		text += *text == '\n';
	}
}

/*
 * An expectation failed: print "file:line: message" and count it.
 * Context: any thread that the case started, on any core.
 */
void
test_fail(struct test *t, const char *file, int line, const char *fmt, ...)
{
	char text[256];
	int n;
	va_list ap;

	n = scnprintf(text, sizeof(text), "%s:%d: ", file, line);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	__atomic_fetch_add(&t->nr_failed, 1, __ATOMIC_RELAXED);
	test_diag(t, text);
}

/*
 * A line of KTAP diagnostics.
 */
void
test_info(struct test *t, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	test_diag(t, text);
}

static char report[8192];

const char *
test_last_report(void)
{
	return report;
}

/*
 * Run fn(arg), which is expected to end in a report that contains text.
 * fn must not sleep; what it holds when the report comes stays held, except
 * that interrupts and the lock checker are put back.
 * Returns true if the report came; prints it when it was another one.
 */
bool
test_expect_report(struct test *t, void (*fn)(void *), void *arg,
		   const char *text)
{
	unsigned long flags;
	bool thrown;

	log_capture_begin(report, sizeof(report));
	flags = local_irq_save();
	local_irq_restore(flags);
	thrown = catch_run(fn, arg);
	local_irq_restore(flags);
	log_capture_end();
	if (thrown)
		lockcheck_reset();
	if (thrown && strstr(report, text))
		return true;
	test_info(t, "%s; expected \"%s\" in it:",
		  thrown ? "another report" : "no report", text);
	test_diag_lines(t, report);
	return false;
}

/*
 * Run fn(arg), which is expected to print one warning that contains text, and
 * to return. fn must not sleep.
 * Returns true if it was so; prints the report when it was another one.
 */
bool
test_expect_warning(struct test *t, void (*fn)(void *), void *arg,
		    const char *text)
{
	unsigned before = nr_warnings, warned;

	log_capture_begin(report, sizeof(report));
	fn(arg);
	log_capture_end();
	warned = nr_warnings - before;
	nr_warnings = before;
	if (warned == 1 && strstr(report, text))
		return true;
	test_info(t, "%u warnings; expected one with \"%s\" in it:", warned,
		  text);
	test_diag_lines(t, report);
	return false;
}
#endif
