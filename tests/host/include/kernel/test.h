/* SPDX-License-Identifier: MIT */
/*
 * The kernel's test framework on the host: the same macros, so that suites
 * of tests/kernel that need no kernel are built here too.
 */
#ifndef HOST_KERNEL_TEST_H
#define HOST_KERNEL_TEST_H

#include_next <kernel/test.h>

#undef TEST_SUITE
#define TEST_SUITE(suite_name, ...) \
	static const struct test_case test_cases[] = { __VA_ARGS__ }; \
	static const struct test_suite test_suite \
	__used __section("host_tests") __aligned(8) = \
		{ suite_name, test_cases, ARRAY_SIZE(test_cases) }

#endif
