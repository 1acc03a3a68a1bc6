# SPDX-License-Identifier: MIT
"""mm when, mm goto, mm cause, mm who-wrote: a recorded run is a line of instructions.

Ideas
  Count   QEMU numbers the instructions of a recorded run. `info replay` says
          which one is next.
  Goto    forwards: replay_break N, then continue, which stops exactly there.
          Backwards: replay_seek N, which starts from the snapshot and runs
          there by itself, so we wait until it has come; gdb is told to forget
          the registers it knew.
"""

import re
import time

import gdb

from . import command, target
from .fault import frame_with
from .target import MMError

PATIENCE = 60               # seconds for a journey


def position():
    """(number of the next instruction, "replay" or "record") or None."""
    text = target.monitor("info replay") or ""
    found = re.search(r"(Replaying|Recording).*instruction count = (\d+)",
                      text, re.S)
    if not found:
        return None
    return int(found[2]), found[1].lower()[:6]


def need_replay():
    where = position()
    if where is None or where[1] != "replay":
        raise MMError("this is no replay: `make record`, then `make replay`")
    return where[0]


def forget():
    """Make gdb read registers and memory anew."""
    for what in ("register-cache", "dcache"):
        try:
            gdb.execute("maintenance flush " + what, to_string=True)
        except gdb.error:
            gdb.execute("flushregs", to_string=True)


def run_quietly(what):
    """A command that moves, without a report of each place on the way."""
    switch = "set suppress-cli-notifications "
    try:
        gdb.execute(switch + "on")
    except gdb.error:                   # gdb before 13
        gdb.execute(what, to_string=True)
        return
    try:
        gdb.execute(what, to_string=True)
    finally:
        gdb.execute(switch + "off")


def forwards(number):
    target.monitor(f"replay_break {number}")
    try:
        run_quietly("continue")
    finally:
        target.monitor("replay_delete_break")


def backwards(number):
    target.monitor(f"replay_seek {number}")
    deadline, calm = time.monotonic() + PATIENCE, 0
    while time.monotonic() < deadline and calm < 2:
        time.sleep(0.1)
        where = position()
        status = target.monitor("info status") or ""
        calm = calm + 1 if where and where[0] == number and \
            "paused" in status else 0
    forget()


def place():
    pc = target.register("pc")
    return f"pc 0x{pc:08x}  {target.source_of(pc) or 'outside the kernel'}"


class When(command.Command):
    """The number of the next instruction of a recorded run.

    mm when

      reset                                        the end of the recording
      0 ------------------ now ------------------------------------->
                 <- reverse-stepi | stepi ->
                 <- reverse-continue | continue ->

    Note the number; `mm goto N` comes back to it."""

    name, usage = "when", ""
    counts = (0,)

    def run(self, _words, _options):
        where = position()
        if where is None:
            raise MMError("QEMU counts instructions only while it records or "
                          "replays: `make record`, then `make replay`")
        yield f"instruction {where[0]} ({where[1]})   {place()}"
        yield f"next: mm goto {max(0, where[0] - 100)}   reverse-stepi"


class Goto(command.Command):
    """Go to instruction N of the recorded run, forwards or backwards.

    mm goto N          see `mm when` for numbers

      0 ----- N <--------- now        runs again from the start until N
      0 --------- now ---------> N    runs on until N

    Stops early at a breakpoint on the way forwards."""

    name, usage = "goto", "N"
    counts = (1,)

    def run(self, words, _options):
        now = need_replay()
        try:
            number = int(words[0], 0)
        except ValueError:
            number = target.evaluate(words[0])
        if number > now:
            forwards(number)
        elif number < now:
            backwards(number)
        now = need_replay()
        yield f"instruction {now}   {place()}"
        if now != number:
            yield f"  (on the way to {number})"
        yield "next: mm when   bt   reverse-stepi"


class WhoWrote(command.Command):
    """Who wrote this last? Goes back in time to the store.

    mm who-wrote ADDR [--size N]     N: 1, 2 or 4 bytes (4)

      ... store A ........ store B ........... now
                           ^                     |
                           +--- reverse-continue-+   with a watchpoint

    Stops with the store as the next instruction. Stores by a device are
    not seen."""

    name, usage = "who-wrote", "ADDR [--size N]"
    options = {"--size": int}
    counts = (1,)

    def run(self, words, options):
        start = need_replay()
        address = target.evaluate(words[0])
        size = options.get("--size", 4)
        kind = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int"}
        if size not in kind:
            self.fail(f"size {size}: it is 1, 2 or 4")
        hit = self.last_store(address, kind[size])
        if not 0 < hit < start:
            yield (f"0x{address:08x} was not written between the start and "
                   f"instruction {start}")
        else:
            new = target.read_virtual(address, size)
            run_quietly("reverse-stepi")
            old, new = (int.from_bytes(data, "little") for data in
                        (target.read_virtual(address, size), new))
            yield (f"0x{address:08x} became 0x{new:x} (before: 0x{old:x}) at "
                   f"instruction {need_replay()}")
            yield "  " + place()
            for line in gdb.execute("bt 12", to_string=True).rstrip().split(
                    "\n"):
                yield "  " + line
        yield f"next: stepi   does the store      mm goto {start}   returns"

    @staticmethod
    def last_store(address, kind):
        """Run backwards until just behind the last store. Returns where."""
        others = [b for b in gdb.breakpoints() or () if b.enabled]
        for b in others:
            b.enabled = False
        watch = gdb.Breakpoint(f"*({kind} *)0x{address:x}",
                               gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True)
        watch.silent = True
        try:
            run_quietly("reverse-continue")
        finally:
            watch.delete()
            for b in others:
                b.enabled = True
        return need_replay()


class Cause(command.Command):
    """Back to the instruction that raised the exception, before it ran.

    mm cause           in a handler (do_page_fault, do_undefined), in a replay

      str r3, [r0] --> vector --> entry code --> do_page_fault()
           ^                                            |
           +---------------- mm cause ------------------+

    A faulting instruction is not counted as executed: just after it the
    machine stands at the vector with the count of the store."""

    name, usage = "cause", ""
    counts = (0,)

    def run(self, _words, _options):
        start = need_replay()
        frame = frame_with(("do_page_fault", "do_undefined", "do_irq"))
        if frame is None:
            raise MMError("not inside do_page_fault(), do_undefined() or "
                          "do_irq(): `break do_page_fault`, `continue`")
        culprit = int(frame.read_var("regs")["pc"]) & 0xffffffff
        stop = gdb.Breakpoint(f"*0x{culprit:x}", internal=True)
        stop.silent = True
        try:
            run_quietly("reverse-continue")
        finally:
            stop.delete()
        if target.register("pc") != culprit:
            run_quietly("reverse-stepi")
            if target.register("pc") != culprit:
                run_quietly("stepi")
        yield f"instruction {need_replay()}   {place()}"
        yield "  " + gdb.execute("x/i $pc", to_string=True).strip()
        for line in gdb.execute("bt 12", to_string=True).rstrip().split("\n"):
            yield "  " + line
        yield f"next: info registers   stepi   mm goto {start}"


def register():
    Cause()
    When()
    Goto()
    WhoWrote()
