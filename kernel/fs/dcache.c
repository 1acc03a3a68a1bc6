/* SPDX-License-Identifier: MIT */
/*
 * Dentry cache: names of files, kept so that a path is found without asking the
 * file system.
 *
 * Ideas
 *   Tree	each dentry knows its folder and holds a reference on it, so a name
 *	in use keeps the whole path up to the root.
 *   Hash	(folder, name) leads to the dentry: one step of a path is one
 *	search in a bucket.
 *   Negative	"not there" is worth knowing too: a shell looks for each
 *	command in several folders.
 *   Unused	a dentry with no reference stays, on a list, oldest first,
 *	until the shrinker wants its memory: it costs a search to make anew.
 *   Pinned	in a file system that lives in memory only the dentry is the
 *	record of the name: it holds a reference on itself until unlinked.
 *   Dropped	(unhashed): the name is gone, or was never there; the dentry
 *	lives on as long as somebody (an open file) holds it.
 *
 *	d_alloc --d_add--> hashed ---d_drop---> unhashed --last dput--> freed
 *			   |   ^
 *		last dput  v   | d_lookup
 *			  unused --shrinker--> freed
 *
 *   d_off	a place in the folder, never given twice: a reader of the folder
 *	goes on behind the place where it stopped, whatever was removed or added
 *	meanwhile.
 *
 * Invariants (dcache_verify)
 *   D1  a hashed dentry is found under its folder and name, and is in its
 *	folder's list, in order of d_off.
 *   D2  every dentry in the list of unused ones is hashed.
 *
 * Locks   dcache_lock for everything; a count becomes 0, and grows from 0, only
 *   under it. Nothing is freed under it: iput() may sleep.
 *
 * Cost    a search: a bucket of 512; one lock pair and one atomic operation for
 *   each step of a path.
 *
 * Questions a reader asks
 *   Why one lock for all?  It is held for some thirty instructions. Linux has
 *   sequence counters in each dentry, for machines with hundreds of cores.
 *
 * Sources  Gooch, Overview of the Linux Virtual File System (documentation).
 */
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "fs_private.h"

#define HASH_SIZE	512u

DEFINE_SPINLOCK(dcache_lock, LOCK_DCACHE);
static struct list_head buckets[HASH_SIZE];	/* dcache_lock */
static LIST_HEAD(unused);			/* dcache_lock */
static unsigned long nr_unused, nr_dentries;	/* dcache_lock */
static struct kmem_cache *dentry_cache;

u32
name_hash(const char *name, size_t len)
{
	u32 hash = 2166136261u;		/* FNV-1a */

	while (len--)
		hash = (hash ^ (u8)*name++) * 16777619u;
	return hash;
}

static struct list_head *
bucket_of(const struct dentry *parent, u32 hash)
{
	hash += (u32)(unsigned long)parent / sizeof(struct dentry);
	hash ^= hash >> 15;
	return &buckets[hash % HASH_SIZE];
}

static bool
d_unhashed(const struct dentry *dentry)
{
	return list_empty(&dentry->d_hash);
}

/* --- making -------------------------------------------------------------------- */

static struct dentry *
dentry_new(struct super_block *sb, const struct qstr *name)
{
	struct dentry *d = kmem_cache_zalloc(dentry_cache, GFP_KERNEL);
	char *text;

	if (!d)
		return NULL;
	text = d->d_iname;
	if (name->len >= DNAME_INLINE) {
		text = kmalloc(name->len + 1, GFP_KERNEL);
		if (!text) {
			kmem_cache_free(dentry_cache, d);
			return NULL;
		}
	}
	memcpy(text, name->name, name->len);
	text[name->len] = '\0';
	d->d_name = (struct qstr){ text, name->len, name->hash };
	atomic_set(&d->d_count, 1);
	d->d_sb = sb;
	d->d_next_off = 2;		/* behind . and .. */
	INIT_LIST_HEAD(&d->d_hash);
	INIT_LIST_HEAD(&d->d_child);
	INIT_LIST_HEAD(&d->d_children);
	INIT_LIST_HEAD(&d->d_lru);
	spin_lock(&dcache_lock);
	nr_dentries++;
	spin_unlock(&dcache_lock);
	return d;
}

static void
dentry_free(struct dentry *dentry)
{
	if (dentry->d_name.name != dentry->d_iname)
		kfree(dentry->d_name.name);
	kmem_cache_free(dentry_cache, dentry);
}

struct dentry *
d_alloc(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d = dentry_new(parent->d_sb, name);

	if (d) {
		dget(parent);
		d->d_parent = parent;
	}
	return d;
}

