/* SPDX-License-Identifier: MIT */
/*
 * One entry of a user's page table: what it says, and how to make another.
 *
 * A pte_t is a value; these functions read one or build one, and none touches
 * memory. Only this header, the kernel's map and the walk know the bits.
 *
 *	present		the core uses it: 1:0 = 1x
 *	young		AF: cleared by the kernel, set by the fault that the
 *			next access makes; the core never sets it itself
 *	dirty		software: written since it was made clean
 *	write		software: the owner may write. The core's read-only
 *			bit AP2 is !(write && dirty), so the first write of a
 *			clean page faults, and the fault makes it dirty
 *	protnone	mapped, but nobody may touch it (1:0 = 00, bit 2 set):
 *			the frame and the bits 11:4 are kept
 *
 *	 none --mk_pte--> present <--pte_mknone / pte_mkpresent--> protnone
 *
 * Source  ARM DDI 0406C, B3.5.1, B3.7.
 */
#ifndef ASM_PTE_H
#define ASM_PTE_H

#include <asm/arch-pgtable.h>
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <lib/compiler.h>

#define PTE_PROTNONE	(1u << 2)	/* with 1:0 = 00 */
/* It takes bit 2 of the memory's kind; AP2, which follows from others, keeps
 * the one kind that has no bit 2. */
#define PTE_NONE_UNCACHED PTE_RDONLY

/* What a user mapping allows; read is implied by the other two. */
#define USER_READ	1u
#define USER_WRITE	2u
#define USER_EXEC	4u
/* Of what kind the memory is. */
enum user_memory { USER_CACHED, USER_UNCACHED, USER_DEVICE };

static inline bool
pte_none(pte_t pte)
{
	return pte.value == 0;
}

static inline bool
pte_present(pte_t pte)
{
	return pte.value & PTE_SMALL;
}

static inline bool
pte_protnone(pte_t pte)
{
	return (pte.value & (3 | PTE_PROTNONE)) == PTE_PROTNONE;
}

/* Neither: a place in swap (mm/swap.h)? 1:0 = 00, bit 2 clear, not 0. */
static inline bool
pte_swap(pte_t pte)
{
	return pte.value && !(pte.value & (3 | PTE_PROTNONE));
}

/* Does it hold a frame: present, or there but out of reach? */
static inline bool
pte_mapped(pte_t pte)
{
	return pte_present(pte) || pte_protnone(pte);
}

static inline bool
pte_young(pte_t pte)
{
	return pte.value & PTE_AF;
}

static inline bool
pte_dirty(pte_t pte)
{
	return pte.value & PTE_DIRTY;
}

static inline bool
pte_write(pte_t pte)
{
	return pte.value & PTE_WRITABLE;
}

static inline bool
pte_exec(pte_t pte)
{
	return pte_present(pte) && !(pte.value & PTE_XN);
}

/* pte must be mapped. */
static inline pfn_t
pte_pfn(pte_t pte)
{
	return pte.value >> PAGE_SHIFT;
}

/* The core's read-only bit follows from write and dirty. The three lie side by
 * side: no comparison is needed. */
static inline pte_t
pte_settle(u32 value)
{
	static_assert(PTE_DIRTY == PTE_WRITABLE << 1 &&
		      PTE_RDONLY == PTE_DIRTY << 1, "bits of a small page");
	u32 both = value & value << 1;		/* dirty: and writable */

	return (pte_t){ (value & ~(u32)PTE_RDONLY) |
			(~(both << 1) & PTE_RDONLY) };
}

static inline pte_t
pte_mkyoung(pte_t pte)
{
	return (pte_t){ pte.value | PTE_AF };
}

static inline pte_t
pte_mkold(pte_t pte)
{
	return (pte_t){ pte.value & ~(u32)PTE_AF };
}

static inline pte_t
pte_mkdirty(pte_t pte)
{
	return pte_settle(pte.value | PTE_DIRTY);
}

static inline pte_t
pte_mkclean(pte_t pte)
{
	return pte_settle(pte.value & ~(u32)PTE_DIRTY);
}

static inline pte_t
pte_mkwrite(pte_t pte)
{
	return pte_settle(pte.value | PTE_WRITABLE);
}

static inline pte_t
pte_wrprotect(pte_t pte)
{
	return pte_settle(pte.value & ~(u32)PTE_WRITABLE);
}

/* The kind of memory that pte, mapped, was made for. */
static inline enum user_memory
pte_memory(pte_t pte)
{
	if (pte_protnone(pte) && pte.value & PTE_NONE_UNCACHED)
		return USER_UNCACHED;
	switch (pte.value >> ATTR_SHIFT & 3) {
	case ATTR_NORMAL_WRITE_BACK:
		return USER_CACHED;
	case ATTR_NORMAL_UNCACHED:
		return USER_UNCACHED;
	default:
		return USER_DEVICE;
	}
}

/* Bits of a user's small page: not global, young, clean. */
static inline u32
user_pte_bits(unsigned allow, enum user_memory memory)
{
	static const u8 attr[] = {
		[USER_CACHED]	= ATTR_NORMAL_WRITE_BACK,
		[USER_UNCACHED]	= ATTR_NORMAL_UNCACHED,
		[USER_DEVICE]	= ATTR_DEVICE,
	};

	return PTE_SMALL | PTE_AF | PTE_S | PTE_USER | PTE_NG | PTE_RDONLY |
	       attr[memory] << ATTR_SHIFT |
	       (allow & USER_EXEC ? 0 : PTE_XN) |
	       (allow & USER_WRITE ? PTE_WRITABLE : 0);
}

/*
 * A young, clean translation to frame pfn that allows what `allow' says
 * (USER_*); with none of them it is protnone.
 */
static inline pte_t
mk_pte(pfn_t pfn, unsigned allow, enum user_memory memory)
{
	u32 value = pfn << PAGE_SHIFT | user_pte_bits(allow, memory);

	if (!allow)
		value = (value & ~(3u | PTE_RDONLY)) | PTE_PROTNONE |
			(memory == USER_UNCACHED ? PTE_NONE_UNCACHED : 0);
	return (pte_t){ value };
}

/*
 * What pte_with_rights() gives to a translation: that of frame 0 with these
 * rights, old and clean. With USER_WRITE it is writable only if `writable': the
 * caller knows whether the page is shared for copy on write.
 */
static inline pte_t
pte_rights(unsigned allow, enum user_memory memory, bool writable)
{
	pte_t pte;

	if (!writable) {	/* write alone implies read */
		allow = allow == USER_WRITE ? USER_READ :
			allow & ~(unsigned)USER_WRITE;
	}
	pte = mk_pte(0, allow, memory);
	pte.value &= ~(u32)PTE_AF;
	return pte;
}

/* The same frame, young and dirty as it was, with other rights. */
static inline pte_t
pte_with_rights(pte_t pte, pte_t rights)
{
	u32 value = (pte.value & (PAGE_MASK | PTE_AF | PTE_DIRTY)) |
		    rights.value;

	return pte_present(rights) ? pte_settle(value) : (pte_t){ value };
}

static inline pte_t
pte_modify(pte_t pte, unsigned allow, enum user_memory memory, bool writable)
{
	return pte_with_rights(pte, pte_rights(allow, memory, writable));
}

#endif
