/* SPDX-License-Identifier: MIT */
/*
 * Reaching the memory of the process that runs: single values, blocks, strings.
 *
 * Ideas
 *   A user pointer may be anything. Two things make it safe:
 *
 *	range	 all of it lies below TASK_SIZE (access_ok), so it cannot name
 *		 the kernel, nor the vectors page, which users may read
 *	fix-up	 every instruction that touches it is listed in .ex_table: a
 *		 fault that cannot be served goes on at its fix-up, which
 *		 returns -EFAULT or how much is left
 *
 *   Single values, and the tails of blocks, are moved by LDRT and STRT, which
 *   ask for the user's rights though the kernel runs them. Blocks go by LDM
 *   and STM, eight times as fast; they need only the range check, since a
 *   page that users may not write is read-only to the kernel too (AFE).
 *
 * Context of all: the fault may have to wait for a page, so: may sleep. With
 * interrupts masked a fault is not served but fixed up at once (get_user() is
 * then what Linux calls get_user_nofault).
 *
 * Source  ARM DDI 0406C, A8.8.92 (LDRT), B3.7.1 (access permissions).
 */
#ifndef ASM_UACCESS_H
#define ASM_UACCESS_H

#include <asm/kasan.h>
#include <asm/memory.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/types.h>

#define __user				/* for the reader: a user's pointer */

/* Does [addr, addr + size) lie in user space? True for size 0 up to its end. */
static inline bool
access_ok(const void __user *addr, unsigned long size)
{
	return size <= TASK_SIZE &&
	       (unsigned long)addr <= TASK_SIZE - size;
}

#define EX_TABLE(insn, fixup) \
	".pushsection .ex_table, \"a\"\n\t.balign 4\n\t" \
	".word " insn ", " fixup "\n\t.popsection\n"

/* volatile: or the compiler drops a load whose value nobody looks at. */
/*
 * The empty statement behind each: where nobody asks for the result, both ways
 * out lead to one place, and GCC (12) then takes the whole instruction for a
 * jump that can be left out, volatile or not. So the ways differ.
 */
#define GET_USER_ASM(insn, value, addr, fault) do { \
	__asm__ volatile goto("1: " insn " %0, [%1]\n" EX_TABLE("1b", "%l2") \
		     : "=&r"(value) : "r"(addr) : "memory" : fault); \
	__asm__ volatile(""); \
} while (0)
#define PUT_USER_ASM(insn, value, addr, fault) do { \
	__asm__ volatile goto("1: " insn " %0, [%1]\n" EX_TABLE("1b", "%l2") \
		     : : "r"(value), "r"(addr) : "memory" : fault); \
	__asm__ volatile(""); \
} while (0)

/* size is 1, 2, 4 or 8. 0, or -EFAULT and *value is 0. */
static __always_inline int
get_user_value(u64 *value, unsigned long addr, unsigned size)
{
	u32 low = 0, high = 0;

	if (unlikely(!access_ok((const void *)addr, size)))
		goto fault;
	if (size == 1)
		GET_USER_ASM("ldrbt", low, addr, fault);
	else if (size == 2)
		GET_USER_ASM("ldrht", low, addr, fault);
	else
		GET_USER_ASM("ldrt", low, addr, fault);
	if (size == 8)
		GET_USER_ASM("ldrt", high, addr + 4, fault);
	*value = (u64)high << 32 | low;
	return 0;
fault:
	*value = 0;
	return -EFAULT;
}

static __always_inline int
put_user_value(u64 value, unsigned long addr, unsigned size)
{
	u32 low = (u32)value, high = (u32)(value >> 32);

	if (unlikely(!access_ok((const void *)addr, size)))
		goto fault;
	if (size == 1)
		PUT_USER_ASM("strbt", low, addr, fault);
	else if (size == 2)
		PUT_USER_ASM("strht", low, addr, fault);
	else
		PUT_USER_ASM("strt", low, addr, fault);
	if (size == 8)
		PUT_USER_ASM("strt", high, addr + 4, fault);
	return 0;
fault:
	return -EFAULT;
}

#define USER_SIZE_OK(p) \
	static_assert(sizeof(*(p)) == 1 || sizeof(*(p)) == 2 || \
		      sizeof(*(p)) == 4 || sizeof(*(p)) == 8, "user value")

/* x = *ptr, an integer or a pointer of 8 to 64 bits. 0, or -EFAULT and x = 0. */
#define get_user(x, ptr) ({ \
	USER_SIZE_OK(ptr); \
	u64 uv_; \
	int ue_ = get_user_value(&uv_, (unsigned long)(ptr), sizeof(*(ptr))); \
	(x) = (__typeof__(*(ptr)))(__typeof__(__builtin_choose_expr( \
		sizeof(*(ptr)) == 8, uv_, 0ul)))uv_; \
	ue_; \
})

