/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: ranges against a model of bytes, each rule broken, memory
 * that runs out. What a program sees of them: tests/user/locks.c.
 */
#include <kernel/file_locks.h>
#include <mm/debug.h>
#include <mm/verify.h>
#include <uapi/fcntl.h>

#include "files.h"

#define BYTES	32
#define OWNERS	3

static char owners[OWNERS];		/* their addresses are owners */

static struct file *
begin(struct test *t)
{
	struct file *f = NULL;

	EXPECT_EQ(t, make_file("/tmp/locks", "x"), 0);
	EXPECT_EQ(t, filp_open("/tmp/locks", O_RDWR, 0, &f), 0);
	return f;
}

static int
set(struct file *f, unsigned owner, short type, s64 first, s64 last)
{
	struct file_lock want = {
		.inode = f->f_inode, .owner = &owners[owner],
		.kind = LOCK_OFD, .type = type, .pid = (int)owner,
		.first = first, .last = last,
	};

	return file_lock_set(&want, false);
}

static void
end(struct file *f)
{
	for (unsigned owner = 0; owner < OWNERS; owner++)
		set(f, owner, F_UNLCK, 0, FILE_LOCK_END);
	UNLINK("/tmp/locks");
	fput(f);
}

/* --- the model: what each owner has at each byte ---------------------------------------- */

typedef u8 model[OWNERS][BYTES];	/* 0: nothing, else type + 1 */

static bool
model_allows(model m, unsigned owner, short type, unsigned first,
	     unsigned last)
{
	for (unsigned o = 0; o < OWNERS; o++) {
		if (o == owner)
			continue;
		for (unsigned i = first; i <= last; i++) {
			if (m[o][i] == F_WRLCK + 1 ||
			    (m[o][i] && type == F_WRLCK))
				return false;
		}
	}
	return true;
}

/* How many pieces the owners' bytes make. */
static unsigned
model_pieces(model m)
{
	unsigned pieces = 0;

	for (unsigned o = 0; o < OWNERS; o++) {
		for (unsigned i = 0; i < BYTES; i++)
			pieces += m[o][i] && (!i || m[o][i] != m[o][i - 1]);
	}
	return pieces;
}

/* The locks of the file are the model's, in as few pieces. */
static bool
is_model(struct file *f, model m)
{
	struct file_lock *lock;
	unsigned n = 0, bytes = 0, want = 0;

	while ((lock = file_lock_nth(f->f_inode, LOCK_OFD, n))) {
		unsigned o = (unsigned)((const char *)lock->owner - owners);

		for (s64 i = lock->first; i <= lock->last; i++, bytes++) {
			if (i >= BYTES || m[o][i] != lock->type + 1)
				return false;
		}
		n++;
	}
	for (unsigned o = 0; o < OWNERS; o++) {
		for (unsigned i = 0; i < BYTES; i++)
			want += m[o][i] != 0;
	}
	return bytes == want && n == model_pieces(m);
}

static void
random_ranges_are_those_of_a_model(struct test *t)
{
	static const short types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
	struct file *f = begin(t);
	model m = { { 0 } };
	unsigned granted = 0, refused = 0;

	ASSERT(t, f);
	for (unsigned i = 0; i < 4000; i++) {
		unsigned owner = test_random(t) % OWNERS;
		short type = types[test_random(t) % 3];
		unsigned first = test_random(t) % BYTES;
		unsigned last = first + test_random(t) % 8;
		bool free;
		int err;

		last = min(last, BYTES - 1u);
		free = type == F_UNLCK || model_allows(m, owner, type, first,
						       last);
		err = set(f, owner, type, first, last);
		ASSERT_EQ(t, err, free ? 0 : -EAGAIN);
		for (unsigned b = first; free && b <= last; b++)
			m[owner][b] = type == F_UNLCK ? 0 : (u8)(type + 1);
		ASSERT(t, is_model(f, m));
		granted += free;
		refused += !free;
	}
	EXPECT(t, granted > 1000 && refused > 300);
	EXPECT_VERIFIED(t);
	end(f);
}

