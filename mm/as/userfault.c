/* SPDX-License-Identifier: MIT */
/*
 * Faults that a program serves itself.
 *
 * A garbage collector, a machine that moves to another host, a program that loads
 * its data when it is touched: each wants to hear of the first touch of a page,
 * and to say itself what is in it.
 *
 *	thread that touches		kernel		thread that serves
 *	load from a page that	 ->	asked
 *	is not there			  |	read()	 -> told: address
 *	   (sleeps)			told	copy	 <- what is in it
 *	load, once more		 <-	(woken)
 *
 * Ideas
 *   Only memory that is anonymous, and only what is missing: an entry that is
 *   none. A page that is in swap is not missing.
 *   A VMA that is served has VM_UFFD_MISSING, and who serves it in
 *   vm_private_data, which no other anonymous memory uses. So it is split and
 *   joined like any other.
 *   Who sleeps has let go of mmap_lock, and begins anew after: the VMA may be
 *   another one then.
 *   Ask first, and look again after: who fills a page does it before it looks for
 *   those that wait for it. Both are under the lock of the lists, so one of the
 *   two sees the other.
 *
 * Invariants
 *   U1  (vma_verify V6) VM_UFFD_MISSING: anonymous, and somebody serves it.
 *   U2  The one who serves a VMA lives: it takes itself out of all, under
 *	 mmap_lock, before it goes. A space without users has no faults.
 *   U3  Neither a child nor a place that memory is moved to is served.
 * Locks   mmap_lock; within it readers.lock.
 * Cost	   a fault that is not served: one test of a flag.
 *
 * Questions a reader asks
 *   What does a signal do?  The thread goes to its handler. The load comes
 *	after it again, and asks again.
 *   Can a system call wait for a program?  Yes, if it was opened for that:
 *	write() from a page that is missing sleeps until it is there, or until
 *	SIGKILL. What reads another's memory with mmap_lock held (get_user_pages())
 *	does not wait: -EFAULT.
 *   And if nobody serves?  Then it sleeps, as with a pipe that nobody writes to.
 *	When the last descriptor is closed all go on, and find zeros.
 *
 * Sources  userfaultfd(2), ioctl_userfaultfd(2).
 */
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/errno.h>
#include <mm/seam.h>
#include <mm/slab.h>
#include <mm/userfault.h>
#include "as.h"

struct waiter {
	struct list_head node;		/* u->asked or u->told */
	struct userfault_ask ask;
	bool done;			/* readers.lock, to write */
};

struct userfault *
userfault_alloc(struct mm_struct *mm, bool user_only)
{
	struct userfault *u = kzalloc(sizeof(*u), GFP_KERNEL);

	if (!u)
		return NULL;
	atomic_set(&u->refs, 1);
	mmgrab(mm);
	u->mm = mm;
	u->user_only = user_only;
	init_waitqueue_head(&u->readers);
	init_waitqueue_head(&u->waiters);
	INIT_LIST_HEAD(&u->asked);
	INIT_LIST_HEAD(&u->told);
	return u;
}

static void
userfault_put(struct userfault *u)
{
	if (!atomic_dec_and_test(&u->refs))
		return;
	mmdrop(u->mm);
	kfree(u);
}

/* --- A fault --- */

/* Nobody filled it while we came here. */
static bool
still_missing(const struct vm_fault *vmf)
{
	return pte_none((pte_t){ READ_ONCE(vmf->pte->value) });
}

static bool
ask(struct userfault *u, struct waiter *w, const struct vm_fault *vmf)
{
	unsigned long flags = spin_lock_irqsave(&u->readers.lock);

	list_add_tail(&w->node, &u->asked);
	w->done = !still_missing(vmf);
	spin_unlock_irqrestore(&u->readers.lock, flags);
	if (!w->done)
		wake_up_all(&u->readers);
	return !w->done;
}

/* Held: nothing. User mode: any signal ends it; the kernel can be killed. */
static void
wait_for_page(struct userfault *u, struct waiter *w, bool user)
{
	if (user)
		wait_event_interruptible(&u->waiters, READ_ONCE(w->done));
	else
		wait_event_killable(&u->waiters, READ_ONCE(w->done));
}

static void
withdraw(struct userfault *u, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&u->readers.lock);

	list_del(&w->node);
	spin_unlock_irqrestore(&u->readers.lock, flags);
}

vm_fault_t
do_userfault(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	struct userfault *u = vmf->vma->vm_private_data;
	bool user = vmf->flags & FAULT_FLAG_USER;
	struct waiter w = {
		.ask = { .address = vmf->address,
			 .write = vmf->flags & FAULT_FLAG_WRITE,
			 .tid = current->pid },
	};

	if (vmf->flags & FAULT_FLAG_LOCKED || u->sigbus ||
	    (u->user_only && !user))
		return VM_FAULT_SIGBUS;
	seam(SEAM_USERFAULT, NULL);
	atomic_inc(&u->refs);
	if (ask(u, &w, vmf)) {
		up_read(&mm->mmap_lock);
		wait_for_page(u, &w, user);
		down_read(&mm->mmap_lock);
	}
	withdraw(u, &w);
	userfault_put(u);
	if (w.done)
		return VM_FAULT_RETRY;
	return user ? 0 : VM_FAULT_SIGBUS;	/* 0: the signal, then again */
}

