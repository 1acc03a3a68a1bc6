/* SPDX-License-Identifier: MIT */
/* cat, cp, mv, rm, ln, mkdir, rmdir, touch: files as wholes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"

static int
cat_main(int argc, char **argv)
{
	int i, fd, status = 0;

	if (argc == 1)
		return copy_fd(0, 1) ? complain("standard input") : 0;
	for (i = 1; i < argc; i++) {
		fd = strcmp(argv[i], "-") ? open(argv[i], O_RDONLY) : dup(0);
		if (fd < 0 || copy_fd(fd, 1))
			status = complain(argv[i]);
		if (fd >= 0)
			close(fd);
	}
	return status;
}
APPLET(cat, cat_main, "[FILE]...|print files");

/* to, or to/NAME if to is a folder. */
static char *
target(const char *from, const char *to)
{
	const char *name = strrchr(from, '/');
	struct stat st;
	char *path;

	if (stat(to, &st) || !S_ISDIR(st.st_mode))
		return strdup(to);
	name = name ? name + 1 : from;
	path = malloc(strlen(to) + strlen(name) + 2);
	if (path)
		sprintf(path, "%s/%s", to, name);
	return path;
}

static int
copy_file(const char *from, const char *to)
{
	struct stat st;
	int in = open(from, O_RDONLY), out = -1, status = -1;

	if (in >= 0 && !fstat(in, &st))
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st.st_mode & 0777);
	if (out >= 0) {
		status = copy_fd(in, out);
		close(out);
	}
	if (in >= 0)
		close(in);
	return status;
}

static int
rename_or_copy(const char *from, const char *to)
{
	if (!rename(from, to))
		return 0;
	if (errno != EXDEV || copy_file(from, to))
		return -1;
	return unlink(from);
}

static int
make_link(const char *from, const char *to)
{
	return link(from, to);
}

/* Does fn(from, to) for each argument from first on but the last. */
static int
for_each_pair(int argc, char **argv, int first,
	      int (*fn)(const char *from, const char *to))
{
	int i, status = 0;

	if (argc - first < 2)
		return complain_usage();
	for (i = first; i < argc - 1; i++) {
		char *to = target(argv[i], argv[argc - 1]);

		if (!to || fn(argv[i], to))
			status = complain(argv[i]);
		free(to);
	}
	return status;
}

static int
cp_main(int argc, char **argv)
{
	return for_each_pair(argc, argv, 1, copy_file);
}
APPLET(cp, cp_main, "FILE... TO|copy files");

static int
mv_main(int argc, char **argv)
{
	return for_each_pair(argc, argv, 1, rename_or_copy);
}
APPLET(mv, mv_main, "FILE... TO|give files another name or place");

static int
ln_main(int argc, char **argv)
{
	bool soft = argc > 1 && !strcmp(argv[1], "-s");

	return for_each_pair(argc, argv, soft ? 2 : 1,
			     soft ? symlink : make_link);
}
APPLET(ln, ln_main, "[-s] FILE... TO|make links");

/* A folder, its contents first. */
static int
remove_tree(const char *path)
{
	struct dirent *entry;
	char name[512];
	DIR *dir = opendir(path);
	int status = 0;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR ? remove_tree(name) : unlink(name))
			status = -1;
	}
	if (dir)
		closedir(dir);
	return rmdir(path) ? -1 : status;
}

static int
rm_main(int argc, char **argv)
{
	bool recursive = false, force = false;
	int option, i, status = 0;
	struct stat st;

	while ((option = getopt(argc, argv, "rf")) != -1) {
		recursive |= option == 'r';
		force |= option == 'f';
		if (option == '?')
			return complain_usage();
	}
	for (i = optind; i < argc; i++) {
		bool folder = !lstat(argv[i], &st) && S_ISDIR(st.st_mode);

		if (recursive && folder ? remove_tree(argv[i]) :
					  unlink(argv[i])) {
			if (!force || errno != ENOENT)
				status = complain(argv[i]);
		}
	}
	return status;
}
APPLET(rm, rm_main, "[-rf] FILE...|remove files");

static int
mkdir_main(int argc, char **argv)
{
	bool parents = argc > 1 && !strcmp(argv[1], "-p");
	int i, status = 0;
	char *slash;

	for (i = parents ? 2 : 1; i < argc; i++) {
		slash = parents ? strchr(argv[i] + 1, '/') : NULL;
		for (; slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			mkdir(argv[i], 0777);
			*slash = '/';
		}
		if (mkdir(argv[i], 0777) && !(parents && errno == EEXIST))
			status = complain(argv[i]);
	}
	return argc > 1 ? status : complain_usage();
}
APPLET(mkdir, mkdir_main, "[-p] FOLDER...|make folders");

static int
rmdir_main(int argc, char **argv)
{
	int i, status = 0;

	for (i = 1; i < argc; i++) {
		if (rmdir(argv[i]))
			status = complain(argv[i]);
	}
	return argc > 1 ? status : complain_usage();
}
APPLET(rmdir, rmdir_main, "FOLDER...|remove empty folders");

static int
touch_main(int argc, char **argv)
{
	int i, fd, status = 0;

	for (i = 1; i < argc; i++) {
		fd = open(argv[i], O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
		if (fd < 0)
			status = complain(argv[i]);
		else
			close(fd);
		SYSCALL(SYS_utimensat, AT_FDCWD, argv[i], NULL, 0);
	}
	return argc > 1 ? status : complain_usage();
}
APPLET(touch, touch_main, "FILE...|make empty files, or their time now");

static int
chmod_main(int argc, char **argv)
{
	int i, status = 0;

	if (argc < 3)
		return complain_usage();
	for (i = 2; i < argc; i++) {
		if (chmod(argv[i], strtol(argv[1], NULL, 8)))
			status = complain(argv[i]);
	}
	return status;
}
APPLET(chmod, chmod_main, "OCTAL FILE...|who may read, write, execute");

static int
pwd_main(int argc, char **argv)
{
	char path[512];

	if (!getcwd(path, sizeof(path)))
		return complain("getcwd");
	puts(path);
	return 0;
}
APPLET(pwd, pwd_main, "|the working folder");
