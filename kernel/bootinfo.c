/* SPDX-License-Identifier: MIT */
/*
 * bootinfo: from what the boot loader left to one plain struct.
 *
 * What it is for
 *   Loaders differ and err. QEMU describes memory in one piece, U-Boot in two
 *   of which the second may be four bytes long; old loaders pass ATAGs; a
 *   damaged tree can say anything. The rest of boot shall not care: it reads
 *   struct boot_info, or stops with the one line in why.
 *
 * Ideas
 *   What is wrong is sorted by what can be done about it:
 *     error    memory that cannot be trusted: banks that overlap, wrap around
 *	        or reach past where the board has RAM; a damaged tree; more
 *	        reserved ranges than fit the list
 *     note     what can be left out, and is: tiny banks, banks elsewhere, an
 *	        initrd that is not in memory, a command line that is too long
 *
 *   Banks are cut to whole pages, sorted, and joined where they touch:
 *
 *	as told	    [80000000 .. 9fffffff]  [60000000 .. 7fffffff]
 *	result	    [60000000 ......................... 9fffffff]
 *
 *   Overlapping banks are refused rather than merged: that two descriptions
 *   of one address exist means that one of them is wrong, and nobody can
 *   tell which; the frame would later corrupt whoever owns it.
 *
 * State   none here: all is in the struct. Nothing is allocated.
 * Questions a reader asks
 *   Who reserves the tree, the kernel and the initrd?  Whoever calls this:
 *   where the kernel lies is not the loader's word.
 * Sources Devicetree Specification 0.3, 3.4-3.6; Linux, Documentation/arm/
 *   booting.rst.
 */
#include <asm/memory.h>
#include <kernel/bootinfo.h>
#include <lib/atags.h>
#include <lib/errno.h>
#include <lib/fdt.h>
#include <lib/string.h>

/* What a parser works on, so that helpers need few parameters. */
struct parse {
	struct boot_info *bi;
	char *why;
	size_t why_size;
	struct fdt fdt;
};

static void parse_note(struct boot_info *bi, const char *fmt, ...)
	__printf(2, 3);
static int parse_fail(struct parse *p, int error, const char *fmt, ...)
	__printf(3, 4);

/* Names in a tree can hold anything; a message is one printable line. */
static void
make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/* Add to the note: what was left out. Cut when it is full. */
static void
parse_note(struct boot_info *bi, const char *fmt, ...)
{
	size_t used = strlen(bi->note);
	va_list ap;

	if (used && used + 2 < sizeof(bi->note)) {
		bi->note[used++] = ';';
		bi->note[used++] = ' ';
	}
	va_start(ap, fmt);
	vsnprintf(bi->note + used, sizeof(bi->note) - used, fmt, ap);
	va_end(ap);
	make_printable(bi->note + used);
}

/* Say why, and pass on the error. */
static int
parse_fail(struct parse *p, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->why_size, fmt, ap);
	va_end(ap);
	if (p->why_size)
		make_printable(p->why);
	return error;
}

