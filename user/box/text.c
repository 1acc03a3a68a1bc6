/* SPDX-License-Identifier: MIT */
/* echo, head, wc, grep, sort, hexdump: text and bytes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"

static int
echo_main(int argc, char **argv)
{
	bool newline = true;
	int i = 1;

	if (argc > 1 && !strcmp(argv[1], "-n")) {
		newline = false;
		i++;
	}
	for (; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "");
	if (newline)
		putchar('\n');
	return 0;
}
APPLET(echo, echo_main, "[-n] [WORD]...|print words");

/* Does fn for each file named from argv[first] on, or for standard input. */
static int
for_each_file(int argc, char **argv, int first,
	      int (*fn)(FILE *file, const char *name))
{
	int i, status = 0;
	FILE *file;

	if (first >= argc)
		return fn(stdin, NULL);
	for (i = first; i < argc; i++) {
		file = fopen(argv[i], "r");
		if (!file) {
			status = complain(argv[i]);
			continue;
		}
		status |= fn(file, argc - first > 1 ? argv[i] : NULL);
		fclose(file);
	}
	return status;
}

static int head_lines;

static int
head_file(FILE *file, const char *name)
{
	int c, left = head_lines;

	while (left > 0 && (c = getc(file)) != EOF) {
		putchar(c);
		left -= c == '\n';
	}
	return 0;
}

static int
head_main(int argc, char **argv)
{
	int first = 1;

	head_lines = 10;
	if (argc > 2 && !strcmp(argv[1], "-n")) {
		head_lines = atoi(argv[2]);
		first = 3;
	} else if (argc > 1 && argv[1][0] == '-') {
		head_lines = atoi(argv[1] + 1);
		first = 2;
	}
	return for_each_file(argc, argv, first, head_file);
}
APPLET(head, head_main, "[-n LINES] [FILE]...|the first lines");

static const char *wc_what;

static int
wc_file(FILE *file, const char *name)
{
	unsigned long lines = 0, words = 0, bytes = 0;
	bool in_word = false;
	int c;

	while ((c = getc(file)) != EOF) {
		bytes++;
		lines += c == '\n';
		words += !isspace(c) && !in_word;
		in_word = !isspace(c);
	}
	if (strchr(wc_what, 'l'))
		printf("%lu ", lines);
	if (strchr(wc_what, 'w'))
		printf("%lu ", words);
	if (strchr(wc_what, 'c'))
		printf("%lu ", bytes);
	printf("%s\n", name ? name : "");
	return 0;
}

static int
wc_main(int argc, char **argv)
{
	bool option = argc > 1 && argv[1][0] == '-';

	wc_what = option ? argv[1] : "lwc";
	return for_each_file(argc, argv, option ? 2 : 1, wc_file);
}
APPLET(wc, wc_main, "[-lwc] [FILE]...|count lines, words, bytes");

static struct {
	const char *text;
	bool invert, ignore_case, count, found;
} grep;

static int
grep_file(FILE *file, const char *name)
{
	char line[1024];
	unsigned count = 0;

	while (fgets(line, sizeof(line), file)) {
		bool hit = grep.ignore_case ? strcasestr(line, grep.text) :
					      strstr(line, grep.text);

		if (hit == grep.invert)
			continue;
		grep.found = true;
		count++;
		if (grep.count)
			continue;
		if (name)
			printf("%s:", name);
		fputs(line, stdout);
	}
	if (grep.count)
		printf("%u\n", count);
	return 0;
}

static int
grep_main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "civ")) != -1) {
		grep.invert |= option == 'v';
		grep.ignore_case |= option == 'i';
		grep.count |= option == 'c';
		if (option == '?')
			return complain_usage();
	}
	if (optind >= argc)
		return complain_usage();
	grep.text = argv[optind];
	return for_each_file(argc, argv, optind + 1, grep_file) ? 2 :
	       !grep.found;
}
APPLET(grep, grep_main, "[-civ] TEXT [FILE]...|lines that hold a text");

static char **sort_lines;
static int sort_count;
static bool sort_number, sort_reverse;

static int
compare_lines(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	long long n = sort_number ? strtoll(x, NULL, 10) - strtoll(y, NULL, 10) :
				    strcmp(x, y);

	n = n ? n : strcmp(x, y);
	return sort_reverse ? (n < 0) - (n > 0) : (n > 0) - (n < 0);
}

static int
sort_file(FILE *file, const char *name)
{
	char line[1024], **more;

	while (fgets(line, sizeof(line), file)) {
		if (!(sort_count & (sort_count - 1))) {
			more = realloc(sort_lines, (2 * sort_count + 1) *
						   sizeof(*more));
			if (!more)
				return complain("sort");
			sort_lines = more;
		}
		sort_lines[sort_count] = strdup(line);
		if (!sort_lines[sort_count])
			return complain("sort");
		sort_count++;
	}
	return 0;
}

static int
sort_main(int argc, char **argv)
{
	int option, i, status;

	while ((option = getopt(argc, argv, "nr")) != -1) {
		sort_number |= option == 'n';
		sort_reverse |= option == 'r';
		if (option == '?')
			return complain_usage();
	}
	status = for_each_file(argc, argv, optind, sort_file);
	if (sort_count)
		qsort(sort_lines, sort_count, sizeof(char *), compare_lines);
	for (i = 0; i < sort_count; i++)
		fputs(sort_lines[i], stdout);
	return status;
}
APPLET(sort, sort_main, "[-nr] [FILE]...|lines in order");

static int
hexdump_file(FILE *file, const char *name)
{
	unsigned char line[16];
	unsigned long offset = 0;
	size_t got, i;

	while ((got = fread(line, 1, sizeof(line), file)) > 0) {
		printf("%08lx ", offset);
		for (i = 0; i < sizeof(line); i++) {
			if (i < got)
				printf(" %02x", line[i]);
			else
				printf("   ");
		}
		printf("  |");
		for (i = 0; i < got; i++)
			putchar(isprint(line[i]) ? line[i] : '.');
		puts("|");
		offset += got;
	}
	return 0;
}

static int
hexdump_main(int argc, char **argv)
{
	return for_each_file(argc, argv, 1, hexdump_file);
}
APPLET(hexdump, hexdump_main, "[FILE]...|bytes in hexadecimal");
