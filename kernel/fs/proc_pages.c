/* SPDX-License-Identifier: MIT */
/*
 * Every frame of the machine, for programs: Linux's binary files.
 *
 *	/proc/kpagecount	64 bits a frame: how often it is mapped
 *	/proc/kpageflags	64 bits a frame: what it is (KPF_*)
 *	/proc/page_types	the same as a table: how many frames of each kind
 *
 *	frame number * 8 is the place in the file; /proc/PID/pagemap tells the
 *	frame of a page of a program, so that the three answer: where is this
 *	page, what is it, who else has it?  (page-types PID)
 *
 * Frames that do not exist (below the first, holes) are NOPAGE; the file ends
 * behind the last frame. No lock is held: each number is one frame at one moment.
 *
 * Sources  Linux Documentation/admin-guide/mm/pagemap.rst; the bits are those of
 *   its kernel-page-flags.h.
 */
#include <kernel/node.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <uapi/kpageflags.h>

#define CHUNK		64u	/* frames at once, on the stack */
#define MAX_KINDS	64u	/* different words in the table */

static const struct {
	u32 flag;
	unsigned bit;
} flag_bits[] = {
	{ PG_locked, KPF_LOCKED }, { PG_error, KPF_ERROR },
	{ PG_referenced, KPF_REFERENCED }, { PG_uptodate, KPF_UPTODATE },
	{ PG_dirty, KPF_DIRTY }, { PG_lru, KPF_LRU },
	{ PG_active, KPF_ACTIVE }, { PG_writeback, KPF_WRITEBACK },
	{ PG_reclaim, KPF_RECLAIM }, { PG_swapbacked, KPF_SWAPBACKED },
	{ PG_unevictable, KPF_UNEVICTABLE }, { PG_ksm, KPF_KSM },
};

/* What the head of the block is, for all of its frames. */
static u64
kind_of(struct page *head)
{
	switch (page_state(head)) {
	case PAGE_STATE_OFFLINE:
		return 1ull << KPF_NOPAGE;
	case PAGE_STATE_RESERVED:
		return 1ull << KPF_RESERVED;
	case PAGE_STATE_FREE:
		return 1ull << KPF_BUDDY;
	case PAGE_STATE_SLAB:
		return 1ull << KPF_SLAB;
	case PAGE_STATE_TABLE:
		return 1ull << KPF_PGTABLE;
	case PAGE_STATE_ANON:
		return 1ull << KPF_ANON | 1ull << KPF_SWAPBACKED;
	case PAGE_STATE_SWAPCACHE:
		return 1ull << KPF_SWAPCACHE | 1ull << KPF_SWAPBACKED |
		       (page_is_anon(head) ? 1ull << KPF_ANON : 0);
	default:
		return 0;
	}
}

/* Only a user's pages have flags of their own; others lend the bits. */
static u64
flags_of(const struct page *page)
{
	enum page_state state = page_state(page);
	u64 word = 0;

	if (state != PAGE_STATE_ANON && state != PAGE_STATE_CACHE &&
	    state != PAGE_STATE_SWAPCACHE)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(flag_bits); i++) {
		if (page->flags & flag_bits[i].flag)
			word |= 1ull << flag_bits[i].bit;
	}
	return word;
}

static u64
frame_flags(pfn_t pfn)
{
	struct page *page, *head;
	u64 word;

	if (!pfn_valid(pfn))
		return 1ull << KPF_NOPAGE;
	page = pfn_to_page(pfn);
	head = compound_head(page);
	word = kind_of(head) | flags_of(page);
	if (page_mapcount(page) > 0)
		word |= 1ull << KPF_MMAP;
	if (is_zero_pfn(pfn))
		word |= 1ull << KPF_ZERO_PAGE;
	if (page->flags & PG_hwpoison)
		word |= 1ull << KPF_HWPOISON;
	if (page_state(head) != PAGE_STATE_FREE && page_compound(head))
		word |= 1ull << (page == head ? KPF_COMPOUND_HEAD :
						KPF_COMPOUND_TAIL);
	return word;
}

