/* SPDX-License-Identifier: MIT */
/* What the suites of files share: short forms, and a process for descriptors. */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H

#include <kernel/fs.h>
#include <kernel/fs_struct.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>

/* Open; fails the case. NULL then. */
static inline struct file *
must_open(struct test *t, const char *name, unsigned flags)
{
	struct file *file = NULL;

	EXPECT_EQ(t, filp_open(name, flags, 0644, &file), 0);
	return file;
}

static inline int
open_error(const char *name, unsigned flags)
{
	struct file *file;
	int err = filp_open(name, flags, 0644, &file);

	if (!err)
		fput(file);
	return err;
}

/* At the file's own position, as read() and write(). */
static inline ssize_t
write_text(struct file *file, const char *text)
{
	return kernel_write(file, text, strlen(text), &file->f_pos);
}

static inline int
make_file(const char *name, const char *text)
{
	struct file *file;
	ssize_t n;
	int err = filp_open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644, &file);

	if (err)
		return err;
	n = write_text(file, text);
	fput(file);
	return n == (ssize_t)strlen(text) ? 0 : n < 0 ? (int)n : -EIO;
}

/* Does the file hold exactly text? */
static inline bool
file_is(const char *name, const char *text)
{
	char buf[256];
	struct file *file;
	u64 pos = 0;
	ssize_t n;

	if (filp_open(name, O_RDONLY, 0, &file))
		return false;
	n = kernel_read(file, buf, sizeof(buf), &pos);
	fput(file);
	return n == (ssize_t)strlen(text) && !memcmp(buf, text, (size_t)n);
}

static inline int
stat_of(const char *name, struct kstat *st)
{
	struct path path;
	int err = kern_path(name, 0, &path);

	if (err)
		return err;
	vfs_getattr(&path, st);
	path_put(&path);
	return 0;
}

static inline bool
exists(const char *name)
{
	struct kstat st;

	return !stat_of(name, &st);
}

#define MKDIR(name)	vfs_mkdir_at(AT_FDCWD, name, 0755)
#define RMDIR(name)	vfs_rmdir_at(AT_FDCWD, name)
#define UNLINK(name)	vfs_unlink_at(AT_FDCWD, name)
#define SYMLINK(to, at)	vfs_symlink_at(to, AT_FDCWD, at)
#define LINK(old, at)	vfs_link_at(AT_FDCWD, old, AT_FDCWD, at, 0)
#define RENAME(old, at)	vfs_rename_at(AT_FDCWD, old, AT_FDCWD, at, 0)

/* The test's thread as a process: descriptors and a place of its own. */
struct fake_process {
	struct process process;
	struct process *before;
};

static inline bool
fake_process_begin(struct fake_process *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->before = current->process;
	atomic_set(&fake->process.refs, 1);	/* its pipes have more */
	fake->process.pid = current->pid;
	fake->process.files = files_alloc();
	fake->process.fs = fs_copy(&init_fs);
	if (!fake->process.files || !fake->process.fs) {
		files_put(fake->process.files);
		fs_put(fake->process.fs);
		return false;
	}
	current->process = &fake->process;
	return true;
}

static inline void
fake_process_end(struct fake_process *fake)
{
	files_put(fake->process.files);
	fs_put(fake->process.fs);
	current->process = fake->before;
}

#endif
