/* SPDX-License-Identifier: MIT */
/* Files whose names match a pattern with * and ?, folder by folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sh.h"

void
list_add(struct word_list *list, char *word)
{
	char **more;

	if (list->count == list->room) {
		more = sh_alloc((list->room * 2 + 8) * sizeof(*more));
		if (list->count)
			memcpy(more, list->words, list->count * sizeof(*more));
		list->words = more;
		list->room = list->room * 2 + 8;
	}
	list->words[list->count++] = word;
}

/* The last * seen may take one more character when the rest does not fit. */
bool
match_pattern(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern == '?') {
			pattern++;
			text++;
		} else if (*pattern == '\\' && pattern[1] == *text) {
			pattern += 2;
			text++;
		} else if (*pattern == *text && *text != '\\') {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join(const char *folder, const char *name)
{
	size_t len = strlen(folder);
	char *path = sh_alloc(len + strlen(name) + 1);

	memcpy(path, folder, len);
	strcpy(path + len, name);
	return path;
}

/* folder ends in a slash or is empty; rest is what still has to match. */
static void
glob_in(struct word_list *list, const char *folder, const char *rest)
{
	const char *slash = strchrnul(rest, '/');
	char *part = sh_strndup(rest, slash - rest);
	DIR *dir = opendir(*folder ? folder : ".");
	struct dirent *entry;
	char *path;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && part[0] != '.')
			continue;
		if (!match_pattern(part, entry->d_name))
			continue;
		path = join(folder, entry->d_name);
		if (*slash)
			glob_in(list, join(path, "/"), slash + 1);
		else
			list_add(list, path);
	}
	if (dir)
		closedir(dir);
}

bool
glob_files(struct word_list *list, const char *pattern)
{
	int before = list->count;

	if (*pattern == '/')
		glob_in(list, "/", pattern + strspn(pattern, "/"));
	else
		glob_in(list, "", pattern);
	qsort(list->words + before, list->count - before, sizeof(char *),
	      by_name);
	return list->count > before;
}
