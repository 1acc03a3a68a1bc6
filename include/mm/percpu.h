/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables made at run time. See mm/kmem/percpu.c; those known at
 * compile time are DEFINE_PER_CPU of asm/percpu.h. Both are reached by
 * this_cpu_ptr() and per_cpu_ptr().
 */
#ifndef MM_PERCPU_H
#define MM_PERCPU_H

#include <asm/percpu.h>
#include <lib/types.h>

/* The largest object, bytes. */
#define PERCPU_MAX_SIZE		4096

/*
 * One object of size bytes for each core, zeroed, at multiples of align (a
 * power of two up to 64). What is returned is no address: this_cpu_ptr() and
 * per_cpu_ptr() make one of it.
 * Context: may sleep. Returns NULL without memory or for a bad size.
 */
void *percpu_alloc(size_t size, size_t align);
/* Linux's form: struct s *p = alloc_percpu(struct s); */
#define alloc_percpu(type) \
	((type *)percpu_alloc(sizeof(type), __alignof__(type)))
/* Give back what percpu_alloc() gave. NULL is ignored; what it did not give is
 * reported. Context: may sleep. */
void free_percpu(void *ptr);

#endif
