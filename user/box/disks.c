/* SPDX-License-Identifier: MIT */
/* mount, umount, df, stat: file systems, and what they know of a file. */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#include "box.h"

/*
 * "remount,ro,errors=panic": the flags go, what the file system is to read stays
 * in text.
 */
static unsigned long
take_flags(char *text)
{
	static const struct {
		const char *name;
		unsigned long set, clear;
	} known[] = {
		{ "ro", MS_RDONLY, 0 }, { "rw", 0, MS_RDONLY },
		{ "nosuid", MS_NOSUID, 0 }, { "nodev", MS_NODEV, 0 },
		{ "noexec", MS_NOEXEC, 0 }, { "remount", MS_REMOUNT, 0 },
		{ "defaults", 0, 0 },
	};
	char *copy = strdup(text), *word, *save = NULL;
	unsigned long flags = 0;
	unsigned i;

	if (!copy)
		return 0;
	*text = '\0';
	for (word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (!strcmp(word, known[i].name))
				break;
		}
		if (i < sizeof(known) / sizeof(known[0])) {
			flags = (flags | known[i].set) & ~known[i].clear;
			continue;
		}
		if (*text)
			strcat(text, ",");
		strcat(text, word);
	}
	free(copy);
	return flags;
}

static int
mount_main(int argc, char **argv)
{
	const char *type = "tmpfs", *what;
	unsigned long flags = 0;
	char *options = NULL;
	int i;

	if (argc == 1)
		return applet_find("cat")->run(
			2, (char *[]){ "cat", "/proc/mounts", NULL });
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-r"))
			flags |= MS_RDONLY;
		else if (!strcmp(argv[i], "-t") && i + 1 < argc)
			type = argv[++i];
		else if (!strcmp(argv[i], "-o") && i + 1 < argc)
			options = argv[++i];
		else
			return complain_usage();
	}
	if (options)
		flags |= take_flags(options);
	if (argc - i != 2 && !(flags & MS_REMOUNT && argc - i == 1))
		return complain_usage();
	what = argc - i == 2 ? argv[i] : "none";
	return mount(what, argv[argc - 1], type, flags, options) ?
	       complain(argv[argc - 1]) : 0;
}
APPLET(mount, mount_main,
       "[-r] [-t TYPE] [-o ro|rw|remount|...] WHAT WHERE|add a file system");

static int
umount_main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return complain_usage();
	for (int i = 1; i < argc; i++) {
		if (umount(argv[i]))
			status = complain(argv[i]);
	}
	return status;
}
APPLET(umount, umount_main, "WHERE...|take a file system away");

/* --- df ---------------------------------------------------------------------- */

static int
show_space(const char *what, const char *where)
{
	struct statfs st;
	unsigned long long used, kib;

	if (statfs(where, &st))
		return complain(where);
	kib = st.f_bsize / 512;		/* and half of that */
	used = st.f_blocks - st.f_bfree;
	printf("%-16s %9llu %9llu %9llu %3llu%% %s\n", what,
	       st.f_blocks * kib / 2, used * kib / 2, st.f_bavail * kib / 2,
	       used + st.f_bavail ? (used * 100 + used + st.f_bavail - 1) /
				    (used + st.f_bavail) : 0, where);
	return 0;
}

/* All that is mounted and has blocks, or those that hold the files. */
static int
df_main(int argc, char **argv)
{
	char *text, *line, *save = NULL, what[64], where[128];
	struct statfs st;
	int status = 0;

	printf("%-16s %9s %9s %9s %4s %s\n", "Filesystem", "KiB", "Used",
	       "Available", "Use%", "Mounted on");
	for (int i = 1; i < argc; i++)
		status |= show_space("-", argv[i]);
	if (argc > 1)
		return status;
	text = read_file("/proc/mounts");
	if (!text)
		return complain("/proc/mounts");
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%63s %127s", what, where) == 2 &&
		    !statfs(where, &st) && st.f_blocks)
			status |= show_space(what, where);
	}
	free(text);
	return status;
}
APPLET(df, df_main, "[FILE]...|space of file systems");

/* --- stat -------------------------------------------------------------------- */

static const char *
kind(unsigned mode)
{
	static const char *const names[16] = {
		[1] = "fifo", [2] = "character device", [4] = "folder",
		[6] = "block device", [8] = "file", [10] = "symbolic link",
		[12] = "socket",
	};
	const char *name = names[mode >> 12 & 15];

	return name ? name : "?";
}

static int
stat_main(int argc, char **argv)
{
	struct stat st;
	int status = 0;

	if (argc < 2)
		return complain_usage();
	for (int i = 1; i < argc; i++) {
		if (lstat(argv[i], &st)) {
			status = complain(argv[i]);
			continue;
		}
		printf("%s: %s, %lld bytes in %llu blocks of 512\n", argv[i],
		       kind(st.st_mode), st.st_size, st.st_blocks);
		printf("inode %llu, %u links, mode %04o, user %u, group %u\n",
		       st.st_ino, st.st_nlink, st.st_mode & 07777, st.st_uid,
		       st.st_gid);
		printf("read %u, written %u, changed %u\n", st.st_atime,
		       st.st_mtime, st.st_ctime);
	}
	return status;
}
APPLET(stat, stat_main, "FILE...|what is known of a file");
