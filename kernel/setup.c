/* SPDX-License-Identifier: MIT */
/*
 * From what the boot loader said to a working page allocator.
 *
 *	boot loader's tree --> struct boot_info		setup_boot_info
 *	command line	   --> BOOT_PARAM functions	setup_boot_params
 *	boot_info	   --> memblock			\
 *	memblock	   --> linear map		 | setup_memory
 *	memblock	   --> zones, buddy allocator	/
 *
 * Whatever is wrong with the first of these ends the boot with one line that
 * says so: a kernel that guesses where memory lies destroys what it guesses
 * wrong about.
 */
#include <asm/fixmap.h>
#include <asm/memory.h>
#include <asm/setup.h>
#include <asm/smp.h>
#include <kernel/bootinfo.h>
#include <kernel/init.h>
#include <kernel/initramfs.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/resource.h>
#include <kernel/smp.h>
#include <lib/cmdline.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/cma.h>
#include <mm/dma.h>
#include <mm/init.h>
#include <mm/kasan.h>
#include <mm/kfence.h>
#include <mm/kmemleak.h>
#include <mm/memblock.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "setup.h"

#define LEAST_MEMORY	(7 * SZ_1M)	/* below it the kernel cannot work */
#define ROOM_FOR_TABLES	(64 * SZ_1K)	/* before all of lowmem is mapped */

extern u8 __kernel_start[], __kernel_end[], __text_start[], __text_end[];
extern u8 __rodata_start[], __rodata_end[], __data_start[], __bss_end[];
extern u8 __init_start[], __init_end[], __init_bss_start[], __init_bss_end[];
extern const u8 embedded_dtb[], embedded_dtb_end[];
extern const struct boot_param __boot_param_start[], __boot_param_end[];

char boot_command_line[1024];
static struct boot_info boot_info;
static phys_addr_t boot_blob;
static unsigned long vmalloc_size = VMALLOC_DEFAULT;
static bool map_rodata = true;

/* One line why the machine cannot be started, then the end. */
static __noreturn void
boot_fail(const char *why)
{
	pr_emerg("boot: %s\n", why);
	machine_power_off(1);
}

static void
parse_atags_over_embedded(const void *atags, unsigned long size)
{
	char why[128];

	bootinfo_init(&boot_info);
	if (bootinfo_parse_dtb(&boot_info, embedded_dtb,
			       embedded_dtb_end - embedded_dtb, why,
			       sizeof(why)) ||
	    bootinfo_parse_atags(&boot_info, atags, size, why, sizeof(why)) ||
	    bootinfo_check(&boot_info, why, sizeof(why)))
		boot_fail(why);
}

void
setup_boot_info(phys_addr_t blob)
{
	const void *data;
	char why[128];

	if (!blob)
		boot_fail("no device tree and no ATAGs: r2 is 0");
	if (blob & 3)
		boot_fail("the device tree is not aligned: r2 is odd");
	data = boot_data_map(blob, BOOT_DATA_MAX);
	if (bootinfo_is_atags(data))
		parse_atags_over_embedded(data, BOOT_DATA_MAX);
	else if (bootinfo_parse(&boot_info, data, BOOT_DATA_MAX, why,
				sizeof(why)))
		boot_fail(why);
	boot_data_unmap();
	boot_blob = blob;
	strscpy(boot_command_line, boot_info.command_line,
		sizeof(boot_command_line));
	if (boot_info.note[0])
		pr_warn("boot: %s\n", boot_info.note);
	pr_info("boot: %s by %s, %u KiB of memory in %u bank%s\n",
		boot_info.model[0] ? boot_info.model : "a board",
		boot_info.source == BOOT_DTB ? "device tree" : "ATAGs",
		bootinfo_memory_size(&boot_info) / 1024, boot_info.nr_banks,
		boot_info.nr_banks == 1 ? "" : "s");
	pr_info("boot: command line: %s\n", boot_command_line);
}

u64
setup_boot_seed(void)
{
	u64 seed = boot_info.has_kaslr_seed ? boot_info.kaslr_seed : 0;

	random_add(seed);
	return seed;
}

/* --- boot parameters of this file ----------------------------------------- */

static int __init
mem_param(const char *value)
{
	return bootinfo_apply_mem_param(&boot_info, value);
}
BOOT_PARAM("mem", mem_param);

