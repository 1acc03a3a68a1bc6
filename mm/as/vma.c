/* SPDX-License-Identifier: MIT */
/*
 * The VMAs of a space: a tree by address that knows its holes.
 *
 * Ideas
 *   VMAs do not overlap, so one order serves start and end. Two questions are
 *   asked of it, and both must be quick with 65 000 of them:
 *
 *   Who holds addr?  The first VMA that ends behind it: one way down.
 *   Where is a hole of len bytes?  Each VMA knows the hole below it (gap) and
 *	the largest gap of its subtree (max_gap), so a subtree without a large
 *	enough one is not entered. New mappings go as high as they can, so the
 *	heap below has room to grow.
 *
 *	     0    heap        lib         stack
 *	     |----[##]--------[###]-------[##]   TASK_SIZE
 *	      gap 4    gap 8        gap 7 - guard
 *	tree:		 lib: gap 8, max_gap 8
 *		heap: gap 4, max 4    stack: gap 6, max 6
 *
 *   The gap below a stack is what is left of it without its guard.
 *
 *   Last hit  programs touch the same VMA again and again, and one system call
 *	asks several times for one place: the VMA that was found last is tried
 *	first (mm->vma_hit), and answers for itself and for the hole below it.
 *	Readers change it side by side, each with a VMA of the tree; one that
 *	leaves the tree hands over to the next, whose hole its range becomes.
 *
 * Merging
 *   Two neighbours that agree in everything are made one. An anonymous VMA's
 *   vm_pgoff is the page number of the address where it was made, so that
 *   neighbours agree exactly as those of one file do: the offset runs on.
 *
 * Invariants (vma_verify)
 *   V1  Sorted, page aligned, not empty, not overlapping, inside TASK_SIZE.
 *   V2  gap and max_gap are what they say.
 *   V3  map_count is the number of VMAs.
 *   V4  total_vm, locked_vm, data_vm, exec_vm and stack_vm are their sums.
 *   V5  vma_hit is NULL or a VMA of the tree.
 *   V6  What a program serves is anonymous, and somebody serves it (userfault.c).
 * Locks   mmap_lock, writing where the tree changes. The list of a file's VMAs
 *	   has its own (i_mmap_lock), taken here. Truncation goes over that list
 *	   without any mmap_lock: so the borders of a VMA of a file move under
 *	   i_mmap_lock too, and a split or a join is one step to it. No page is
 *	   ever outside all VMAs of the list.
 * Cost	   log(VMAs) each, one path of the tree, which mmap() and munmap() go
 *	   once each; a hit 11 instructions.
 *
 * Questions a reader asks
 *   Linux uses a maple tree here. Why not so?  It stores ranges in wide nodes,
 *   which saves cache misses, and can be read without a lock; a change costs
 *   thousands of instructions. Half of Linux's 7 274 instructions for mapping
 *   and unmapping a page are spent there (docs/06-address-spaces.md, 6.2).
 *
 * Sources  Gorman, Understanding the Linux Virtual Memory Manager, chapter 4;
 *	    Lespinasse, "mm: augment vma rbtree with rb_subtree_gap", 2012.
 */
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mman.h>
#include <mm/pagecache.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "as.h"

unsigned sysctl_max_map_count = 65530;

static struct kmem_cache *vma_cachep;

static struct vm_area_struct *
entry(const struct rb_node *node)
{
	return node ? rb_entry(node, struct vm_area_struct, node) : NULL;
}

/* --- Gaps --- */

/* Where the hole below vma ends: a stack keeps its guard. */
static unsigned long
hole_end(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ?
	       vma->vm_start - STACK_GUARD_GAP : 0;
}

/* From here to its start no address belongs to any VMA. */
static unsigned long
hole_start(const struct vm_area_struct *vma)
{
	return vma->gap ? hole_end(vma) - vma->gap : vma->vm_start;
}

/* The gap of vma when prev (or NULL) is what comes before it. */
static unsigned long
gap_behind(const struct vm_area_struct *prev,
	   const struct vm_area_struct *vma)
{
	unsigned long start = prev ? prev->vm_end : 0, end = hole_end(vma);

	return end > start ? end - start : 0;
}

static unsigned long
computed_gap(struct vm_area_struct *vma)
{
	return gap_behind(vma_prev(vma), vma);
}

static unsigned long
max_gap_of(const struct rb_node *node)
{
	return node ? entry(node)->max_gap : 0;
}

static bool
update_max_gap(struct rb_node *node)
{
	struct vm_area_struct *vma = entry(node);
	unsigned long value = max(vma->gap, max(max_gap_of(node->left),
						max_gap_of(node->right)));
	bool changed = vma->max_gap != value;

	vma->max_gap = value;
	return changed;
}

