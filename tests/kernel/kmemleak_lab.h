/* SPDX-License-Identifier: MIT */
/*
 * For the suites of kmemleak: objects that are lost and held on purpose.
 *
 * No word of memory may show their addresses by accident: they are kept
 * complemented (hidden[]), made by a thread that ends, and before each scan
 * the unused part of the stack is overwritten.
 *
 * Where kmemleak does not run since boot, each case starts it and ends it:
 * then objects of before count as used, and only the case's own can be found.
 */
#ifndef TESTS_KMEMLEAK_LAB_H
#define TESTS_KMEMLEAK_LAB_H

#include <kernel/test.h>
#include <lib/compiler.h>
#include <mm/kasan.h>
#include <mm/kmemleak.h>

#ifdef VELLUM_KMEMLEAK
#include "../../mm/debug/kmemleak.h"

#define IF_BUILT(fn)	TEST_CASE(fn)
#define LAB_TEXT	4096
#define FRAME_COUNT	2	/* pointers that hold the frame of a case */

extern unsigned long hidden[8];		/* complements of addresses */
extern void *volatile holder;		/* a root */
extern void *volatile holders[2];
extern char lab_text[LAB_TEXT];

/* Begin to watch; false, and told, if that is not possible. */
bool watch(struct test *t);
/* Nothing is held any more, what was set aside is freed, and watching ends. */
void end_watch(void);

/* What is hidden; hide it; let a root point to it, or near it. */
void *shown(unsigned n);
void hide(unsigned n, void *p);
void hold(unsigned n, long offset);
long size_of(unsigned n);
void free_hidden(unsigned n);

/* Run fn in a thread of its own, whose stack is gone when it returns. */
void in_thread(struct test *t, void (*fn)(void *), void *arg);
/* Plant something that nobody knows: fn hides it. */
void plant(struct test *t, void (*fn)(void *), void *arg);
/* The same, until two scans find want. Returns how many were found. */
int plant_and_find(struct test *t, void (*fn)(void *), void *arg, int want);
/* What is hidden now is not looked for any more; end_watch() frees it. */
void set_aside(void);
void free_aside(void);

/* To plant: object arg; 0 -> 1 -> 2 -> 0; 0 -> 1. */
void plant_object(void *arg);
void plant_cycle(void *arg);
void plant_chain(void *arg);

/* What kmemleak says of a hidden object, and of all; in lab_text. */
const char *describe(unsigned n);
bool is_reported(unsigned n);
const char *lab_report(void);

/* What lies below the caller's frame: right before what is to be clean. */
void wipe_stack(void);
/* What a confirming scan finds. */
int two_scans(void);

#define scan_once()	(wipe_stack(), kmemleak_scan())
#define scan_twice()	(wipe_stack(), two_scans())

#else
static inline void
skipped(struct test *t)
{
	SKIP(t, "needs a debug build");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

#endif
