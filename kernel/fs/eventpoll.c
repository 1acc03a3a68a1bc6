/* SPDX-License-Identifier: MIT */
/*
 * epoll: a set of files that remembers which of them have something.
 *
 * Ideas
 *   poll() brings its set along and asks every file, each time. An epoll set
 *   stays, and stands in the files' wait queues with a function instead of a
 *   sleeper: whoever wakes a queue puts the item in the list of ready ones. So
 *   epoll_wait() costs what there is to tell, not what is watched.
 *
 *	pipe's queue --> [item: fd 5, IN]	woken: item --> ready list
 *	tty's queue  --> [item: fd 0, IN]
 *	epoll_wait: the first ready item --> what does its file say now?
 *
 *   A wake-up is no promise: the file is asked again before it is told.
 *   Level   what was told goes to the end of the list, and is asked next time.
 *   Edge    (EPOLLET) it does not: only the next wake-up brings it back.
 *   Once    (EPOLLONESHOT) it is told nothing more until EPOLL_CTL_MOD.
 *
 *   An item belongs to (file, descriptor) and does not hold the file: it goes
 *   with the file's last reference (eventpoll_release), not with the
 *   descriptor, so one that was dup()ed goes on. That is Linux's way, too.
 *
 * Locks, in this order
 *   epoll_mutex	which items there are, of all sets; both ends of an item
 *   ep->mutex		one set's tree; who asks items and tells of them
 *   (the queues' locks)
 *   ep->wait.lock	the ready list, those who sleep; rank EPOLL, for it is
 *			taken under a queue's lock
 *   An item that is asked under ep->mutex has a file that is one: the last
 *   fput() waits for that mutex before it releases anything.
 *
 * Cost   a wake-up: one list insertion for each set; 300 bytes for an item.
 *
 * Questions a reader asks
 *   May a set watch a set? Linux allows five levels, and looks for rings. Here
 *   no (-EINVAL): one rank, one lock. poll() of a set is no trouble.
 *
 * Sources  epoll(7), epoll_ctl(2), epoll_wait(2).
 */
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/rbtree.h>
#include <mm/slab.h>
#include <mm/zone.h>

#include "fs_private.h"

#define EPOLL_CTL_ADD	1
#define EPOLL_CTL_DEL	2
#define EPOLL_CTL_MOD	3

#define EPOLLEXCLUSIVE	(1u << 28)
#define EPOLLWAKEUP	(1u << 29)	/* nothing sleeps here */
#define EPOLLONESHOT	(1u << 30)
#define EPOLLET		(1u << 31)
#define EP_HOW		(EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define EP_ALWAYS	(POLLERR | POLLHUP)

#define EP_MAX_EVENTS	((int)(0x7fffffff / sizeof(struct epoll_event)))
#define WAIT_FOR_EVER	(~0ull)

struct epoll_event {
	u32 events;
	u64 data;			/* the user's; told with the event */
};
static_assert(sizeof(struct epoll_event) == 16, "struct epoll_event, EABI");

struct eventpoll {
	struct mutex mutex;
	struct rb_root items;		/* mutex: by file, then fd */
	struct list_head ready;		/* wait.lock */
	unsigned nr_ready;		/* wait.lock */
	struct wait_queue_head wait;	/* who waits for ready ones */
};

struct epitem {
	struct rb_node node;		/* ep->mutex: in ep->items */
	struct list_head ready;		/* wait.lock: in ep->ready, or empty */
	struct list_head of_file;	/* epoll_mutex: in file->f_ep */
	struct eventpoll *ep;
	struct file *file;
	int fd;
	struct epoll_event event;	/* ep->mutex */
	struct poll_table queues;	/* those it stands in */
};

static DEFINE_MUTEX(epoll_mutex);
static atomic_t nr_items;

/* All sets together have 4 % of the memory, as in Linux. */
static unsigned long
max_items(void)
{
	return totalram_pages() / 25 * (PAGE_SIZE / sizeof(struct epitem));
}

/* --- the ready list ------------------------------------------------------- */

