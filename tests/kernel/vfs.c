/* SPDX-License-Identifier: MIT */
/*
 * Paths, names, mounts, descriptors: what all file systems have in common, tried
 * on a tmpfs of the test's own at /t.
 */
#include <kernel/poll.h>
#include <kernel/printk.h>
#include <kernel/procfs.h>
#include <kernel/rlimit.h>
#include <mm/debug.h>
#include <mm/slab.h>

#include "files.h"
#include "page_helpers.h"

static bool
begin(struct test *t)
{
	return EXPECT_EQ(t, MKDIR("/t"), 0) &&
	       EXPECT_EQ(t, do_mount("test", "/t", "tmpfs", "size=1m", 0), 0);
}

static void
end(struct test *t)
{
	EXPECT_EQ(t, do_umount("/t"), 0);
	EXPECT_EQ(t, RMDIR("/t"), 0);
}

static void
a_file_keeps_what_was_written(struct test *t)
{
	struct file *f;
	char buf[16];
	u64 pos = 0;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, open_error("/t/a", O_RDONLY), -ENOENT);
	f = must_open(t, "/t/a", O_CREAT | O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, write_text(f, "hello"), 5);
	EXPECT_EQ(t, f->f_pos, 5);
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 5);
	EXPECT(t, !memcmp(buf, "hello", 5));
	EXPECT_EQ(t, kernel_read(f, buf, sizeof(buf), &pos), 0);
	fput(f);
	EXPECT(t, file_is("/t/a", "hello"));
	EXPECT_EQ(t, open_error("/t/a", O_CREAT | O_EXCL | O_RDWR), -EEXIST);
	EXPECT_EQ(t, open_error("/t/a", O_TRUNC | O_WRONLY), 0);
	EXPECT(t, file_is("/t/a", ""));
	end(t);
}

static void
the_mode_limits_what_may_be_done(struct test *t)
{
	struct file *f;
	char buf[4];
	u64 pos = 0;

	ASSERT(t, begin(t));
	f = must_open(t, "/t/a", O_CREAT | O_WRONLY);
	ASSERT(t, f);
	EXPECT_EQ(t, kernel_read(f, buf, 4, &pos), -EBADF);
	fput(f);
	f = must_open(t, "/t/a", O_RDONLY);
	ASSERT(t, f);
	EXPECT_EQ(t, kernel_write(f, "x", 1, &pos), -EBADF);
	fput(f);
	f = must_open(t, "/t/a", O_WRONLY | O_APPEND);
	ASSERT(t, f);
	EXPECT_EQ(t, write_text(f, "one"), 3);
	f->f_pos = 0;
	EXPECT_EQ(t, write_text(f, "two"), 3);
	fput(f);
	EXPECT(t, file_is("/t/a", "onetwo"));
	EXPECT_EQ(t, open_error("/t", O_RDWR), -EISDIR);
	EXPECT_EQ(t, open_error("/t", O_CREAT | O_RDONLY), -EISDIR);
	EXPECT_EQ(t, open_error("/t/a", O_DIRECTORY), -ENOTDIR);
	EXPECT_EQ(t, open_error("/t", O_DIRECTORY), 0);
	end(t);
}

static void
paths_lead_where_they_say(struct test *t)
{
	static char longname[300];
	struct path a, b;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, MKDIR("/t/d/e"), 0);
	EXPECT_EQ(t, make_file("/t/d/f", "x"), 0);
	EXPECT(t, file_is("/t/./d//e/../f", "x"));
	EXPECT(t, file_is("/../../t/d/f", "x"));
	EXPECT(t, file_is("/dev/../t/d/f", "x"));
	EXPECT_EQ(t, open_error("/t/d/f/", O_RDONLY), -ENOTDIR);
	EXPECT_EQ(t, open_error("/t/d/f/g", O_RDONLY), -ENOTDIR);
	EXPECT_EQ(t, open_error("/t/x/f", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("", O_RDONLY), -ENOENT);
	memset(longname, 'n', sizeof(longname) - 1);
	EXPECT_EQ(t, open_error(longname, O_RDONLY), -ENAMETOOLONG);
	/* Out of the mount by .., and in again. */
	ASSERT_EQ(t, kern_path("/t/d/../..", 0, &a), 0);
	ASSERT_EQ(t, kern_path("/", 0, &b), 0);
	EXPECT(t, a.dentry == b.dentry && a.mnt == b.mnt);
	path_put(&a);
	path_put(&b);
	end(t);
}

