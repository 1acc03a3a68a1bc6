# SPDX-License-Identifier: MIT
"""Ways to be started: QEMU or U-Boot, a device tree or ATAGs, an initrd or none.

Every one of them has to end at the same prompt with the same memory.
"""

from runner.boots import PROMPT, Boot

# No archive: one line says so, and its pages go back all the same. Some bytes
# that cannot be mistaken for zeros.
INITRD = bytes(range(1, 252)) * 400


def cpio(*entries):
    """An archive of format newc: ("d", name) or ("f", name, data)."""
    out = b""
    for kind, name, *data in entries + (("f", "TRAILER!!!"),):
        data = data[0] if data else b""
        mode = 0o40755 if kind == "d" else 0o100644
        numbers = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % n for n in numbers)
        out += name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out

BOOTS = [
    Boot("device_tree_from_qemu",
         expect=[r"by device tree, 262144 KiB of memory in 1 bank", PROMPT]),
    Boot("least_machine_16_mib", mem=16,
         expect=[r"by device tree, 16384 KiB of memory in 1 bank", PROMPT]),
    Boot("largest_machine_1024_mib_4_cores", mem=1024, smp=4,
         expect=[r"by device tree, 1048576 KiB of memory in 1 bank", PROMPT]),
    # Without -dtb QEMU passes ATAGs; the devices come from the embedded tree.
    Boot("atags_only", tree="none", append="loglevel=7",
         expect=[r"by ATAGs, 262144 KiB of memory in 1 bank",
                 r"command line: loglevel=7", PROMPT]),
    Boot("atags_only_4_cores", tree="none", mem=512, smp=4,
         expect=[r"by ATAGs, 524288 KiB", PROMPT]),
    Boot("atags_with_initrd", tree="none", initrd=INITRD,
         expect=[r"by ATAGs", r"98 KiB.*initrd|initrd.*9[6-9]|initrd", PROMPT]),
    Boot("no_initrd_is_not_mentioned", expect=[PROMPT], forbid=[r"initrd"]),
    Boot("initrd_goes_back_to_the_allocator", initrd=INITRD,
         expect=[r"initramfs: no cpio header of format newc, at byte 0",
                 r"(?i)free.*initrd", PROMPT]),
    Boot("initramfs_is_unpacked", initrd=cpio(("d", "sub"), ("f", "sub/a", b"hi")),
         expect=[r"initramfs: 2 entries from 1 KiB", r"(?i)free.*initrd",
                 PROMPT]),
    Boot("uboot_sd_card", uboot=True, append="loglevel=7",
         expect=[r"U-Boot", r"by device tree, 262144 KiB of memory in 1 bank",
                 r"command line: loglevel=7", PROMPT]),
    Boot("uboot_with_initrd", uboot=True, initrd=INITRD,
         expect=[r"U-Boot", r"(?i)free.*initrd", PROMPT]),
    Boot("uboot_16_mib", uboot=True, mem=16,
         expect=[r"by device tree, 16384 KiB of memory in 1 bank", PROMPT]),
    # U-Boot describes 1 GiB as two banks that touch.
    Boot("uboot_1024_mib_4_cores", uboot=True, mem=1024, smp=4,
         expect=[r"by device tree, 1048576 KiB of memory in 1 bank", PROMPT]),
    Boot("nothing_in_r2", tree=b"", r2=0, say=(), status=1,
         expect=[r"no device tree and no ATAGs"], forbid=[PROMPT]),
    Boot("odd_address_in_r2", tree=b"", r2=0x60800001, say=(), status=1,
         expect=[r"not aligned"], forbid=[PROMPT]),
    Boot("r2_points_to_zeros", tree=b"", say=(), status=1,
         expect=[r"neither"], forbid=[PROMPT]),
    # Absent memory reads as zero on this board.
    Boot("r2_points_outside_memory", tree=b"", r2=0xf0000000, say=(), status=1,
         expect=[r"boot: "], forbid=[PROMPT]),
]