/* *ptr = x. 0 or -EFAULT (of 64 bits the lower half may be written then). */
#define put_user(x, ptr) ({ \
	USER_SIZE_OK(ptr); \
	__typeof__(*(ptr)) pv_ = (x); \
	put_user_value((u64)(__typeof__(__builtin_choose_expr( \
		sizeof(*(ptr)) == 8, 0ull, 0ul)))pv_, \
		(unsigned long)(ptr), sizeof(*(ptr))); \
})

/* arch/arm/lib/uaccess.S: no range check. Return the bytes that are left. */
unsigned long arch_copy_from_user(void *to, const void __user *from,
				  unsigned long n);
unsigned long arch_copy_to_user(void __user *to, const void *from,
				unsigned long n);
unsigned long arch_clear_user(void __user *to, unsigned long n);
/* The characters before the NUL, n if there is none, or -EFAULT. */
long arch_strncpy_from_user(char *to, const char __user *from,
			    unsigned long n);
long arch_strnlen_user(const char __user *from, unsigned long n);

/*
 * Copy n bytes; 0, or how many were not copied. Exact: all before the first
 * byte that cannot be reached are. What copy_from_user() does not copy it
 * clears, so that no caller hands on what was on its stack.
 */
static inline unsigned long __must_check
copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left = n;

	kasan_check_write(to, n);
	if (likely(access_ok(from, n)))
		left = arch_copy_from_user(to, from, n);
	if (unlikely(left))
		memset((char *)to + (n - left), 0, left);
	return left;
}

static inline unsigned long __must_check
copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (unlikely(!access_ok(to, n)))
		return n;
	kasan_check_read(from, n);
	return arch_copy_to_user(to, from, n);
}

/* Zero n bytes; 0, or how many were not. */
static inline unsigned long __must_check
clear_user(void __user *to, unsigned long n)
{
	if (unlikely(!access_ok(to, n)))
		return n;
	return arch_clear_user(to, n);
}

/*
 * The string at from, at most n bytes of it with its NUL. Returns its length
 * without the NUL; n: there is no NUL in n bytes; -EFAULT.
 */
static inline long __must_check
strncpy_from_user(char *to, const char __user *from, long n)
{
	unsigned long room = TASK_SIZE - (unsigned long)from;
	long got;

	if (unlikely(n <= 0))
		return 0;
	if (unlikely((unsigned long)from >= TASK_SIZE))
		return -EFAULT;
	kasan_check_write(to, (unsigned long)n);
	got = arch_strncpy_from_user(to, from, min((unsigned long)n, room));
	/* It went on to the end of user space, and so would the string. */
	return got == (long)room && (unsigned long)n > room ? -EFAULT : got;
}

/*
 * The length of the string with its NUL, at most n; more than n: no NUL in n
 * bytes; 0: it cannot be read.
 */
static inline long __must_check
strnlen_user(const char __user *from, long n)
{
	unsigned long room = TASK_SIZE - (unsigned long)from;
	long got;

	if (unlikely(n <= 0 || (unsigned long)from >= TASK_SIZE))
		return 0;
	got = arch_strnlen_user(from, min((unsigned long)n, room));
	if (got < 0 || (got == (long)room && (unsigned long)n > room))
		return 0;
	return got + 1;
}

/*
 * For futexes: if the word at uaddr (aligned) is old it becomes next. *found is
 * what was there. 0 or -EFAULT. A full barrier.
 */
static inline int __must_check
cmpxchg_user(u32 __user *uaddr, u32 old, u32 next, u32 *found)
{
	u32 value, failed;

	if (unlikely(!access_ok(uaddr, 4) || (unsigned long)uaddr & 3))
		return -EFAULT;
	do {
		failed = 0;
		__asm__ volatile goto("dmb\n1: ldrex %0, [%1]\n"
			     EX_TABLE("1b", "%l2")
			     : "=&r"(value) : "r"(uaddr) : "memory" : fault);
		if (value != old)
			break;
		__asm__ volatile goto("1: strex %0, %2, [%1]\n\tdmb\n"
			     EX_TABLE("1b", "%l3")
			     : "=&r"(failed) : "r"(uaddr), "r"(next)
			     : "memory" : fault);
	} while (failed);
	*found = value;
	return 0;
fault:
	__asm__ volatile("clrex" ::: "memory");
	return -EFAULT;
}

#endif