static void
add_ready(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags = spin_lock_irqsave(&ep->wait.lock);

	if (list_empty(&item->ready)) {
		list_add_tail(&item->ready, &ep->ready);
		ep->nr_ready++;
	}
	spin_unlock_irqrestore(&ep->wait.lock, flags);
}

static void
del_ready(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags = spin_lock_irqsave(&ep->wait.lock);

	if (!list_empty(&item->ready)) {
		list_del_init(&item->ready);
		ep->nr_ready--;
	}
	spin_unlock_irqrestore(&ep->wait.lock, flags);
}

static unsigned
nr_ready(struct eventpoll *ep)
{
	unsigned long flags = spin_lock_irqsave(&ep->wait.lock);
	unsigned nr = ep->nr_ready;

	spin_unlock_irqrestore(&ep->wait.lock, flags);
	return nr;
}

/* It has something, perhaps: into the list, and who waits may look. */
static void
make_ready(struct epitem *item)
{
	add_ready(item);
	wake_up(&item->ep->wait);
}

/* A queue that an item stands in is woken. Held: its lock. */
static void
item_woken(struct wait_queue_entry *entry)
{
	struct poll_entry *e = container_of(entry, struct poll_entry, wait);

	make_ready(e->arg);
}

/* --- items ------------------------------------------------------------------ */

static int
compare(const struct epitem *item, const struct file *file, int fd)
{
	if (item->file != file)
		return item->file < file ? -1 : 1;
	return item->fd - fd;
}

/* Held: ep->mutex. */
static struct epitem *
find_item(struct eventpoll *ep, const struct file *file, int fd)
{
	struct rb_node *node = ep->items.node;

	while (node) {
		struct epitem *item = rb_entry(node, struct epitem, node);
		int order = compare(item, file, fd);

		if (!order)
			return item;
		node = order < 0 ? node->right : node->left;
	}
	return NULL;
}

/* Held: ep->mutex. */
static void
insert_item(struct eventpoll *ep, struct epitem *new)
{
	struct rb_node **link = &ep->items.node, *parent = NULL;

	while (*link) {
		struct epitem *item = rb_entry(*link, struct epitem, node);

		parent = *link;
		link = compare(item, new->file, new->fd) < 0 ?
		       &parent->right : &parent->left;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &ep->items);
}

/* What the file says now of what is asked for. Held: ep->mutex. */
static unsigned
ask(struct epitem *item, struct poll_table *wait)
{
	unsigned mask = item->file->f_op->poll(item->file, wait);

	if (!(item->event.events & ~EP_HOW))
		return 0;		/* told once, and not asked again yet */
	return mask & (item->event.events | EP_ALWAYS);
}

/* Held: ep->mutex. */
static void
ask_and_enter(struct epitem *item, struct poll_table *wait)
{
	if (ask(item, wait))
		make_ready(item);
}

/* Held: epoll_mutex, ep->mutex. */
static void
remove_item(struct epitem *item)
{
	poll_leave(&item->queues);	/* nobody calls item_woken() now */
	del_ready(item);
	rb_erase(&item->node, &item->ep->items);
	list_del(&item->of_file);
	kfree(item);
	atomic_dec(&nr_items);
}

static struct epitem *
new_item(struct eventpoll *ep, struct file *file, int fd)
{
	struct epitem *item = kzalloc(sizeof(*item), GFP_KERNEL);
	unsigned i;

	if (!item)
		return NULL;
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	INIT_LIST_HEAD(&item->ready);
	poll_table_init(&item->queues, item_woken);
	for (i = 0; i < POLL_INLINE; i++)
		item->queues.inline_entries[i].arg = item;
	return item;
}