/* A gap at node or below has grown: all above know of one as large. */
static void
raise_max_gap(struct rb_node *node, unsigned long gap)
{
	for (; node && entry(node)->max_gap < gap; node = rb_parent(node))
		entry(node)->max_gap = gap;
}

static void
set_gap(struct vm_area_struct *vma, unsigned long gap)
{
	unsigned long old = vma->gap;

	vma->gap = gap;
	if (gap > old)
		raise_max_gap(&vma->node, gap);
	else if (gap < old)
		rb_update_path(&vma->node, update_max_gap);
}

/* What lies below vma has moved (vma may be NULL). */
static void
refresh_gap(struct vm_area_struct *vma)
{
	if (vma)
		set_gap(vma, computed_gap(vma));
}

/* --- Looking --- */

struct vm_area_struct *
find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *found = READ_ONCE(mm->vma_hit);
	struct rb_node *n = mm->vmas.node;

	if (found && addr < found->vm_end &&
	    (addr >= found->vm_start || addr >= hole_start(found)))
		return found;
	found = NULL;
	while (n) {
		struct vm_area_struct *vma = entry(n);

		if (addr >= vma->vm_end) {
			n = n->right;
			continue;
		}
		found = vma;
		if (addr >= vma->vm_start)
			break;
		n = n->left;
	}
	if (found)
		WRITE_ONCE(mm->vma_hit, found);
	return found;
}

struct vm_area_struct *
vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && addr >= vma->vm_start ? vma : NULL;
}

struct vm_area_struct *
find_vma_prev(struct mm_struct *mm, unsigned long addr,
	      struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	*prev = vma ? vma_prev(vma) : entry(rb_last(&mm->vmas));
	return vma;
}

struct vm_area_struct *
find_vma_intersection(struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

struct vm_area_struct *
vma_first(struct mm_struct *mm)
{
	return entry(rb_first(&mm->vmas));
}

struct vm_area_struct *
vma_next(struct vm_area_struct *vma)
{
	return entry(rb_next(&vma->node));
}

struct vm_area_struct *
vma_prev(struct vm_area_struct *vma)
{
	return entry(rb_prev(&vma->node));
}

/* The last VMA of a subtree with a gap of len or more; there is one. */
static struct vm_area_struct *
last_with_gap(struct rb_node *n, unsigned long len)
{
	for (;;) {
		if (max_gap_of(n->right) >= len)
			n = n->right;
		else if (entry(n)->gap >= len)
			return entry(n);
		else
			n = n->left;
	}
}

/* The last such VMA before vma, or NULL. */
static struct vm_area_struct *
prev_with_gap(struct vm_area_struct *vma, unsigned long len)
{
	struct rb_node *n = &vma->node, *parent;

	if (max_gap_of(n->left) >= len)
		return last_with_gap(n->left, len);
	for (; (parent = rb_parent(n)) != NULL; n = parent) {
		if (n == parent->left)
			continue;
		if (entry(parent)->gap >= len)
			return entry(parent);
		if (max_gap_of(parent->left) >= len)
			return last_with_gap(parent->left, len);
	}
	return NULL;
}

/* The highest start in [low, high) for len bytes of the hole [start, end). */
static unsigned long
place(unsigned long start, unsigned long end, unsigned long len,
      unsigned long low, unsigned long high)
{
	start = max(start, low);
	end = min(end, high);
	return end > start && end - start >= len ? end - len : 0;
}

unsigned long
vma_find_hole(struct mm_struct *mm, unsigned long len, unsigned long low,
	      unsigned long high)
{
	struct vm_area_struct *vma = find_vma(mm, high - 1), *last;
	unsigned long at = 0;

	if (!vma) {		/* the hole above all of them comes first */
		last = entry(rb_last(&mm->vmas));
		at = place(last ? last->vm_end : 0, high, len, low, high);
		vma = last;
	}
	for (; !at && vma && vma->vm_end > low; vma = prev_with_gap(vma, len)) {
		unsigned long end = hole_end(vma);

		at = place(end - vma->gap, end, len, low, high);
		if (at)
			WRITE_ONCE(mm->vma_hit, vma);
	}
	return at;
}

/* --- Changing the tree --- */

void
vma_init_cache(void)
{
	vma_cachep = kmem_cache_create("vm_area_struct",
				       sizeof(struct vm_area_struct), 0,
				       SLAB_PANIC, NULL);
}

static void
lock_mapping(struct address_space *mapping)
{
	if (mapping)
		down_write(&mapping->i_mmap_lock);
}

static void
unlock_mapping(struct address_space *mapping)
{
	if (mapping)
		up_write(&mapping->i_mmap_lock);
}

/*
 * Hang vma where its neighbours leave a place: of two that follow each other,
 * one is above the other, so either next has nothing on its left, or prev
 * nothing on its right.
 */
static void
link_between(struct vm_area_struct *vma, struct vm_area_struct *prev,
	     struct vm_area_struct *next)
{
	if (next && !next->node.left)
		rb_link_node(&vma->node, &next->node, &next->node.left);
	else if (prev)
		rb_link_node(&vma->node, &prev->node, &prev->node.right);
	else
		rb_link_node(&vma->node, NULL, &vma->vm_mm->vmas.node);
}

/*
 * Held: the mapping's i_mmap_lock, if there is one. The leaf hangs below the
 * next one, and shares out its hole: nothing above that one hears of more.
 */
static void
insert_locked(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev, *next;

	next = find_vma_prev(mm, vma->vm_start, &prev);
	link_between(vma, prev, next);
	vma->gap = gap_behind(prev, vma);
	vma->max_gap = vma->gap;
	if (next)
		next->gap = gap_behind(vma, next);
	raise_max_gap(rb_parent(&vma->node), vma->gap);
	if (next)
		rb_update_path(&next->node, update_max_gap);
	rb_insert_augmented(&vma->node, &mm->vmas, update_max_gap);
	mm->vma_hit = vma;
	mm->map_count++;
	if (vma->vm_mapping)
		list_add_tail(&vma->mapping_node, &vma->vm_mapping->i_mmap);
}

void
vma_insert(struct mm_struct *mm, struct vm_area_struct *vma)
{
	lock_mapping(vma->vm_mapping);
	insert_locked(mm, vma);
	unlock_mapping(vma->vm_mapping);
}

static void
remove_locked(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma);

	if (vma->vm_mapping)
		list_del(&vma->mapping_node);
	if (next)	/* first: then the way up from vma ends at next */
		set_gap(next, gap_behind(vma_prev(vma), next));
	rb_erase_augmented(&vma->node, &vma->vm_mm->vmas, update_max_gap);
	if (vma->vm_mm->vma_hit == vma)
		vma->vm_mm->vma_hit = next;
	vma->vm_mm->map_count--;
}

