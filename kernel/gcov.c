/* SPDX-License-Identifier: MIT */
/*
 * Coverage: how often each line ran, told to the host when the machine ends.
 *
 * Ideas
 *   In the coverage build the compiler puts a counter on each branch of the
 *   program, and leaves in .gcov_info a pointer for each source file. libgcov
 *   knows how to make the contents of a .gcda file from one; where the bytes
 *   go is ours to say: through semihosting into one file for each run,
 *
 *	[ "VGCV" | bytes of name | bytes of data | name | data ] ...
 *
 *   tools/coverage adds the records of all runs up. It makes the folder;
 *   without it nothing is written.
 *
 * Context  the last moments of a machine: interrupts off, on any stack; other
 *	   cores may still count.
 * Sources  GCC's manual, Profiling and Test Coverage in Freestanding
 *	    Environments.
 */
#ifdef VELLUM_COVERAGE
#include <asm/semihost.h>
#include <kernel/gcov.h>
#include <kernel/panic.h>
#include <lib/string.h>
#include <gcov.h>

#define GCOV_FOLDER	"build/coverage/runs"
#define GCOV_MAGIC	0x56434756u	/* "VGCV" */
#define GCOV_MAX	65536		/* bytes of a record */

extern const struct gcov_info *const __gcov_info_start[];
extern const struct gcov_info *const __gcov_info_end[];

struct gcov_record {
	u32 magic, name_bytes, data_bytes;
	u8 bytes[GCOV_MAX];
};

static struct gcov_record record;

static void
gcov_append(const void *bytes, unsigned n)
{
	size_t used = record.name_bytes + record.data_bytes;

	if (n > sizeof(record.bytes) - used)
		n = sizeof(record.bytes) - used;	/* refused by the host */
	memcpy(record.bytes + used, bytes, n);
}

static void
gcov_name(const char *name, void *unused)
{
	(void)unused;
	gcov_append(name, strlen(name));
	record.name_bytes = strlen(name);
}

static void
gcov_data(const void *bytes, unsigned n, void *unused)
{
	(void)unused;
	gcov_append(bytes, n);
	record.data_bytes += n;
}

/* Called for counters of values, which this build does not have. */
static void *
gcov_no_memory(unsigned bytes, void *unused)
{
	(void)bytes;
	(void)unused;
	return NULL;
}

void
gcov_dump(void)
{
	const struct gcov_info *const *info;
	char name[80], path[120];
	int handle;

	if (semihost_tmpnam(name, sizeof(name)))
		return;
	snprintf(path, sizeof(path), GCOV_FOLDER "%s", strrchr(name, '/'));
	handle = semihost_open(path, "wb");
	if (handle < 0)
		return;
	for (info = __gcov_info_start; info < __gcov_info_end; info++) {
		record.magic = GCOV_MAGIC;
		record.name_bytes = record.data_bytes = 0;
		__gcov_info_to_gcda(*info, gcov_name, gcov_data,
				    gcov_no_memory, NULL);
		semihost_write(handle, &record, sizeof(record) -
			       sizeof(record.bytes) + record.name_bytes +
			       record.data_bytes);
	}
	semihost_close(handle);
}

/* libgcov's way out when it finds its own data broken. */
void abort(void) __noreturn;

void
abort(void)
{
	panic("gcov: abort");
}
#endif
