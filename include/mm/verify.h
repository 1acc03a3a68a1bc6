/* SPDX-License-Identifier: MIT */
/*
 * Checking the whole of memory management against its own rules.
 *
 * Each module has a verify function that re-derives what it keeps and says
 * each contradiction in one line. Meant for a quiet moment: after a test, from
 * the monitor, from gdb. A frame on its way between lists is not an error of
 * its own, but it may be reported if other cores allocate meanwhile.
 */
#ifndef MM_VERIFY_H
#define MM_VERIFY_H

#include <lib/compiler.h>
#include <lib/seq_buf.h>
#include <lib/types.h>
#include <mm/page.h>

struct verify {
	struct seq_buf *out;	/* or NULL: only count */
	unsigned nr_bad;	/* contradictions found */
};

/*
 * One module's checks. The rooms above phys register theirs at start;
 * those of phys stand in the table of mm/debug/verify.c.
 */
struct verify_module {
	const char *name;
	void (*fn)(struct verify *v);
	struct verify_module *next;	/* set by verify_register() */
};

void verify_register(struct verify_module *module);

/* phys: see the named file for the rules. */
void page_verify(struct verify *v);	/* mm/debug/verify_page.c */
void buddy_verify(struct verify *v);	/* mm/debug/verify_buddy.c */
void pcp_verify(struct verify *v);	/* mm/debug/verify_buddy.c */
void zone_verify(struct verify *v);	/* mm/debug/verify_page.c */

/* Say a contradiction; rule is its name, such as "B2". */
void verify_bad(struct verify *v, const char *rule, const char *fmt, ...)
	__printf(3, 4);
#define VERIFY(v, cond, rule, ...) do { \
	if (unlikely(!(cond))) \
		verify_bad(v, rule, __VA_ARGS__); \
} while (0)

/*
 * For rules about the pages that programs have: the first page at pfn or behind
 * it that is of state ANON or a later one, or mapped; NULL: no more. A free
 * block is passed in one step. Context: a quiet moment.
 */
struct page *verify_next_user(pfn_t pfn);
#define verify_for_each_user(page) \
	for (page = verify_next_user(mem_map_start); page; \
	     page = verify_next_user(page_to_pfn(page) + 1))

/* True if all is consistent; else each contradiction is a line of out. */
bool mm_verify_all(struct seq_buf *out);

#endif
