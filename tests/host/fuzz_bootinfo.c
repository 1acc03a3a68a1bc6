/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing the whole of bootinfo: what it accepts must keep its promises,
 * what it refuses must come with a line that says why.
 */
#include <stdlib.h>
#include <string.h>

#include <kernel/bootinfo.h>
#include "fuzz.h"

static void
must(bool promise)
{
	if (!promise)
		abort();
}

/* Is it one line of printable text, not empty? */
static bool
is_line(const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return i > 0;
}

/* Sorted, apart, whole pages, inside RAM; the texts end. */
static void
check_promises(const struct boot_info *bi)
{
	u32 last = 0;
	unsigned i;

	must(bi->nr_banks >= 1 && bi->nr_banks <= BOOT_MAX_BANKS);
	for (i = 0; i < bi->nr_banks; i++) {
		const struct boot_range *bank = &bi->banks[i];

		must(bank->start > last && bank->end > bank->start);
		must(bank->start >= BOOT_RAM_START);
		must(bank->end <= BOOT_RAM_END);
		must(bank->start % 4096 == 0 && bank->end % 4096 == 0);
		last = bank->end;
	}
	must(bi->nr_reserved <= BOOT_MAX_RESERVED);
	for (i = 0; i < bi->nr_reserved; i++) {
		must(bi->reserved[i].start < bi->reserved[i].end);
		must(memchr(bi->reserved[i].name, 0,
			    sizeof(bi->reserved[i].name)));
	}
	must(bi->initrd_start <= bi->initrd_end);
	must(memchr(bi->command_line, 0, sizeof(bi->command_line)));
	must(memchr(bi->model, 0, sizeof(bi->model)));
	must(memchr(bi->note, 0, sizeof(bi->note)));
	must(!bi->note[0] || is_line(bi->note));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_info bi;
	char why[128] = "";

	if (bootinfo_parse(&bi, data, size, why, sizeof(why)) == 0) {
		check_promises(&bi);
		if (bootinfo_apply_mem_param(&bi, bi.command_line) == 0)
			check_promises(&bi);
	} else {
		must(memchr(why, 0, sizeof(why)) != NULL);
		must(is_line(why));
	}
	return 0;
}
