# SPDX-License-Identifier: MIT
"""Whole boots: what the loader hands over, and what the kernel must say.

Ideas
  Boot      one case of tests/boot: a machine, what it is given, what must be
            on the console (in this order) and the exit status.
  Handing   QEMU mends the tree it is given with -dtb (memory, chosen), and
  over      refuses a broken one. To bring any bytes before the kernel, the
            kernel and the tree are put into memory as they are, and what
            QEMU starts as "Linux" is a trampoline of seven words:

              0x60004000  mov r0, #0
                          ldr r1, =0x8e0          machine type
                          ldr r2, =tree           or whatever the case wants
                          ldr pc, =0x60010000     the kernel

            It travels as a uImage, so the other cores wait in the pen as
            they do in any boot.
  Trees     board.dts with a few lines behind it: later definitions of a node
            win in a device tree source, and /delete-node/ removes.
"""

import os
import re
import struct
import subprocess
import time
import zlib
from dataclasses import dataclass, field

from . import jobs, ktap

KERNEL = os.path.join(jobs.TOP, "build", "kernel.bin")
BOARD = os.path.join(jobs.TOP, "boot", "board.dts")
KERNEL_AT = 0x60010000
TREE_AT = 0x60800000
INITRD_AT = 0x60900000
TRAMPOLINE_AT = 0x60004000
PROMPT = "vellum> "
VERIFIED = "verified: every rule holds"
STOP_AT_PANIC = "panic=-1"    # end at once instead of waiting for a person
TAIL = 20                 # lines of the log shown for a failed boot
SECONDS = 6               # a boot takes where plan.py was written


class Skip(Exception):
    """A boot cannot be made here; says why."""


@dataclass
class Boot:
    name: str
    expect: list = field(default_factory=list)   # regular expressions
    forbid: list = field(default_factory=list)
    status: int = 0                # -1: any but 0
    mem: int = 256
    smp: int = 1
    uboot: bool = False
    icount: int = None             # None: free-running
    disk_iops: int = 0             # a scratch disk as slow as this; 0: no disk
    append: str = ""
    say: tuple = ("verify", "poweroff")          # typed at the prompt
    tree: bytes = None             # None: the board's, "none": ATAGs only
    r2: int = TREE_AT              # where the tree is, or nothing
    initrd: object = None          # bytes, or what makes them (may raise Skip)
    image: object = None           # makes a disk at the path it is given
    after: object = None           # looks at it afterwards: what is wrong
    device: str = ""               # one more of QEMU's; without a tree, a disk
    cut: str = ""                  # when this is printed, the power fails
    prompt: str = PROMPT
    seconds: int = SECONDS         # it takes where plan.py was written


def tree(extra="", reserve=(), bootargs=None):
    """The board's tree with `extra` behind it, compiled."""
    if bootargs is None:
        bootargs = STOP_AT_PANIC
    with open(BOARD) as file:
        text = file.read()
    entries = "".join(f"/memreserve/ {start:#x} {size:#x};\n"
                      for start, size in reserve)
    text = text.replace("/dts-v1/;", "/dts-v1/;\n" + entries, 1)
    extra += '\n/ { chosen { bootargs = "%s"; }; };\n' % bootargs
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-"],
                          input=(text + "\n" + extra).encode(), check=True,
                          stdout=subprocess.PIPE)
    return done.stdout


def memory(*banks, bootargs=None, extra="", reserve=()):
    """The board's tree with these banks (start, size) as its memory."""
    cells = " ".join(f"{start:#x} {size:#x}" for start, size in banks)
    return tree("/ { memory@60000000 { reg = <%s>; }; };\n%s" % (cells, extra),
                reserve, bootargs)


def uimage(data, address):
    """data with U-Boot's header for a Linux kernel at this address."""
    def header(checksum):
        return struct.pack(">7I4B32s", 0x27051956, checksum, 0, len(data),
                           address, address, zlib.crc32(data), 5, 2, 2, 0,
                           b"trampoline")
    return header(zlib.crc32(header(0))) + data


def trampoline(r2):
    """A uImage that jumps to the kernel with this in r2."""
    code = struct.pack("<7I", 0xe3a00000, 0xe59f1004, 0xe59f2004, 0xe59ff004,
                       0x8e0, r2, KERNEL_AT)
    return uimage(code, TRAMPOLINE_AT)