static void
ranges_reach_to_both_ends(struct test *t)
{
	struct file *f = begin(t);

	ASSERT(t, f);
	EXPECT_EQ(t, set(f, 0, F_WRLCK, 0, FILE_LOCK_END), 0);
	EXPECT_EQ(t, set(f, 0, F_UNLCK, 5, 5), 0);
	EXPECT_EQ(t, set(f, 1, F_RDLCK, 5, 5), 0);
	EXPECT_EQ(t, set(f, 1, F_RDLCK, FILE_LOCK_END, FILE_LOCK_END),
		  -EAGAIN);
	EXPECT_EQ(t, set(f, 1, F_UNLCK, 0, FILE_LOCK_END), 0);
	EXPECT_EQ(t, set(f, 0, F_WRLCK, 5, 5), 0);
	EXPECT(t, file_lock_nth(f->f_inode, LOCK_OFD, 0) &&
	       !file_lock_nth(f->f_inode, LOCK_OFD, 1));
	end(f);
}

/* --- rules ---------------------------------------------------------------------------- */

static bool
told(const char *rule)
{
	static char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	return !mm_verify_all(&s) && strstr(text, rule) &&
	       strstr(text, "locks: ");
}

static void
verify_sees_each_broken_rule(struct test *t)
{
	struct file *f = begin(t);
	struct file_lock *a, *b;
	const void *owner;

	ASSERT(t, f);
	EXPECT_EQ(t, set(f, 0, F_RDLCK, 0, 4), 0);
	EXPECT_EQ(t, set(f, 1, F_WRLCK, 10, 14), 0);
	a = file_lock_nth(f->f_inode, LOCK_OFD, 0);
	b = file_lock_nth(f->f_inode, LOCK_OFD, 1);
	ASSERT(t, a && b);
	a->last = 10;
	EXPECT(t, told("L2"));
	owner = b->owner;
	b->owner = a->owner;
	EXPECT(t, told("L1"));			/* overlap */
	a->last = 9;
	b->type = F_RDLCK;
	EXPECT(t, told("L1"));			/* could be one */
	b->type = F_WRLCK;
	b->owner = owner;
	EXPECT_VERIFIED(t);
	a->last = -1;
	EXPECT(t, told("L3"));
	a->last = 4;
	EXPECT_VERIFIED(t);
	end(f);
}

/* --- memory that runs out ---------------------------------------------------------------- */

/* Cut one in two: ENOLCK, and what there was is there. */
static int
cut(void *arg)
{
	struct file *f = arg;
	int err = set(f, 0, F_UNLCK, 5, 5);

	if (err == -ENOLCK) {
		const struct file_lock *l = file_lock_nth(f->f_inode,
							  LOCK_OFD, 0);

		return l && l->first == 0 && l->last == 9 ? -ENOMEM : -EIO;
	}
	return err;
}

static void
without_memory_nothing_is_changed(struct test *t)
{
	struct file *f = begin(t);
	char text[256];
	struct seq_buf s;

	ASSERT(t, f);
	EXPECT_EQ(t, set(f, 0, F_WRLCK, 0, 9), 0);
	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, fault_inject_sweep(cut, f, &s) >= 2);
	EXPECT_EQ(t, s.len, 0);
	EXPECT(t, file_lock_nth(f->f_inode, LOCK_OFD, 1) != NULL);
	end(f);
}

/* What an inode has of locks goes with it: else the runner misses pages. */
static void
files_with_locks_come_and_go(struct test *t)
{
	for (unsigned i = 0; i < 1000; i++) {
		struct file *f = begin(t);

		ASSERT(t, f);
		ASSERT_EQ(t, set(f, i % OWNERS, F_WRLCK, i, i + 5), 0);
		end(f);
	}
}

TEST_SUITE("file_locks",
	   TEST_CASE(random_ranges_are_those_of_a_model),
	   TEST_CASE(ranges_reach_to_both_ends),
	   TEST_CASE(verify_sees_each_broken_rule),
	   TEST_CASE(files_with_locks_come_and_go),
	   TEST_CASE(without_memory_nothing_is_changed));
