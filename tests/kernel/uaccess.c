/* SPDX-License-Identifier: MIT */
/*
 * Reaching user memory: values, copies and strings, at every alignment, and
 * with a fault at every place. Nobody serves the faults here: the space is
 * made by hand, and interrupts are masked.
 *
 *	page 0	 page 1	  page 2	page 3		 page 4
 *	[ rw ]	 [ rw ]	  [not there]	[ read only ]	 [not there]
 */
#include <asm/extable.h>
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <lib/string.h>
#include "user_space.h"

#define HOLE		(SPACE_BASE + 2 * PAGE_SIZE)
#define READ_ONLY	(SPACE_BASE + 3 * PAGE_SIZE)
#define U(addr)		((void *)(unsigned long)(addr))

static struct space s;
static u8 buf[2 * PAGE_SIZE + 64];

/* What the user would see at va of pages 0, 1 and 3. */
static u8 *
shadow(unsigned long va)
{
	unsigned long n = (va - SPACE_BASE) >> PAGE_SHIFT;

	return (u8 *)page_address(s.pages[n]) + va % PAGE_SIZE;
}

static u8
pattern(unsigned long i)
{
	return (u8)(i * 7 + (i >> 8) + 1);
}

/* Another one, for the way back. */
static u8
answer(unsigned long i)
{
	return (u8)(pattern(i) + 0x80);
}

static bool
lab_open(struct test *t, unsigned long *flags)
{
	unsigned long i;

	if (!EXPECT(t, space_open(&s, 4, 0)))
		return false;
	space_clear(&s, 2);
	space_set(&s, 3, USER_READ, true);
	flush_tlb_user_all(&s.mm.context);
	for (i = 0; i < 2 * PAGE_SIZE; i++)
		*shadow(SPACE_BASE + i) = pattern(i);
	*flags = space_enter(&s);
	return true;
}

static void
lab_close(unsigned long flags)
{
	space_leave(flags);
	space_close(&s);
}

static void
a_range_is_checked_without_overflow(struct test *t)
{
	EXPECT(t, access_ok(U(0), 0));
	EXPECT(t, access_ok(U(0), TASK_SIZE));
	EXPECT(t, !access_ok(U(0), TASK_SIZE + 1));
	EXPECT(t, !access_ok(U(1), TASK_SIZE));
	EXPECT(t, access_ok(U(TASK_SIZE - 4), 4));
	EXPECT(t, !access_ok(U(TASK_SIZE - 4), 5));
	EXPECT(t, access_ok(U(TASK_SIZE), 0));
	EXPECT(t, !access_ok(U(TASK_SIZE + 1), 0));
	EXPECT(t, !access_ok(U(TASK_SIZE - 4), 0xfffffff0));
	EXPECT(t, !access_ok(U(0xfffffff0), 0x20));
	EXPECT(t, !access_ok(U(VECTORS_BASE), 4));
	EXPECT(t, !access_ok(buf, 1));
}

static void
values_of_every_size(struct test *t)
{
	u8 *b = (u8 *)SPACE_BASE;
	u16 v16 = 0;
	u32 v32 = 0;
	u64 v64 = 0;
	s8 v8 = 0;
	unsigned long flags;

	if (!lab_open(t, &flags))
		return;
	EXPECT_EQ(t, put_user(-3, (s8 *)b), 0);
	EXPECT_EQ(t, get_user(v8, (s8 *)b), 0);
	EXPECT_EQ(t, v8, -3);
	EXPECT_EQ(t, put_user(0xabcd, (u16 *)(b + 1)), 0);	/* unaligned */
	EXPECT_EQ(t, get_user(v16, (u16 *)(b + 1)), 0);
	EXPECT_EQ(t, v16, 0xabcd);
	EXPECT_EQ(t, *shadow(SPACE_BASE + 1), 0xcd);
	EXPECT_EQ(t, put_user(0x12345678, (u32 *)(b + 7)), 0);
	EXPECT_EQ(t, get_user(v32, (u32 *)(b + 7)), 0);
	EXPECT_EQ(t, v32, 0x12345678);
	EXPECT_EQ(t, *shadow(SPACE_BASE + 10), 0x12);
	EXPECT_EQ(t, *shadow(SPACE_BASE + 11), pattern(11));
	EXPECT_EQ(t, put_user(0x1122334455667788ull, (u64 *)(b + 16)), 0);
	EXPECT_EQ(t, get_user(v64, (u64 *)(b + 16)), 0);
	EXPECT(t, v64 == 0x1122334455667788ull);
	EXPECT_EQ(t, *shadow(SPACE_BASE + 23), 0x11);
	lab_close(flags);
}