static void
links_are_followed(struct test *t)
{
	char buf[32];
	struct path path;
	struct kstat st;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/d/f", "deep"), 0);
	EXPECT_EQ(t, SYMLINK("d", "/t/l"), 0);
	EXPECT_EQ(t, SYMLINK("/t/l/f", "/t/m"), 0);
	EXPECT_EQ(t, SYMLINK("../l/./f", "/t/d/n"), 0);
	EXPECT(t, file_is("/t/l/f", "deep"));
	EXPECT(t, file_is("/t/m", "deep"));
	EXPECT(t, file_is("/t/d/n", "deep"));
	EXPECT_EQ(t, open_error("/t/m", O_RDONLY | O_NOFOLLOW), -ELOOP);
	ASSERT_EQ(t, kern_path("/t/m", 0, &path), 0);
	EXPECT_EQ(t, vfs_readlink(&path, buf, sizeof(buf)), 6);
	EXPECT(t, !memcmp(buf, "/t/l/f", 6));
	EXPECT_EQ(t, vfs_readlink(&path, buf, 3), 3);
	path_put(&path);
	EXPECT_EQ(t, stat_of("/t/m", &st), 0);
	EXPECT(t, S_ISLNK(st.mode) && st.size == 6);
	/* In a circle; forty in a row are still allowed. */
	EXPECT_EQ(t, SYMLINK("b", "/t/c"), 0);
	EXPECT_EQ(t, SYMLINK("c", "/t/b"), 0);
	EXPECT_EQ(t, open_error("/t/c", O_RDONLY), -ELOOP);
	/* A link to nothing: open(O_CREAT) makes what it names. */
	EXPECT_EQ(t, SYMLINK("d/new", "/t/to-new"), 0);
	EXPECT_EQ(t, open_error("/t/to-new", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("/t/to-new", O_CREAT | O_EXCL | O_RDWR),
		  -EEXIST);
	EXPECT_EQ(t, make_file("/t/to-new", "made"), 0);
	EXPECT(t, file_is("/t/d/new", "made"));
	/* A slash behind it, and a folder is meant. */
	EXPECT_EQ(t, open_error("/t/m/", O_RDONLY), -ENOTDIR);
	EXPECT_EQ(t, open_error("/t/l/", O_RDONLY | O_NOFOLLOW), 0);
	end(t);
}

static void
a_chain_of_forty_links_is_the_limit(struct test *t)
{
	char name[16], to[16];
	unsigned i;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/0", "end"), 0);
	for (i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "/t/%u", i);
		snprintf(to, sizeof(to), "%u", i - 1);
		EXPECT_EQ(t, SYMLINK(to, name), 0);
	}
	EXPECT(t, file_is("/t/40", "end"));
	EXPECT_EQ(t, open_error("/t/41", O_RDONLY), -ELOOP);
	end(t);
}

