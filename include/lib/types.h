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

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u32 phys_addr_t;	/* bytes, physical */
typedef unsigned long pfn_t;	/* page frame number: phys_addr_t >> PAGE_SHIFT */
typedef long ssize_t;

#endif
