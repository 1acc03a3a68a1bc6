/* SPDX-License-Identifier: MIT */
/* What a mount is asked for is kept: ro, noexec, nodev; remount; errors. */
#include <sys/mount.h>

#include "utest.h"

static char place[40], inside[60], other[60];

/* A tmpfs of our own, with these flags; where it is. */
static void
mount_with(unsigned long flags)
{
	strcpy(place, temp_name("mount"));
	mkdir(place, 0755);
	snprintf(inside, sizeof(inside), "%s/file", place);
	snprintf(other, sizeof(other), "%s/other", place);
	ASSERT_EQ(SYSCALL(SYS_mount, "none", place, "tmpfs", flags, NULL), 0);
}

static long
remount(unsigned long flags)
{
	return SYSCALL(SYS_mount, "none", place, "tmpfs", MS_REMOUNT | flags,
		       NULL);
}

static void
unmount(void)
{
	EXPECT_EQ(SYSCALL(SYS_umount2, place, 0), 0);
	rmdir(place);
}

static void
make_inside(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0755);

	ASSERT(fd >= 0);
	EXPECT_EQ(write(fd, "#!/bin/sh\n", 10), 10);
	close(fd);
}

static void
nothing_changes_on_a_read_only_mount(void)
{
	int fd;
	char c;

	mount_with(0);
	make_inside(inside);
	ASSERT_EQ(remount(MS_RDONLY), 0);
	EXPECT_EQ(SYSCALL(SYS_open, inside, O_RDWR), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_open, inside, O_RDONLY | O_TRUNC), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_open, other, O_RDWR | O_CREAT, 0600), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_mkdir, other, 0700), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_symlink, "x", other), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_link, inside, other), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_rename, inside, other), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_unlink, inside), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_chmod, inside, 0600), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_truncate, inside, 0), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_utimensat, AT_FDCWD, inside, NULL, 0), -EROFS);
	EXPECT_EQ(SYSCALL(SYS_access, inside, W_OK), -EROFS);
	fd = open(inside, O_RDONLY);
	EXPECT_EQ(read(fd, &c, 1), 1);
	close(fd);
	ASSERT_EQ(remount(0), 0);
	EXPECT_EQ(SYSCALL(SYS_unlink, inside), 0);
	unmount();
}

static void
a_mount_with_writers_does_not_become_read_only(void)
{
	int fd;

	mount_with(0);
	fd = open(inside, O_RDWR | O_CREAT, 0600);
	EXPECT_EQ(remount(MS_RDONLY), -EBUSY);
	EXPECT_EQ(write(fd, "x", 1), 1);
	close(fd);
	EXPECT_EQ(remount(MS_RDONLY), 0);
	unmount();
}

static void
run_it(void *unused)
{
	char *words[] = { inside, NULL };

	_exit((int)-SYSCALL(SYS_execve, inside, words, NULL));
}

static void
no_program_runs_on_noexec(void)
{
	void *at;
	int fd;

	mount_with(MS_NOEXEC);
	make_inside(inside);
	EXPECT_EQ(WEXITSTATUS(status_of(run_it, NULL)), EACCES);
	fd = open(inside, O_RDWR);
	EXPECT_EQ(SYSCALL(SYS_mmap2, NULL, PAGE, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE, fd, 0), -EPERM);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT(at != MAP_FAILED);
	EXPECT_EQ(SYSCALL(SYS_mprotect, at, PAGE, PROT_READ | PROT_EXEC),
		  -EACCES);
	munmap(at, PAGE);
	close(fd);
	EXPECT_EQ(remount(0), 0);
	/* Nothing stands in the way now but /bin/sh, which need not exist. */
	EXPECT(WEXITSTATUS(status_of(run_it, NULL)) != EACCES);
	unmount();
}

static void
no_device_opens_on_nodev(void)
{
	long fd;

	mount_with(MS_NODEV);
	EXPECT_EQ(SYSCALL(SYS_mknod, inside, S_IFCHR | 0666, 0x103), 0);
	EXPECT_EQ(SYSCALL(SYS_open, inside, O_RDONLY), -EACCES);
	EXPECT_EQ(remount(0), 0);
	fd = SYSCALL(SYS_open, inside, O_RDONLY);
	EXPECT(fd >= 0);
	close((int)fd);
	unmount();
}

static void
proc_mounts_tells_what_is_kept(void)
{
	char text[2000] = "", want[100];
	int fd;

	mount_with(MS_NOSUID | MS_NODEV | MS_NOEXEC);
	fd = open("/proc/mounts", O_RDONLY);
	read(fd, text, sizeof(text) - 1);
	close(fd);
	snprintf(want, sizeof(want), "none %s tmpfs rw,nosuid,nodev,noexec",
		 place);
	EXPECT(strstr(text, want));
	unmount();
}

static void
what_cannot_be_kept_is_refused(void)
{
	if (access("/proc/page_types", R_OK))
		SKIP("Linux has these");
	mount_with(0);
	EXPECT_EQ(SYSCALL(SYS_mount, "/tmp", place, "tmpfs", MS_BIND, NULL),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mount, "none", place, "tmpfs", MS_SYNCHRONOUS,
			  NULL), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mount, "none", place, "nofs", 0, NULL), -ENODEV);
	EXPECT_EQ(SYSCALL(SYS_mount, "none", inside, "tmpfs", 0, NULL),
		  -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_mount, "none", place, "tmpfs",
			  0xc0ed0000ul | MS_NOATIME, NULL), 0);
	EXPECT_EQ(SYSCALL(SYS_umount2, place, 0), 0);
	unmount();
}

/* --- /proc/PID/mountinfo -------------------------------------------------------------- */