static void
a_value_that_cannot_be_reached_is_an_error(struct test *t)
{
	unsigned long bad[] = { 0, HOLE, HOLE - 1, TASK_SIZE - 3, TASK_SIZE,
				(unsigned long)buf, VECTORS_BASE, 0xffffffff };
	unsigned long flags;
	u32 v32;
	u64 v64;

	if (!lab_open(t, &flags))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		v32 = 1;
		v64 = 1;
		EXPECT_EQ(t, get_user(v32, (u32 *)bad[i]), -EFAULT);
		EXPECT_EQ(t, v32, 0);
		EXPECT_EQ(t, get_user(v64, (u64 *)bad[i]), -EFAULT);
		EXPECT(t, v64 == 0);
		EXPECT_EQ(t, put_user(1, (u32 *)bad[i]), -EFAULT);
		EXPECT_EQ(t, put_user(1, (u64 *)bad[i]), -EFAULT);
	}
	EXPECT_EQ(t, get_user(v64, (u64 *)(HOLE - 4)), -EFAULT);
	EXPECT(t, v64 == 0);
	EXPECT_EQ(t, get_user(v32, (u32 *)READ_ONLY), 0);
	EXPECT_EQ(t, put_user(1, (u32 *)READ_ONLY), -EFAULT);
	EXPECT_EQ(t, put_user(1, (u8 *)READ_ONLY), -EFAULT);
	EXPECT_EQ(t, put_user(1, (u16 *)READ_ONLY), -EFAULT);
	EXPECT_EQ(t, *(u32 *)shadow(READ_ONLY), 3);
	lab_close(flags);
}

static const unsigned lengths[] = { 0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 127,
				    128, 129, 160, 164, 300, 1000, 4096 };

/* Everything around the copy stays as it was. */
static void
copy_case(struct test *t, unsigned at, unsigned off, unsigned n)
{
	unsigned long va = SPACE_BASE + 100 + at, i, bad = 0;

	memset(buf, 0xee, sizeof(buf));
	EXPECT_EQ(t, copy_from_user(buf + 8 + off, U(va), n), 0);
	for (i = 0; i < n; i++)
		bad += buf[8 + off + i] != pattern(va - SPACE_BASE + i);
	bad += buf[8 + off - 1] != 0xee || buf[8 + off + n] != 0xee;
	EXPECT_EQ(t, bad, 0);
	for (i = 0; i < n; i++)
		buf[8 + off + i] = answer(i);
	EXPECT_EQ(t, copy_to_user(U(va), buf + 8 + off, n), 0);
	for (i = 0; i < n; i++)
		bad += *shadow(va + i) != answer(i);
	bad += *shadow(va - 1) != pattern(va - SPACE_BASE - 1);
	bad += *shadow(va + n) != pattern(va - SPACE_BASE + n);
	EXPECT_EQ(t, bad, 0);
	for (i = 0; i < n; i++)
		*shadow(va + i) = pattern(va - SPACE_BASE + i);
}

static void
copies_of_every_alignment(struct test *t)
{
	unsigned long flags;

	if (!lab_open(t, &flags))
		return;
	for (unsigned l = 0; l < ARRAY_SIZE(lengths); l++)
		for (unsigned at = 0; at < 4; at++)
			for (unsigned off = 0; off < 4; off++)
				copy_case(t, at, off, lengths[l]);
	lab_close(flags);
}

