/* SPDX-License-Identifier: MIT */
/*
 * The board's own device tree, inside the kernel: for boot loaders that pass
 * only ATAGs, which then override its /memory and /chosen.
 */
	.section ".init.rodata", "a"
	.balign	8
	.global	embedded_dtb
embedded_dtb:
	.incbin	"build/vexpress-v2p-ca9.dtb"
	.global	embedded_dtb_end
embedded_dtb_end:
