/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of several words at odd addresses: the kernel does what the
 * processor will not. Each in both states, ARM and Thumb.
 */
#include "fuzz.h"

/* Four words from `from`, in a way of each function, to `to`, aligned. */
void arm_ldm(const void *from, unsigned *to);
void arm_ldmdb(const void *end, unsigned *to);
void arm_ldrd(const void *from, unsigned *to);
void thumb_ldm(const void *from, unsigned *to);
void thumb_ldm_wide(const void *from, unsigned *to);
void thumb_ldrd(const void *from, unsigned *to);
void thumb_it(const void *from, unsigned *to);
/* Four words from `from`, aligned, to `to`. */
void arm_stm(const unsigned *from, void *to);
void arm_strd(const unsigned *from, void *to);
void thumb_stm(const unsigned *from, void *to);
void thumb_strd(const unsigned *from, void *to);
/* How far the base register has moved. */
long arm_ldmia_moves(void *at);
long arm_ldmdb_moves(void *at);
long arm_strd_moves(void *at);
long thumb_stm_moves(void *at);
void load_exclusive(void *at);

__asm__(".syntax unified\n"
	".arm\n.align 2\n"
	".type arm_ldm, %function\narm_ldm:\n"
	"	push {r4-r5}\n ldm r0, {r2-r5}\n stm r1, {r2-r5}\n"
	"	pop {r4-r5}\n bx lr\n"
	".type arm_ldmdb, %function\narm_ldmdb:\n"
	"	push {r4-r5}\n ldmdb r0!, {r2-r5}\n stm r1, {r2-r5}\n"
	"	pop {r4-r5}\n bx lr\n"
	".type arm_ldrd, %function\narm_ldrd:\n"
	"	ldrd r2, r3, [r0], #8\n strd r2, r3, [r1], #8\n"
	"	mov r12, #0\n ldrd r2, r3, [r0, r12]\n strd r2, r3, [r1]\n"
	"	bx lr\n"
	".type arm_stm, %function\narm_stm:\n"
	"	push {r4-r5}\n ldm r0, {r2-r5}\n sub r1, r1, #4\n"
	"	stmib r1, {r2-r5}\n pop {r4-r5}\n bx lr\n"
	".type arm_strd, %function\narm_strd:\n"
	"	ldrd r2, r3, [r0], #8\n strd r2, r3, [r1]\n"
	"	ldrd r2, r3, [r0]\n strd r2, r3, [r1, #8]!\n bx lr\n"
	".type arm_ldmia_moves, %function\narm_ldmia_moves:\n"
	"	mov r1, r0\n ldm r1!, {r2, r3, r12}\n sub r0, r1, r0\n bx lr\n"
	".type arm_ldmdb_moves, %function\narm_ldmdb_moves:\n"
	"	mov r1, r0\n ldmdb r1!, {r2, r3}\n sub r0, r1, r0\n bx lr\n"
	".type arm_strd_moves, %function\narm_strd_moves:\n"
	"	mov r1, r0\n strd r2, r3, [r1, #-24]!\n sub r0, r1, r0\n bx lr\n"
	".thumb\n.align 2\n"
	".thumb_func\nthumb_ldm:\n"
	"	push {r4-r5}\n ldmia r0!, {r2-r5}\n stmia r1!, {r2-r5}\n"
	"	pop {r4-r5}\n bx lr\n"
	".thumb_func\nthumb_ldm_wide:\n"
	"	push {r8-r9}\n ldmia.w r0, {r2, r3, r8, r9}\n"
	"	stmia.w r1, {r2, r3, r8, r9}\n pop {r8-r9}\n bx lr\n"
	".thumb_func\nthumb_ldrd:\n"
	"	ldrd r2, r3, [r0]\n strd r2, r3, [r1]\n"
	"	ldrd r2, r12, [r0, #8]\n str r2, [r1, #8]\n str r12, [r1, #12]\n"
	"	bx lr\n"
	/* The second and the third of the block are as conditional as before, and
	 * the block ends there: a block that is too long would have the nop. */
	".thumb_func\nthumb_it:\n"
	"	push {r4-r5}\n movs r2, #0\n cmp r2, #0\n"
	"	itte eq\n ldmiaeq.w r0, {r2-r5}\n moveq r0, r2\n movne r0, #0\n"
	"	nop\n mov r2, r0\n stmia.w r1, {r2-r5}\n pop {r4-r5}\n bx lr\n"
	".thumb_func\nthumb_stm:\n"
	"	push {r4-r5}\n ldmia.w r0, {r2-r5}\n stmia r1!, {r2-r5}\n"
	"	pop {r4-r5}\n bx lr\n"
	".thumb_func\nthumb_strd:\n"
	"	ldrd r2, r3, [r0]\n strd r2, r3, [r1], #8\n"
	"	ldrd r2, r3, [r0, #8]\n strd r2, r3, [r1]\n bx lr\n"
	".thumb_func\nthumb_stm_moves:\n"
	"	mov r1, r0\n stmdb.w r1!, {r2, r3, r12}\n subs r0, r1, r0\n"
	"	bx lr\n"
	".thumb_func\nload_exclusive:\n"
	"	ldrex r1, [r0]\n bx lr\n");

static const char text[] = "0123456789abcdef";

static void
expect_loads(void (*fn)(const void *, unsigned *), bool from_end)
{
	char *page = map(PAGE);
	unsigned words[4], i;

	for (i = 0; i < 4; i++) {
		memset(words, 0, sizeof(words));
		memcpy(page + 100 + i, text, 16);
		fn(page + 100 + i + (from_end ? 16 : 0), words);
		EXPECT(!memcmp(words, text, 16));
	}
}

static void
expect_stores(void (*fn)(const unsigned *, void *))
{
	char *page = map(PAGE);
	unsigned words[4], i;

	memcpy(words, text, 16);
	for (i = 0; i < 4; i++) {
		memset(page, '.', 200);
		fn(words, page + 100 + i);
		EXPECT(!memcmp(page + 100 + i, text, 16));
		EXPECT(page[99 + i] == '.' && page[116 + i] == '.');
	}
}

static void
loads_of_several_words(void)
{
	expect_loads(arm_ldm, false);
	expect_loads(arm_ldmdb, true);
	expect_loads(arm_ldrd, false);
	expect_loads(thumb_ldm, false);
	expect_loads(thumb_ldm_wide, false);
	expect_loads(thumb_ldrd, false);
}

static void
stores_of_several_words(void)
{
	expect_stores(arm_stm);
	expect_stores(arm_strd);
	expect_stores(thumb_stm);
	expect_stores(thumb_strd);
}

static void
an_it_block_goes_on(void)
{
	expect_loads(thumb_it, false);
}

static void
the_base_moves_as_it_should(void)
{
	char *page = map(PAGE);

	EXPECT_EQ(arm_ldmia_moves(page + 101), 12);
	EXPECT_EQ(arm_ldmdb_moves(page + 101), -8);
	EXPECT_EQ(arm_strd_moves(page + 101), -24);
	EXPECT_EQ(thumb_stm_moves(page + 101), -12);
}

static char *border;

static void
load_over_border(void *fn)
{
	unsigned words[4];

	((void (*)(const void *, unsigned *))fn)(border - 6, words);
}

/* Half of it is there: the program is told, as by any other access. */
static void
over_the_end_of_memory_is_a_fault(void)
{
	char *page = map(2 * PAGE);

	page[0] = 1;
	munmap(page + PAGE, PAGE);
	border = page + PAGE;
	EXPECT_EQ(fault_of(load_over_border, arm_ldm, NULL), SIGSEGV);
	EXPECT_EQ(fault_of(load_over_border, thumb_ldrd, NULL), SIGSEGV);
	border = (char *)0xc0000000;
	EXPECT_EQ(fault_of(load_over_border, arm_ldrd, NULL), SIGSEGV);
	border = (char *)0xc0008000;
	EXPECT_EQ(fault_of(load_over_border, thumb_ldm, NULL), SIGSEGV);
}

/* Memory that is not there yet is brought in on the way. */
static void
memory_comes_when_it_is_touched(void)
{
	char *page = map(2 * PAGE);
	unsigned words[4] = { 1, 2, 3, 4 }, back[4];

	thumb_stm(words, page + PAGE - 6);
	arm_ldm(page + PAGE - 6, back);
	EXPECT(!memcmp(words, back, 16));
}

static void
an_exclusive_load_must_be_aligned(void)
{
	siginfo_t info;

	EXPECT_EQ(fault_of(load_exclusive, map(PAGE) + 2, &info), SIGBUS);
	EXPECT_EQ(info.si_code, BUS_ADRALN);
}

static void
it_is_counted(void)
{
	unsigned words[4];
	char before[512] = "", after[512] = "";
	int fd = open("/proc/cpu/alignment", O_RDONLY);

	if (fd < 0)
		SKIP("no /proc/cpu/alignment");
	SYSCALL(SYS_pread64, fd, before, 511, 0, 0, 0);
	close(fd);
	arm_ldm(text + 1, words);
	arm_ldrd(text, words);
	fd = open("/proc/cpu/alignment", O_RDONLY);
	SYSCALL(SYS_pread64, fd, after, 511, 0, 0, 0);
	EXPECT(strcmp(before, after));
	EXPECT_EQ(strtol(strstr(after, "Multi:") + 6, NULL, 10),
		  strtol(strstr(before, "Multi:") + 6, NULL, 10) + 1);
}

UTEST_SUITE(alignment,
	UTEST(loads_of_several_words),
	UTEST(stores_of_several_words),
	UTEST(an_it_block_goes_on),
	UTEST(the_base_moves_as_it_should),
	UTEST(over_the_end_of_memory_is_a_fault),
	UTEST(memory_comes_when_it_is_touched),
	UTEST(an_exclusive_load_must_be_aligned),
	UTEST(it_is_counted));
