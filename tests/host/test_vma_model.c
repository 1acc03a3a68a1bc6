/* SPDX-License-Identifier: MIT */
/*
 * The VMAs of a space against a sorted array of them: the same VMAs after each
 * of many random operations, the same holes, and gaps that are what they say.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/memory.h>
#include <kernel/smp.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/pagecache.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "../../mm/as/as.h"
#include "harness.h"

#define P		PAGE_SIZE
#define NR_PAGES	3000u		/* where the VMAs are: pages from BASE */
#define BASE		0x01000000ul
#define GUARD		256u
#define MAX_VMAS	80u
#define NR_OPERATIONS	60000u
#define MODEL_BYTES	0x01000000u

struct model {
	unsigned start, end;		/* pages */
	vm_flags_t flags;
	unsigned long pgoff;
	struct address_space *mapping;
};

static struct mm_struct mm;
static struct address_space file;	/* what some VMAs map */
static struct model model[MAX_VMAS + 2];
static unsigned nr_model;

void
down_write(struct rw_semaphore *sem)
{
	sem->count--;
}

void
up_write(struct rw_semaphore *sem)
{
	sem->count++;
}

static void
set_up(void)
{
	static bool ready;

	memset(&mm, 0, sizeof(mm));
	nr_model = 0;
	INIT_LIST_HEAD(&file.i_mmap);
	if (ready)
		return;
	ready = true;
	nr_cpus = 1;
	cpu_online_mask = 1;
	high_memory = host_arena + MODEL_BYTES;
	memblock_add(PHYS_OFFSET, MODEL_BYTES);
	memblock_reserve(PHYS_OFFSET, 0x00100000);
	memblock_set_current_limit(PHYS_OFFSET + MODEL_BYTES);
	mm_init_zones();
	kmem_cache_init();
	vma_init_cache();
}

/* --- The model --- */

static unsigned long
at(unsigned page)
{
	return BASE + page * P;
}

/* The first VMA that ends behind page; nr_model: none. */
static unsigned
model_find(unsigned page)
{
	unsigned i = 0;

	while (i < nr_model && model[i].end <= page)
		i++;
	return i;
}

static void
model_insert(unsigned i, struct model m)
{
	memmove(model + i + 1, model + i, (nr_model - i) * sizeof(*model));
	model[i] = m;
	nr_model++;
}

static void
model_remove(unsigned i)
{
	nr_model--;
	memmove(model + i, model + i + 1, (nr_model - i) * sizeof(*model));
}

/* Bytes [start, end) of the hole below VMA i (nr_model: above all). */
static void
model_hole(unsigned i, unsigned long *start, unsigned long *end)
{
	*start = i ? at(model[i - 1].end) : 0;
	*end = i < nr_model ? at(model[i].start) : ~0ul;
	if (i < nr_model && model[i].flags & VM_GROWSDOWN)
		*end -= GUARD * P;
}

static unsigned long
model_find_hole(unsigned long len, unsigned long low, unsigned long high)
{
	for (unsigned i = nr_model + 1; i-- > 0;) {
		unsigned long start, end;

		model_hole(i, &start, &end);
		start = max(start, low);
		end = min(end, high);
		if (end > start && end - start >= len)
			return end - len;
	}
	return 0;
}

static bool
model_mergeable(const struct model *a, const struct model *b)
{
	return a->end == b->start && a->flags == b->flags &&
	       a->mapping == b->mapping && !(a->flags & VM_SPECIAL) &&
	       a->pgoff + (a->end - a->start) == b->pgoff;
}

/* --- Both compared --- */

static void
check_gaps(struct test *t)
{
	static char text[2048];
	struct verify v = { NULL, 0 };
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	v.out = &s;
	vma_verify(&mm, &v);
	if (v.nr_bad)
		test_fail(t, __FILE__, __LINE__, "%s", text);
}

