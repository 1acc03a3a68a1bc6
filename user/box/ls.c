/* SPDX-License-Identifier: MIT */
/* ls: names in a folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"

static bool show_all, show_long, show_inode, one_column;

static char
kind_letter(unsigned mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	default:
		return '-';
	}
}

static void
print_mode(unsigned mode)
{
	static const char letters[] = "rwxrwxrwx";
	int i;

	putchar(kind_letter(mode));
	for (i = 0; i < 9; i++)
		putchar(mode & (0400 >> i) ? letters[i] : '-');
}

/* Linux's numbers of devices: 12 bits major, 20 bits minor in two pieces. */
static void
print_size(const struct stat *st)
{
	unsigned long long d = st->st_rdev;

	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		printf(" %4llu,%4llu", d >> 8 & 0xfff,
		       (d & 0xff) | (d >> 12 & 0xfff00));
	else
		printf(" %9lld", st->st_size);
}

static void
print_entry(const char *path, const char *name)
{
	struct stat st;
	char target[256];
	ssize_t len;

	if ((show_long || show_inode) && lstat(path, &st)) {
		complain(path);
		return;
	}
	if (show_inode)
		printf("%6llu ", st.st_ino);
	if (show_long) {
		print_mode(st.st_mode);
		printf(" %2u %3u %3u", st.st_nlink, st.st_uid, st.st_gid);
		print_size(&st);
		putchar(' ');
	}
	fputs(name, stdout);
	if (show_long && S_ISLNK(st.st_mode)) {
		len = readlink(path, target, sizeof(target) - 1);
		if (len >= 0)
			printf(" -> %.*s", (int)len, target);
	}
	putchar(one_column || show_long ? '\n' : ' ');
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names, to be freed. */
static char **
read_names(DIR *dir, int *count)
{
	char **names = NULL, **more;
	struct dirent *entry;
	int n = 0, room = 0;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && !show_all)
			continue;
		if (n == room) {
			room = room ? 2 * room : 64;
			more = realloc(names, room * sizeof(*names));
			if (!more)
				break;
			names = more;
		}
		names[n] = strdup(entry->d_name);
		n += names[n] != NULL;
	}
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	*count = n;
	return names;
}

static int
list_folder(const char *path)
{
	DIR *dir = opendir(path);
	char full[512], **names;
	int i, count;

	if (!dir)
		return complain(path);
	names = read_names(dir, &count);
	closedir(dir);
	for (i = 0; i < count; i++) {
		snprintf(full, sizeof(full), "%s/%s", path, names[i]);
		print_entry(full, names[i]);
		free(names[i]);
	}
	if (count && !one_column && !show_long)
		putchar('\n');
	free(names);
	return 0;
}

static int
list(const char *path, bool title)
{
	struct stat st;

	if (stat(path, &st) && lstat(path, &st))
		return complain(path);
	if (!S_ISDIR(st.st_mode)) {
		print_entry(path, path);
		if (!one_column && !show_long)
			putchar('\n');
		return 0;
	}
	if (title)
		printf("%s:\n", path);
	return list_folder(path);
}

static int
ls_main(int argc, char **argv)
{
	int option, i, status = 0;

	one_column = !isatty(1);
	while ((option = getopt(argc, argv, "1ail")) != -1) {
		show_all |= option == 'a';
		show_long |= option == 'l';
		show_inode |= option == 'i';
		one_column |= option == '1';
		if (option == '?')
			return complain_usage();
	}
	if (optind == argc)
		return list(".", false);
	for (i = optind; i < argc; i++)
		status |= list(argv[i], argc - optind > 1);
	return status;
}
APPLET(ls, ls_main, "[-1ail] [FILE]...|list files");