class BootsJob(jobs.QemuJob):
    """Boots of one file of tests/boot, one after the other."""

    def __init__(self, name, boots):
        super().__init__(name, sum(boot.seconds for boot in boots))
        self.suite, self.boots = name, boots

    def run(self, scale):
        start = time.monotonic()
        suite = ktap.Suite(self.suite)
        suite.plan, suite.closed = len(self.boots), True
        for boot in self.boots:
            run = BootRun(self.suite, boot)
            suite.cases.append(run.case(run.limit(scale)))
        return jobs.Result([suite], [], "", time.monotonic() - start)


class BootRun(jobs.QemuJob):
    """One of them."""

    def __init__(self, suite, boot):
        super().__init__(f"{suite}-{boot.name}", boot.seconds, boot.mem, boot.smp,
                         boot.uboot, boot.icount,
                         f"{boot.append} {STOP_AT_PANIC}".strip())
        self.what = boot
        self.disk, self.iops = int(boot.disk_iops > 0), boot.disk_iops
        self.initrd, self.files, self.image = None, [], None
        self.cut = boot.cut

    def file(self, ending, data):
        path = jobs.log_path(self.name, ending)
        with open(path, "wb") as out:
            out.write(data)
        self.files.append(path)
        return path

    def options(self):
        """Options of tools/run-qemu for what this boot is given."""
        what, options = self.what, []
        if self.image:
            options += ["--disk", self.image]
        if what.tree is None or what.tree == "none":
            if what.tree == "none":
                options += ["--dtb", "none"]
            if self.initrd:
                options += ["--initrd", self.file(".initrd", self.initrd)]
            if what.device:
                options += ["--", "-device", what.device]
            return options
        loads = [(KERNEL, KERNEL_AT)]
        if what.tree:
            loads.append((self.file(".dtb", what.tree), what.r2))
        if self.initrd:
            loads.append((self.file(".initrd", self.initrd), INITRD_AT))
        options += ["--dtb", "none", "--kernel",
                    self.file(".uimg", trampoline(what.r2)), "--"]
        for path, address in loads:
            options += ["-device", f"loader,file={path},addr={address:#x},"
                        "force-raw=on"]
        return options

    def sd_card(self, options=()):
        if self.initrd:
            options = ["--initrd", self.file(".initrd", self.initrd)]
        return super().sd_card(options)

    def case(self, limit):
        what = self.what
        talk = jobs.Talk(what.prompt, what.say) if what.say else None
        try:
            self.initrd = what.initrd() if callable(what.initrd) else what.initrd
            if what.image:
                self.image = jobs.log_path(self.name, ".img")
                self.files.append(self.image)
                what.image(self.image)
            options = [] if self.uboot else self.options()
            process, status = self.boot(limit, options, talk)
            wrong = self.judge(process, status)
            if what.after:
                wrong += what.after(self.image, process.text())
        except Skip as why:
            return ktap.Case(what.name, ktap.SKIPPED, str(why))
        except (OSError, subprocess.CalledProcessError) as error:
            return ktap.Case(self.what.name, ktap.FAILED,
                             explain=[f"could not start: {error}"])
        finally:
            for path in self.files:
                if os.path.exists(path):
                    os.unlink(path)
        if not wrong:
            return ktap.Case(self.what.name, ktap.PASSED)
        tail = ["| " + line for line in process.text().split("\n")
                if line.strip()]
        wrong += ["the console ended with:"] + tail[-TAIL:]
        return ktap.Case(self.what.name, ktap.FAILED, explain=wrong)

    def judge(self, process, status):
        """What is wrong with this run, in lines."""
        wrong, text, at = process.hang(), process.text(), 0
        if process.timed_out:
            pass
        elif self.what.status < 0 and status == 0:
            wrong.append("exit status 0, want another")
        elif self.what.status >= 0 and status != self.what.status:
            wrong.append(f"exit status {status}, want {self.what.status}")
        for pattern in self.what.expect:
            match = re.search(pattern, text[at:], re.MULTILINE)
            if not match:
                wrong.append(f'not on the console: "{pattern}"')
                continue
            at += match.end()
        if "verify" in self.what.say and VERIFIED not in text:
            wrong.append(f'verify did not say "{VERIFIED}"')
        trouble = jobs.trouble_in(text)
        if trouble and not self.what.status and not any(
                re.match(pattern, trouble) for pattern in self.what.expect):
            wrong.append(trouble)
        for pattern in self.what.forbid:
            match = re.search(pattern, text, re.MULTILINE)
            if match:
                wrong.append(f'on the console, but must not: "{match[0]}"')
        return wrong