static int __init
vmalloc_param(const char *value)
{
	char *end;
	u64 size = memparse(value, &end);

	if (end == value || *end || size < VMALLOC_MIN || size > VMALLOC_MAX)
		return -EINVAL;
	vmalloc_size = ALIGN_UP((unsigned long)size, SECTION_SIZE);
	return 0;
}
BOOT_PARAM("vmalloc", vmalloc_param);

static int __init
rodata_param(const char *value)
{
	if (strcmp(value, "on") && strcmp(value, "off"))
		return -EINVAL;
	map_rodata = value[1] == 'n';
	return 0;
}
BOOT_PARAM("rodata", rodata_param);

/* Linux's name for the output device; there is one, so only it is accepted. */
static int __init
console_param(const char *value)
{
	return strncmp(value, "ttyAMA0", 7) ? -EINVAL : 0;
}
BOOT_PARAM("console", console_param);

static void __init
set_boot_param(const char *name, const char *value)
{
	const struct boot_param *p;

	for (p = __boot_param_start; p < __boot_param_end; p++) {
		if (strcmp(p->name, name))
			continue;
		if (p->fn(value))
			pr_err("boot: bad value of a parameter: %s=%s\n",
			       name, value);
		return;
	}
	pr_warn("boot: unknown parameter: %s\n", name);
}

void __init
setup_boot_params(void)
{
	const char *rest = boot_command_line;
	char word[256], *value;

	while (cmdline_next(&rest, word, sizeof(word))) {
		value = cmdline_value(word);
		set_boot_param(word, value);
	}
}

/* --- memory ----------------------------------------------------------------- */

/* Does the frame at pa keep what is written to it? */
static bool __init
frame_is_there(phys_addr_t pa)
{
	volatile u32 *word = (u32 *)fix_to_virt(FIX_DTB_FIRST);
	bool there;
	u32 old;

	set_fixmap(FIX_DTB_FIRST, pa, PROT_UNCACHED);
	old = *word;
	*word = ~old;
	there = *word == ~old;
	*word = old;
	clear_fixmap(FIX_DTB_FIRST);
	return there;
}

/*
 * Boot loaders err: U-Boot finds memory by halves, so of 1000 MiB it makes 1024.
 * What is not there reads as zero and forgets what is written. Cut each bank
 * where memory really ends.
 */
static void __init
cut_absent_memory(struct boot_range *bank)
{
	phys_addr_t end = bank->end;

	while (end > bank->start && !frame_is_there(end - PAGE_SIZE))
		end = end - bank->start > SZ_1M ? end - SZ_1M : bank->start;
	if (end != bank->end)
		pr_warn("boot: no memory at 0x%08x-0x%08x, though we were "
			"told so: left out\n", end, bank->end - 1);
	bank->end = end;
}

static void __init
name_resources(void)
{
	static const struct {
		u8 *start, *end;
		const char *name;
	} parts[] = {
		{ __text_start, __text_end, "Kernel code" },
		{ __rodata_start, __rodata_end, "Kernel rodata" },
		{ __data_start, __bss_end, "Kernel data" },
	};

	for (unsigned i = 0; i < boot_info.nr_banks; i++)
		request_mem_region(boot_info.banks[i].start,
				   boot_info.banks[i].end -
				   boot_info.banks[i].start, "System RAM");
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		request_mem_region(__pa(parts[i].start),
				   parts[i].end - parts[i].start,
				   parts[i].name);
	for (unsigned i = 0; i < boot_info.nr_reserved; i++)
		request_mem_region(boot_info.reserved[i].start,
				   boot_info.reserved[i].end -
				   boot_info.reserved[i].start,
				   boot_info.reserved[i].name);
	if (boot_info.initrd_end > boot_info.initrd_start)
		request_mem_region(boot_info.initrd_start,
				   boot_info.initrd_end -
				   boot_info.initrd_start, "initrd");
}

/* An initrd outside memory would be read as zeros: better without. */
static void __init
check_initrd(void)
{
	phys_addr_t start = boot_info.initrd_start, end = boot_info.initrd_end;

	if (start == end)
		return;
	if (end < start || !memblock_is_region_memory(start, end - start) ||
	    memblock_overlaps_reserved(start, end - start)) {
		pr_err("boot: initrd at 0x%08x-0x%08x is not in free memory: "
		       "ignored\n", start, end);
		boot_info.initrd_start = boot_info.initrd_end = 0;
		return;
	}
	memblock_reserve(start, end - start);
}