/* n bytes of which the last `beyond' lie behind the edge at `edge'. */
static void
fault_case(struct test *t, unsigned n, unsigned beyond, unsigned off)
{
	unsigned long va = HOLE - (n - beyond), i, bad = 0;

	memset(buf, 0xee, sizeof(buf));
	EXPECT_EQ(t, copy_from_user(buf + off, U(va), n), beyond);
	for (i = 0; i < n - beyond; i++)
		bad += buf[off + i] != pattern(va - SPACE_BASE + i);
	for (; i < n; i++)
		bad += buf[off + i] != 0;	/* cleared */
	bad += buf[off + n] != 0xee;
	EXPECT_EQ(t, bad, 0);

	memset(buf, 0x55, sizeof(buf));
	EXPECT_EQ(t, copy_to_user(U(va), buf + off, n), beyond);
	for (i = 0; i < n - beyond; i++)
		bad += *shadow(va + i) != 0x55;
	EXPECT_EQ(t, clear_user(U(va), n), beyond);
	for (i = 0; i < n - beyond; i++)
		bad += *shadow(va + i) != 0;
	EXPECT_EQ(t, bad, 0);
	for (i = 0; i < n - beyond; i++)
		*shadow(va + i) = pattern(va - SPACE_BASE + i);
}

static void
a_fault_in_the_middle_leaves_the_exact_rest(struct test *t)
{
	static const unsigned beyond[] = { 1, 2, 3, 4, 5, 7, 31, 32, 33, 63,
					   100, 127, 128, 129, 200 };
	unsigned long flags;

	if (!lab_open(t, &flags))
		return;
	for (unsigned l = 0; l < ARRAY_SIZE(lengths); l++)
		for (unsigned b = 0; b < ARRAY_SIZE(beyond); b++)
			for (unsigned off = 8; off < 12; off++)
				if (beyond[b] <= lengths[l])
					fault_case(t, lengths[l], beyond[b],
						   off);
	lab_close(flags);
}

static void
memory_that_may_not_be_written_is_not(struct test *t)
{
	unsigned long flags, i, bad = 0;

	if (!lab_open(t, &flags))
		return;
	memset(shadow(READ_ONLY), 0x11, PAGE_SIZE);
	memset(buf, 0x22, sizeof(buf));
	EXPECT_EQ(t, copy_to_user(U(READ_ONLY), buf, 256), 256);
	EXPECT_EQ(t, copy_to_user(U(READ_ONLY + 1), buf, 7), 7);
	EXPECT_EQ(t, clear_user(U(READ_ONLY + 3), 256), 256);
	EXPECT_EQ(t, copy_from_user(buf, U(READ_ONLY), 256), 0);
	for (i = 0; i < 256; i++)
		bad += buf[i] != 0x11 || *shadow(READ_ONLY + i) != 0x11;
	EXPECT_EQ(t, bad, 0);
	lab_close(flags);
}

/* Kernel addresses, wrapping ranges: nothing is touched at all. */
static void
a_range_outside_is_refused_whole(struct test *t)
{
	static u8 victim[64];
	unsigned long flags;

	if (!lab_open(t, &flags))
		return;
	memset(buf, 0x33, 64);
	EXPECT_EQ(t, copy_to_user(victim, buf, 64), 64);
	EXPECT_EQ(t, clear_user(buf, 64), 64);
	EXPECT_EQ(t, victim[0], 0);
	EXPECT_EQ(t, buf[0], 0x33);
	EXPECT_EQ(t, copy_from_user(buf, U(VECTORS_BASE), 64), 64);
	EXPECT_EQ(t, buf[0], 0);
	EXPECT_EQ(t, copy_from_user(buf, U(TASK_SIZE - 32), 64), 64);
	EXPECT_EQ(t, copy_to_user(U(SPACE_BASE), buf, TASK_SIZE), TASK_SIZE);
	EXPECT_EQ(t, copy_to_user(U(0xffffff00), buf, 0x200), 0x200);
	EXPECT_EQ(t, *shadow(SPACE_BASE), pattern(0));
	lab_close(flags);
}

