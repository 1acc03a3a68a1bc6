/* SPDX-License-Identifier: MIT */
/* What the compiler offers, under the names that kernel readers know. */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#include <stddef.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __section(s)	__attribute__((section(s)))
#define __used		__attribute__((used))
#define __unused	__attribute__((unused))
#define __weak		__attribute__((weak))
#define __noreturn	__attribute__((noreturn))
#define noinline	__attribute__((noinline))
#undef __always_inline		/* the host's C library has one too */
#define __always_inline	inline __attribute__((always_inline))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

/* Code and data that go back to the page allocator after boot (B9). */
#ifdef VELLUM_HOST
#define __init
#define __initdata
#define __initconst
#define __noleak
#else
#define __init		__section(".init.text") noinline
#define __initdata	__section(".init.data")
#define __initconst	__section(".init.rodata")
/*
 * A variable of .bss that kmemleak does not search for pointers: notes about
 * other people's memory, which show addresses that their owners have lost.
 */
#define __noleak	__section(".bss.noleak")
#endif

#ifndef __cplusplus
#define static_assert	_Static_assert
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define sizeof_field(type, member) sizeof(((type *)0)->member)

#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
		     a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
		     a_ > b_ ? a_ : b_; })
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b) do { __typeof__(a) t_ = (a); (a) = (b); (b) = t_; } while (0)

/* n must be a power of two. */
#define ALIGN_UP(x, n)	 (((x) + ((__typeof__(x))(n) - 1)) & \
			  ~((__typeof__(x))(n) - 1))
#define ALIGN_DOWN(x, n) ((x) & ~((__typeof__(x))(n) - 1))
#define IS_ALIGNED(x, n) (((x) & ((__typeof__(x))(n) - 1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))

#define SZ_1K		0x00000400UL
#define SZ_4K		0x00001000UL
#define SZ_1M		0x00100000UL
#define SZ_16M		0x01000000UL

/* One access, neither torn, merged nor repeated by the compiler. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()	 __asm__ volatile("" ::: "memory")

/* Where the code of a function is: bit 0 of its address says that it is Thumb. */
#define code_address(fn) ((unsigned long)(fn) & ~1ul)

#define STRINGIFY_(x)	#x
#define STRINGIFY(x)	STRINGIFY_(x)

#endif
