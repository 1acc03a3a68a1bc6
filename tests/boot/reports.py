# SPDX-License-Identifier: MIT
"""Reports that end the machine: what a person at the console gets to read.

Every boot here asks the monitor for a mistake. The report must name it, show
the walk of the address, the stack with names, and the stack of every other
core, whole; then the emulator ends with status 1.
"""

from runner.boots import PROMPT, Boot

NAMED_STACK = (r"stack:", r"oops_command\+0x")


def oops(kind, *expect, smp=1):
    """A boot that ends by this kind of oops, with these lines in its report."""
    return Boot(f"oops_{kind.replace('-', '_')}", smp=smp, status=1,
                say=(f"oops {kind}",), expect=[PROMPT, *expect])


BOOTS = [
    oops("null-read", r"oops: NULL pointer dereference", r"CPU \d, task \d+ \(",
         r"read at 0000[0-9a-f]{4}, fault status 0x005: translation, section",
         r"L1  index 0x000  entry @PA 0x6[0-9a-f]{7} = 0x00000000 -> nothing",
         r"no translation: fault status 0x05", r"pc : c0[0-9a-f]{6}",
         r"mode SVC  ARM", r"code:( [0-9a-f]{8}){4} \([0-9a-f]{8}\)",
         *NAMED_STACK),
    oops("null-call", r"oops: jump to a NULL pointer", r"execution at 00000000"),
    oops("rodata-write", r"oops: write to read-only memory",
         r"fault status 0x80f: permission, page",
         r"small page \(4 KiB\)", r"kernel r--", *NAMED_STACK),
    oops("text-write", r"oops: write to read-only memory", r"kernel r-x"),
    oops("data-exec", r"oops: execution of non-executable memory"),
    oops("undefined", r"oops: undefined instruction at c0", *NAMED_STACK),
    oops("unaligned", r"oops: unaligned access"),
    oops("bug", r"BUG at kernel/monitor/\w+\.c:\d+: ", *NAMED_STACK),
    oops("panic", r"panic: ", *NAMED_STACK,
         r"core \d: task idle/\d", r"stack:", r"cpu_idle_loop\+0x",
         r"core \d: task idle/\d", r"stack:", r"cpu_idle_loop\+0x",
         r"core \d: task idle/\d", r"stack:", r"cpu_idle_loop\+0x", smp=4),
]
