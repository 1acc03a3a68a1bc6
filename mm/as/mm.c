/* SPDX-License-Identifier: MIT */
/*
 * An address space comes and goes.
 *
 * Ideas
 *   Two counts. mm_users: tasks that run in it; when the last one is gone
 *   everything is unmapped, though the structure stays for those who still
 *   need it. mm_count: all users together are one holder, and each kernel
 *   thread whose core still has the page table loaded is another; when the
 *   last holder is gone the table and the structure go.
 *
 *	mmget/mmput	mm_users   3 2 1 0 -> unmap all, then mmdrop
 *	mmgrab/mmdrop	mm_count         2 1 0 -> free
 *
 *   Layout: new mappings go below mmap_base and upwards only when nothing is
 *   left there. The stack is at the top, mmap_base as far below it as the
 *   stack may grow; both are moved by a random number of pages.
 *
 *	0  text data heap ->		<- mmap_base  guard  <- stack | TASK_SIZE
 *
 * Invariants  as_verify() in verify.c goes through the list of all spaces.
 * Locks	mm_list_lock: mm_list. mm_users of a space on the list may be 0:
 *		it is being taken down.
 */
#include <kernel/init.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/rmap.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include "as.h"

/* A stack may need this much at least, whatever its limit; and at most. */
#define STACK_ROOM_MIN	(16ul * SZ_1M)
#define STACK_ROOM_MAX	(TASK_SIZE / 6 * 5)
/* How far mmap_base is moved at random: 2^8 pages. */
#define MMAP_RANDOM_BITS	8

int randomize_va_space = 2;

static LIST_HEAD(mm_list);				/* mm_list_lock */
static DEFINE_SPINLOCK(mm_list_lock, LOCK_MM_LIST);
static struct kmem_cache *mm_cachep;

struct mm_struct *
mm_alloc_child(struct mm_struct *parent)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cachep, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (mm_context_init(&mm->context))
		goto no_context;
	spin_lock_init(&mm->page_table_lock, parent ? LOCK_MM_PGTABLE_FORK :
						      LOCK_MM_PGTABLE);
	init_rwsem(&mm->mmap_lock);
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mm->mmap_base = TASK_SIZE - STACK_ROOM_MIN;
	/* Whose pages may come to be here can be asked for from now on. */
	mm->anon_vma = anon_vma_alloc(mm, parent ? parent->anon_vma : NULL);
	if (!mm->anon_vma)
		goto no_anon_vma;
	spin_lock(&mm_list_lock);
	list_add_tail(&mm->mm_node, &mm_list);
	spin_unlock(&mm_list_lock);
	return mm;
no_anon_vma:
	mm_context_destroy(&mm->context);
no_context:
	kmem_cache_free(mm_cachep, mm);
	return NULL;
}

struct mm_struct *
mm_alloc(void)
{
	return mm_alloc_child(NULL);
}

/*
 * Nobody runs here any more: all VMAs, pages and tables go. A table goes when
 * the last VMA of its group has: until a VMA has left its file's list, truncation
 * may walk its tables.
 */
static void
exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *next;
	unsigned long floor, ceiling;
	struct mmu_gather tlb;

	tlb_gather(&tlb, mm);
	for_each_vma(mm, vma)
		zap_range(&tlb, vma, vma->vm_start, vma->vm_end);
	for (vma = vma_first(mm); vma; vma = next) {
		next = vma_next(vma);
		floor = ALIGN_DOWN(vma->vm_start, TABLE_GROUP_SIZE);
		ceiling = ALIGN_UP(vma->vm_end, TABLE_GROUP_SIZE);
		if (next)
			ceiling = min(ceiling, next->vm_start);
		if (vma->vm_flags & VM_ACCOUNT)
			vm_uncommit(vma_pages(vma));
		vma_remove(vma);
		vma_free(vma);
		free_tables(&tlb, floor, ceiling);
	}
	tlb_flush(&tlb);
	mm->locked_vm = mm->data_vm = mm->exec_vm = mm->stack_vm = 0;
	smp_store_release(&mm->total_vm, 0);	/* mm_is_unmapped() */
}

bool
mm_is_unmapped(const struct mm_struct *mm)
{
	return !atomic_read(&mm->mm_users) && !smp_load_acquire(&mm->total_vm);
}

void
mmput(struct mm_struct *mm)
{
	might_sleep();
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	exit_mmap(mm);
	anon_vma_exit(mm->anon_vma);	/* pages no longer lead here */
	spin_lock(&mm_list_lock);
	list_del(&mm->mm_node);
	spin_unlock(&mm_list_lock);
	mmdrop(mm);
}

void
mmdrop(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	mm_context_destroy(&mm->context);
	kmem_cache_free(mm_cachep, mm);
}

void
mm_pick_layout(struct mm_struct *mm, unsigned long stack_limit)
{
	unsigned long room = clamp(stack_limit, STACK_ROOM_MIN, (unsigned long)STACK_ROOM_MAX);

	room += STACK_GUARD_GAP;
	if (randomize_va_space)
		room += (get_random_u32() % (1u << MMAP_RANDOM_BITS)) << PAGE_SHIFT;
	mm->mmap_base = ALIGN_DOWN(TASK_SIZE - room, PAGE_SIZE);
}

/*
 * The list may change while fn runs, so the place in it is held by a
 * reference: a space that has users stays on it.
 */
void
mm_for_each(void (*fn)(struct mm_struct *mm, void *arg), void *arg)
{
	struct mm_struct *mm, *held = NULL;

	spin_lock(&mm_list_lock);
	list_for_each_entry(mm, &mm_list, mm_node) {
		if (!atomic_add_unless(&mm->mm_users, 1, 0))
			continue;
		spin_unlock(&mm_list_lock);
		fn(mm, arg);
		if (held)
			mmput(held);
		held = mm;
		spin_lock(&mm_list_lock);
	}
	spin_unlock(&mm_list_lock);
	if (held)
		mmput(held);
}

static int
norandmaps_param(const char *value)
{
	randomize_va_space = 0;
	return *value ? -EINVAL : 0;
}
BOOT_PARAM("norandmaps", norandmaps_param);

static int
as_init(void)
{
	vma_init_cache();
	anon_vma_init_cache();
	mm_cachep = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 0,
				      SLAB_PANIC, NULL);
	table_init();
	return 0;
}
device_initcall(as_init);
