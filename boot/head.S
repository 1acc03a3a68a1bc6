/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to C: the first instructions of every core.
 *
 * Ideas
 *   The image starts as a Linux/ARM zImage does, so that QEMU's -kernel and
 *   U-Boot's bootz both take it. Both load it at 0x60010000 and enter it with
 *   the MMU off, r0 = 0, r1 = machine number, r2 = device tree (or ATAGs).
 *
 *   Code is linked at 0xc0010000 but runs, at first, where it was loaded. So
 *   the stub computes every address as a physical one, builds tables that map
 *   the image twice, turns the MMU on while standing on the first copy, and
 *   jumps to the second:
 *
 *	virtual				physical
 *	0x60000000  identity	   ---> 0x60000000  RAM
 *	0xc0000000  linear, 16 MiB --->	0x60000000
 *	0xffc00000  fixmap: UART, vectors page
 *	0xf7600000  KASAN builds: the shadow, all of it one page
 *
 *   These early tables (early_pg_dir) are sections, read-write-execute. The
 *   real map is made by paging_init() in C, as soon as memory is known. The
 *   early ones stay until all cores are up: each comes through here.
 *
 *   The other cores wait in the boot loader's pen, or (an ELF image: the
 *   emulator starts all at once) in ours, for an address in SYS_FLAGS.
 *
 * Sources  Linux, Documentation/arm/booting.rst (register contract, header);
 *	    ARM DDI 0406C, B3.5 (short descriptors), B3.8 (TEX remap).
 */
#include <asm/arch-pgtable.h>
#include <asm/memory.h>
#include <asm/ptrace.h>

#define UART_PHYS	0x10009000
#define SYS_FLAGS	0x10000030

/* Physical address of a symbol of the image. */
	.macro	adr_phys, reg, symbol
	ldr	\reg, =(\symbol - PAGE_OFFSET + PHYS_OFFSET)
	.endm

	.fpu	neon
	.section ".head.text", "ax"
	.arm
	.global	start
	.type	start, %function
start:
	.rept	8
	nop
	.endr
	b	boot_cpu_or_pen
	.word	0x016f2818		@ zImage magic
	.word	0			@ start: anywhere
	.word	__image_end - start	@ end
	.word	0x04030201		@ endianness
	.size	start, . - start

	.type	boot_cpu_or_pen, %function
boot_cpu_or_pen:
	.fnstart
	.cantunwind
	msr	cpsr_c, #(PSR_MODE_SVC | 0xc0)	@ SVC, interrupts masked
	mrc	p15, 0, r3, c0, c0, 5		@ MPIDR
	ands	r3, r3, #3
	bne	pen
	adr	r4, start
	ldr	r5, =(PHYS_OFFSET + TEXT_OFFSET)
	cmp	r4, r5
	bne	wrong_address
	mov	r10, r2				@ device tree or ATAGs
	mov	r11, r1				@ machine number
	bl	clear_bss
	bl	build_early_tables
	bl	setup_mmu			@ r0: value for SCTLR
	ldr	r1, =boot_cpu_high
	b	enable_mmu
	.fnend
	.size	boot_cpu_or_pen, . - boot_cpu_or_pen

/* Cores that an ELF loader started together with the first one. */
	.type	pen, %function
pen:
	ldr	r4, =SYS_FLAGS
1:	yield
	ldr	r5, [r4]
	cmp	r5, #0
	beq	1b
	bx	r5
	.size	pen, . - pen

	.type	wrong_address, %function
wrong_address:
	adr	r0, wrong_address_text
	ldr	r1, =UART_PHYS
1:	ldrb	r2, [r0], #1
	cmp	r2, #0
	strne	r2, [r1]
	bne	1b
2:	wfi
	b	2b
	.size	wrong_address, . - wrong_address
wrong_address_text:
	.asciz	"Vellum: the image must be loaded at 0x60010000\r\n"
	.balign	4

	.type	clear_bss, %function
clear_bss:
	adr_phys r0, __bss_start
	adr_phys r1, __bss_end
	mov	r2, #0
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
1:	stmia	r0!, {r2-r5}
	cmp	r0, r1
	blo	1b
	bx	lr
	.size	clear_bss, . - clear_bss

/* Fill early_pg_dir and the table of the fixmap (4 MiB: fixmap, vectors). */
	.type	build_early_tables, %function