static void
names_come_and_go(struct test *t)
{
	struct kstat st;
	struct file *f;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/a", "data"), 0);
	EXPECT_EQ(t, LINK("/t/a", "/t/b"), 0);
	EXPECT_EQ(t, LINK("/t/a", "/t/b"), -EEXIST);
	EXPECT_EQ(t, stat_of("/t/b", &st), 0);
	EXPECT_EQ(t, st.nlink, 2);
	f = must_open(t, "/t/a", O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, UNLINK("/t/a"), 0);
	EXPECT_EQ(t, UNLINK("/t/a"), -ENOENT);
	EXPECT(t, file_is("/t/b", "data"));
	EXPECT_EQ(t, UNLINK("/t/b"), 0);
	/* No name left, but it lives while it is open. */
	EXPECT_EQ(t, f->f_inode->i_nlink, 0);
	EXPECT_EQ(t, write_text(f, "DA"), 2);
	fput(f);
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, MKDIR("/t/d/"), -EEXIST);
	EXPECT_EQ(t, MKDIR("/t/d/e"), 0);
	EXPECT_EQ(t, stat_of("/t/d", &st), 0);
	EXPECT_EQ(t, st.nlink, 3);
	EXPECT_EQ(t, UNLINK("/t/d"), -EISDIR);
	EXPECT_EQ(t, RMDIR("/t/d"), -ENOTEMPTY);
	EXPECT_EQ(t, RMDIR("/t/d/."), -EINVAL);
	EXPECT_EQ(t, RMDIR("/t/d/e/.."), -ENOTEMPTY);
	EXPECT_EQ(t, RMDIR("/t/d/e"), 0);
	EXPECT_EQ(t, RMDIR("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/f", ""), 0);
	EXPECT_EQ(t, RMDIR("/t/f"), -ENOTDIR);
	EXPECT_EQ(t, UNLINK("/t/f/"), -ENOTDIR);
	EXPECT_EQ(t, LINK("/t", "/t/x"), -EPERM);
	EXPECT_EQ(t, LINK("/t/f", "/x"), -EXDEV);
	EXPECT_EQ(t, RMDIR("/t"), -EBUSY);
	end(t);
}

static void
a_removed_folder_takes_no_names(struct test *t)
{
	struct file *d, *f;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	d = must_open(t, "/t/d", O_RDONLY);
	ASSERT(t, d);
	struct fake_process fake;
	ASSERT(t, fake_process_begin(&fake));
	int fd = fd_publish(d, 0);
	EXPECT(t, fd >= 0);
	EXPECT_EQ(t, filp_open_at(fd, "x", O_CREAT | O_RDWR, 0600, &f), 0);
	fput(f);
	EXPECT_EQ(t, vfs_unlink_at(fd, "x"), 0);
	EXPECT_EQ(t, RMDIR("/t/d"), 0);
	EXPECT_EQ(t, filp_open_at(fd, "x", O_CREAT | O_RDWR, 0600, &f),
		  -ENOENT);
	EXPECT_EQ(t, vfs_mkdir_at(fd, "y", 0755), -ENOENT);
	EXPECT_EQ(t, filp_open_at(99, "x", O_RDONLY, 0, &f), -EBADF);
	fake_process_end(&fake);
	end(t);
}

