# SPDX-License-Identifier: MIT
"""mm symbols, mm break-user: user programs by their names.

Ideas
  Overlap   All programs are linked for the same addresses, so gdb can know one
            of them at a time. At each stop the kernel is asked which program
            the core is in (current -> process -> exe_file), and when that is
            another one its symbols take the place of the last one's: after an
            exec the next stop has those of the new program.
  Break     0x00010600 is in every program. So a breakpoint in one remembers
            whose it is, and lets all others pass without a word.
"""

import glob
import os
import struct

import gdb

from . import command, spaces, target
from .target import MMError

FOLDER = os.path.join("build", "user")


def symbol_file(name):
    """The program with its symbols, or None: one that we did not build."""
    path = os.path.abspath(os.path.join(FOLDER, name + ".elf"))
    return path if os.path.exists(path) else None


def known():
    """Names of the programs that have symbols."""
    return sorted(os.path.basename(path)[:-4] for path in
                  glob.glob(os.path.join(FOLDER, "*.elf")))


def entry_of(path):
    """Where a program begins: e_entry, without the bit that means Thumb."""
    with open(path, "rb") as file:
        header = file.read(28)
    return struct.unpack("<I", header[24:28])[0] & ~1


class Loaded:
    """Which program's symbols gdb has."""

    name, follows, exe = None, True, 0

    def take(self, name):
        """Symbols of this program alone; None: of none."""
        if name == self.name:
            return
        if self.name:
            gdb.execute(f"remove-symbol-file {symbol_file(self.name)}",
                        to_string=True)
        self.name = None
        if name and symbol_file(name):
            gdb.execute(f"add-symbol-file {symbol_file(name)}",
                        to_string=True)
            self.name = name

    def look(self, _event=None):
        """At a stop: whose program is this?"""
        if not self.follows:
            return
        try:
            exe = running_exe()
            if exe and exe != self.exe:
                self.take(name_of(exe))
                self.exe = exe
        except (MMError, gdb.error, gdb.MemoryError, UnicodeError):
            self.exe = 0        # before there are tasks, or all is broken


loaded = Loaded()


def name_of(exe):
    """The name of the program in a struct file."""
    return os.path.basename(spaces.path_of(exe))


def running_exe():
    """struct file * of the program that the selected core is in, or 0."""
    thread = gdb.selected_thread()
    core = thread.num - 1 if thread else 0
    base = target.symbol("current_task")
    if not base or not target.mmu_on():
        return 0
    offset = target.value(f"percpu_offset[{core}]")
    task = target.value(f"*(unsigned *){(base + offset) & 0xffffffff}")
    if not task:
        return 0
    process = target.value(f"((struct task *){task})->process")
    return target.value(f"((struct process *){process})->exe_file") \
        if process else 0


class UserBreakpoint(gdb.Breakpoint):
    """Stops in one program, and passes the others by."""

    def __init__(self, program, address, temporary):
        super().__init__(f"*0x{address:x}", temporary=temporary)
        self.program = program

    def stop(self):
        try:
            exe = running_exe()
            return bool(exe) and name_of(exe) == self.program
        except (MMError, gdb.error, gdb.MemoryError, UnicodeError):
            return False


def address_of(program, place):
    """Where a function or FILE:LINE of a program is, behind its prologue."""
    try:
        found = gdb.decode_line(place)[1] or ()
    except gdb.error as error:
        raise MMError(f"{program} has no {place}: {error}") from None
    own = [line.pc for line in found if line.pc < spaces.KERNEL_START]
    if not own:
        raise MMError(f"{program} has no {place}; the kernel has")
    return own[0]


class BreakUser(command.Command):
    """Stop in a user program, and in no other that has something there.

    mm break-user PROGRAM [FUNC|FILE:LINE] [--once]       no FUNC: its start

      box      0x00010700 main |  all programs are linked for the same
      mapdemo  0x00010700 main |  addresses: the breakpoint asks which it is

    It can be set before the program runs. Its symbols are loaded; at each
    later stop those of the program that runs then (mm symbols). `delete`
    takes it back as any breakpoint."""

    name, usage = "break-user", "PROGRAM [FUNC|FILE:LINE] [--once]"
    options = {"--once": False}
    counts, live = (1, 2), False

    def complete(self, text, word):
        if " " in text.strip() or text.endswith(" "):
            return gdb.COMPLETE_LOCATION
        return [name for name in known() if name.startswith(word)]

    def run(self, words, options):
        program = words[0]
        path = symbol_file(program)
        if not path:
            self.fail(f"no program {program} in {FOLDER}; there are "
                      + ", ".join(known()))
        loaded.take(program)
        address = (address_of(program, words[1]) if len(words) == 2
                   else entry_of(path))
        UserBreakpoint(program, address, "--once" in options)
        yield (f"stops at 0x{address:08x} in {program}"
               + ("" if len(words) == 2 else ", where it begins"))
        yield "next: continue"


class Symbols(command.Command):
    """Whose symbols are loaded beside the kernel's.

    mm symbols                 what is loaded, and what there is
    mm symbols PROGRAM         those of this program from now on
    mm symbols auto            of the program that runs, at each stop
    mm symbols none            the kernel's alone

      0xc0000000 ----> build/kernel.elf     always
      0x00010000 --+-> build/user/box.elf   one of them at a time
                   +-> build/user/segments.elf

    auto is how a session begins."""

    name, usage = "symbols", "[PROGRAM|auto|none]"
    counts, live = (0, 1), False

    def complete(self, text, word):
        return [name for name in [*known(), "auto", "none"]
                if name.startswith(word)]

    def run(self, words, _options):
        if words:
            self.choose(words[0])
        yield (f"program: {loaded.name or 'none'}"
               f" ({'follows what runs' if loaded.follows else 'as told'})")
        yield f"there are: {', '.join(known()) or 'none: make builds them'}"
        yield "next: mm break-user PROGRAM FUNC   info line main"

    def choose(self, word):
        if word == "auto":
            loaded.follows, loaded.exe = True, 0
            if target.connected():
                loaded.look()
            return
        if word != "none" and not symbol_file(word):
            self.fail(f"no program {word} in {FOLDER}; there are "
                      + ", ".join(known()))
        loaded.follows = False
        loaded.take(None if word == "none" else word)


def register():
    BreakUser()
    Symbols()
    gdb.events.stop.connect(loaded.look)