build_early_tables:
	adr_phys r4, early_pg_dir
	ldr	r0, =(PHYS_OFFSET | SECTION_EARLY)
	mov	r1, #EARLY_MAP_SECTIONS
	add	r2, r4, #(PHYS_OFFSET >> SECTION_SHIFT) * 4
	add	r3, r4, #(PAGE_OFFSET >> SECTION_SHIFT) * 4
1:	str	r0, [r2], #4
	str	r0, [r3], #4
	add	r0, r0, #SECTION_BYTES
	subs	r1, r1, #1
	bne	1b

	adr_phys r5, fixmap_table		@ four tables of 1 KiB
	ldr	r3, =(FIXMAP_START >> SECTION_SHIFT) * 4
	add	r3, r4, r3
	orr	r0, r5, #L1_TABLE
	mov	r1, #4
2:	str	r0, [r3], #4
	add	r0, r0, #1024
	subs	r1, r1, #1
	bne	2b

	ldr	r0, =(UART_PHYS | PAGE_DEVICE)	@ slot 0: the console
	str	r0, [r5]
	adr_phys r0, __vectors_page
	ldr	r1, =PAGE_VECTORS
	orr	r0, r0, r1
	ldr	r1, =((VECTORS_BASE - FIXMAP_START) >> PAGE_SHIFT) * 4
	str	r0, [r5, r1]

#ifdef VELLUM_KASAN
	/*
	 * The compiler's code writes the shadow of the stack from the first C
	 * function on: one page takes it all until there is a real shadow.
	 */
	adr_phys r0, kasan_zero_page
	ldr	r1, =PAGE_DATA
	orr	r0, r0, r1
	adr_phys r5, kasan_early_table
	mov	r1, #256