/* --- Who serves --- */

bool
userfault_take(struct userfault *u, struct userfault_ask *told)
{
	unsigned long flags = spin_lock_irqsave(&u->readers.lock);
	bool any = !list_empty(&u->asked);
	struct waiter *w;

	if (any) {
		w = list_first_entry(&u->asked, struct waiter, node);
		list_move_tail(&w->node, &u->told);
		*told = w->ask;
	}
	spin_unlock_irqrestore(&u->readers.lock, flags);
	return any;
}

bool
userfault_asked(struct userfault *u)
{
	unsigned long flags = spin_lock_irqsave(&u->readers.lock);
	bool any = !list_empty(&u->asked);

	spin_unlock_irqrestore(&u->readers.lock, flags);
	return any;
}

/* Held: readers.lock. */
static void
mark_done(struct list_head *list, unsigned long start, unsigned long end)
{
	struct waiter *w;

	list_for_each_entry(w, list, node) {
		if (w->ask.address >= start && w->ask.address < end)
			WRITE_ONCE(w->done, true);
	}
}

void
userfault_wake(struct userfault *u, unsigned long start, unsigned long end)
{
	unsigned long flags = spin_lock_irqsave(&u->readers.lock);

	mark_done(&u->asked, start, end);
	mark_done(&u->told, start, end);
	spin_unlock_irqrestore(&u->readers.lock, flags);
	wake_up_all(&u->waiters);
}

/* The space is used by somebody, and stays so until mmput(). */
static bool
hold_users(struct userfault *u)
{
	return atomic_add_unless(&u->mm->mm_users, 1, 0);
}

/* Held: mmap_lock, reading. */
static int
fill_locked(struct userfault *u, unsigned long addr, struct page *page)
{
	struct vm_area_struct *vma = vma_lookup(u->mm, addr);
	struct vm_fault vmf = { .vma = vma, .address = addr };
	unsigned allow;
	pte_t pte;

	if (!vma || !vma_served_by(vma, u))
		return -ENOENT;
	vmf.pte = pte_alloc(u->mm, addr);
	if (!vmf.pte)
		return -ENOMEM;
	allow = vma_allow(vma);
	if (page) {
		anon_page_begin(page, u->mm, addr);
		pte = pte_mkdirty(mk_pte(page_to_pfn(page), allow,
					 USER_CACHED));
	} else {
		pte = mk_pte(zero_frame, read_only(allow), USER_CACHED);
	}
	if (!fault_install(&vmf, page, pte))
		return -EEXIST;
	pte_publish();
	return 0;
}

int
userfault_fill(struct userfault *u, unsigned long addr, struct page *page)
{
	int err;

	if (!hold_users(u))
		return -ESRCH;
	down_read(&u->mm->mmap_lock);
	err = fill_locked(u, addr, page);
	up_read(&u->mm->mmap_lock);
	mmput(u->mm);
	return err;
}

/* --- What is served. Held: mmap_lock, writing. --- */

/* Can it all be u's, or can it all be left by u? */
static int
check_range(struct userfault *u, unsigned long start, unsigned long end,
	    bool serve)
{
	struct vm_area_struct *vma = find_vma_intersection(u->mm, start, end);

	if (!vma)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		if (!vma_is_anonymous(vma) || vma->vm_flags & VM_HUGETLB)
			return -EINVAL;
		if (!(vma->vm_flags & VM_MAYWRITE))
			return -EPERM;
		if (vma->vm_flags & VM_UFFD_MISSING && !vma_served_by(vma, u))
			return serve ? -EBUSY : -EINVAL;
	}
	return 0;
}

static int
set_range(struct userfault *u, unsigned long start, unsigned long end,
	  bool serve)
{
	struct vm_area_struct *vma;
	int err = check_range(u, start, end, serve);

	if (!err)
		err = vma_split_range(u->mm, start, end, &vma);
	if (err)
		return err;
	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		if (serve) {
			vma->vm_flags |= VM_UFFD_MISSING;
			vma->vm_private_data = u;
		} else {
			vma_leave_userfault(vma);
		}
		vma = vma_merge(vma);
	}
	return 0;
}

static int
change_range(struct userfault *u, unsigned long start, unsigned long end,
	     bool serve)
{
	int err;

	if (!hold_users(u))
		return -ESRCH;
	down_write(&u->mm->mmap_lock);
	err = set_range(u, start, end, serve);
	up_write(&u->mm->mmap_lock);
	mmput(u->mm);
	return err;
}

int
userfault_register(struct userfault *u, unsigned long start, unsigned long end)
{
	return change_range(u, start, end, true);
}

int
userfault_unregister(struct userfault *u, unsigned long start,
		     unsigned long end)
{
	int err = change_range(u, start, end, false);

	if (!err)
		userfault_wake(u, start, end);
	return err;
}

void
userfault_close(struct userfault *u)
{
	struct vm_area_struct *vma;

	if (hold_users(u)) {
		down_write(&u->mm->mmap_lock);
		for_each_vma(u->mm, vma) {
			if (!vma_served_by(vma, u))
				continue;
			vma_leave_userfault(vma);
			vma = vma_merge(vma);
		}
		up_write(&u->mm->mmap_lock);
		mmput(u->mm);
	}
	userfault_wake(u, 0, ~0ul);
	userfault_put(u);
}
