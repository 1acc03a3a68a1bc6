/* SPDX-License-Identifier: MIT */
/*
 * The bits of ARMv7 short descriptors. For arch/arm and boot/ only.
 *
 * SCTLR.AFE and SCTLR.TRE are on: AP[0] is the access flag (AF), and the
 * memory type is chosen by the index TEX0:C:B through PRRR and NMRR, which
 * leaves TEX[2:1] to software (dirty, writable).
 *
 *  small page  31:12 frame | 11 nG | 10 S | 9 AP2 (read-only) | 8 dirty |
 *		7 writable | 6 TEX0 | 5 AP1 (user) | 4 AF | 3 C | 2 B | 1 =1 | 0 XN
 *  section	31:20 frame | 17 nG | 16 S | 15 AP2 | 14 dirty | 13 writable |
 *		12 TEX0 | 11 AP1 | 10 AF | 8:5 domain | 4 XN | 3 C | 2 B | 1:0 =10
 *
 * Source  ARM DDI 0406C, B3.5.1, B3.7, B3.8.3.
 */
#ifndef ASM_ARCH_PGTABLE_H
#define ASM_ARCH_PGTABLE_H

/* Memory attribute indexes, TEX0:C:B. 6 is implementation defined: unused. */
#define ATTR_STRONGLY_ORDERED	0
#define ATTR_DEVICE		1
#define ATTR_NORMAL_UNCACHED	2
#define ATTR_NORMAL_WRITE_BACK	3

/*
 * PRRR: two bits a type (0 strongly ordered, 1 device, 2 normal); bits 17, 19:
 * the S bit of an entry counts for device and normal memory; bits 26, 27:
 * shareable means inner shareable. NMRR: inner and outer policy of index 3 is
 * write-back, write-allocate (1).
 */
#define PRRR_VALUE	0x0c0a00a4
#define NMRR_VALUE	0x00400040

/* Table walks: cached write-back, inner shareable. */
#define TTBR_FLAGS	0x6a

/*
 * M, C, Z, I, V (vectors at 0xffff0000), TRE, AFE, and the bits that read as
 * one. A (strict alignment) is off.
 */
#define SCTLR_VALUE	0x30c5387d

#define L1_TYPE_MASK	3
#define L1_TABLE	1
#define L1_SECTION	2
#define L1_SUPERSECTION	(1 << 18)
#define L1_DOMAIN(e)	((e) >> 5 & 15)

#define SECT_XN		(1 << 4)
#define SECT_AF		(1 << 10)
#define SECT_USER	(1 << 11)
#define SECT_TEX0	(1 << 12)
#define SECT_WRITABLE	(1 << 13)
#define SECT_DIRTY	(1 << 14)
#define SECT_RDONLY	(1 << 15)
#define SECT_S		(1 << 16)
#define SECT_NG		(1 << 17)

#define PTE_XN		(1 << 0)
#define PTE_SMALL	(1 << 1)
#define PTE_AF		(1 << 4)
#define PTE_USER	(1 << 5)
#define PTE_TEX0	(1 << 6)
#define PTE_WRITABLE	(1 << 7)
#define PTE_DIRTY	(1 << 8)
#define PTE_RDONLY	(1 << 9)
#define PTE_S		(1 << 10)
#define PTE_NG		(1 << 11)

#define ATTR_SHIFT	2		/* C:B in both formats */

/* What head.S maps before there is a C environment. */
#define EARLY_MAP_SECTIONS	16
#define SECTION_BYTES		0x100000
#define SECTION_EARLY	(L1_SECTION | SECT_AF | SECT_S | SECT_WRITABLE | \
			 SECT_DIRTY | ATTR_NORMAL_WRITE_BACK << ATTR_SHIFT)
#define PAGE_DEVICE	(PTE_SMALL | PTE_XN | PTE_AF | PTE_S | PTE_WRITABLE | \
			 PTE_DIRTY | ATTR_DEVICE << ATTR_SHIFT)
#define PAGE_DATA	(PTE_SMALL | PTE_XN | PTE_AF | PTE_S | PTE_WRITABLE | \
			 PTE_DIRTY | ATTR_NORMAL_WRITE_BACK << ATTR_SHIFT)
#define PAGE_VECTORS	(PTE_SMALL | PTE_AF | PTE_S | PTE_RDONLY | PTE_USER | \
			 ATTR_NORMAL_WRITE_BACK << ATTR_SHIFT)

#endif