static void
rename_moves_and_replaces(struct test *t)
{
	struct kstat a, b;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, MKDIR("/t/d/sub"), 0);
	EXPECT_EQ(t, make_file("/t/a", "A"), 0);
	EXPECT_EQ(t, make_file("/t/d/a-name-that-does-not-fit-inline", "L"), 0);
	EXPECT_EQ(t, RENAME("/t/a", "/t/d/b"), 0);
	EXPECT(t, !exists("/t/a") && file_is("/t/d/b", "A"));
	EXPECT_EQ(t, RENAME("/t/d/a-name-that-does-not-fit-inline", "/t/d/b"),
		  0);
	EXPECT(t, file_is("/t/d/b", "L"));
	EXPECT_EQ(t, RENAME("/t/d/b", "/t/another-name-that-does-not-fit"), 0);
	EXPECT(t, file_is("/t/another-name-that-does-not-fit", "L"));
	EXPECT_EQ(t, RENAME("/t/none", "/t/x"), -ENOENT);
	EXPECT_EQ(t, RENAME("/t/d", "/t/d/sub/x"), -EINVAL);
	EXPECT_EQ(t, RENAME("/t/d/sub", "/t/d"), -ENOTEMPTY);
	EXPECT_EQ(t, make_file("/t/f", "F"), 0);
	EXPECT_EQ(t, RENAME("/t/f", "/t/d"), -EISDIR);
	EXPECT_EQ(t, RENAME("/t/d", "/t/f"), -ENOTDIR);
	EXPECT_EQ(t, RENAME("/t/f", "/x"), -EXDEV);
	EXPECT_EQ(t, RENAME("/t/f", "/t/f"), 0);
	EXPECT_EQ(t, RENAME("/t/.", "/t/x"), -EBUSY);
	/* A folder moves with its links counted. */
	EXPECT_EQ(t, MKDIR("/t/e"), 0);
	EXPECT_EQ(t, RENAME("/t/d/sub", "/t/e/sub"), 0);
	EXPECT_EQ(t, stat_of("/t/d", &a), 0);
	EXPECT_EQ(t, stat_of("/t/e", &b), 0);
	EXPECT_EQ(t, a.nlink, 2);
	EXPECT_EQ(t, b.nlink, 3);
	EXPECT_EQ(t, RENAME("/t/e", "/t/d"), 0);	/* empty: replaced */
	EXPECT(t, exists("/t/d/sub") && !exists("/t/e"));
	end(t);
}

static void
rename_can_exchange_or_refuse(struct test *t)
{
	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/a", "A"), 0);
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/d/b", "B"), 0);
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/t/a", AT_FDCWD, "/t/d/b",
				   RENAME_NOREPLACE), -EEXIST);
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/t/a", AT_FDCWD, "/t/d/b",
				   RENAME_EXCHANGE), 0);
	EXPECT(t, file_is("/t/a", "B") && file_is("/t/d/b", "A"));
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/t/a", AT_FDCWD, "/t/none",
				   RENAME_EXCHANGE), -ENOENT);
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/t/a", AT_FDCWD, "/t/c",
				   RENAME_NOREPLACE), 0);
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/t/c", AT_FDCWD, "/t/d", 4),
		  -EINVAL);
	EXPECT_VERIFIED(t);
	end(t);
}

/* --- folders ------------------------------------------------------------------- */

struct listing {
	struct dir_context ctx;
	char text[400];
	unsigned room;		/* entries that one call takes */
};

static bool
list_name(struct dir_context *ctx, const char *name, unsigned len, u64 pos,
	  u64 ino, unsigned type)
{
	struct listing *l = container_of(ctx, struct listing, ctx);
	size_t at = strlen(l->text);

	(void)pos;
	(void)ino;
	if (!l->room)
		return false;
	l->room--;
	snprintf(l->text + at, sizeof(l->text) - at, "%.*s%s ", (int)len,
		 name, type == DT_OF(S_IFDIR) ? "/" : "");
	return true;
}

/* The next n entries. */
static const char *
list(struct file *dir, struct listing *l, unsigned n)
{
	memset(l, 0, sizeof(*l));
	l->ctx.actor = list_name;
	l->room = n;
	return iterate_dir(dir, &l->ctx) ? "error" : l->text;
}

static void
a_folder_is_listed_in_pieces(struct test *t)
{
	static struct listing l;
	struct file *d;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/a", ""), 0);
	EXPECT_EQ(t, make_file("/t/b", ""), 0);
	EXPECT_EQ(t, MKDIR("/t/c"), 0);
	EXPECT_EQ(t, make_file("/t/d", ""), 0);
	EXPECT_EQ(t, open_error("/t/none", O_RDONLY), -ENOENT);
	d = must_open(t, "/t", O_RDONLY);
	ASSERT(t, d);
	EXPECT(t, !strcmp(list(d, &l, 3), "./ ../ a "));
	/* What is removed is not shown, what is left is shown once. */
	EXPECT_EQ(t, UNLINK("/t/a"), 0);
	EXPECT_EQ(t, UNLINK("/t/b"), 0);
	EXPECT(t, !strcmp(list(d, &l, 1), "c/ "));
	EXPECT_EQ(t, make_file("/t/e", ""), 0);
	EXPECT(t, !strcmp(list(d, &l, 9), "d e "));
	EXPECT(t, !strcmp(list(d, &l, 9), ""));
	EXPECT_EQ(t, vfs_llseek(d, 0, SEEK_SET), 0);
	EXPECT(t, !strcmp(list(d, &l, 9), "./ ../ c/ d e "));
	fput(d);
	end(t);
}