static u64
frame_count(pfn_t pfn)
{
	return pfn_valid(pfn) ? (u64)page_mapcount(pfn_to_page(pfn)) : 0;
}

/* Linux's rules: whole words only, and from a word on. */
static ssize_t
read_words(struct iov_iter *to, u64 *pos, u64 (*word_of)(pfn_t pfn))
{
	u64 chunk[CHUNK], end = (u64)mem_map_end * 8;
	ssize_t done = 0;
	unsigned i, n;

	if (*pos & 7 || to->count & 7)
		return -EINVAL;
	while (to->count && *pos < end) {
		n = (unsigned)min(min((u64)to->count, end - *pos) / 8,
				  (u64)CHUNK);
		for (i = 0; i < n; i++)
			chunk[i] = word_of((pfn_t)(*pos / 8) + i);
		if (copy_to_iter(chunk, n * 8, to) != n * 8)
			return done ? done : -EFAULT;
		*pos += n * 8;
		done += (ssize_t)(n * 8);
		cond_resched();
	}
	return done;
}

static ssize_t
kpagecount_read(struct iov_iter *to, u64 *pos)
{
	return read_words(to, pos, frame_count);
}
PROC_BINARY(kpagecount, .name = "kpagecount", .mode = 0400,
	    .read = kpagecount_read);

static ssize_t
kpageflags_read(struct iov_iter *to, u64 *pos)
{
	return read_words(to, pos, frame_flags);
}
PROC_BINARY(kpageflags, .name = "kpageflags", .mode = 0400,
	    .read = kpageflags_read);

/* --- the same as a table ------------------------------------------------------------- */

struct kinds {
	unsigned nr;
	unsigned long other;		/* frames of words that found no place */
	struct {
		u64 word;
		unsigned long frames;
	} kind[MAX_KINDS];
};

static void
count_word(struct kinds *k, u64 word, unsigned long frames)
{
	unsigned i;

	for (i = 0; i < k->nr && k->kind[i].word != word;)
		i++;
	if (i == k->nr) {
		if (i == MAX_KINDS) {
			k->other += frames;
			return;
		}
		k->kind[k->nr++].word = word;
	}
	k->kind[i].frames += frames;
}

static void
put_words(struct seq_buf *s, u64 word)
{
	static const char *const names[64] = { KPF_NAMES };

	if (!word)
		seq_puts(s, " kernel");
	for (unsigned bit = 0; bit < 64; bit++) {
		if (word >> bit & 1)
			seq_printf(s, " %s", names[bit] ? names[bit] : "?");
	}
	seq_putc(s, '\n');
}

/* How many frames from pfn on are of one kind, for all we see: a free block is. */
static unsigned long
frames_alike(pfn_t pfn)
{
	const struct page *page = pfn_to_page(pfn);

	if (page_state(page) != PAGE_STATE_FREE)
		return 1;
	return min(1UL << page_order(page), mem_map_end - pfn);
}

static void
page_types_show(struct seq_buf *s)
{
	unsigned long n;
	struct kinds *k = kzalloc(sizeof(*k), GFP_KERNEL);

	if (!k) {
		seq_puts(s, "no memory to count in\n");
		return;
	}
	for (pfn_t pfn = mem_map_start; pfn < mem_map_end; pfn += n) {
		n = frames_alike(pfn);
		count_word(k, frame_flags(pfn), n);
	}
	seq_puts(s, "             flags   frames      KiB what\n");
	for (unsigned i = 0; i < k->nr; i++) {
		seq_printf(s, "0x%016llx %8lu %8lu", k->kind[i].word,
			   k->kind[i].frames, k->kind[i].frames * 4);
		put_words(s, k->kind[i].word);
	}
	if (k->other)
		seq_printf(s, "%18s %8lu %8lu of other kinds\n", "", k->other,
			   k->other * 4);
	kfree(k);
}
NODE("page_types", page_types_show);