3:	subs	r1, r1, #1
	str	r0, [r5, r1, lsl #2]
	bne	3b
	orr	r0, r5, #L1_TABLE
	ldr	r1, =((KASAN_SHADOW_END - KASAN_SHADOW_START) >> SECTION_SHIFT)
	ldr	r3, =(KASAN_SHADOW_START >> SECTION_SHIFT) * 4
	add	r3, r4, r3
4:	str	r0, [r3], #4
	subs	r1, r1, #1
	bne	4b
#endif
	bx	lr
	.size	build_early_tables, . - build_early_tables

/*
 * Attributes, translation base, domains, VFP, empty TLB and caches. Returns in r0
 * what SCTLR is to hold: written whole, since boot loaders leave it differently
 * (U-Boot may have strict alignment on).
 */
	.type	setup_mmu, %function
setup_mmu:
	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0		@ ICIALLU
	mcr	p15, 0, r0, c7, c5, 6		@ BPIALL
	mcr	p15, 0, r0, c8, c7, 0		@ TLBIALL
	mcr	p15, 0, r0, c2, c0, 2		@ TTBCR: one table
	mcr	p15, 0, r0, c13, c0, 1		@ CONTEXTIDR
	mrc	p15, 0, r0, c1, c0, 1		@ ACTLR: coherent with the
	orr	r0, r0, #0x41			@ others, broadcast TLB ops
	mcr	p15, 0, r0, c1, c0, 1
	ldr	r0, =PRRR_VALUE
	mcr	p15, 0, r0, c10, c2, 0
	ldr	r0, =NMRR_VALUE
	mcr	p15, 0, r0, c10, c2, 1
	mrc	p15, 0, r0, c1, c0, 2		@ CPACR: VFP and NEON for all,
	orr	r0, r0, #(0xf << 20)
	mcr	p15, 0, r0, c1, c0, 2
	isb
	mov	r0, #0				@ but off until somebody asks
	vmsr	fpexc, r0
	mov	r0, #1				@ domain 0: check permissions
	mcr	p15, 0, r0, c3, c0, 0
	adr_phys r0, early_pg_dir
	orr	r0, r0, #TTBR_FLAGS
	mcr	p15, 0, r0, c2, c0, 0
	dsb
	isb
	ldr	r0, =SCTLR_VALUE
	bx	lr
	.size	setup_mmu, . - setup_mmu

/* r0: SCTLR, r1: virtual address to go on at. */
	.type	enable_mmu, %function
enable_mmu:
	dsb
	mcr	p15, 0, r0, c1, c0, 0
	isb
	bx	r1
	.size	enable_mmu, . - enable_mmu

/*
 * Where another core enters (physical). Its registers mean nothing; the first
 * core has left what it needs in secondary_boot.
 */
	.global	secondary_start
	.type	secondary_start, %function
secondary_start:
	.fnstart
	.cantunwind
	msr	cpsr_c, #(PSR_MODE_SVC | 0xc0)
	mrc	p15, 0, r4, c0, c0, 5		@ MPIDR
	and	r4, r4, #3
	adr_phys r5, secondary_boot
1:	ldr	r6, [r5, #8]			@ whose turn it is
	cmp	r6, r4
	yield
	bne	1b
	bl	setup_mmu
	ldr	r1, =secondary_high
	b	enable_mmu
	.fnend
	.size	secondary_start, . - secondary_start
	.ltorg

	.text
	.cfi_sections .debug_frame	@ for gdb: not loaded
	.type	boot_cpu_high, %function
boot_cpu_high:
	.fnstart
	.cantunwind
	.cfi_startproc
	.cfi_undefined lr		@ nobody called it: gdb stops here
	mov	r0, #0
	mcr	p15, 0, r0, c13, c0, 4		@ TPIDRPRW: per-CPU offset 0
	ldr	r0, =emergency_stacks
	bl	set_mode_stacks
	ldr	sp, =boot_stack + THREAD_SIZE
	mov	r0, r10
	mov	r1, r11
	bl	start_kernel
1:	wfi
	b	1b
	.cfi_endproc
	.fnend
	.size	boot_cpu_high, . - boot_cpu_high

	.type	secondary_high, %function
secondary_high:
	.fnstart
	.cantunwind
	.cfi_startproc
	.cfi_undefined lr		@ nobody called it: gdb stops here
	ldr	r0, =(swapper_pg_dir - PAGE_OFFSET + PHYS_OFFSET)
	orr	r0, r0, #TTBR_FLAGS
	mcr	p15, 0, r0, c2, c0, 0
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c8, c7, 0		@ drop the early map
	dsb
	isb
	ldr	r4, =secondary_boot		@ { stack_top, offset, cpu }
	ldmia	r4, {r5, r6, r7}
	mcr	p15, 0, r6, c13, c0, 4
	ldr	r0, =emergency_stacks
	add	r0, r0, r6
	bl	set_mode_stacks
	mov	sp, r5
	mov	r0, r7
	bl	secondary_main
1:	wfi
	b	1b
	.cfi_endproc
	.fnend
	.size	secondary_high, . - secondary_high

/*
 * Abort, undefined, interrupt and fast interrupt mode each get a few words,
 * enough for the entry code to save five registers in (entry.S). r0: this
 * core's copy of emergency_stacks. Leaves SVC mode current, interrupts masked.
 */
	.global	set_mode_stacks
	.type	set_mode_stacks, %function
set_mode_stacks:
	.fnstart
	.cantunwind
	msr	cpsr_c, #(PSR_MODE_ABT | 0xc0)
	mov	sp, r0
	msr	cpsr_c, #(PSR_MODE_UND | 0xc0)
	add	sp, r0, #32
	msr	cpsr_c, #(PSR_MODE_IRQ | 0xc0)
	add	sp, r0, #64
	msr	cpsr_c, #(PSR_MODE_FIQ | 0xc0)
	add	sp, r0, #96
	msr	cpsr_c, #(PSR_MODE_SVC | 0xc0)
	bx	lr
	.fnend
	.size	set_mode_stacks, . - set_mode_stacks
	.ltorg

	.section ".data.thread_stack", "aw"
	.balign	THREAD_SIZE
	.global	boot_stack
boot_stack:
	.space	THREAD_SIZE

	.section ".init.bss", "aw", %nobits
	.balign	16384
	.global	early_pg_dir
early_pg_dir:
	.space	16384
#ifdef VELLUM_KASAN
kasan_early_table:
	.space	1024
#endif

	.section ".bss.page_aligned", "aw", %nobits
	.balign	16384
	.global	swapper_pg_dir
swapper_pg_dir:
	.space	16384
	.global	fixmap_table
fixmap_table:
	.space	4096
#ifdef VELLUM_KASAN
	.global	kasan_zero_page
kasan_zero_page:
	.space	4096
#endif