/* The line of the file that has this text in it; NULL: none has. */
static char *
line_with(const char *file, const char *text)
{
	static char buf[8192];
	char *at, *line;
	ssize_t n, len = 0;
	int fd = open(file, O_RDONLY);

	ASSERT(fd >= 0);
	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = '\0';
	at = strstr(buf, text);
	if (!at)
		return NULL;
	*strchr(at, '\n') = '\0';
	line = at;
	while (line > buf && line[-1] != '\n')
		line--;
	return line;
}

static void
mountinfo_has_all_fields(void)
{
	unsigned id, parent, major, minor;
	char root[16], where[80], own[40], dash[4], type[16], name[16];
	char options[40], *line;
	struct stat st;

	mount_with(MS_NOEXEC);
	line = line_with("/proc/self/mountinfo", place);
	ASSERT(line != NULL);
	ASSERT_EQ(sscanf(line, "%u %u %u:%u %15s %79s %39s %3s %15s %15s %39s",
			 &id, &parent, &major, &minor, root, where, own, dash,
			 type, name, options), 11);
	EXPECT(id != parent);
	EXPECT_EQ(strcmp(root, "/"), 0);
	EXPECT_EQ(strcmp(where, place), 0);
	EXPECT(strstr(own, "rw") == own && strstr(own, "noexec"));
	EXPECT_EQ(strcmp(dash, "-"), 0);
	EXPECT_EQ(strcmp(type, "tmpfs"), 0);
	EXPECT_EQ(strcmp(name, "none"), 0);
	EXPECT_EQ(strncmp(options, "rw", 2), 0);
	ASSERT_EQ(stat(place, &st), 0);
	EXPECT_EQ((st.st_dev & 0xff) | (st.st_dev >> 12 & 0xfff00), minor);
	EXPECT_EQ(st.st_dev >> 8 & 0xfff, major);
	unmount();
	EXPECT(line_with("/proc/self/mountinfo", place) == NULL);
}

static void
a_blank_in_a_name_does_not_split_a_line(void)
{
	const char *dir = "/tmp/a b\\c";

	ASSERT_EQ(mkdir(dir, 0755), 0);
	ASSERT_EQ(SYSCALL(SYS_mount, "no ne", dir, "tmpfs", 0, NULL), 0);
	EXPECT(line_with("/proc/mounts", "no\\040ne /tmp/a\\040b\\134c tmpfs "));
	EXPECT(line_with("/proc/self/mounts", " /tmp/a\\040b\\134c tmpfs "));
	EXPECT(line_with("/proc/self/mountinfo", " /tmp/a\\040b\\134c rw"));
	EXPECT(line_with("/proc/self/mountstats", "device no\\040ne mounted on "
			 "/tmp/a\\040b\\134c with fstype tmpfs"));
	EXPECT_EQ(SYSCALL(SYS_umount2, dir, 0), 0);
	rmdir(dir);
}

/* --- chroot --- */

static bool
working_in(const char *want)
{
	char buf[128];

	return SYSCALL(SYS_getcwd, buf, sizeof(buf)) == (long)strlen(want) + 1 &&
	       !strcmp(buf, want);
}

/* As root, then as somebody else: errors. */
static void
bad_roots(void *arg)
{
	(void)arg;
	if (SYSCALL(SYS_chroot, "/nowhere") != -ENOENT)
		_exit(1);
	if (SYSCALL(SYS_chroot, inside) != -ENOTDIR)
		_exit(2);
	if (SYSCALL(SYS_chroot, 8) != -EFAULT)
		_exit(3);
	if (SYSCALL(SYS_setresuid32, 1000, 1000, 1000) ||
	    SYSCALL(SYS_chroot, place) != -EPERM)
		_exit(4);
	_exit(0);
}

/* No way leads out; what lies outside has no name, and no line in mounts. */
static void
live_below(void *arg)
{
	int proc = open("/proc", O_RDONLY), fd;
	char buf[256];
	ssize_t n;

	(void)arg;
	if (SYSCALL(SYS_chdir, "/tmp") || SYSCALL(SYS_chroot, place))
		_exit(1);
	if (!working_in("(unreachable)/tmp"))
		_exit(2);
	if (SYSCALL(SYS_chdir, "/..") || !working_in("/"))
		_exit(3);
	if (SYSCALL(SYS_open, "/../proc/mounts", O_RDONLY) != -ENOENT)
		_exit(4);
	if (SYSCALL(SYS_mkdir, "/deep", 0755) || SYSCALL(SYS_chdir, "deep") ||
	    !working_in("/deep"))
		_exit(5);
	fd = SYSCALL(SYS_openat, proc, "mounts", O_RDONLY);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	if (strncmp(buf, "none / tmpfs rw", 15))
		_exit(6);
	if (strchr(buf, '\n') != buf + n - 1)	/* one line */
		_exit(7);
	_exit(0);
}

static void
who_lives_below_a_root_sees_nothing_else(void)
{
	mount_with(0);
	make_inside(inside);
	EXPECT_EQ(WEXITSTATUS(status_of(bad_roots, NULL)), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(live_below, NULL)), 0);
	unmount();
}

UTEST_SUITE(mounts,
	    UTEST(nothing_changes_on_a_read_only_mount),
	    UTEST(a_mount_with_writers_does_not_become_read_only),
	    UTEST(no_program_runs_on_noexec),
	    UTEST(no_device_opens_on_nodev),
	    UTEST(proc_mounts_tells_what_is_kept),
	    UTEST(what_cannot_be_kept_is_refused),
	    UTEST(mountinfo_has_all_fields),
	    UTEST(a_blank_in_a_name_does_not_split_a_line),
	    UTEST(who_lives_below_a_root_sees_nothing_else));
