# SPDX-License-Identifier: MIT
"""Machines that are asked for more memory than they have, by programs.

Nothing may be lost: thrash (user/examples/thrash.c) looks at every byte of all of
its processes, which have their memory at the same time. And nothing may stand
still: who waits for memory may hold what another needs to give some. A boot that
hangs is ended by the runner, which prints where each core was.

Afterwards all of swap is free, no frame is missing from the books (/proc/verify)
and so much was swapped that it cannot have fitted into memory.
"""

import os

from runner import jobs
from runner.boots import Boot

SHELL = r"vellum$ "
SHOW = ("free | grep Swap; grep pswp /proc/vmstat", "cat /proc/verify",
        "poweroff")
# All free again but for a page of init's or the shell's.
ALL_FREE = r"^Swap: +\d+ +\d{1,3} "


def ours():
    with open(os.path.join(jobs.TOP, "build", "initramfs.cpio"), "rb") as file:
        return file.read()


def sparse(mib):
    """Makes an empty disk."""
    def make(path):
        with open(path, "wb") as file:
            file.truncate(mib << 20)
    return make


def thrash(name, device, mib, processes, rounds=3, **machine):
    """In rounds, so many MiB in all; a disk, or zram=... in append."""
    pages = mib * 256 // processes * processes
    return Boot(name, initrd=ours, prompt=SHELL, seconds=15, say=(
        f"mkswap {device}; swapon {device}",
        f"thrash {mib} {processes} {rounds}", *SHOW),
        expect=[r"version 1, size = \d+ KiB",
                rf"^thrash: {processes} processes, {pages} pages, 0 failed$",
                ALL_FREE, r"^pswpin \d{4,}$", r"^pswpout \d{4,}$",
                r"^every rule holds$"],
        forbid=["page allocation failure", "Out of memory"], **machine)


BOOTS = [
    # 160 MiB in 64, and 10^9 instructions of theirs.
    thrash("sixty_four_processes_of_twice_and_a_half_the_memory", "/dev/vda",
           160, 64, rounds=2, image=sparse(256), mem=64, smp=4),
    # Twice what is free at the prompt, which are 26 MiB.
    thrash("twice_the_memory_on_a_disk", "/dev/vda", 52, 4, image=sparse(64),
           mem=32, smp=2),
    thrash("twice_the_memory_on_a_disk_in_one_order", "/dev/vda", 52, 4,
           image=sparse(64), mem=32, icount=3),
    thrash("twice_the_memory_compressed", "/dev/zram0", 52, 4, mem=32, smp=2,
           append="zram=64M"),
]
