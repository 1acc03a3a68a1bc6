/* SPDX-License-Identifier: MIT */
/* Bits of words and of arrays of words. */
#include <kernel/test.h>
#include <lib/bitops.h>
#include <lib/string.h>

static void
highest_and_lowest_bit(struct test *t)
{
	int n;

	for (n = 0; n < BITS_PER_LONG; n++) {
		EXPECT_EQ(t, ffs_long(BIT(n)), n);
		EXPECT_EQ(t, fls_long(BIT(n)), n);
		EXPECT_EQ(t, ffs_long(~0ul << n), n);
		EXPECT_EQ(t, fls_long(~0ul >> n), BITS_PER_LONG - 1 - n);
	}
}

static void
orders_and_powers(struct test *t)
{
	int n;

	EXPECT_EQ(t, order_of(1), 0);
	EXPECT(t, !is_power_of_2(0));
	for (n = 1; n < BITS_PER_LONG; n++) {
		EXPECT_EQ(t, order_of(BIT(n)), n);
		EXPECT_EQ(t, order_of(BIT(n) - 1), n == 1 ? 0 : n);
		EXPECT(t, is_power_of_2(BIT(n)));
		EXPECT(t, !is_power_of_2(BIT(n) + 1));
	}
}

/* Each place of each sparse map, against a look at one bit after the other. */
static void
next_bit_is_found(struct test *t)
{
	DECLARE_BITMAP(map, 100);
	unsigned long n, want, end;
	unsigned i;

	for (i = 0; i < 100; i++) {
		memset(map, 0, sizeof(map));
		set_bit(i, map);
		set_bit((i * 7 + 31) % 100, map);
		set_bit(99 - i / 2, map);
		for (n = 0; n <= 100; n++) {
			end = n % 3 ? 100 : 50 + i / 2;
			for (want = n; want < end && !test_bit(want, map);)
				want++;
			EXPECT_EQ(t, find_next_bit(map, end, n),
				  want < end ? want : end);
		}
	}
}

TEST_SUITE("lib_bitops",
	   TEST_CASE(highest_and_lowest_bit),
	   TEST_CASE(orders_and_powers),
	   TEST_CASE(next_bit_is_found));