/* --- rights --------------------------------------------------------------------- */

static void
rights_count_for_others_than_root(struct test *t)
{
	struct fake_process fake;
	struct path path;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/f", "x"), 0);
	ASSERT_EQ(t, kern_path("/t/f", 0, &path), 0);
	EXPECT_EQ(t, path.dentry->d_inode->i_mode, S_IFREG | 0644);
	EXPECT_EQ(t, inode_permission(path.dentry->d_inode, MAY_EXEC),
		  -EACCES);
	ASSERT(t, fake_process_begin(&fake));
	fake.process.fs->uid = 65534;
	fake.process.fs->gid = 65534;
	EXPECT_EQ(t, open_error("/t/f", O_RDONLY), 0);
	EXPECT_EQ(t, open_error("/t/f", O_WRONLY), -EACCES);
	EXPECT_EQ(t, open_error("/t/g", O_CREAT | O_WRONLY), -EACCES);
	EXPECT_EQ(t, UNLINK("/t/f"), -EACCES);
	path.dentry->d_inode->i_mode = S_IFREG | 0640;
	EXPECT_EQ(t, open_error("/t/f", O_RDONLY), -EACCES);
	path.dentry->d_inode->i_gid = 65534;
	EXPECT_EQ(t, open_error("/t/f", O_RDONLY), 0);
	path.dentry->d_inode->i_uid = 65534;
	EXPECT_EQ(t, open_error("/t/f", O_RDWR), 0);
	/* Sticky: only the owner takes a name out of /tmp. */
	EXPECT_EQ(t, make_file("/tmp/mine", ""), 0);
	fake.process.fs->uid = 1;
	EXPECT_EQ(t, UNLINK("/tmp/mine"), -EPERM);
	fake.process.fs->uid = 65534;
	EXPECT_EQ(t, UNLINK("/tmp/mine"), 0);
	fake_process_end(&fake);
	path_put(&path);
	end(t);
}

static void
writing_and_running_exclude_each_other(struct test *t)
{
	struct path path;
	struct file *f;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, make_file("/t/f", "x"), 0);
	ASSERT_EQ(t, kern_path("/t/f", 0, &path), 0);
	EXPECT_EQ(t, deny_write_access(path.dentry->d_inode), 0);
	EXPECT_EQ(t, open_error("/t/f", O_WRONLY), -ETXTBSY);
	EXPECT_EQ(t, open_error("/t/f", O_RDONLY), 0);
	allow_write_access(path.dentry->d_inode);
	f = must_open(t, "/t/f", O_WRONLY);
	EXPECT_EQ(t, deny_write_access(path.dentry->d_inode), -ETXTBSY);
	fput(f);
	EXPECT_EQ(t, atomic_read(&path.dentry->d_inode->i_writecount), 0);
	path_put(&path);
	end(t);
}

/* --- mounts and places --------------------------------------------------------------- */

