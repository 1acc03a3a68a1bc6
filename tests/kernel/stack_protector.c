/* SPDX-License-Identifier: MIT */
/* A stack that is written over is found before the function returns. */
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/kasan.h>

#ifdef VELLUM_STACK_PROTECTOR
#define IF_BUILT(fn)	TEST_CASE(fn)

extern unsigned long __stack_chk_guard;

/* The compiler must know neither the length nor who it is. */
static no_kasan noinline void
write_over_own_array(void *length)
{
	char array[16];
	char *volatile p = array;
	size_t n = *(volatile size_t *)length;

	while (n)
		p[--n] = 'x';
	barrier();
}

static void
an_overflow_of_an_array_names_the_function(struct test *t)
{
	size_t length = 20;

	EXPECT_REPORT(t, write_over_own_array, &length, "panic: "
		      "stack-protector: the stack is damaged in "
		      "write_over_own_array+0x");
}

static void
a_full_array_is_no_overflow(struct test *t)
{
	size_t length = 16;

	write_over_own_array(&length);
	EXPECT(t, true);
}

/* 24 random bits: one boot in 2^24 fails this. */
static void
the_guard_is_no_constant_and_stops_strings(struct test *t)
{
	EXPECT(t, __stack_chk_guard != 0x5a17b300);
	EXPECT(t, __stack_chk_guard >> 8);
	EXPECT_EQ(t, __stack_chk_guard & 0xff, 0);
}

#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a debug kernel, or one made with SAN=stack");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("stack_protector",
	   IF_BUILT(an_overflow_of_an_array_names_the_function),
	   IF_BUILT(a_full_array_is_no_overflow),
	   IF_BUILT(the_guard_is_no_constant_and_stops_strings));