/* The kernel runs where it lies, whatever the tree says of that memory. */
static void __init
keep_kernel_mapped(void)
{
	phys_addr_t end = __pa(__kernel_end);
	bool covered = false;

	for (unsigned i = 0; i < boot_info.nr_reserved; i++) {
		const struct boot_reserved *r = &boot_info.reserved[i];

		covered |= r->nomap && r->start < end && r->end > PHYS_OFFSET;
	}
	if (!covered)
		return;
	pr_warn("boot: a no-map region covers the kernel: mapped all the "
		"same\n");
	memblock_clear_nomap(PHYS_OFFSET, end - PHYS_OFFSET);
}

static void __init
fill_memblock(void)
{
	const struct boot_reserved *r;

	for (unsigned i = 0; i < boot_info.nr_banks; i++) {
		cut_absent_memory(&boot_info.banks[i]);
		memblock_add(boot_info.banks[i].start,
			     boot_info.banks[i].end -
			     boot_info.banks[i].start);
	}
	if (memblock_phys_mem_size() < LEAST_MEMORY)
		boot_fail("too little memory: at least 7 MiB are needed");
	if (!memblock_is_region_memory(__pa(__kernel_start),
				       __kernel_end - __kernel_start))
		boot_fail("the kernel lies outside the memory it was told of");
	memblock_reserve(PHYS_OFFSET, __pa(__kernel_end) - PHYS_OFFSET);
	check_initrd();
	/* mem= can cut off the memory where the tree lies: nothing to free. */
	if (!memblock_is_region_memory(boot_blob, boot_info.dtb_size))
		boot_info.dtb_size = 0;
	if (boot_info.dtb_size)
		memblock_reserve(boot_blob, boot_info.dtb_size);
	for (unsigned i = 0; i < boot_info.nr_reserved; i++) {
		r = &boot_info.reserved[i];
		memblock_reserve(r->start, r->end - r->start);
		if (r->nomap)
			memblock_mark_nomap(r->start, r->end - r->start);
	}
	keep_kernel_mapped();
}

/* Free bytes below limit. */
static phys_addr_t __init
free_below(phys_addr_t limit)
{
	phys_addr_t start, end, sum = 0;
	u64 iter;

	for_each_free_mem_range(iter, start, end) {
		if (start < limit)
			sum += min(end, limit) - start;
	}
	return sum;
}

/* Reserved regions may leave too little: say so before something panics. */
static void __init
check_room(phys_addr_t lowmem_end)
{
	if (free_below(early_map_end()) < ROOM_FOR_TABLES)
		boot_fail("all of the first 16 MiB is reserved: "
			  "no room for page tables");
	if (free_below(lowmem_end) < memblock_phys_mem_size() / 64 + SZ_1M)
		boot_fail("almost all memory is reserved");
}

/*
 * Set memory aside that devices will want in one piece. A reserved range that
 * the tree calls reusable is an area of its own.
 */
static void __init
reserve_for_devices(phys_addr_t limit)
{
	const struct boot_reserved *r;
	struct cma *cma;

	for (unsigned i = 0; i < boot_info.nr_reserved; i++) {
		r = &boot_info.reserved[i];
		if (r->reusable && !r->nomap &&
		    cma_reserve_area(r->start, r->end - r->start, limit,
				     r->name))
			pr_warn("boot: %s at 0x%08x cannot be lent (whole MiB "
				"of lowmem can): kept\n", r->name, r->start);
	}
	cma_reserve_default(limit);
	dma_reserve_pool(limit);
	kfence_reserve(limit);
	cma = cma_default;
	if (cma && !strcmp(cma_name(cma), "default"))
		request_mem_region(cma_base(cma), cma_nr_pages(cma) *
				   PAGE_SIZE, "CMA");
}

