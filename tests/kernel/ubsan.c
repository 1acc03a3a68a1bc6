/* SPDX-License-Identifier: MIT */
/*
 * One specimen of each kind of undefined behaviour, and what is said of it.
 * Operands come from volatile variables, so that the compiler knows nothing.
 */
#include <kernel/test.h>
#include <lib/string.h>

#ifdef VELLUM_UBSAN
#define IF_BUILT(fn)	TEST_CASE(fn)

static volatile int int_max = 0x7fffffff, int_min = -0x7fffffff - 1;
static volatile int zero, minus_one = -1, sixteen = 16;
static volatile long long big = 0x7fffffffffffffffLL;
static volatile int sink;
static volatile long long long_sink;
static void *volatile pointer_sink;

static void
add(void *arg)
{
	sink = int_max + sixteen;
}

static void
subtract(void *arg)
{
	sink = int_min - sixteen;
}

static void
multiply_wide(void *arg)
{
	long_sink = big * 2;
}

static void
negate(void *arg)
{
	sink = -int_min;
}

static void
signed_overflow_tells_both_operands(struct test *t)
{
	EXPECT_WARNING(t, add, NULL, "UBSAN: signed-integer-overflow: "
		       "2147483647 + 16 cannot be represented in type 'int' "
		       "at tests/kernel/ubsan.c:");
	EXPECT(t, strstr(test_last_report(), "] add+0x"));
	EXPECT_WARNING(t, subtract, NULL, "-2147483648 - 16 cannot");
	EXPECT_WARNING(t, multiply_wide, NULL, "9223372036854775807 * 2 "
		       "cannot be represented in type 'long long int'");
	EXPECT_WARNING(t, negate, NULL, "negate-overflow: -(-2147483648)");
}

static void
shift_by(void *by)
{
	sink = sixteen << *(int *)by;
}

static void
shifts_by_too_much_or_less_than_nothing_are_told(struct test *t)
{
	int by = 32;

	EXPECT_WARNING(t, shift_by, &by, "shift-out-of-bounds: by 32, which "
		       "is too much for the 32 bits of type 'int'");
	by = -1;
	EXPECT_WARNING(t, shift_by, &by, "by -1, which is negative");
	by = 28;
	EXPECT_WARNING(t, shift_by, &by, "16 << 28 cannot be represented");
}

static volatile int four[4];

static void
index_by(void *index)
{
	sink = four[*(int *)index];
}

static void
an_index_outside_an_array_is_told(struct test *t)
{
	int index = 4;

	EXPECT_WARNING(t, index_by, &index, "array-index-out-of-bounds: index "
		       "4 of an array of type 'int [4]'");
	index = -1;
	EXPECT_WARNING(t, index_by, &index, "index -1 of an array");
}

static void
load_from(void *p)
{
	sink = *(volatile int *)p;
}

static void
member_of(void *p)
{
	pointer_sink = &((struct test *)p)->seed;
}

static void
misaligned_and_null_pointers_are_told(struct test *t)
{
	char *odd = (char *)four + 1;

	EXPECT_WARNING(t, load_from, odd, "misaligned-access: load of the "
		       "address ");
	EXPECT(t, strstr(test_last_report(), "as type 'volatile int', which "
			 "needs a multiple of 4"));
	EXPECT_WARNING(t, member_of, NULL, "null-ptr-deref: member access "
		       "within a null pointer of type 'struct test'");
	/* The load itself ends in the fault handler, behind the warning. */
	EXPECT_REPORT(t, load_from, NULL, "null-ptr-deref: load of");
	EXPECT(t, strstr(test_last_report(), "oops: "));
}

static void
reach_unreachable(void *arg)
{
	if (arg)
		__builtin_unreachable();
}

static void
an_unreachable_place_ends_in_a_report(struct test *t)
{
	EXPECT_REPORT(t, reach_unreachable, t, "UBSAN: unreachable: was "
		      "reached at tests/kernel/ubsan.c:");
	EXPECT(t, strstr(test_last_report(), "] reach_unreachable+0x"));
}

enum colour { RED, GREEN };

static volatile u32 not_a_bool = 0x05050505, not_a_colour = 77;

static void
load_bool(void *arg)
{
	sink = *(volatile bool *)&not_a_bool;
}

static void
a_value_that_is_no_bool_is_told(struct test *t)
{
	EXPECT_WARNING(t, load_bool, NULL, "invalid-load: the value 5 is none "
		       "of type '_Bool'");
	/*
	 * Of an enum C allows every value of its integer type: not told. The
	 * check exists for C++.
	 */
	sink = *(volatile enum colour *)&not_a_colour;
}

static void
divide(void *by)
{
	sink = int_min / *(volatile int *)by;
}

static void
divisions_that_have_no_result_are_told(struct test *t)
{
	int by = zero;

	EXPECT_WARNING(t, divide, &by, "division-by-zero: of -2147483648");
	by = minus_one;
	EXPECT_WARNING(t, divide, &by, "-2147483648 / -1 cannot be");
}

static void
advance(void *arg)
{
	char *volatile p = (char *)0xfffffff0;

	pointer_sink = p + *(volatile unsigned *)arg;
}

static void
a_pointer_that_wraps_is_told(struct test *t)
{
	unsigned by = 0x20;

	EXPECT_WARNING(t, advance, &by, "pointer-overflow: from fffffff0 to "
		       "00000010");
}

static void
count_zeros(void *arg)
{
	sink = __builtin_clz(*(volatile unsigned *)arg);
}

static void __attribute__((nonnull))
take(volatile void *p)
{
	sink = p != pointer_sink;
}

static void
pass(void *p)
{
	take(*(void *volatile *)p);
}

static void
builtins_and_attributes_that_are_lied_to_are_told(struct test *t)
{
	unsigned none = 0;
	void *null = NULL;

	EXPECT_WARNING(t, count_zeros, &none, "invalid-builtin: clz of zero");
	EXPECT_WARNING(t, pass, &null, "nonnull-argument: argument 1 is null");
}

static void
defined_operations_say_nothing(struct test *t)
{
	unsigned wraps = (unsigned)int_max * 2u + 2u;
	int by = 3;

	shift_by(&by);
	index_by(&by);
	divide(&by);
	EXPECT_EQ(t, wraps, 0);
}

#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a kernel made with SAN=ubsan");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("ubsan",
	   IF_BUILT(signed_overflow_tells_both_operands),
	   IF_BUILT(shifts_by_too_much_or_less_than_nothing_are_told),
	   IF_BUILT(an_index_outside_an_array_is_told),
	   IF_BUILT(misaligned_and_null_pointers_are_told),
	   IF_BUILT(an_unreachable_place_ends_in_a_report),
	   IF_BUILT(a_value_that_is_no_bool_is_told),
	   IF_BUILT(divisions_that_have_no_result_are_told),
	   IF_BUILT(a_pointer_that_wraps_is_told),
	   IF_BUILT(builtins_and_attributes_that_are_lied_to_are_told),
	   IF_BUILT(defined_operations_say_nothing));