void
vma_remove(struct vm_area_struct *vma)
{
	lock_mapping(vma->vm_mapping);
	remove_locked(vma);
	unlock_mapping(vma->vm_mapping);
}

static void
set_range_locked(struct vm_area_struct *vma, unsigned long start,
		 unsigned long end)
{
	bool end_moves = end != vma->vm_end;

	vma->vm_pgoff += (long)(start - vma->vm_start) >> PAGE_SHIFT;
	vma->vm_start = start;
	vma->vm_end = end;
	refresh_gap(vma);
	if (end_moves)
		refresh_gap(vma_next(vma));
}

void
vma_set_range(struct vm_area_struct *vma, unsigned long start,
	      unsigned long end)
{
	lock_mapping(vma->vm_mapping);
	set_range_locked(vma, start, end);
	unlock_mapping(vma->vm_mapping);
}

struct vm_area_struct *
vma_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vma_cachep, GFP_KERNEL);

	if (vma)
		vma->vm_mm = mm;
	return vma;
}

struct vm_area_struct *
vma_copy(const struct vm_area_struct *vma)
{
	struct vm_area_struct *copy = kmem_cache_alloc(vma_cachep, GFP_KERNEL);

	if (copy)
		*copy = *vma;
	return copy;
}

void
vma_free_unused(struct vm_area_struct *vma)
{
	kmem_cache_free(vma_cachep, vma);
}

void
vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	vma_free_unused(vma);
}

/* --- Merging and splitting --- */

bool
vma_mergeable(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_flags == b->vm_flags &&
	       a->vm_file == b->vm_file && a->vm_ops == b->vm_ops &&
	       a->vm_mapping == b->vm_mapping &&
	       a->vm_private_data == b->vm_private_data &&
	       !(a->vm_flags & VM_SPECIAL) &&
	       a->vm_pgoff + vma_pages(a) == b->vm_pgoff;
}

/* b goes, a takes its range. */
static void
join(struct vm_area_struct *a, struct vm_area_struct *b)
{
	unsigned long end = b->vm_end;

	lock_mapping(a->vm_mapping);
	remove_locked(b);
	set_range_locked(a, a->vm_start, end);
	unlock_mapping(a->vm_mapping);
	vma_free(b);
}

struct vm_area_struct *
vma_merge(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_prev(vma), *next = vma_next(vma);

	if (next && vma_mergeable(vma, next))
		join(vma, next);
	if (prev && vma_mergeable(prev, vma)) {
		join(prev, vma);
		vma = prev;
	}
	return vma;
}