static void
a_mount_hides_and_gives_back(struct test *t)
{
	struct file *f;

	EXPECT_EQ(t, do_mount("x", "/none", "tmpfs", "", 0), -ENOENT);
	EXPECT_EQ(t, do_mount("x", "/", "nofs", "", 0), -ENODEV);
	EXPECT_EQ(t, do_mount("x", "/tmp", "tmpfs", "colour=red", 0), -EINVAL);
	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/in"), 0);
	EXPECT_EQ(t, make_file("/t/in/under", "u"), 0);
	EXPECT_EQ(t, do_mount("x", "/t/in", "tmpfs", "mode=700", 0), 0);
	EXPECT(t, !exists("/t/in/under"));
	EXPECT_EQ(t, RMDIR("/t/in"), -EBUSY);
	EXPECT_EQ(t, do_umount("/t"), -EBUSY);
	f = must_open(t, "/t/in/f", O_CREAT | O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, do_umount("/t/in"), -EBUSY);
	fput(f);
	EXPECT_EQ(t, do_umount("/t/in/f"), -EINVAL);
	EXPECT_EQ(t, do_umount("/t/in"), 0);
	EXPECT(t, file_is("/t/in/under", "u"));
	end(t);
}

static const char *
path_of(const char *name)
{
	static char buf[128];
	struct path path;
	const char *text;
	int err;

	if (kern_path(name, 0, &path))
		return "none";
	text = d_path(&path, buf, sizeof(buf), &err);
	path_put(&path);
	return text ? text : "error";
}

static void
a_path_has_one_text(struct test *t)
{
	char buf[32];
	struct path path;
	int err;

	ASSERT(t, begin(t));
	EXPECT_EQ(t, MKDIR("/t/d"), 0);
	EXPECT_EQ(t, make_file("/t/d/f", ""), 0);
	EXPECT(t, !strcmp(path_of("/t/d/../d/./f"), "/t/d/f"));
	EXPECT(t, !strcmp(path_of("/t"), "/t"));
	EXPECT(t, !strcmp(path_of("/"), "/"));
	EXPECT(t, !strcmp(path_of("/dev/null"), "/dev/null"));
	ASSERT_EQ(t, kern_path("/t/d/f", 0, &path), 0);
	EXPECT(t, !d_path(&path, buf, 11, &err));
	EXPECT_EQ(t, err, -ENAMETOOLONG);
	EXPECT_EQ(t, RENAME("/t/d/f", "/t/d/fourteen"), 0);
	EXPECT(t, !d_path(&path, buf, 13, &err));
	EXPECT(t, !strcmp(d_path(&path, buf, 14, &err), "/t/d/fourteen"));
	EXPECT_EQ(t, RENAME("/t/d/fourteen", "/t/d/f"), 0);
	EXPECT_EQ(t, UNLINK("/t/d/f"), 0);
	EXPECT(t, !strcmp(d_path(&path, buf, sizeof(buf), &err),
			  "/t/d/f (deleted)"));
	path_put(&path);
	end(t);
}

/* --- descriptors ------------------------------------------------------------------------ */

static struct file *
null_file(struct test *t)
{
	return must_open(t, "/dev/null", O_RDWR);
}

static void
descriptors_are_the_lowest_free(struct test *t)
{
	struct fake_process fake;
	unsigned i;

	ASSERT(t, fake_process_begin(&fake));
	for (i = 0; i < 40; i++)
		EXPECT_EQ(t, fd_publish(null_file(t), 0), i);
	EXPECT(t, files_verify(fake.process.files));
	EXPECT_EQ(t, close_fd(33), 0);
	EXPECT_EQ(t, close_fd(7), 0);
	EXPECT_EQ(t, close_fd(7), -EBADF);
	EXPECT_EQ(t, close_fd(4000), -EBADF);
	EXPECT_EQ(t, get_unused_fd_from(20, 0), 33);
	put_unused_fd(33);
	EXPECT_EQ(t, fd_publish(null_file(t), 0), 7);
	EXPECT_EQ(t, fd_publish(null_file(t), 0), 33);
	EXPECT_EQ(t, get_unused_fd_from(1000, 0), 1000);
	EXPECT(t, !fdget(1000).file);
	put_unused_fd(1000);
	EXPECT(t, files_verify(fake.process.files));
	fake_process_end(&fake);
}