static void
check(struct test *t)
{
	struct vm_area_struct *vma;
	unsigned i = 0, mapped = 0, listed = 0;

	for_each_vma(&mm, vma) {
		const struct model *m = &model[i++];

		if (!EXPECT(t, i <= nr_model))
			return;
		EXPECT_EQ(t, vma->vm_start, at(m->start));
		EXPECT_EQ(t, vma->vm_end, at(m->end));
		EXPECT_EQ(t, vma->vm_flags, m->flags);
		EXPECT_EQ(t, vma->vm_pgoff, m->pgoff);
		mapped += m->mapping != NULL;
	}
	EXPECT_EQ(t, i, nr_model);
	list_for_each_entry(vma, &file.i_mmap, mapping_node)
		listed++;
	EXPECT_EQ(t, listed, mapped);
	EXPECT_EQ(t, file.i_mmap_lock.count, 0);
	check_gaps(t);
}

/* --- Operations --- */

static const vm_flags_t kinds[] = {
	VM_READ, VM_READ | VM_WRITE, VM_READ | VM_EXEC,
	VM_READ | VM_WRITE | VM_GROWSDOWN, VM_READ | VM_IO,
};

static struct vm_area_struct *
vma_of(unsigned i)
{
	return vma_lookup(&mm, at(model[i].start));
}

static void
op_insert(struct test *t)
{
	unsigned start = test_below(t, NR_PAGES), n, i = model_find(start);
	struct vm_area_struct *vma;
	struct model m = { .start = start };

	if (nr_model >= MAX_VMAS || (i < nr_model && model[i].start <= start))
		return;
	n = (i < nr_model ? model[i].start : NR_PAGES) - start;
	/* Now and then all of the hole, so that neighbours touch. */
	m.end = start + (test_below(t, 3) ? 1 + test_below(t, min(n, 40u)) : n);
	m.flags = kinds[test_below(t, ARRAY_SIZE(kinds))];
	m.mapping = test_below(t, 3) ? NULL : &file;
	m.pgoff = m.mapping ? start + 5 : at(start) >> PAGE_SHIFT;
	vma = vma_alloc(&mm);
	ASSERT(t, vma != NULL);
	vma->vm_start = at(m.start);
	vma->vm_end = at(m.end);
	vma->vm_flags = m.flags;
	vma->vm_mapping = m.mapping;
	vma->vm_pgoff = m.pgoff;
	vma_insert(&mm, vma);
	vm_stat_account(&mm, m.flags, m.end - m.start);
	model_insert(i, m);
}

static void
op_remove(struct test *t)
{
	unsigned i = test_below(t, nr_model);
	struct vm_area_struct *vma = vma_of(i);

	vm_stat_account(&mm, vma->vm_flags, -(long)vma_pages(vma));
	vma_remove(vma);
	vma_free(vma);
	model_remove(i);
}

static void
op_split(struct test *t)
{
	unsigned i = test_below(t, nr_model), page;
	struct vm_area_struct *vma = vma_of(i), *upper = NULL;
	struct model low = model[i], high = low;

	if (low.end - low.start < 2 || nr_model >= MAX_VMAS)
		return;
	page = low.start + 1 + test_below(t, low.end - low.start - 1);
	ASSERT_EQ(t, vma_split(vma, at(page), &upper), 0);
	EXPECT_EQ(t, upper->vm_start, at(page));
	EXPECT(t, vma_next(vma) == upper);
	high.pgoff += page - low.start;
	high.start = model[i].end = page;
	model_insert(i + 1, high);
}

/* Both ends of a range, wherever they fall. */
static void
op_split_range(struct test *t)
{
	unsigned start = test_below(t, NR_PAGES);
	unsigned end = start + 1 + test_below(t, 60), ends[2] = { start, end };
	struct vm_area_struct *first = NULL;

	if (nr_model + 2 > MAX_VMAS)
		return;
	ASSERT_EQ(t, vma_split_range(&mm, at(start), at(end), &first), 0);
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = model_find(ends[k]);
		struct model high;

		if (i == nr_model || model[i].start >= ends[k])
			continue;
		high = model[i];
		high.pgoff += ends[k] - high.start;
		high.start = model[i].end = ends[k];
		model_insert(i + 1, high);
	}
	EXPECT(t, first == find_vma(&mm, at(start)));
}