struct dentry *
d_make_root(struct inode *inode)
{
	static const struct qstr name = { "/", 1, 0 };
	struct dentry *d = dentry_new(inode->i_sb, &name);

	if (d) {
		d->d_parent = d;
		d->d_inode = inode;
	}
	return d;
}

/* Held: dcache_lock. */
static void
hash_dentry(struct dentry *d)
{
	struct dentry *parent = d->d_parent;

	d->d_off = parent->d_next_off++;
	list_add_tail(&d->d_child, &parent->d_children);
	list_add(&d->d_hash, bucket_of(parent, d->d_name.hash));
}

static void
unhash_dentry(struct dentry *d)
{
	list_del_init(&d->d_hash);
	list_del_init(&d->d_child);
}

void
d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	dentry->d_inode = inode;
	hash_dentry(dentry);
	spin_unlock(&dcache_lock);
}

void
d_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	WRITE_ONCE(dentry->d_inode, inode);
	spin_unlock(&dcache_lock);
}

/* --- references ------------------------------------------------------------------ */

/* For one who holds a reference already. */
void
dget(struct dentry *dentry)
{
	atomic_inc(&dentry->d_count);
}

/* Held: dcache_lock. Takes it out of every list. */
static void
detach(struct dentry *d)
{
	unhash_dentry(d);
	if (!list_empty(&d->d_lru)) {
		list_del_init(&d->d_lru);
		nr_unused--;
	}
	nr_dentries--;
}

/* d is detached and nobody's. Returns its folder, whose reference it had. */
static struct dentry *
destroy(struct dentry *d)
{
	struct dentry *parent = d->d_parent == d ? NULL : d->d_parent;

	if (d->d_inode)
		iput(d->d_inode);
	dentry_free(d);
	return parent;
}

void
dput(struct dentry *dentry)
{
	while (dentry) {
		if (atomic_add_unless(&dentry->d_count, -1, 1))
			return;
		might_sleep();
		spin_lock(&dcache_lock);
		if (!atomic_dec_and_test(&dentry->d_count)) {
			spin_unlock(&dcache_lock);
			return;
		}
		if (!d_unhashed(dentry) &&
		    !(dentry->d_flags & DCACHE_DONTCACHE)) {
			if (list_empty(&dentry->d_lru)) {
				list_add_tail(&dentry->d_lru, &unused);
				nr_unused++;
			} else {
				list_move_tail(&dentry->d_lru, &unused);
			}
			spin_unlock(&dcache_lock);
			return;
		}
		detach(dentry);
		spin_unlock(&dcache_lock);
		dentry = destroy(dentry);
	}
}

struct dentry *
d_lookup_locked(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d;

	list_for_each_entry(d, bucket_of(parent, name->hash), d_hash) {
		if (d->d_name.hash == name->hash && d->d_parent == parent &&
		    d->d_name.len == name->len &&
		    !memcmp(d->d_name.name, name->name, name->len)) {
			atomic_inc(&d->d_count);
			return d;
		}
	}
	return NULL;
}

struct dentry *
d_lookup(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d;

	spin_lock(&dcache_lock);
	d = d_lookup_locked(parent, name);
	spin_unlock(&dcache_lock);
	return d;
}

/* --- names that change -------------------------------------------------------------- */

void
d_pin(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	if (!(dentry->d_flags & DCACHE_PINNED)) {
		dentry->d_flags |= DCACHE_PINNED;
		dget(dentry);
	}
	spin_unlock(&dcache_lock);
}

/* Held: dcache_lock. True: the caller has a reference more to put. */
static bool
unpin(struct dentry *d)
{
	bool pinned = d->d_flags & DCACHE_PINNED;

	d->d_flags &= ~DCACHE_PINNED;
	return pinned;
}

void
d_drop(struct dentry *dentry)
{
	bool pinned;

	spin_lock(&dcache_lock);
	unhash_dentry(dentry);
	pinned = unpin(dentry);
	spin_unlock(&dcache_lock);
	if (pinned)
		dput(dentry);
}

void
d_delete(struct dentry *dentry)
{
	struct inode *inode = NULL;
	bool pinned;

	spin_lock(&dcache_lock);
	pinned = unpin(dentry);
	if (atomic_read(&dentry->d_count) == 1 + pinned) {
		inode = dentry->d_inode;
		WRITE_ONCE(dentry->d_inode, NULL);
	} else {
		unhash_dentry(dentry);
	}
	spin_unlock(&dcache_lock);
	if (inode)
		iput(inode);
	if (pinned)
		dput(dentry);
}

/* Give to's name and place to from, and for an exchange the other way. Long
 * names change owner with their memory. Held: dcache_lock. */