static void
clearing_keeps_to_its_range(struct test *t)
{
	unsigned long flags, va, i, bad = 0;

	if (!lab_open(t, &flags))
		return;
	for (unsigned l = 0; l < ARRAY_SIZE(lengths); l++) {
		for (unsigned at = 0; at < 4; at++) {
			va = SPACE_BASE + 64 + at;
			EXPECT_EQ(t, clear_user(U(va), lengths[l]), 0);
			for (i = 0; i < lengths[l]; i++) {
				bad += *shadow(va + i) != 0;
				*shadow(va + i) = pattern(va - SPACE_BASE + i);
			}
			bad += *shadow(va - 1) != pattern(63 + at);
			bad += *shadow(va + i) != pattern(64 + at + i);
		}
	}
	EXPECT_EQ(t, bad, 0);
	lab_close(flags);
}

static void
strings_end_at_their_nul(struct test *t)
{
	unsigned long flags;
	char *at = (char *)HOLE - 6;

	if (!lab_open(t, &flags))
		return;
	memcpy(shadow(HOLE - 6), "hello", 6);
	memset(buf, 0xee, 16);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 16), 5);
	EXPECT(t, !memcmp(buf, "hello\0\xee", 7));
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 6), 5);
	memset(buf, 0xee, 16);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 5), 5);
	EXPECT(t, !memcmp(buf, "hello\xee", 6));
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 0), 0);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at + 5, 16), 0);
	EXPECT_EQ(t, strnlen_user(at, 16), 6);
	EXPECT_EQ(t, strnlen_user(at, 6), 6);
	EXPECT_EQ(t, strnlen_user(at, 5), 6);		/* none in 5 */
	EXPECT_EQ(t, strnlen_user(at, 3), 4);
	EXPECT_EQ(t, strnlen_user(at + 5, 1), 1);
	EXPECT_EQ(t, strnlen_user(at, 0), 0);
	lab_close(flags);
}

static void
a_string_without_an_end_is_an_error(struct test *t)
{
	unsigned long bad[] = { 0, HOLE, TASK_SIZE, (unsigned long)"text",
				VECTORS_BASE, 0xffffffff };
	unsigned long flags;
	char *at = (char *)HOLE - 6;

	if (!lab_open(t, &flags))
		return;
	memset(shadow(HOLE - 6), 'x', 6);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 16), -EFAULT);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, at, 6), 6);
	EXPECT_EQ(t, strnlen_user(at, 16), 0);
	EXPECT_EQ(t, strnlen_user(at, 6), 7);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, strncpy_from_user((char *)buf, (char *)bad[i], 8),
			  -EFAULT);
		EXPECT_EQ(t, strnlen_user((char *)bad[i], 8), 0);
	}
	lab_close(flags);
}

/* The last page below TASK_SIZE: a string that runs into the kernel's half. */
static void
a_string_that_runs_out_of_user_space_is_an_error(struct test *t)
{
	unsigned long va = TASK_SIZE - PAGE_SIZE, flags;
	void *table = pgtable_alloc_page();
	pte_t *pte;

	ASSERT(t, table);
	if (!lab_open(t, &flags))
		return;
	EXPECT(t, user_table_install(&s.mm.context, va, table));
	pte = pte_offset(&s.mm.context, va);
	set_pte_at(&s.mm.context, va, pte, mk_pte(page_to_pfn(s.pages[0]), USER_READ,
					   USER_CACHED));
	pte_publish();
	memset(shadow(SPACE_BASE + PAGE_SIZE - 4), 'x', 4);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, U(TASK_SIZE - 4), 16),
		  -EFAULT);
	EXPECT_EQ(t, strncpy_from_user((char *)buf, U(TASK_SIZE - 4), 4), 4);
	EXPECT_EQ(t, strnlen_user(U(TASK_SIZE - 4), 16), 0);
	EXPECT_EQ(t, strnlen_user(U(TASK_SIZE - 4), 4), 5);
	set_pte_at(&s.mm.context, va, pte, (pte_t){ 0 });
	flush_tlb_user_all(&s.mm.context);
	EXPECT(t, user_table_remove(&s.mm.context, va) == table);
	pgtable_free_page(table);
	lab_close(flags);
}