static void __init
print_layout(void)
{
	pr_info("layout: lowmem   0x%08x - 0x%08lx  %4lu MiB\n", PAGE_OFFSET,
		(unsigned long)high_memory,
		((unsigned long)high_memory - PAGE_OFFSET) >> SECTION_SHIFT);
	pr_info("layout: vmalloc  0x%08lx - 0x%08x  %4lu MiB\n",
		(unsigned long)high_memory + VMALLOC_GAP, VMALLOC_END,
		(VMALLOC_END - VMALLOC_GAP - (unsigned long)high_memory) >>
		SECTION_SHIFT);
	pr_info("layout: fixmap   0x%08x - 0x%08x, vectors 0x%08x\n",
		FIXMAP_START, FIXMAP_END, VECTORS_BASE);
	pr_info("layout: text %u KiB, rodata %u KiB, init %u KiB, "
		"data+bss %u KiB\n",
		(unsigned)(__text_end - __text_start) / 1024,
		(unsigned)(__rodata_end - __rodata_start) / 1024,
		(unsigned)(__init_end - __init_start) / 1024,
		(unsigned)(__bss_end - __data_start) / 1024);
}

void __init
setup_memory(void)
{
	const struct memblock_region *r;
	phys_addr_t limit, tables;

	fill_memblock();
	limit = lowmem_limit(memblock_end_of_dram(), vmalloc_size);
	check_room(limit);
	memblock_set_current_limit(min(limit, early_map_end()));
	reserve_for_devices(limit);
	tables = memblock_reserved_size();
	paging_map_image(map_rodata);
	for_each_mem_region(r) {
		if (!(r->flags & MEMBLOCK_NOMAP))
			paging_map_lowmem(r->base, r->base + r->size);
	}
	tables = memblock_reserved_size() - tables;
	kasan_map_lowmem(limit);
	paging_switch();
	kasan_init();
	memblock_set_current_limit(limit);
	name_resources();
	print_layout();
	pr_info("layout: page tables %u KiB, and 20 KiB of bss\n",
		tables / 1024);
	smp_set_present(arch_nr_cpus());
	setup_per_cpu_areas();
	mm_init_zones();
	kmemleak_init();
	kmem_cache_init();
	vmalloc_init();
}

void
setup_free_init(void)
{
	/* What was code becomes data before somebody else gets it. */
	paging_protect(__init_start, __init_end, PROT_KERNEL_RW);
	mm_free_init_range(__init_start, __init_end, "init");
	mm_free_init_range(__init_bss_start, __init_bss_end, "early tables");
	if (boot_info.dtb_size)
		mm_free_init_range(__va(boot_blob),
				   (u8 *)__va(boot_blob) + boot_info.dtb_size,
				   "device tree");
	if (boot_info.initrd_end > boot_info.initrd_start)
		mm_free_init_range(__va(boot_info.initrd_start),
				   __va(boot_info.initrd_end), "initrd");
}

/*
 * An address for the bytes from start on: the linear map's, or for an archive
 * that lies in HighMem one of vmap(), *area. NULL: no memory.
 */
static const void * __init
map_initrd(phys_addr_t start, phys_addr_t end, void **area)
{
	unsigned n = (ALIGN_UP(end, PAGE_SIZE) - ALIGN_DOWN(start, PAGE_SIZE))
		     >> PAGE_SHIFT;
	struct page **pages;

	*area = NULL;
	if ((unsigned long)__va(end - 1) < (unsigned long)high_memory &&
	    end <= __pa(high_memory))
		return __va(start);
	pages = kvmalloc(n * sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		pages[i] = pfn_to_page((start >> PAGE_SHIFT) + i);
	*area = vmap(pages, n, PROT_KERNEL_RO);
	kvfree(pages);
	return *area ? (char *)*area + (start & (PAGE_SIZE - 1)) : NULL;
}

/* The first files. Context: everything is up; may sleep. */
void __init
setup_initramfs(void)
{
	phys_addr_t start = boot_info.initrd_start, end = boot_info.initrd_end;
	const void *archive;
	unsigned nr;
	void *area;

	if (end <= start)
		return;
	archive = map_initrd(start, end, &area);
	if (!archive)
		pr_err("initramfs: no memory to map it\n");
	else if (!unpack_initramfs(archive, end - start, "", &nr))
		pr_info("initramfs: %u entries from %u KiB\n", nr,
			(end - start + 1023) / 1024);
	if (area)
		vunmap(area);
}
