/* SPDX-License-Identifier: MIT */
/*
 * Walking the tables as the hardware does, and putting words to what is found.
 *
 *	va 31:20  index into the first level	(1 MiB each)
 *	va 19:12  index into the second level	(4 KiB each)
 *	va 11:0   offset in the page
 *
 * First level, by bits 1:0 -- 00 nothing, 01 a second-level table, 10 a
 * section (bit 18: supersection of 16 MiB), 11 nothing on this core.
 * Second level -- 00 not present (the rest is software's), 01 a large page of
 * 64 KiB, 1x a small page.
 *
 * Sources  ARM DDI 0406C, B3.5.1, B3.13.3 (fault status); A9 TRM.
 */
#include <asm/barrier.h>
#include <asm/irqflags.h>
#include <asm/pgtable.h>
#include <lib/compiler.h>
#include "prot.h"

#define SUPERSECTION_SIZE	SZ_16M
#define LARGE_PAGE_SIZE		0x10000UL
#define LARGE_PAGE_XN		(1 << 15)
#define LARGE_PAGE_TEX0		(1 << 12)

static u8
memattr_of(u32 entry, u32 tex0)
{
	return (entry & tex0 ? 4 : 0) | (entry >> ATTR_SHIFT & 3);
}

/* What the kernel, and what a user, may do: AP2 is read-only, AP1 is user. */
static void
decode_access(struct pt_walk *w, bool readonly, bool user, bool xn)
{
	w->read = w->young;
	w->write = w->young && !readonly;
	w->exec = w->young && !xn;
	w->user = user;
	w->user_write = user && !readonly;
}

static void
decode_section(struct pt_walk *w)
{
	u32 e = w->l1;
	bool super = e & L1_SUPERSECTION;

	w->kind = super ? PT_SUPERSECTION : PT_SECTION;
	w->size = super ? SUPERSECTION_SIZE : SECTION_SIZE;
	w->pa = (e & ~(w->size - 1)) | (w->va & (w->size - 1));
	w->domain = super ? 0 : L1_DOMAIN(e);
	w->global = !(e & SECT_NG);
	w->shared = e & SECT_S;
	w->young = e & SECT_AF;
	w->dirty = e & SECT_DIRTY;
	w->writable = e & SECT_WRITABLE;
	w->memattr = memattr_of(e, SECT_TEX0);
	decode_access(w, e & SECT_RDONLY, e & SECT_USER, e & SECT_XN);
}

static void
decode_page(struct pt_walk *w)
{
	u32 e = w->l2;
	bool large = !(e & PTE_SMALL);

	w->kind = large ? PT_LARGE_PAGE : PT_SMALL_PAGE;
	w->size = large ? LARGE_PAGE_SIZE : PAGE_SIZE;
	w->pa = (e & ~(w->size - 1)) | (w->va & (w->size - 1));
	w->global = !(e & PTE_NG);
	w->shared = e & PTE_S;
	w->young = e & PTE_AF;
	w->dirty = e & PTE_DIRTY;
	w->writable = e & PTE_WRITABLE;
	w->memattr = memattr_of(e, large ? LARGE_PAGE_TEX0 : PTE_TEX0);
	decode_access(w, e & PTE_RDONLY, e & PTE_USER,
		      large ? e & LARGE_PAGE_XN : e & PTE_XN);
}

void
pt_walk(const pgd_t *pgd, unsigned long va, struct pt_walk *w)
{
	const pgd_t *l1 = &pgd[va >> SECTION_SHIFT];
	const pte_t *l2;

	*w = (struct pt_walk){ .va = va, .kind = PT_NONE, .level = 1 };
	w->l1 = READ_ONCE(l1->value);
	w->l1_pa = __pa(l1);
	w->size = SECTION_SIZE;
	switch (w->l1 & L1_TYPE_MASK) {
	case L1_SECTION:
		decode_section(w);
		return;
	case L1_TABLE:
		break;
	default:
		return;
	}
	l2 = l1_to_table(w->l1) + (va >> PAGE_SHIFT) % PTRS_PER_PTE;
	w->level = 2;
	w->size = PAGE_SIZE;
	w->domain = L1_DOMAIN(w->l1);
	w->l2 = READ_ONCE(l2->value);
	w->l2_pa = __pa(l2);
	if (w->l2 & 3)
		decode_page(w);
	else
		w->kind = w->l2 ? PT_SOFTWARE : PT_NONE;
}

const char *
pt_memattr_name(unsigned memattr)
{
	static const char *const names[8] = {
		"strongly ordered", "device", "normal, uncached",
		"normal, write-back", "reserved", "reserved",
		"implementation defined", "reserved",
	};

	return names[memattr & 7];
}

const char *
fault_status_name(u32 fsr)
{
	switch ((fsr & 0xf) | (fsr >> 6 & 0x10)) {
	case 0x01: return "alignment";
	case 0x02: return "debug event";
	case 0x03: return "access flag, section";
	case 0x04: return "cache maintenance";
	case 0x05: return "translation, section";
	case 0x06: return "access flag, page";
	case 0x07: return "translation, page";
	case 0x08: return "external abort";
	case 0x09: return "domain, section";
	case 0x0b: return "domain, page";
	case 0x0c: return "external abort on first-level walk";
	case 0x0d: return "permission, section";
	case 0x0e: return "external abort on second-level walk";
	case 0x0f: return "permission, page";
	case 0x16: return "asynchronous external abort";
	default:   return "unknown";
	}
}

bool
hardware_translate(unsigned long va, bool write, phys_addr_t *pa)
{
	unsigned long flags = local_irq_save();
	u32 par;

	if (write)
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 1" :: "r"(va));
	else
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 0" :: "r"(va));
	isb();
	__asm__ volatile("mrc p15, 0, %0, c7, c4, 0" : "=r"(par));
	local_irq_restore(flags);
	if (par & 1) {
		*pa = par;
		return false;
	}
	/* Bit 1: a supersection, whose frame number is 8 bits. */
	*pa = par & 2 ? (par & 0xff000000) | (va & 0x00ffffff) :
			(par & PAGE_MASK) | (va & ~PAGE_MASK);
	return true;
}
