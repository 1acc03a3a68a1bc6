/* SPDX-License-Identifier: MIT */
/*
 * Replays the inputs that fuzzing kept, each in memory of exactly its size
 * so that AddressSanitizer sees a byte too far. The first letter of a file's
 * name is free; the directory is the name of the program: test-fuzz_NAME
 * reads corpus/NAME.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "harness.h"

extern char *program_invocation_short_name;

/* Feed one file; false when it cannot be read. */
static bool
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	u8 *data;
	long size;
	bool ok;

	if (!file)
		return false;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	data = malloc(size);
	ok = fread(data, 1, size, file) == (size_t)size;
	fclose(file);
	if (ok)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return ok;
}

static void
kept_inputs_are_harmless(struct test *t)
{
	const char *name = strchr(program_invocation_short_name, '_');
	struct dirent *entry;
	char path[512];
	unsigned n = 0;
	DIR *dir;

	ASSERT(t, name != NULL);
	snprintf(path, sizeof(path), "%s/%s", CORPUS, name + 1);
	dir = opendir(path);
	ASSERT(t, dir != NULL);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", CORPUS, name + 1,
			 entry->d_name);
		if (!EXPECT(t, replay_file(path)))
			test_info(t, "%s", path);
		n++;
	}
	closedir(dir);
	test_info(t, "%u inputs", n);
	EXPECT(t, n > 0);
}

TEST_SUITE("fuzz corpus", TEST_CASE(kept_inputs_are_harmless));