/* Held: epoll_mutex, ep->mutex. */
static long
add_item(struct eventpoll *ep, struct file *file, int fd,
	 const struct epoll_event *event)
{
	struct epitem *item;

	if ((unsigned long)atomic_read(&nr_items) >= max_items())
		return -ENOSPC;
	item = new_item(ep, file, fd);
	if (!item)
		return -ENOMEM;
	atomic_inc(&nr_items);
	item->event = *event;
	file->f_mode |= FMODE_EPOLL;
	list_add(&item->of_file, &file->f_ep);
	insert_item(ep, item);
	ask_and_enter(item, &item->queues);
	/* No file has more queues than this; see poll_wait(). */
	assert(item->queues.nr <= POLL_INLINE);
	return 0;
}

/* Held: ep->mutex. */
static long
change_item(struct epitem *item, const struct epoll_event *event)
{
	if ((event->events | item->event.events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->event = *event;
	ask_and_enter(item, NULL);
	return 0;
}

void
eventpoll_release(struct file *file)
{
	struct epitem *item, *next;

	mutex_lock(&epoll_mutex);
	list_for_each_entry_safe(item, next, &file->f_ep, of_file) {
		struct eventpoll *ep = item->ep;

		mutex_lock(&ep->mutex);
		remove_item(item);
		mutex_unlock(&ep->mutex);
	}
	mutex_unlock(&epoll_mutex);
}

/* --- the set as a file ---------------------------------------------------------- */

/* Is any of the ready ones ready indeed? Else they are ready no more. */
static bool
any_ready(struct eventpoll *ep)
{
	bool any = false;
	struct epitem *item;
	unsigned left;

	mutex_lock(&ep->mutex);
	for (left = nr_ready(ep); left && !any; left--) {
		item = list_first_entry(&ep->ready, struct epitem, ready);
		del_ready(item);
		any = ask(item, NULL);
		if (any)
			add_ready(item);
	}
	mutex_unlock(&ep->mutex);
	return any;
}

static unsigned
ep_poll(struct file *file, struct poll_table *wait)
{
	struct eventpoll *ep = file->private_data;

	poll_wait(&ep->wait, wait);
	return any_ready(ep) ? POLLIN | POLLRDNORM : 0;
}

static void
ep_release(struct inode *inode, struct file *file)
{
	struct eventpoll *ep = file->private_data;
	struct rb_node *node;

	(void)inode;
	mutex_lock(&epoll_mutex);
	mutex_lock(&ep->mutex);
	while ((node = rb_first(&ep->items)))
		remove_item(rb_entry(node, struct epitem, node));
	mutex_unlock(&ep->mutex);
	mutex_unlock(&epoll_mutex);
	kfree(ep);
}

static const struct file_operations eventpoll_ops = {
	.poll = ep_poll,
	.release = ep_release,
};

long
sys_epoll_create1(int flags)
{
	struct eventpoll *ep;
	struct file *file;
	int err;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->mutex);
	INIT_LIST_HEAD(&ep->ready);
	init_waitqueue_head(&ep->wait);
	spin_lock_init(&ep->wait.lock, LOCK_EPOLL);
	err = anon_file("[eventpoll]", &eventpoll_ops, ep, 0, &file);
	if (err) {
		kfree(ep);
		return err;
	}
	return fd_publish(file, (unsigned)flags);
}

long
sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

/* --- epoll_ctl ------------------------------------------------------------------ */

/* Held: epoll_mutex, ep->mutex. */
static long
change_set(struct eventpoll *ep, int op, struct file *file, int fd,
	   const struct epoll_event *event)
{
	struct epitem *item = find_item(ep, file, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : add_item(ep, file, fd, event);
	case EPOLL_CTL_MOD:
		return item ? change_item(item, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		remove_item(item);
		return 0;
	default:
		return -EINVAL;
	}
}

static long
ctl_files(struct file *set, int op, struct file *file, int fd,
	  const struct epoll_event *event)
{
	struct eventpoll *ep = set->private_data;
	long result;

	if (!file->f_op->poll)
		return -EPERM;		/* always ready: nothing to wait for */
	if (set->f_op != &eventpoll_ops || file->f_op == &eventpoll_ops)
		return -EINVAL;
	mutex_lock(&epoll_mutex);
	mutex_lock(&ep->mutex);
	result = change_set(ep, op, file, fd, event);
	mutex_unlock(&ep->mutex);
	mutex_unlock(&epoll_mutex);
	return result;
}

long
sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *user)
{
	struct epoll_event event = { 0, 0 };
	struct fd set, f = { NULL, false };
	long result = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, user, sizeof(event)))
		return -EFAULT;
	set = fdget((unsigned)epfd);
	if (set.file)
		f = fdget((unsigned)fd);
	if (f.file)
		result = ctl_files(set.file, op, f.file, fd, &event);
	fdput(f);
	fdput(set);
	return result;
}

