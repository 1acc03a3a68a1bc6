/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: objects of the kernel that nobody can reach any more. See
 * mm/debug/kmemleak.c, and docs/finding-memory-bugs.md for its use.
 *
 * Allocators tell of what they hand out and take back; everybody else may say
 * that an object is to be treated in another way. While it is off each call
 * is the test of one variable; a release build has none.
 */
#ifndef MM_KMEMLEAK_H
#define MM_KMEMLEAK_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/slab.h>

#if defined(VELLUM_DEBUG) && !defined(VELLUM_HOST)
#define VELLUM_KMEMLEAK

extern bool kmemleak_running;

/* Use these by the names below, without the "do_". */
void do_kmemleak_alloc(const void *p, size_t size, int min_count);
void do_kmemleak_free(const void *p);
void do_kmemleak_alloc_percpu(const void *p, size_t size);
void do_kmemleak_free_percpu(const void *p);
void do_kmemleak_free_range(const void *p, size_t size);
void do_kmemleak_colour(const void *p, int min_count);
void do_kmemleak_colour_percpu(const void *p, int min_count);
void do_kmemleak_no_scan(const void *p);

#define kmemleak_call(fn, ...) do { \
	if (unlikely(READ_ONCE(kmemleak_running))) \
		do_kmemleak_##fn(__VA_ARGS__); \
} while (0)
#else
#define kmemleak_call(fn, ...)	do { } while (0)
#endif

#define KMEMLEAK_GREY	0	/* min_count: searched, never reported */
#define KMEMLEAK_BLACK	(-1)	/* neither */

/*
 * p, of size bytes, is handed out: it leaks when fewer than min_count
 * pointers to it are found. Context: any that may allocate pages.
 */
#define kmemleak_alloc(p, size, min_count) \
	kmemleak_call(alloc, p, size, min_count)
/* p is about to be given back. Unknown addresses are ignored. Context: any. */
#define kmemleak_free(p)	kmemleak_call(free, p)
/* The same for per-CPU objects: p is what percpu_alloc() returns. */
#define kmemleak_alloc_percpu(p, size)	kmemleak_call(alloc_percpu, p, size)
#define kmemleak_free_percpu(p)		kmemleak_call(free_percpu, p)
/* Forget all that lies in [p, p + size): it is about to be given back. */
#define kmemleak_free_range(p, size)	kmemleak_call(free_range, p, size)

/* p is in use, though no pointer shows it; what it points to is too. */
#define kmemleak_not_leak(p)	kmemleak_call(colour, p, KMEMLEAK_GREY)
/* p is in use, and holds no pointers that count. */
#define kmemleak_ignore(p)	kmemleak_call(colour, p, KMEMLEAK_BLACK)
#define kmemleak_ignore_percpu(p) \
	kmemleak_call(colour_percpu, p, KMEMLEAK_BLACK)
/* p may leak, but holds no pointers that count. */
#define kmemleak_no_scan(p)	kmemleak_call(no_scan, p)

#ifdef VELLUM_KMEMLEAK
struct seq_buf;

/* Boot: begin if the command line says so. Before kmem_cache_init(). */
void kmemleak_init(void);
/*
 * Begin now: what is allocated later can be found leaking; what there is
 * already is taken to be in use. Context: may sleep.
 * Returns 0, -ENOMEM, or -EBUSY if it runs already.
 */
int kmemleak_start(void);
/* End, and give all notes back. Context: may sleep. */
void kmemleak_stop(void);
/* Has it run since boot, so that it knows every object? */
bool kmemleak_since_boot(void);

/*
 * Look once. An object that two scans in a row find unreachable and unchanged
 * is reported. Context: may sleep, and should not be called while many work.
 * Returns how many new leaks were found, or -ENODEV while it is off.
 */
int kmemleak_scan(void);
/* Objects that the last scan could not reach but did not report yet. */
unsigned long kmemleak_suspects(void);
/* The leaks found so far that are still unreachable, in Linux's format. */
void kmemleak_report(struct seq_buf *s);
/* What is known of the object that holds addr; false if there is none. */
bool kmemleak_describe(struct seq_buf *s, unsigned long addr);
/* What is reported now is not to be reported again. */
void kmemleak_clear(void);
/* Figures, in one line. */
void kmemleak_usage(struct seq_buf *s);
/* Objects younger than this are not suspected. */
void kmemleak_set_min_age(unsigned ms);
/* Are tasks' stacks searched? (true) */
void kmemleak_set_stacks(bool on);
/* Scan every so many seconds in a thread of its own; 0: no more. */
int kmemleak_set_period(unsigned seconds);
/* Frames that hold notes: they come and go with other people's objects. */
unsigned long kmemleak_frames(void);

/*
 * A late start: each allocator enters what it has given out. An old object does
 * not take the place of a younger one. Context: as kmemleak_alloc().
 */
void kmemleak_enter_old(const void *p, size_t size);
void kmemleak_enter_old_percpu(const void *p, size_t size);
/* In this order. */
void kmemleak_enter_percpu(void);	/* mm/kmem/percpu.c */
void kmemleak_enter_slabs(void);	/* mm/kmem/kmemleak_slab.c */
void kmemleak_enter_vmalloc(void);	/* mm/kmem/vmalloc_info.c */
/* The room in each core's static area that percpu_alloc() gives out. */
void percpu_dynamic_room(unsigned long *start, unsigned long *end);
#else
#define kmemleak_init()		((void)0)
#define kmemleak_frames()	0ul
#endif

#endif
