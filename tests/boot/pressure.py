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
import re

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


def kib(text, name):
    """What /proc/meminfo says."""
    found = re.search(rf"^{name}: +(\d+) kB", text, re.M)
    return int(found[1]) if found else -1


def agree(_image, text):
    """One state of the machine, told in four ways; a few pages may move."""
    free = re.findall(r"^(?:Mem|Swap): +(.*)$", text, re.M)[:2]
    rates = re.search(r"^ +swpd .*\n *(.*)$", text, re.M)
    swaps = re.search(r"^/dev/zram0 +partition\s+(\d+)\s+(\d+)", text, re.M)
    pages = dict(re.findall(r"^(pswpin|pswpout) (\d+)$", text, re.M))
    if len(free) != 2 or not rates or not swaps or len(pages) != 2:
        return [f"cannot be read: {free} {rates} {swaps} {pages}"]
    total, used, unused, _, cache, available = map(int, free[0].split())
    swap_total, swap_used, swap_free = map(int, free[1].split())
    swpd, rates_free, _, into, out = map(int, rates[1].split()[:5])
    wrong = []

    def near(what, a, b, by):
        if abs(a - b) > by:
            wrong.append(f"{what}: {a} and {b} KiB")

    near("free's sum", used + unused + cache, total, 0)
    near("MemTotal", kib(text, "MemTotal"), total, 0)
    near("MemFree of meminfo", kib(text, "MemFree"), unused, 512)
    near("MemFree of vmstat", rates_free, unused, 512)
    near("MemAvailable", kib(text, "MemAvailable"), available, 512)
    near("SwapTotal", kib(text, "SwapTotal"), swap_total, 0)
    near("SwapTotal of swaps", int(swaps[1]), swap_total, 0)
    near("free's sum of swap", swap_used + swap_free, swap_total, 0)
    near("SwapFree", kib(text, "SwapFree"), swap_free, 512)
    near("used of swaps", int(swaps[2]), swap_used, 512)
    near("swpd", swpd, swap_used, 512)
    near("si", into, int(pages["pswpin"]) * 4, 512)
    near("so", out, int(pages["pswpout"]) * 4, 512)
    if swap_used < 10000 or out < 10000:
        wrong.append(f"too little was swapped: {swap_used} of {out} KiB")
    return wrong


BOOTS = [
    Boot("free_vmstat_meminfo_and_swaps_agree", initrd=ours, prompt=SHELL,
         mem=32, append="zram=64M", after=agree, say=(
             "mkswap /dev/zram0; swapon /dev/zram0",
             "mkdir /tmp/m; mount -t tmpfs -o size=60m tmpfs /tmp/m; "
             "dd if=/dev/zero of=/tmp/m/big bs=64k count=640; wc -c /tmp/m/big",
             "free; vmstat; cat /proc/meminfo /proc/swaps; "
             "grep pswp /proc/vmstat", "umount /tmp/m", *SHOW),
         expect=[r"^41943040 ", ALL_FREE, r"^every rule holds$"]),
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