static void
swap_names(struct dentry *a, struct dentry *b)
{
	bool a_inline = a->d_name.name == a->d_iname;
	bool b_inline = b->d_name.name == b->d_iname;
	char text[DNAME_INLINE];

	memcpy(text, a->d_iname, sizeof(text));
	memcpy(a->d_iname, b->d_iname, sizeof(text));
	memcpy(b->d_iname, text, sizeof(text));
	swap(a->d_name, b->d_name);
	if (b_inline)
		a->d_name.name = a->d_iname;
	if (a_inline)
		b->d_name.name = b->d_iname;
	swap(a->d_parent, b->d_parent);
}

void
d_move(struct dentry *from, struct dentry *to, bool exchange)
{
	bool pinned = false;

	spin_lock(&dcache_lock);
	if (!d_unhashed(from))
		unhash_dentry(from);
	if (!d_unhashed(to))
		unhash_dentry(to);
	swap_names(from, to);
	hash_dentry(from);
	if (exchange)
		hash_dentry(to);
	else
		pinned = unpin(to);
	spin_unlock(&dcache_lock);
	if (pinned)
		dput(to);
}

bool
d_has_children(struct dentry *dentry)
{
	struct dentry *child;
	bool has = false;

	spin_lock(&dcache_lock);
	list_for_each_entry(child, &dentry->d_children, d_child)
		has |= child->d_inode != NULL;
	spin_unlock(&dcache_lock);
	return has;
}

bool
d_is_ancestor(struct dentry *a, struct dentry *d)
{
	bool is;

	spin_lock(&dcache_lock);
	while (d != a && d->d_parent != d)
		d = d->d_parent;
	is = d == a;
	spin_unlock(&dcache_lock);
	return is;
}

/* --- giving memory back ------------------------------------------------------------- */

/*
 * Free unused names, oldest first, at most nr, of sb or of all. Those that
 * came into use again since they were put on the list just leave it.
 */
static unsigned long
prune(struct super_block *sb, unsigned long nr)
{
	struct dentry *d, *next;
	LIST_HEAD(gone);
	unsigned long n = 0;

	spin_lock(&dcache_lock);
	list_for_each_entry_safe(d, next, &unused, d_lru) {
		if (n >= nr)
			break;
		if (sb && d->d_sb != sb)
			continue;
		if (atomic_read(&d->d_count)) {
			list_del_init(&d->d_lru);
			nr_unused--;
			continue;
		}
		detach(d);
		list_add_tail(&d->d_lru, &gone);
		n++;
	}
	spin_unlock(&dcache_lock);
	list_for_each_entry_safe(d, next, &gone, d_lru) {
		list_del(&d->d_lru);
		dput(destroy(d));
	}
	return n;
}

unsigned long
shrink_dcache_sb(struct super_block *sb)
{
	unsigned long n, sum = 0;

	/* A folder becomes unused when its last name has gone. */
	while ((n = prune(sb, ~0ul)))
		sum += n;
	return sum;
}

void
shrink_dcache_parent(struct dentry *parent)
{
	struct dentry *d, *next;
	LIST_HEAD(gone);

	spin_lock(&dcache_lock);
	list_for_each_entry_safe(d, next, &parent->d_children, d_child) {
		if (atomic_read(&d->d_count))
			continue;
		detach(d);
		list_add_tail(&d->d_lru, &gone);
	}
	spin_unlock(&dcache_lock);
	list_for_each_entry_safe(d, next, &gone, d_lru) {
		list_del(&d->d_lru);
		dput(destroy(d));
	}
}

void
d_genocide(struct dentry *root)
{
	struct dentry *d;

	for (;;) {
		spin_lock(&dcache_lock);
		for (d = root; !list_empty(&d->d_children); )
			d = list_first_entry(&d->d_children, struct dentry,
					     d_child);
		if (d != root)
			atomic_inc(&d->d_count);
		spin_unlock(&dcache_lock);
		if (d == root)
			return;
		d_drop(d);
		dput(d);
	}
}

static unsigned long
dcache_count(struct shrinker *shrinker)
{
	(void)shrinker;
	return cache_pressure(READ_ONCE(nr_unused));
}

static unsigned long
dcache_scan(struct shrinker *shrinker, unsigned long nr)
{
	(void)shrinker;
	return prune(NULL, nr);
}

static struct shrinker dcache_shrinker = {
	.name = "dentry", .count = dcache_count, .scan = dcache_scan,
};

/* --- reading a folder ------------------------------------------------------------------ */