static void
the_limit_of_descriptors_holds(struct test *t)
{
	static struct rlimit limits[RLIM_NLIMITS];
	struct fake_process fake;
	struct rlimit *before = current->rlim;

	ASSERT(t, fake_process_begin(&fake));
	memset(limits, 0xff, sizeof(limits));
	limits[RLIMIT_NOFILE].rlim_cur = 3;
	current->rlim = limits;
	EXPECT_EQ(t, fd_publish(null_file(t), 0), 0);
	EXPECT_EQ(t, get_unused_fd(0), 1);
	EXPECT_EQ(t, get_unused_fd(0), 2);
	EXPECT_EQ(t, get_unused_fd(0), -EMFILE);
	current->rlim = before;
	fake_process_end(&fake);
}

static void
exec_closes_what_is_marked_and_fork_copies(struct test *t)
{
	struct files_struct *copy = NULL;
	struct fake_process fake;
	struct file *f;
	unsigned i;

	ASSERT(t, fake_process_begin(&fake));
	for (i = 0; i < 70; i++)
		EXPECT_EQ(t, fd_publish(null_file(t), i % 3 ? 0 : O_CLOEXEC),
			  i);
	EXPECT_EQ(t, get_unused_fd(0), 70);
	ASSERT_EQ(t, files_copy(fake.process.files, &copy), 0);
	f = fdget(5).file;
	EXPECT_EQ(t, atomic_read(&f->f_count), 2);
	files_close_on_exec(fake.process.files);
	for (i = 0; i < 70; i++)
		EXPECT_EQ(t, fdget(i).file != NULL, i % 3 != 0);
	EXPECT(t, files_verify(fake.process.files));
	/* The copy has them all, but not what was only reserved. */
	swap(fake.process.files, copy);
	EXPECT(t, fdget(0).file && fdget(69).file);
	EXPECT_EQ(t, get_unused_fd(0), 70);
	EXPECT(t, files_verify(fake.process.files));
	files_put(copy);
	EXPECT_EQ(t, atomic_read(&f->f_count), 1);
	fake_process_end(&fake);
}

static void
a_shared_table_gives_references(struct test *t)
{
	struct fake_process fake;
	struct file *f;
	struct fd fd;

	ASSERT(t, fake_process_begin(&fake));
	EXPECT_EQ(t, fd_publish(null_file(t), 0), 0);
	fd = fdget(0);
	f = fd.file;
	EXPECT(t, !fd.put && atomic_read(&f->f_count) == 1);
	fdput(fd);
	/* A second thread, then a second process. */
	fake.process.nr_threads = 2;
	fd = fdget(0);
	EXPECT(t, fd.put && atomic_read(&f->f_count) == 2);
	fdput(fd);
	fake.process.nr_threads = 1;
	files_get(fake.process.files);
	fd = fdget(0);
	EXPECT(t, fd.put && atomic_read(&f->f_count) == 2);
	/* Another thread closes it: it stays open for us. */
	EXPECT_EQ(t, close_fd(0), 0);
	EXPECT_EQ(t, atomic_read(&f->f_count), 1);
	fdput(fd);
	EXPECT(t, !fget(0));
	files_put(fake.process.files);
	fake_process_end(&fake);
}

/* Open, close and look up on all cores: no reference is lost. */
static struct files_struct *shared_files;
static atomic_t nr_bad;

static void
hammer(struct test *t, unsigned cpu, void *arg)
{
	struct process *before = current->process;
	struct file *f;
	unsigned i;
	int fd;

	(void)t;
	current->process = arg;
	for (i = 0; i < 150; i++) {
		if (filp_open("/dev/null", O_RDWR, 0, &f))
			continue;
		fd = fd_publish(f, 0);
		f = fget((i + cpu) % 6);
		if (f && f->f_inode->i_rdev != MKDEV(1, 3))
			atomic_inc(&nr_bad);
		fput(f);
		if (fd < 0 || close_fd((unsigned)fd))
			atomic_inc(&nr_bad);
	}
	current->process = before;
}