/* A text from outside: what is not printable becomes '?', and it is cut. */
static bool
copy_text(char *dst, size_t size, const char *src, size_t max)
{
	size_t len = strnlen(src, max);
	size_t n = min(len, size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
	make_printable(dst);
	return n == len;
}

void
bootinfo_init(struct boot_info *bi)
{
	memset(bi, 0, sizeof(*bi));
}

bool
bootinfo_is_dtb(const void *blob)
{
	static const u8 magic[4] = { 0xd0, 0x0d, 0xfe, 0xed };

	return memcmp(blob, magic, sizeof(magic)) == 0;
}

bool
bootinfo_is_atags(const void *blob)
{
	struct atags a;

	return atags_open(&a, blob, 8) == 0;
}

/*
 * Take in one bank as told. Banks elsewhere and noise are noted and left
 * out; the rest is cut to whole pages.
 */
static int
bank_add(struct parse *p, u64 start, u64 size)
{
	struct boot_info *bi = p->bi;
	u64 end = start + size;
	struct boot_range *bank;

	if (end < start || (start <= 0xffffffff && end > 1ULL << 32))
		return parse_fail(p, -ERANGE,
				  "memory bank 0x%llx + 0x%llx wraps around",
				  start, size);
	if (!size)
		return 0;
	if (size < BOOT_MIN_BANK || start >= BOOT_RAM_END ||
	    end <= BOOT_RAM_START) {
		parse_note(bi, "bank 0x%llx + 0x%llx ignored", start, size);
		return 0;
	}
	if (start < BOOT_RAM_START || end > BOOT_RAM_END)
		return parse_fail(p, -ERANGE, "memory bank 0x%llx + 0x%llx is not inside 0x%x-0x%x, where this board has RAM",
				  start, size, BOOT_RAM_START,
				  BOOT_RAM_END - 1);
	if (bi->nr_banks == BOOT_MAX_BANKS)
		return parse_fail(p, -E2BIG, "more than %d memory banks",
				  BOOT_MAX_BANKS);
	bank = &bi->banks[bi->nr_banks++];
	bank->start = ALIGN_UP((u32)start, 1u << PAGE_SHIFT);
	bank->end = ALIGN_DOWN((u32)end, 1u << PAGE_SHIFT);
	return 0;
}

static void
banks_sort(struct boot_info *bi)
{
	unsigned i, j;

	for (i = 1; i < bi->nr_banks; i++) {
		struct boot_range bank = bi->banks[i];

		for (j = i; j && bi->banks[j - 1].start > bank.start; j--)
			bi->banks[j] = bi->banks[j - 1];
		bi->banks[j] = bank;
	}
}

/* Sort the banks, refuse overlap, join what touches. */
static int
banks_finish(struct parse *p)
{
	struct boot_info *bi = p->bi;
	unsigned i, n = 0;

	banks_sort(bi);
	for (i = 0; i < bi->nr_banks; i++) {
		struct boot_range bank = bi->banks[i];
		struct boot_range *last = n ? &bi->banks[n - 1] : NULL;

		if (last && bank.start < last->end)
			return parse_fail(p, -ERANGE, "memory banks overlap: 0x%08x-0x%08x and 0x%08x-0x%08x",
					  last->start, last->end - 1,
					  bank.start, bank.end - 1);
		if (last && bank.start == last->end)
			last->end = bank.end;
		else
			bi->banks[n++] = bank;
	}
	bi->nr_banks = n;
	return 0;
}

/* Take in one reserved range; NULL in *added when it is empty. */
static int
reserved_add(struct parse *p, u64 start, u64 size, const char *name,
	     struct boot_reserved **added)
{
	struct boot_info *bi = p->bi;
	struct boot_reserved *r;

	*added = NULL;
	if (!size)
		return 0;
	if (start + size < start || start + size > 0xffffffff)
		return parse_fail(p, -ERANGE, "reserved range 0x%llx + 0x%llx (%.40s) wraps around",
				  start, size, name);
	if (bi->nr_reserved == BOOT_MAX_RESERVED)
		return parse_fail(p, -E2BIG, "more than %d reserved ranges",
				  BOOT_MAX_RESERVED);
	r = &bi->reserved[bi->nr_reserved++];
	memset(r, 0, sizeof(*r));
	r->start = (phys_addr_t)start;
	r->end = (phys_addr_t)(start + size);
	copy_text(r->name, sizeof(r->name), name, strlen(name));
	*added = r;
	return 0;
}

/* A memory node: every pair of its reg is a bank. */
static int
dtb_memory_node(struct parse *p, int node, struct fdt_cells cells)
{
	struct fdt_property reg;
	u64 start, size;
	int error;
	u32 i;

	if (!fdt_find_property(&p->fdt, node, "reg", &reg))
		return 0;
	for (i = 0; ; i++) {
		error = fdt_reg_entry(&reg, cells, i, &start, &size);
		if (error == -ENOENT)
			return 0;
		if (error)
			return parse_fail(p, -EINVAL, "device tree: reg of /%.40s has %u bytes, no whole number of %u + %u cells",
					  fdt_node_name(&p->fdt, node),
					  reg.len, cells.address, cells.size);
		error = bank_add(p, start, size);
		if (error)
			return error;
	}
}

/* device_type is the rule; a node called memory passes without. */
static bool
dtb_is_memory(const struct fdt *f, int node)
{
	const char *type = fdt_get_string(f, node, "device_type");
	const char *name = fdt_node_name(f, node);

	if (!fdt_is_enabled(f, node))
		return false;
	if (type)
		return strcmp(type, "memory") == 0;
	return strncmp(name, "memory", 6) == 0 &&
	       (!name[6] || name[6] == '@');
}

static int
dtb_memory(struct parse *p)
{
	struct fdt_cells cells = fdt_child_cells(&p->fdt, fdt_root(&p->fdt));
	int node, error;

	fdt_for_each_child(&p->fdt, node, fdt_root(&p->fdt)) {
		if (!dtb_is_memory(&p->fdt, node))
			continue;
		error = dtb_memory_node(p, node, cells);
		if (error)
			return error;
	}
	return banks_finish(p);
}

/* The block of (address, size) pairs in front of the tree. */
static int
dtb_memreserve(struct parse *p)
{
	struct boot_reserved *r;
	u64 start, size;
	int error;
	u32 i;

	for (i = 0; fdt_reserve(&p->fdt, i, &start, &size); i++) {
		error = reserved_add(p, start, size, "memreserve", &r);
		if (error)
			return error;
	}
	return 0;
}

/* One child of /reserved-memory. */
static int
dtb_reserved_node(struct parse *p, int node, struct fdt_cells cells)
{
	const char *name = fdt_node_name(&p->fdt, node);
	struct fdt_property reg, flag;
	struct boot_reserved *r;
	u64 start, size;
	int error;
	u32 i;

	if (!fdt_find_property(&p->fdt, node, "reg", &reg)) {
		parse_note(p->bi, "%.24s has no reg, ignored", name);
		return 0;
	}
	for (i = 0; ; i++) {
		error = fdt_reg_entry(&reg, cells, i, &start, &size);
		if (error == -ENOENT)
			return 0;
		if (error)
			return parse_fail(p, -EINVAL, "device tree: reg of /reserved-memory/%.40s is damaged",
					  name);
		error = reserved_add(p, start, size, name, &r);
		if (error)
			return error;
		if (!r)
			continue;
		r->nomap = fdt_find_property(&p->fdt, node, "no-map", &flag);
		r->reusable = fdt_find_property(&p->fdt, node, "reusable",
						&flag);
	}
}

static int
dtb_reserved_memory(struct parse *p)
{
	struct fdt_cells cells;
	int parent = fdt_find_path(&p->fdt, "/reserved-memory");
	int node, error;

	if (parent < 0)
		return 0;
	cells = fdt_child_cells(&p->fdt, parent);
	fdt_for_each_child(&p->fdt, node, parent) {
		if (!fdt_is_enabled(&p->fdt, node))
			continue;
		error = dtb_reserved_node(p, node, cells);
		if (error)
			return error;
	}
	return 0;
}

static void
set_command_line(struct boot_info *bi, const char *text, size_t max)
{
	if (!copy_text(bi->command_line, sizeof(bi->command_line), text, max))
		parse_note(bi, "command line cut at %d bytes",
			   BOOT_COMMAND_LINE - 1);
}

/* An initrd that makes no sense is left out: the kernel runs without one. */
static void
set_initrd(struct boot_info *bi, u64 start, u64 end)
{
	if (start >= end || end > 0xffffffff) {
		if (start != end)
			parse_note(bi, "initrd 0x%llx-0x%llx ignored", start,
				   end);
		start = end = 0;
	}
	bi->initrd_start = (phys_addr_t)start;
	bi->initrd_end = (phys_addr_t)end;
}

static void
dtb_chosen(struct parse *p)
{
	int node = fdt_find_path(&p->fdt, "/chosen");
	struct fdt_property prop;
	u64 start, end;

	if (node < 0)
		return;
	if (fdt_find_property(&p->fdt, node, "bootargs", &prop))
		set_command_line(p->bi, (const char *)prop.data, prop.len);
	if (fdt_get_number(&p->fdt, node, "linux,initrd-start", &start) &&
	    fdt_get_number(&p->fdt, node, "linux,initrd-end", &end))
		set_initrd(p->bi, start, end);
	p->bi->has_kaslr_seed = fdt_get_number(&p->fdt, node, "kaslr-seed",
					       &p->bi->kaslr_seed);
}

int
bootinfo_parse_dtb(struct boot_info *bi, const void *blob, size_t max,
		   char *why, size_t why_size)
{
	struct parse p = { .bi = bi, .why = why, .why_size = why_size };
	const char *model;
	int error = fdt_open(&p.fdt, blob, max);

	if (error)
		return parse_fail(&p, -EINVAL, "the device tree is unusable: %s",
				  fdt_strerror(error));
	bi->source = BOOT_DTB;
	bi->dtb_size = p.fdt.totalsize;
	model = fdt_get_string(&p.fdt, fdt_root(&p.fdt), "model");
	if (model)
		copy_text(bi->model, sizeof(bi->model), model, strlen(model));
	error = dtb_memory(&p);
	if (!error)
		error = dtb_memreserve(&p);
	if (!error)
		error = dtb_reserved_memory(&p);
	if (!error)
		dtb_chosen(&p);
	return error;
}

/* One record. The first MEM forgets the banks of the tree before. */
static int
atags_record(struct parse *p, const struct atag *tag, bool *seen_mem)
{
	u32 size, start;

	switch (tag->id) {
	case ATAG_MEM:
		if (!atag_word(tag, 0, &size) || !atag_word(tag, 1, &start))
			return parse_fail(p, -EINVAL,
					  "ATAGs: a MEM record is too short");
		if (!*seen_mem)
			p->bi->nr_banks = 0;
		*seen_mem = true;
		return bank_add(p, start, size);
	case ATAG_INITRD2:
		if (!atag_word(tag, 0, &start) || !atag_word(tag, 1, &size))
			return parse_fail(p, -EINVAL,
					  "ATAGs: an INITRD2 record is too short");
		set_initrd(p->bi, start, (u64)start + size);
		return 0;
	case ATAG_CMDLINE:
		set_command_line(p->bi, (const char *)tag->data, tag->len);
		return 0;
	}
	return 0;
}

int
bootinfo_parse_atags(struct boot_info *bi, const void *blob, size_t max,
		     char *why, size_t why_size)
{
	struct parse p = { .bi = bi, .why = why, .why_size = why_size };
	bool seen_mem = false;
	struct atags list;
	struct atag tag;
	int more, error;

	if (atags_open(&list, blob, max))
		return parse_fail(&p, -EINVAL, "no ATAGs: CORE is not first");
	bi->source = BOOT_ATAGS;
	bi->dtb_size = 0;
	while ((more = atags_next(&list, &tag)) > 0) {
		error = atags_record(&p, &tag, &seen_mem);
		if (error)
			return error;
	}
	if (more < 0)
		return parse_fail(&p, -EINVAL,
				  "the ATAGs are damaged: a length is impossible");
	return banks_finish(&p);
}

/* Is all of the range in one bank? */
static bool
banks_contain(const struct boot_info *bi, phys_addr_t start, phys_addr_t end)
{
	unsigned i;

	for (i = 0; i < bi->nr_banks; i++) {
		if (start >= bi->banks[i].start && end <= bi->banks[i].end)
			return true;
	}
	return false;
}

/* The last look: there is memory, and the initrd is in it. */
int
bootinfo_check(struct boot_info *bi, char *why, size_t why_size)
{
	struct parse p = { .bi = bi, .why = why, .why_size = why_size };

	if (!bi->nr_banks)
		return parse_fail(&p, -ENOMEM, "the %s name%s no usable memory%s%s",
				  bi->source == BOOT_ATAGS ? "ATAGs" :
				  "device tree",
				  bi->source == BOOT_ATAGS ? "" : "s",
				  bi->note[0] ? ": " : "", bi->note);
	if (bi->initrd_start != bi->initrd_end &&
	    !banks_contain(bi, bi->initrd_start, bi->initrd_end)) {
		parse_note(bi, "initrd 0x%08x-0x%08x is not in memory, ignored",
			   bi->initrd_start, bi->initrd_end);
		bi->initrd_start = bi->initrd_end = 0;
	}
	return 0;
}

int
bootinfo_parse(struct boot_info *bi, const void *blob, size_t max, char *why,
	       size_t why_size)
{
	struct parse p = { .bi = bi, .why = why, .why_size = why_size };
	int error;

	bootinfo_init(bi);
	if (!blob)
		return parse_fail(&p, -ENODEV, "the boot loader passed neither a device tree nor ATAGs (r2 is 0)");
	if (max < 8)
		return parse_fail(&p, -EINVAL, "only %u bytes where a device tree or ATAGs should be",
				  (unsigned)max);
	if (bootinfo_is_dtb(blob))
		error = bootinfo_parse_dtb(bi, blob, max, why, why_size);
	else if (bootinfo_is_atags(blob))
		error = bootinfo_parse_atags(bi, blob, max, why, why_size);
	else
		return parse_fail(&p, -EINVAL, "what the boot loader passed is neither a device tree nor ATAGs");
	return error ? error : bootinfo_check(bi, why, why_size);
}

u32
bootinfo_memory_size(const struct boot_info *bi)
{
	u32 bytes = 0;
	unsigned i;

	for (i = 0; i < bi->nr_banks; i++)
		bytes += bi->banks[i].end - bi->banks[i].start;
	return bytes;
}

int
bootinfo_limit_memory(struct boot_info *bi, u64 size, u64 addr, bool has_addr)
{
	struct boot_range kept[BOOT_MAX_BANKS];
	u64 lo = has_addr ? ALIGN_UP(addr, 1u << PAGE_SHIFT) : 0;
	u64 hi = has_addr ? ALIGN_DOWN(addr + size, 1u << PAGE_SHIFT) : ~0ULL;
	u64 left = has_addr ? ~0ULL : ALIGN_DOWN(size, 1u << PAGE_SHIFT);
	unsigned i, n = 0;

	if (has_addr && (addr + size < addr || lo < addr))
		return -EINVAL;
	for (i = 0; i < bi->nr_banks; i++) {
		u64 start = max((u64)bi->banks[i].start, lo);
		u64 end = min((u64)bi->banks[i].end, hi);

		if (end <= start || !left)
			continue;
		end = min(end, start + min(left, end - start));
		left -= end - start;
		kept[n++] = (struct boot_range){ (phys_addr_t)start,
						 (phys_addr_t)end };
	}
	if (!n)
		return -EINVAL;
	memcpy(bi->banks, kept, n * sizeof(kept[0]));
	bi->nr_banks = n;
	return 0;
}

int
bootinfo_apply_mem_param(struct boot_info *bi, const char *value)
{
	u64 size, addr = 0;
	bool has_addr;
	char *end;

	size = memparse(value, &end);
	if (end == value)
		return -EINVAL;
	has_addr = *end == '@';
	if (has_addr) {
		value = end + 1;
		addr = memparse(value, &end);
		if (end == value)
			return -EINVAL;
	}
	if (*end)
		return -EINVAL;
	return bootinfo_limit_memory(bi, size, addr, has_addr);
}
