# SPDX-License-Identifier: MIT
#
# What U-Boot does, read from the SD card as boot.scr (tools/sdimage makes it,
# and puts the command line and the initrd in the place of the two words
# between @ signs).
#
# Everything has to fit into 16 MiB of RAM, 0x60000000 to 0x60ffffff:
#
#	0x60010000	the kernel, run where it is loaded (up to 6.9 MiB, bss too)
#	0x60700000	the device tree
#	0x60780000	this script
#	0x60800000	U-Boot's own image and tree (1 MiB)
#	0x60900000	the initrd (up to 2.2 MiB)
#	0x60b2d000	U-Boot itself, its heap and stack, up to the end of RAM
#
# fdt_high and initrd_high of the environment say "leave them in place".

setenv bootargs "@BOOTARGS@"
setenv initrd "@INITRD@"
if load mmc 0:1 ${kernel_addr_r} kernel.bin; then
	load mmc 0:1 ${fdt_addr_r} board.dtb
	if test -n "${initrd}"; then
		load mmc 0:1 ${ramdisk_addr_r} ${initrd}
		bootz ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr_r}
	else
		bootz ${kernel_addr_r} - ${fdt_addr_r}
	fi
fi