/* The first positive name from place pos on, with a reference; or NULL. */
static struct dentry *
entry_from(struct dentry *dir, u64 pos)
{
	struct dentry *d;

	spin_lock(&dcache_lock);
	list_for_each_entry(d, &dir->d_children, d_child) {
		if (d->d_off >= pos && d->d_inode) {
			atomic_inc(&d->d_count);
			spin_unlock(&dcache_lock);
			return d;
		}
	}
	spin_unlock(&dcache_lock);
	return NULL;
}

/* The one behind d, which is put. */
static struct dentry *
entry_after(struct dentry *dir, struct dentry *d)
{
	struct dentry *next = NULL, *at;

	spin_lock(&dcache_lock);
	if (d_unhashed(d) || d->d_parent != dir) {
		/* Removed since: its place tells where to go on. */
		spin_unlock(&dcache_lock);
		next = entry_from(dir, (u64)d->d_off + 1);
		dput(d);
		return next;
	}
	for (at = list_next_entry(d, d_child);
	     &at->d_child != &dir->d_children;
	     at = list_next_entry(at, d_child)) {
		if (at->d_inode) {
			atomic_inc(&at->d_count);
			next = at;
			break;
		}
	}
	spin_unlock(&dcache_lock);
	dput(d);
	return next;
}

/* . and ..; false: no room. */
static bool
emit_dots(struct dentry *dir, struct dir_context *ctx)
{
	if (ctx->pos == 0) {
		if (!ctx->actor(ctx, ".", 1, 0, dir->d_inode->i_ino,
				DT_OF(S_IFDIR)))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->actor(ctx, "..", 2, 1,
				dir->d_parent->d_inode->i_ino,
				DT_OF(S_IFDIR)))
			return false;
		ctx->pos = 2;
	}
	return true;
}

/*
 * Show the entries of a folder whose dentries are all there is.
 * Context: may sleep; the folder's i_lock is held.
 */
int
dcache_iterate(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_path.dentry, *d;
	bool room;

	if (!emit_dots(dir, ctx))
		return 0;
	for (d = entry_from(dir, ctx->pos); d; d = entry_after(dir, d)) {
		room = ctx->actor(ctx, d->d_name.name, d->d_name.len,
				  d->d_off, d->d_inode->i_ino,
				  DT_OF(d->d_inode->i_mode));
		if (!room) {
			dput(d);
			return 0;
		}
		ctx->pos = (u64)d->d_off + 1;
	}
	return 0;
}

/* --- looking and checking ----------------------------------------------------------------- */

static void
dentry_state_show(struct seq_buf *s)
{
	/* As Linux's: all, unused, age limit, wanted pages, negative, 0. */
	seq_printf(s, "%lu\t%lu\t45\t0\t0\t0\n", nr_dentries, nr_unused);
}
NODE("sys/fs/dentry-state", dentry_state_show);

static void
verify_children(struct verify *v, const struct dentry *d)
{
	const struct dentry *child;
	u32 off = 0;

	list_for_each_entry(child, &d->d_children, d_child) {
		VERIFY(v, child->d_off > off, "D1",
		       "\"%s\" is not in order in \"%s\"", child->d_name.name,
		       d->d_name.name);
		off = child->d_off;
	}
}

static void
dcache_verify(struct verify *v)
{
	const struct dentry *d;
	unsigned i;

	spin_lock(&dcache_lock);
	for (i = 0; i < HASH_SIZE; i++) {
		list_for_each_entry(d, &buckets[i], d_hash) {
			VERIFY(v, bucket_of(d->d_parent, d->d_name.hash) ==
				  &buckets[i] &&
				  d->d_name.hash == name_hash(d->d_name.name,
							      d->d_name.len),
			       "D1", "\"%s\" is in the wrong bucket",
			       d->d_name.name);
			VERIFY(v, !list_empty(&d->d_child), "D1",
			       "\"%s\" is in no folder", d->d_name.name);
			verify_children(v, d);
		}
	}
	list_for_each_entry(d, &unused, d_lru)
		VERIFY(v, !d_unhashed(d), "D2", "\"%s\" has no name, but is "
		       "kept", d->d_name.name);
	spin_unlock(&dcache_lock);
}

static struct verify_module dcache_module = { .name = "dcache",
					      .fn = dcache_verify };

static int __init
dcache_init(void)
{
	for (unsigned i = 0; i < HASH_SIZE; i++)
		INIT_LIST_HEAD(&buckets[i]);
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
					 SLAB_PANIC | SLAB_RECLAIM_ACCOUNT,
					 NULL);
	shrinker_register(&dcache_shrinker);
	verify_register(&dcache_module);
	return 0;
}
early_initcall(dcache_init);
