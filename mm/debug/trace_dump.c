/* SPDX-License-Identifier: MIT */
/*
 * The trace ring into a file of the host, by semihosting.
 *
 * Ideas
 *   Core file	the file is an ELF core of the few pieces of memory that matter:
 *		the header, the table of events, the rings. So one reader does
 *		for it, for a dump of all memory (QEMU's dump-guest-memory) and
 *		for gdb, and there is no second format to keep in step.
 *
 *	ELF header | program header for each piece | pieces
 *		      p_vaddr, p_paddr, size
 *
 *   Power off	trace.file=NAME writes it as the last thing before the machine
 *		ends, also after a panic: what led to it is in the ring.
 */
#include <asm/memory.h>
#include <asm/semihost.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/trace_ring.h>

#ifndef VELLUM_NO_TRACE

#define MAX_SEGMENTS	(2 + NR_CPUS)

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static char trace_file[96];	/* trace.file= */

static int
param_trace_file(const char *value)
{
	return *value && strscpy(trace_file, value, sizeof(trace_file)) > 0 ?
	       0 : -EINVAL;
}
BOOT_PARAM("trace.file", param_trace_file);

static void
add_segment(struct elf_segment *seg, unsigned *nr, u32 address, u32 bytes)
{
	struct elf_segment *s = &seg[*nr];
	u32 offset = sizeof(struct elf_header) +
		     MAX_SEGMENTS * sizeof(struct elf_segment);

	if (!address || !bytes)
		return;
	if (*nr)
		offset = s[-1].offset + s[-1].filesz;
	*s = (struct elf_segment) {
		.type = 1, .offset = offset, .vaddr = address,
		.paddr = __pa((void *)address), .filesz = bytes,
		.memsz = bytes, .flags = 4, .align = 1,
	};
	(*nr)++;
}

/* What goes into the file; returns how many pieces. */
static unsigned
trace_segments(struct elf_segment *seg)
{
	const struct trace_header *h = &trace_header;
	unsigned nr = 0, cpu;

	add_segment(seg, &nr, h->self, sizeof(*h));
	add_segment(seg, &nr, h->schema, h->schema_bytes);
	for (cpu = 0; cpu < h->nr_cpus; cpu++)
		add_segment(seg, &nr, h->rings[cpu].records,
			    trace_nr_records(cpu) * h->record_bytes);
	return nr;
}

static int
write_all(int file, const struct elf_segment *seg, unsigned nr)
{
	struct elf_header eh = {
		.ident = { 0x7f, 'E', 'L', 'F', 1, 1, 1 },
		.type = 4 /* core */, .machine = 40 /* ARM */, .version = 1,
		.phoff = sizeof(eh), .ehsize = sizeof(eh),
		.phentsize = sizeof(*seg), .phnum = nr,
	};
	unsigned i;

	if (semihost_write(file, &eh, sizeof(eh)) ||
	    semihost_write(file, seg, MAX_SEGMENTS * sizeof(*seg)))
		return -EIO;
	for (i = 0; i < nr; i++) {
		if (semihost_write(file, (const void *)seg[i].vaddr,
				   seg[i].filesz))
			return -EIO;
	}
	return 0;
}

int
trace_dump(const char *path)
{
	struct elf_segment seg[MAX_SEGMENTS] = { 0 };
	trace_mask_t events;
	int file, err;

	if (!trace_header.self || !trace_header.rings[0].records)
		return -EINVAL;
	file = semihost_open(path, "wb");
	if (file < 0)
		return -ENOENT;
	events = trace_pause();
	err = write_all(file, seg, trace_segments(seg));
	trace_resume(events);
	semihost_close(file);
	return err;
}

void
trace_power_off(void)
{
	int err;

	if (!trace_file[0])
		return;
	/* Not trace_stop(): after a panic its locks may be held. */
	err = trace_dump(trace_file);
	if (err)
		pr_err("trace: %s: error %d\n", trace_file, -err);
	trace_file[0] = '\0';
}

#endif