static void
op_merge(struct test *t)
{
	unsigned i = test_below(t, nr_model);
	struct vm_area_struct *left = vma_merge(vma_of(i));

	if (i + 1 < nr_model && model_mergeable(&model[i], &model[i + 1])) {
		model[i].end = model[i + 1].end;
		model_remove(i + 1);
	}
	if (i && model_mergeable(&model[i - 1], &model[i])) {
		model[i - 1].end = model[i].end;
		model_remove(i--);
	}
	EXPECT_EQ(t, left->vm_start, at(model[i].start));
	EXPECT_EQ(t, left->vm_end, at(model[i].end));
}

/* Both borders move, past no neighbour. */
static void
op_set_range(struct test *t)
{
	unsigned i = test_below(t, nr_model);
	struct vm_area_struct *vma = vma_of(i);
	struct model *m = &model[i];
	unsigned low = i ? m[-1].end : 0;
	unsigned high = i + 1 < nr_model ? m[1].start : NR_PAGES;
	unsigned start = low + test_below(t, m->end - low);
	unsigned end = start + 1 + test_below(t, high - start);

	vm_stat_account(&mm, m->flags, -(long)vma_pages(vma));
	vma_set_range(vma, at(start), at(end));
	vm_stat_account(&mm, m->flags, (long)vma_pages(vma));
	m->pgoff += (unsigned long)((long)start - (long)m->start);
	m->start = start;
	m->end = end;
}

/* Questions change nothing; all are asked of the model, too. */
static void
ask(struct test *t)
{
	unsigned page = test_below(t, NR_PAGES), i = model_find(page);
	unsigned n = 1 + test_below(t, test_below(t, 4) ? 50 : 600);
	unsigned long low = at(test_below(t, NR_PAGES));
	unsigned long high = at(test_below(t, 2 * NR_PAGES)) + P;
	struct vm_area_struct *prev, *vma;
	bool inside = i < nr_model && model[i].start <= page;

	vma = find_vma_prev(&mm, at(page) + test_below(t, P), &prev);
	EXPECT_EQ(t, vma ? vma->vm_start : 0,
		  i < nr_model ? at(model[i].start) : 0);
	EXPECT_EQ(t, prev ? prev->vm_start : 0, i ? at(model[i - 1].start) : 0);
	EXPECT_EQ(t, vma_lookup(&mm, at(page)) != NULL, inside);
	EXPECT_EQ(t, find_vma_intersection(&mm, at(page), at(page + n)) != NULL,
		  i < nr_model && model[i].start < page + n);
	if (low < high)
		EXPECT_EQ(t, vma_find_hole(&mm, n * P, low, high),
			  model_find_hole(n * P, low, high));
	EXPECT_EQ(t, vma_find_hole(&mm, n * P, P, TASK_SIZE),
		  model_find_hole(n * P, P, TASK_SIZE));
	EXPECT_EQ(t, vma_find_hole(&mm, n * P, P, at(NR_PAGES)),
		  model_find_hole(n * P, P, at(NR_PAGES)));
}

static void
random_rows_agree_with_the_model(struct test *t)
{
	static void (*const ops[])(struct test *t) = {
		op_remove, op_split, op_split_range, op_merge, op_merge,
		op_set_range,
	};

	set_up();
	for (unsigned i = 0; i < NR_OPERATIONS && !t->nr_failed; i++) {
		unsigned n = test_below(t, 10);

		if (n < ARRAY_SIZE(ops) && nr_model)
			ops[n](t);
		else
			op_insert(t);
		check(t);
		ask(t);
	}
	while (nr_model)
		op_remove(t);
	check(t);
	EXPECT_EQ(t, mm.total_vm, 0);
}

/* The end of a range cannot be split off: its beginning is whole again. */
static void
half_a_split_is_undone(struct test *t)
{
	struct vm_area_struct *first = NULL;
	unsigned limit = sysctl_max_map_count;

	set_up();
	while (!nr_model || model[0].end - model[0].start < 4 ||
	       model[0].flags & VM_SPECIAL) {
		if (nr_model)
			op_remove(t);
		op_insert(t);
	}
	sysctl_max_map_count = 2;
	EXPECT_EQ(t, vma_split_range(&mm, at(model[0].start + 1),
				     at(model[0].start + 2), &first), -ENOMEM);
	sysctl_max_map_count = limit;
	check(t);
	op_remove(t);
}

TEST_SUITE("vma_model",
	   TEST_CASE(random_rows_agree_with_the_model),
	   TEST_CASE(half_a_split_is_undone));
