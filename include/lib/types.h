/* SPDX-License-Identifier: MIT */
/*
 * Integer types, and the two address types that must not be confused.
 *
 * A phys_addr_t is what the bus sees; an unsigned long holds a virtual
 * address. The A9 has no LPAE, so both are 32 bits, but the names differ so
 * that a reader (and grep) can tell which one a variable holds.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Spelled out rather than taken from stdint.h, whose uint32_t is a long with
 * this compiler: so %x prints a u32 and %llx a u64, on the target and when
 * the same file is built for the host.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

typedef u32 phys_addr_t;	/* bytes, physical */
typedef unsigned long pfn_t;	/* frame number: phys_addr_t >> PAGE_SHIFT */
typedef ptrdiff_t ssize_t;

#endif
