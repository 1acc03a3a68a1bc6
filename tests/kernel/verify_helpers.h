/* SPDX-License-Identifier: MIT */
/* For suites that break a rule and want mm_verify_all() to see it. */
#ifndef TESTS_VERIFY_HELPERS_H
#define TESTS_VERIFY_HELPERS_H

#include <kernel/test.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/verify.h>

/* Does mm_verify_all() complain, and is this rule among what it says? */
static inline bool
verify_catches(const char *rule)
{
	static char text[4096];
	char want[24];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (mm_verify_all(&s))
		return false;
	snprintf(want, sizeof(want), "verify %s:", rule);
	return strstr(text, want) != NULL;
}

/* Verify complains by this rule while what is broken, and not afterwards. */
#define EXPECT_CAUGHT(t, rule, break_it, repair_it) do {		\
	bool caught_;							\
									\
	break_it;							\
	caught_ = verify_catches(rule);					\
	repair_it;							\
	EXPECT(t, caught_);						\
	EXPECT_VERIFIED(t);					\
} while (0)

#endif
