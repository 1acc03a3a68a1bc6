/* SPDX-License-Identifier: MIT */
/*
 * struct page: the table of states, and telling what a page is.
 *
 * Ideas
 *   The life of a page, as moves between states (PAGE_STATES in mm/page.h):
 *
 *	offline -> reserved -> tail ---------+
 *				 ^  split    |
 *			   merge |           v
 *		     +-------- free <---> isolated <------------+
 *		     |                       | allocated	 | freed
 *		     +-> (tail of a block)   v			 |
 *					  kernel ----------------+
 *					   |  ^  the owner says	 |
 *					   v  |  what it is	 |
 *		slab, page table, anon, page cache, cma ---------+
 *				     |	    |			 |
 *				     +-> swap cache -------------+
 *
 * Invariants (page_verify)
 *   S1  Every frame is in exactly one block; only its head is not a tail.
 *   S2  A free or isolated block has no reference, no flag and no mapping.
 *   S3  An allocated block has at least one reference.
 * Questions a reader asks
 *   Why is the order kept while a block is allocated?  So that everybody who
 *     walks memory (map, page_owner, verify) can step from block to block, and
 *     so that freeing with a wrong order is seen.
 *   Where is the compound page's pointer from tail to head?  Not needed: see
 *     "Head of a tail" in mm/page.h.
 */
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/page.h>
#include <mm/zone.h>

struct page *mem_map;
pfn_t mem_map_start;
pfn_t mem_map_end;

struct page_state_info {
	const char *name;
	char letter;
	u16 moves;		/* bit s: may become s */
};

static const struct page_state_info page_states[NR_PAGE_STATES] = {
#define PAGE_STATE_INFO(name, letter, text, moves) { text, letter, moves },
	PAGE_STATES(PAGE_STATE_INFO)
#undef PAGE_STATE_INFO
};

static_assert(NR_PAGE_STATES <= PAGE_STATE_MASK + 1, "4 bits of state");

static const char *const page_flag_names[] = {
	"locked", "waiters", "referenced", "uptodate", "dirty", "lru",
	"active", "workingset", "error", "private", "writeback", "reclaim",
	"swapbacked", "unevictable", "mlocked", "readahead", "ksm", "pinned",
	"hwpoison", "compound",
};

const char *
page_state_name(enum page_state state)
{
	return (unsigned)state < NR_PAGE_STATES ? page_states[state].name
						: "invalid";
}

/* Does the table allow a block to go from one state to the other? */
bool
page_move_allowed(enum page_state from, enum page_state to)
{
	if ((unsigned)from >= NR_PAGE_STATES || (unsigned)to >= NR_PAGE_STATES)
		return false;
	return page_states[from].moves >> to & 1;
}

void
page_check_move(struct page *page, enum page_state next)
{
	enum page_state now = page_state(page);

	if (likely(page_move_allowed(now, next)))
		return;
	panic("page: pfn %#lx cannot go from %s to %s",
	      (unsigned long)page_to_pfn(page), page_state_name(now),
	      page_state_name(next));
}

/*
 * Heads are aligned to their block, so the prefixes of the frame number are
 * the only candidates, and all that are nearer than the head are its tails.
 * mem_map starts at a multiple of the largest block: indices do as well as
 * frame numbers. Returns page itself if no head is found (a broken map).
 */
struct page *
page_head_of_tail(struct page *page)
{
	unsigned long index = page - mem_map, stop;
	struct page *head;

	stop = ALIGN_DOWN(index, MAX_ORDER_NR_PAGES);
	while (index > stop) {
		index &= index - 1;
		head = mem_map + index;
		if (page_state(head) != PAGE_STATE_TAIL)
			return head;
	}
	return page;
}

char
page_letter(pfn_t pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return '?';
	page = compound_head(pfn_to_page(pfn));
	if (page_state(page) >= NR_PAGE_STATES)
		return '!';
	return page_states[page_state(page)].letter;
}

static void
dump_page_flags(struct seq_buf *s, u32 flags)
{
	unsigned i;
	bool any = false;

	for (i = 0; i < ARRAY_SIZE(page_flag_names); i++) {
		if (!(flags & PAGE_FLAG(i)))
			continue;
		seq_printf(s, "%s%s", any ? "|" : " flags ",
			   page_flag_names[i]);
		any = true;
	}
	seq_puts(s, any ? "\n" : " no flags\n");
}

static void
dump_page_owner_fields(struct seq_buf *s, struct page *page)
{
	switch (page_state(page)) {
	case PAGE_STATE_FREE:
		seq_printf(s, "  on the %s list of order %u\n",
			   page->free.migratetype < MIGRATE_TYPES ?
			   migratetype_names[page->free.migratetype] :
			   "(no such type)", page_order(page));
		break;
	case PAGE_STATE_ISOLATED:
		seq_printf(s, "  next on its core's list %p\n",
			   (void *)page->pcp.next);
		break;
	case PAGE_STATE_ANON:
	case PAGE_STATE_CACHE:
	case PAGE_STATE_SWAPCACHE:
		seq_printf(s, "  mapping %p index %lu private %#lx\n",
			   page->user.mapping, page->user.index,
			   page->user.private);
		break;
	case PAGE_STATE_SLAB:
		seq_printf(s, "  cache %p objects %u in use %u\n",
			   page->slab.cache, page->slab.objects,
			   page->slab.inuse);
		break;
	default:
		break;
	}
}

void
dump_page(struct seq_buf *s, struct page *page)
{
	struct page *head;
	const struct zone *zone;

	if (page < mem_map || !pfn_valid(page_to_pfn(page))) {
		seq_printf(s, "page %p is not in mem_map\n", (void *)page);
		return;
	}
	seq_printf(s, "page %p pfn %#lx", (void *)page,
		   (unsigned long)page_to_pfn(page));
	head = compound_head(page);
	if (head != page)
		seq_printf(s, " tail of pfn %#lx",
			   (unsigned long)page_to_pfn(head));
	zone = page_zone(head);
	seq_printf(s, " zone %s node %u\n ", zone->name ? zone->name : "none",
		   page_to_nid(head));
	seq_printf(s, " %s order %u refcount %d mapcount %d pageblock %s",
		   page_state_name(page_state(head)), page_order(head),
		   (int)atomic_read(&head->refcount), page_mapcount(head),
		   migratetype_names[page_pageblock_type(page)]);
	dump_page_flags(s, head->flags);
	dump_page_owner_fields(s, head);
	if (page_debug_on())
		page_debug_describe(s, head);
}

void
dump_page_log(struct page *page, const char *reason)
{
	char text[400];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	dump_page(&s, page);
	pr_err("%s\n%s", reason, text);
}