static void
a_word_is_exchanged_only_if_it_is_the_expected_one(struct test *t)
{
	unsigned long flags;
	u32 found = 9;

	if (!lab_open(t, &flags))
		return;
	*(u32 *)shadow(SPACE_BASE) = 5;
	EXPECT_EQ(t, cmpxchg_user(U(SPACE_BASE), 5, 6, &found), 0);
	EXPECT_EQ(t, found, 5);
	EXPECT_EQ(t, cmpxchg_user(U(SPACE_BASE), 5, 7, &found), 0);
	EXPECT_EQ(t, found, 6);
	EXPECT_EQ(t, *(u32 *)shadow(SPACE_BASE), 6);
	EXPECT_EQ(t, cmpxchg_user(U(SPACE_BASE + 2), 5, 7, &found), -EFAULT);
	EXPECT_EQ(t, cmpxchg_user(U(HOLE), 5, 7, &found), -EFAULT);
	EXPECT_EQ(t, cmpxchg_user(U(READ_ONLY), 3, 7, &found), -EFAULT);
	EXPECT_EQ(t, cmpxchg_user((u32 *)&found, 6, 7, &found), -EFAULT);
	EXPECT_EQ(t, found, 6);
	lab_close(flags);
}

/* The kernel's own side of a copy has no fix-up: a bug there is told. */
static void
copy_to_nowhere(void *arg)
{
	(void)!arch_copy_from_user((void *)(VMALLOC_END - PAGE_SIZE),
				   U(SPACE_BASE), 64);
}

static void
a_bad_kernel_pointer_is_an_oops(struct test *t)
{
	unsigned long flags;

	if (!lab_open(t, &flags))
		return;
	EXPECT_REPORT(t, copy_to_nowhere, NULL, "unmapped address");
	lab_close(flags);
}

static void
the_exception_table_is_sorted(struct test *t)
{
	const struct exception_entry *e;
	unsigned bad = 0, missing = 0;
	struct pt_regs regs;

	for (e = __ex_table_start; e < __ex_table_end; e++) {
		bad += e > __ex_table_start && e[-1].insn >= e->insn;
		regs.pc = e->insn;
		missing += !has_fixup(&regs);
		EXPECT(t, fixup_exception(&regs));
		missing += regs.pc != e->fixup;
		regs.pc = e->insn + 1;
		missing += has_fixup(&regs);
	}
	EXPECT_EQ(t, bad, 0);
	EXPECT_EQ(t, missing, 0);
	EXPECT(t, __ex_table_end - __ex_table_start > 50);
}

static void
any_order_of_entries_is_sorted(struct test *t)
{
	struct exception_entry table[20], all[20];
	unsigned i, j, bad = 0;

	for (unsigned round = 0; round < 20; round++) {
		for (i = 0; i < 20; i++)
			all[i] = (struct exception_entry){ i * 4, i };
		memcpy(table, all, sizeof(all));
		for (i = 19; i > 0; i--) {
			j = test_random(t) % (i + 1);
			swap(table[i], table[j]);
		}
		sort_extable(table, table + 20);
		bad += memcmp(table, all, sizeof(all)) != 0;
	}
	EXPECT_EQ(t, bad, 0);
}

TEST_SUITE("uaccess",
	   TEST_CASE(any_order_of_entries_is_sorted),
	   TEST_CASE(a_range_is_checked_without_overflow),
	   TEST_CASE(values_of_every_size),
	   TEST_CASE(a_value_that_cannot_be_reached_is_an_error),
	   TEST_CASE(copies_of_every_alignment),
	   TEST_CASE(a_fault_in_the_middle_leaves_the_exact_rest),
	   TEST_CASE(memory_that_may_not_be_written_is_not),
	   TEST_CASE(a_range_outside_is_refused_whole),
	   TEST_CASE(clearing_keeps_to_its_range),
	   TEST_CASE(strings_end_at_their_nul),
	   TEST_CASE(a_string_without_an_end_is_an_error),
	   TEST_CASE(a_string_that_runs_out_of_user_space_is_an_error),
	   TEST_CASE(a_word_is_exchanged_only_if_it_is_the_expected_one),
	   TEST_CASE(a_bad_kernel_pointer_is_an_oops),
	   TEST_CASE(the_exception_table_is_sorted));