int
vma_split(struct vm_area_struct *vma, unsigned long addr,
	  struct vm_area_struct **upper)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	struct vm_area_struct *made;
	unsigned long end = vma->vm_end;
	int err;

	if (vma->vm_flags & VM_HUGETLB && addr & ~(~0ul << SECTION_SHIFT))
		return -EINVAL;
	if (ops && ops->may_split) {
		err = ops->may_split(vma, addr);
		if (err)
			return err;
	}
	if (vma->vm_mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	made = vma_copy(vma);
	if (!made)
		return -ENOMEM;
	made->vm_start = addr;
	made->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	if (ops && ops->open)
		ops->open(made);
	lock_mapping(vma->vm_mapping);
	set_range_locked(vma, vma->vm_start, addr);
	made->vm_end = end;
	insert_locked(vma->vm_mm, made);
	unlock_mapping(vma->vm_mapping);
	*upper = made;
	return 0;
}

int
vma_split_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		struct vm_area_struct **first)
{
	struct vm_area_struct *vma = find_vma(mm, start), *last, *upper;
	int err;

	if (vma && vma->vm_start < start) {
		err = vma_split(vma, start, &upper);
		if (err)
			return err;
		vma = upper;
	}
	last = find_vma(mm, end - 1);
	if (last && last->vm_start < end && last->vm_end > end) {
		err = vma_split(last, end, &upper);
		if (err) {
			if (vma)
				vma_merge(vma);
			return err;
		}
	}
	*first = vma;
	return 0;
}

/* --- Totals --- */

void
vm_stat_account(struct mm_struct *mm, vm_flags_t flags, long pages)
{
	mm->total_vm += pages;
	mm->hiwater_vm = max(mm->hiwater_vm, mm->total_vm);
	if (flags & VM_LOCKED)
		mm->locked_vm += pages;
	if (flags & VM_GROWSDOWN)
		mm->stack_vm += pages;
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		mm->exec_vm += pages;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += pages;
}

/* --- Checking --- */

static void
verify_one(struct vm_area_struct *vma, unsigned long last_end,
	   struct verify *v)
{
	unsigned long value = max(vma->gap,
				  max(max_gap_of(vma->node.left),
				      max_gap_of(vma->node.right)));

	VERIFY(v, vma->vm_start < vma->vm_end && vma->vm_start >= last_end &&
	       vma->vm_end <= TASK_SIZE &&
	       !((vma->vm_start | vma->vm_end) & ~PAGE_MASK), "V1",
	       "vma: [%lx, %lx) behind %lx", vma->vm_start, vma->vm_end,
	       last_end);
	VERIFY(v, vma->gap == computed_gap(vma) && vma->max_gap == value, "V2",
	       "vma: gap of [%lx, %lx) is %lx, largest %lx; should be %lx, "
	       "%lx", vma->vm_start, vma->vm_end, vma->gap, vma->max_gap,
	       computed_gap(vma), value);
	VERIFY(v, !(vma->vm_flags & VM_UFFD_MISSING) ||
	       (vma_is_anonymous(vma) && vma->vm_private_data), "V6",
	       "vma: [%lx, %lx) is nobody's to serve", vma->vm_start,
	       vma->vm_end);
}

void
vma_verify(struct mm_struct *mm, struct verify *v)
{
	struct mm_struct sum = { .map_count = 0 };
	struct vm_area_struct *vma;
	unsigned long last_end = 0;
	bool hit = !mm->vma_hit;

	if (!rb_verify(&mm->vmas, NULL)) {
		verify_bad(v, "V1", "vma: the tree is damaged");
		return;
	}
	for_each_vma(mm, vma) {
		verify_one(vma, last_end, v);
		last_end = vma->vm_end;
		hit |= vma == mm->vma_hit;
		sum.map_count++;
		vm_stat_account(&sum, vma->vm_flags, (long)vma_pages(vma));
	}
	VERIFY(v, hit, "V5", "vma: the last hit %p is not in the tree",
	       (void *)mm->vma_hit);
	VERIFY(v, sum.map_count == mm->map_count, "V3",
	       "vma: map_count is %u, of %u VMAs", mm->map_count,
	       sum.map_count);
	VERIFY(v, sum.total_vm == mm->total_vm &&
	       sum.locked_vm == mm->locked_vm && sum.data_vm == mm->data_vm &&
	       sum.exec_vm == mm->exec_vm && sum.stack_vm == mm->stack_vm, "V4",
	       "vma: totals %lu locked %lu data %lu exec %lu stack %lu; "
	       "counted %lu, %lu, %lu, %lu, %lu", mm->total_vm, mm->locked_vm,
	       mm->data_vm, mm->exec_vm, mm->stack_vm, sum.total_vm,
	       sum.locked_vm, sum.data_vm, sum.exec_vm, sum.stack_vm);
}