static void
tables_survive_many_cores(struct test *t)
{
	static struct process p;

	memset(&p, 0, sizeof(p));
	shared_files = files_alloc();
	ASSERT(t, shared_files);
	files_get(shared_files);
	p.files = shared_files;
	p.fs = &init_fs;
	atomic_set(&nr_bad, 0);
	test_on_all_cpus(t, hammer, &p);
	EXPECT_EQ(t, atomic_read(&nr_bad), 0);
	EXPECT(t, files_verify(shared_files));
	files_put(shared_files);
	files_put(shared_files);
}

/* --- no memory ---------------------------------------------------------------------------- */

static int
use_everything(void *arg)
{
	static char log[4096];		/* the reports of failed allocations */
	struct file *f = NULL;
	int err;

	(void)arg;
	log_capture_begin(log, sizeof(log));
	err = MKDIR("/t/dir");
	if (!err)
		err = make_file("/t/dir/a-file-with-a-long-enough-name", "x");
	if (!err)
		err = SYMLINK("/t/dir/a-file-with-a-long-enough-name", "/t/l");
	if (!err)
		err = RENAME("/t/l", "/t/dir/m");
	if (!err)
		err = filp_open("/t/dir/m/../../dir", O_RDONLY, 0, &f);
	if (!err)
		fput(f);
	else if (err == -ENOTDIR)
		err = 0;
	UNLINK("/t/dir/m");
	UNLINK("/t/l");
	UNLINK("/t/dir/a-file-with-a-long-enough-name");
	RMDIR("/t/dir");
	shrink_dcache_sb(NULL);
	log_capture_end();
	return err;
}

static void
no_memory_leaves_the_tree_whole(struct test *t)
{
	static char text[512];
	struct seq_buf s;
	long nr;

	ASSERT(t, begin(t));
	seq_buf_init(&s, text, sizeof(text));
	nr = fault_inject_sweep(use_everything, NULL, &s);
	EXPECT(t, nr >= 10);
	if (s.len)
		test_info(t, "%ld: %s", nr, text);
	end(t);
}

static void
unused_names_can_be_given_back(struct test *t)
{
	ASSERT(t, begin(t));
	shrink_dcache_sb(NULL);
	EXPECT_EQ(t, open_error("/t/n1", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("/t/n1", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, open_error("/t/n2", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, make_file("/t/f", "kept"), 0);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, shrink_dcache_sb(NULL), 2);
	EXPECT(t, file_is("/t/f", "kept"));
	end(t);
}

TEST_SUITE("vfs",
	   TEST_CASE(a_file_keeps_what_was_written),
	   TEST_CASE(the_mode_limits_what_may_be_done),
	   TEST_CASE(paths_lead_where_they_say),
	   TEST_CASE(links_are_followed),
	   TEST_CASE(a_chain_of_forty_links_is_the_limit),
	   TEST_CASE(names_come_and_go),
	   TEST_CASE(a_removed_folder_takes_no_names),
	   TEST_CASE(rename_moves_and_replaces),
	   TEST_CASE(rename_can_exchange_or_refuse),
	   TEST_CASE(a_folder_is_listed_in_pieces),
	   TEST_CASE(rights_count_for_others_than_root),
	   TEST_CASE(writing_and_running_exclude_each_other),
	   TEST_CASE(a_mount_hides_and_gives_back),
	   TEST_CASE(a_path_has_one_text),
	   TEST_CASE(descriptors_are_the_lowest_free),
	   TEST_CASE(the_limit_of_descriptors_holds),
	   TEST_CASE(exec_closes_what_is_marked_and_fork_copies),
	   TEST_CASE(a_shared_table_gives_references),
	   TEST_CASE(tables_survive_many_cores),
	   TEST_CASE(no_memory_leaves_the_tree_whole),
	   TEST_CASE(unused_names_can_be_given_back));
