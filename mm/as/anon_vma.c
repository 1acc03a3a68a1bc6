/* SPDX-License-Identifier: MIT */
/*
 * Families of address spaces: in whose tables an anonymous page may be.
 *
 * Ideas
 *   A page of a file names its file, and the file lists who maps it. An
 *   anonymous page has no file; but it can have come into a space in two ways
 *   only: the space made it, or inherited it by fork. So it is enough that a
 *   page names the space that made it, and that spaces know their children:
 *
 *	shell (root) ---- make ---- cc1		a page that make wrote:
 *	      \			\-- as		make, cc1, as; not the shell,
 *	       \--- editor			not the editor
 *
 *   anon_vma	stands for the space in this tree. Pages point at it, so it stays
 *	when the space ends, as long as it has descendants.
 *   Where in the space?  fork copies a page to the same address, so one number,
 *	page->user.index (the virtual page number), is right for all of them.
 *	mremap(), which alone changes addresses, sees to that (mremap.c).
 *
 * The difference to Linux
 *   Linux keeps an anon_vma for each VMA, and a chain of links from each VMA to
 *   all anon_vmas of its ancestors. So it looks only into spaces where that VMA
 *   was inherited; ours looks into all descendants of the space that made the
 *   page, one entry in each. What we save: 40 bytes in a VMA, a link object (32
 *   bytes) for each VMA and each generation at fork, and their locks; a fork of
 *   a space with 40 VMAs makes one object and not 80. What we pay: a page that
 *   is written before a server forks 1000 workers, each of which has replaced
 *   it, costs 1000 looks when it is aged. Linux had that price too until 2010,
 *   when chains replaced it (van Riel, "mm: change anon_vma linking to fix
 *   multi-process server scalability issue"). Pages that a worker writes
 *   after the fork are its own: one look.
 *
 * Lifetime
 *   A member leaves when its space has ended and it has no children; its parent
 *   may follow. A reader that comes from a page does not know whether the
 *   object that the page names is still there: the page may be unmapped at any
 *   moment. Hence SLAB_TYPESAFE_BY_RCU: under rcu_read_lock() the memory stays
 *   an anon_vma, perhaps another one. Take a reference on its root unless there
 *   is none, then ask again whether the page is mapped: if it is, it was all
 *   the while (nobody maps it anew, since we hold its lock), and so
 *   its space, or a descendant of it, was alive: it was the right one.
 *
 * Invariants (anon_vma_verify, and R3 of rmap.c)
 *   R3  a living space's anon_vma names the space, and its root's family
 *	 contains it.
 * Locks   root->rwsem: the tree of a family; taken inside mmap_lock and the
 *	   page lock, outside page_table_lock. Nothing is allocated under it:
 *	   reclaim takes it.
 * Cost	   one object of 68 bytes a space; fork and exit take one lock each.
 *
 * Questions a reader asks
 *   Can the tree become a long chain?  If each child forks the next and ends:
 *	an ended member with one child stays, 68 bytes each. exec begins a
 *	new family.
 * Sources  McCracken, "Object-based reverse mapping", OLS 2004 (anonmm, the
 *	    idea of one object for a space); Corbato, "A paging experiment with
 *	    the Multics system", 1968 (what the translations are asked for).
 */
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <mm/rmap.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "as.h"

static struct kmem_cache *anon_vma_cachep;

/* What a freed one keeps too: readers may still try the lock. */
static void
anon_vma_ctor(void *object)
{
	struct anon_vma *av = object;

	init_rwsem(&av->rwsem);
	atomic_set(&av->refcount, 0);
	INIT_LIST_HEAD(&av->children);
	INIT_LIST_HEAD(&av->sibling);
	av->root = av;
	av->parent = NULL;
	av->mm = NULL;
}

void
anon_vma_init_cache(void)
{
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma),
					    0, SLAB_PANIC |
					    SLAB_TYPESAFE_BY_RCU,
					    anon_vma_ctor);
}

static void
put_root(struct anon_vma *root)
{
	if (atomic_dec_and_test(&root->refcount))
		kmem_cache_free(anon_vma_cachep, root);
}

/* Only a root is counted: a reader never gets a reference on another. */
struct anon_vma *
anon_vma_alloc(struct mm_struct *mm, struct anon_vma *parent)
{
	struct anon_vma *av = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);
	struct anon_vma *root;

	if (!av)
		return NULL;
	root = parent ? parent->root : av;
	av->parent = parent;
	av->mm = mm;
	WRITE_ONCE(av->root, root);
	if (!parent) {
		atomic_set(&av->refcount, 1);
		return av;
	}
	atomic_inc(&root->refcount);
	down_write(&root->rwsem);
	list_add_tail(&av->sibling, &parent->children);
	up_write(&root->rwsem);
	return av;
}

/*
 * Take out what nobody needs: av, then its parent if that was its last child
 * and has ended too, and so on. Held: rwsem, writing. The first of a list by
 * parent of those that left; *nr: how many left, the root included.
 */
static struct anon_vma *
leave_family(struct anon_vma *av, unsigned *nr)
{
	struct anon_vma *first = av;

	for (*nr = 0; av && !av->mm && list_empty(&av->children);
	     av = av->parent) {
		if (av->parent)
			list_del_init(&av->sibling);
		++*nr;
	}
	return first;
}

void
anon_vma_exit(struct anon_vma *av)
{
	struct anon_vma *root = av->root, *parent;
	unsigned nr;

	down_write(&root->rwsem);
	av->mm = NULL;
	av = leave_family(av, &nr);
	up_write(&root->rwsem);
	while (nr--) {
		parent = av->parent;
		if (av != root)
			kmem_cache_free(anon_vma_cachep, av);
		put_root(root);		/* each member holds the root */
		av = parent;
	}
}

bool
anon_vma_covers(const struct anon_vma *of, const struct anon_vma *av)
{
	while (av && av != of)
		av = av->parent;
	return av != NULL;
}

struct anon_vma *
page_lock_anon_vma_read(struct page *page)
{
	struct anon_vma *av, *root = NULL;

	rcu_read_lock();
	av = READ_ONCE(page->user.mapping);
	if (av && page_mapcount(page)) {
		root = READ_ONCE(av->root);
		if (!atomic_add_unless(&root->refcount, 1, 0))
			root = NULL;
	}
	rcu_read_unlock();
	if (!root)
		return NULL;
	/* Mapped still, so mapped all the while: it was the page's family. */
	if (!page_mapcount(page)) {
		put_root(root);
		return NULL;
	}
	down_read(&root->rwsem);
	return root;
}

void
page_unlock_anon_vma_read(struct anon_vma *root)
{
	up_read(&root->rwsem);
	put_root(root);
}

struct anon_vma *
anon_vma_next(struct anon_vma *av, struct anon_vma *top)
{
	if (!list_empty(&av->children))
		return list_first_entry(&av->children, struct anon_vma,
					sibling);
	while (av != top) {
		if (av->sibling.next != &av->parent->children)
			return list_entry(av->sibling.next, struct anon_vma,
					  sibling);
		av = av->parent;
	}
	return NULL;
}

void
anon_vma_verify(const struct mm_struct *mm, struct verify *v)
{
	struct anon_vma *av = mm->anon_vma, *member;

	VERIFY(v, av && av->mm == mm, "R3",
	       "rmap: the anon_vma of a space names another");
	if (!av)
		return;
	for (member = av->root; member && member != av;
	     member = anon_vma_next(member, av->root))
		;
	VERIFY(v, member == av, "R3",
	       "rmap: a space's anon_vma is not in its family");
}
