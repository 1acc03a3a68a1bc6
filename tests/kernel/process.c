/* SPDX-License-Identifier: MIT */
/*
 * Processes, with programs of a few instructions: an ELF file is put together
 * in memory, written to a file, and run. What a program found is its status.
 */
#include <kernel/fs.h>
#include <kernel/process.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "as_helpers.h"
#include "programs.h"

/* The status of a program of these instructions; -Exxx if it did not start. */
static int
run(struct test *t, const u32 *code, unsigned n)
{
	const char *const none[] = { "/t", NULL };
	struct program p = program_of(code, n);
	int status = -1, err;

	EXPECT_EQ(t, write_file("/t", &p, sizeof(p), 0755), 0);
	err = run_user_program("/t", none, none + 1, &status);
	vfs_unlink_at(AT_FDCWD, "/t");
	return err ? err : status;
}

#define RUN(t, ...) ({ \
	static const u32 code_[] = { __VA_ARGS__ }; \
	run(t, code_, ARRAY_SIZE(code_)); \
})

static void
a_program_ends_with_its_status(struct test *t)
{
	EXPECT_EQ(t, RUN(t, EXIT(42)), 42 << 8);
}

static void
a_wild_access_ends_it_by_sigsegv(struct test *t)
{
	/* mov r1, #0; str r0, [r1] */
	EXPECT_EQ(t, RUN(t, MOV(1, 0), 0xe5810000), SIGSEGV);
}

static void
an_undefined_instruction_ends_it_by_sigill(struct test *t)
{
	EXPECT_EQ(t, RUN(t, 0xe7f000f0), SIGILL);
}

/*
 *	fork; child: exit 7; parent: wait4(-1, sp, 0, 0), exit with the byte
 *	at sp + 1
 */
static void
a_parent_gets_its_childs_status(struct test *t)
{
	EXPECT_EQ(t, RUN(t,
		MOV(7, 2), SVC,				/* fork */
		0xe3500000, 0x1a000002,			/* cmp r0,#0; bne 1f */
		EXIT(7),
		0xe3e00000,				/* 1: mvn r0, #0 */
		0xe24dd008, MOVREG(1, 13),		/* sub sp,sp,#8 */
		MOV(2, 0), MOV(3, 0), MOV(7, 114), SVC,	/* wait4 */
		0xe5dd0001, MOV(7, 1), SVC), 7 << 8);
}

static void
what_is_no_program_is_refused(struct test *t)
{
	const char *const none[] = { "/t", NULL };
	int status;

	EXPECT_EQ(t, run_user_program("/nowhere", none, none + 1, &status),
		  -ENOENT);
	EXPECT_EQ(t, write_file("/t", "hello, world\n", 13, 0755), 0);
	EXPECT_EQ(t, run_user_program("/t", none, none + 1, &status),
		  -ENOEXEC);
	vfs_unlink_at(AT_FDCWD, "/t");
	EXPECT_EQ(t, run_user_program("/", none, none + 1, &status), -EACCES);
}

static void
an_unknown_call_is_enosys(struct test *t)
{
	/* ldr r7, =0x1ff...: mov r7, #0x1f00; svc; rsb r0, r0, #0 */
	EXPECT_EQ(t, RUN(t, 0xe3a07c1f, SVC, 0xe2600000, MOV(7, 1), SVC),
		  ENOSYS << 8);
}

TEST_SUITE("process",
	TEST_CASE(a_program_ends_with_its_status),
	TEST_CASE(a_wild_access_ends_it_by_sigsegv),
	TEST_CASE(an_undefined_instruction_ends_it_by_sigill),
	TEST_CASE(a_parent_gets_its_childs_status),
	TEST_CASE(what_is_no_program_is_refused),
	TEST_CASE(an_unknown_call_is_enosys));