/* --- epoll_wait ------------------------------------------------------------------- */

/*
 * Ask one that is ready and tell the user. 1: told, 0: there was nothing,
 * -EFAULT. Held: ep->mutex.
 */
static int
tell(struct epitem *item, struct epoll_event *user)
{
	struct epoll_event event = { ask(item, NULL), item->event.data };

	if (!event.events)
		return 0;
	if (copy_to_user(user, &event, sizeof(event))) {
		add_ready(item);
		return -EFAULT;
	}
	if (item->event.events & EPOLLONESHOT)
		item->event.events &= EP_HOW;
	else if (!(item->event.events & EPOLLET))
		add_ready(item);
	return 1;
}

/*
 * Tell of what is ready, each item once. It leaves the list before its file is
 * asked: who wakes it meanwhile brings it back. How many, or -EFAULT.
 */
static int
tell_ready(struct eventpoll *ep, struct epoll_event *user, int max)
{
	struct epitem *item;
	unsigned left;
	int n = 0, one;

	mutex_lock(&ep->mutex);
	for (left = nr_ready(ep); left && n < max; left--) {
		item = list_first_entry(&ep->ready, struct epitem, ready);
		del_ready(item);
		one = tell(item, &user[n]);
		if (one < 0) {
			n = n ? n : one;
			break;
		}
		n += one;
	}
	mutex_unlock(&ep->mutex);
	return n;
}

static void
sleep_until_ready(struct eventpoll *ep, u64 deadline)
{
	struct wait_queue_entry entry;
	u64 now = ktime_get_ns();

	init_wait_entry(&entry, false);
	prepare_to_wait(&ep->wait, &entry, TASK_INTERRUPTIBLE);
	if (!nr_ready(ep) && !signal_pending()) {
		if (deadline == WAIT_FOR_EVER)
			schedule();
		else if (now < deadline)
			schedule_timeout_ns(deadline - now);
	}
	finish_wait(&ep->wait, &entry);
}

/* deadline 0: do not wait. */
static int
ep_wait(struct eventpoll *ep, struct epoll_event *user, int max, u64 deadline)
{
	int n;

	for (;;) {
		n = tell_ready(ep, user, max);
		if (n || !deadline)
			return n;
		if (signal_pending())
			return -EINTR;
		if (deadline != WAIT_FOR_EVER && ktime_get_ns() >= deadline)
			return 0;
		sleep_until_ready(ep, deadline);
	}
}

static u64
deadline_of(int timeout_ms)
{
	if (timeout_ms < 0)
		return WAIT_FOR_EVER;
	return timeout_ms ? ktime_get_ns() + (u64)timeout_ms * NSEC_PER_MSEC :
			    0;
}

long
sys_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	u64 deadline = deadline_of(timeout_ms);
	long result = -EINVAL;
	struct fd set;

	if (max <= 0 || max > EP_MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(events, (size_t)max * sizeof(*events)))
		return -EFAULT;
	set = fdget((unsigned)epfd);
	if (!set.file)
		return -EBADF;
	if (set.file->f_op == &eventpoll_ops)
		result = ep_wait(set.file->private_data, events, max, deadline);
	fdput(set);
	return result;
}

long
sys_epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout_ms,
		const void *mask, size_t size)
{
	bool set;
	long result = sigmask_begin(mask, size, &set);

	if (!result)
		result = sys_epoll_wait(epfd, events, max, timeout_ms);
	if (set)
		restore_wait_sigmask(result == -EINTR);
	return result;
}
