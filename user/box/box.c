/* SPDX-License-Identifier: MIT */
/* Which applet is meant: by the name of the program, or as box NAME ... */
#include <string.h>
#include <unistd.h>

#include "box.h"

const char *program = "box";

const struct applet *
applet_find(const char *name)
{
	const struct applet *applet;

	for (applet = table_start; applet < table_end; applet++) {
		if (!strcmp(applet_name(applet), name))
			return applet;
	}
	return NULL;
}

static int
help_main(int argc, char **argv)
{
	const struct applet *applet;
	const char *bar;

	for (applet = table_start; applet < table_end; applet++) {
		if (argc > 1 && strcmp(applet_name(applet), argv[1]))
			continue;
		bar = strchr(applet->usage, '|');
		printf("%-10s %-28.*s %s\n", applet_name(applet),
		       (int)(bar - applet->usage), applet->usage, bar + 1);
	}
	return 0;
}
APPLET(help, help_main, "[NAME]|this list");

int
main(int argc, char **argv)
{
	const struct applet *applet;
	const char *slash;

	if (argc < 1)
		return 127;
	/* A login shell's name begins with a dash; /init is a link to us. */
	slash = strrchr(argv[0], '/');
	program = slash ? slash + 1 : argv[0];
	program += *program == '-';
	if (!strcmp(program, "box") && argc > 1) {
		program = argv[1];
		argc--;
		argv++;
	} else if (!strcmp(program, "box")) {
		program = "help";
	}
	applet = applet_find(program);
	if (!applet) {
		fprintf(stderr, "box: no '%s' in here\n", program);
		return 127;
	}
	return applet->run(argc, argv);
}
