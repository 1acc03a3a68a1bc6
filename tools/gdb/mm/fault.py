# SPDX-License-Identifier: MIT
"""mm fault: the fault that is being handled, and the rule that decided it."""

import gdb

from . import command, spaces, tables, target
from .walk import levels


def frame_with(names):
    """The innermost frame of one of these functions, or None."""
    frame, steps = gdb.newest_frame(), 0
    while frame is not None and steps < 40:
        if frame.name() in names:
            return frame
        frame, steps = frame.older(), steps + 1
    return None


class Fault:
    """fsr, addr, fetch, write; pc of the instruction, or None."""

    def __init__(self, fsr, addr, fetch, write, pc=None, source=""):
        self.fsr, self.addr, self.fetch, self.write = fsr, addr, fetch, write
        self.pc, self.source = pc, source


def from_handler():
    """The arguments of do_page_fault(), if we are inside it."""
    frame = frame_with(("do_page_fault",))
    if frame is None:
        return None
    try:
        info = frame.read_var("fault").dereference()
        regs = frame.read_var("regs").dereference()
        fault = Fault(int(info["fsr"]), int(info["addr"]), bool(info["fetch"]),
                      bool(info["write"]), int(regs["pc"]),
                      "do_page_fault() was called with it")
    except (gdb.error, ValueError):
        return None
    ours = 0xc0000000 <= fault.pc or fault.pc < 0xbf000000
    return fault if ours else None


def from_registers():
    """The newest fault that the registers remember."""
    dfsr, dfar = target.register("DFSR"), target.register("DFAR")
    ifsr, ifar = target.register("IFSR"), target.register("IFAR")
    if dfsr is None:
        raise target.MMError("this machine shows no fault registers")
    frame = frame_with(("handle_prefetch_abort",))
    if frame is not None or not dfsr and ifsr:
        return Fault(ifsr, ifar, True, False, None,
                     "from IFSR and IFAR: the last fetch that faulted")
    if not dfsr:
        raise target.MMError("there was no fault since reset: DFSR and IFSR "
                             "are 0. Try `break do_page_fault`")
    return Fault(dfsr, dfar, False, bool(dfsr & 0x800), None,
                 "from DFSR and DFAR: the last access that faulted")


def mistake(fault, status):
    """The usual mistake behind it, as the kernel names it."""
    if status in (5, 7):
        if fault.addr - 0x100 in range(0x40):
            return "use of a removed list node (list poison)"
        if fault.addr < 4096:
            return ("jump to a NULL pointer" if fault.fetch
                    else "NULL pointer dereference")
        if fault.fetch:
            return "jump to an unmapped address"
        return ("access to a user address" if fault.addr < 0xbf000000
                else "access to an unmapped address")
    if status in (0xd, 0xf):
        if fault.fetch:
            return "execution of non-executable memory"
        return ("write to read-only memory" if fault.write
                else "read of forbidden memory")
    return {1: "unaligned access", 2: "breakpoint instruction",
            3: "access to a page that is not young",
            6: "access to a page that is not young",
            9: "access to a closed domain",
            0xb: "access to a closed domain"}.get(status, "")


def rule(w, fault, status, dacr):
    """Which bit decided."""
    now = tables.fault_status(w, dacr, fault.write, fault.fetch)
    if status in (5, 7):
        deciding = f"the L{w.level} entry does not map: bits 1:0 are 00"
    elif status in (3, 6):
        deciding = "AF is 0: the page is old"
    elif status in (9, 0xb):
        deciding = f"DACR closes domain {w.domain}"
    elif status in (0xd, 0xf):
        deciding = ("XN is 1: never executed" if fault.fetch and w.xn else
                    "AP2 is 1: read-only" if fault.write and w.ap2 else
                    "AP1 is 0: not for users")
    else:
        return "      no entry of a table decided this"
    text = f"      decided by: {deciding}"
    if now != status:
        text += ("\n      but by the tables as they are now it would "
                 + ("succeed" if now is None else f"fault with 0x{now:02x}")
                 + ": they were changed since, or the TLB was stale")
    return text


class FaultCommand(command.Command):
    """Decode a fault: what was tried, why it was refused, by which bit.

    mm fault              inside a handler; else the last one of this core
    mm fault DFSR DFAR    of these values, as a report shows them

      DFSR   12  11   10    7:4     3:0
            +---+---+----+--------+------+   FS = bit 10 and bits 3:0
            |ext|WnR| FS4| domain |  FS  |     05 07  translation  (L1, L2)
            +---+---+----+--------+------+     03 06  access flag
      WnR: 1 a write                           09 0b  domain
      DFAR: the address that was accessed      0d 0f  permission

    Of a user's fault: the VMA, and what the kernel will do about it.
    `bt` shows who did it: frames go on through the exception."""

    name, usage = "fault", "[DFSR DFAR]"
    counts = (0, 2)

    def run(self, words, _options):
        if words:
            dfsr, dfar = (target.evaluate(word) for word in words)
            fault = Fault(dfsr, dfar, False, bool(dfsr & 0x800), None, "")
        else:
            fault = from_handler() or from_registers()
        return self.tell(fault)

    @staticmethod
    def tell(fault):
        status = tables.fsr_status(fault.fsr)
        did = ("instruction fetch" if fault.fetch else
               "write" if fault.write else "read")
        register = "IFSR" if fault.fetch else "DFSR"
        yield (f"{did} at 0x{fault.addr:08x}: {register} 0x{fault.fsr:03x} = "
               f"status 0x{status:02x}, {tables.fault_name(status)}")
        if fault.source:
            yield f"  ({fault.source})"
        of_user = fault.pc is not None and fault.pc < spaces.KERNEL_START
        named = None if of_user else mistake(fault, status)
        if named:
            yield f"  the kernel calls this: {named}"
        if fault.pc is not None:
            yield (f"  done by pc 0x{fault.pc:08x}  "
                   f"{target.source_of(fault.pc) or 'outside the kernel'}")
        if target.mmu_on():
            dacr = target.register("DACR")
            w = tables.walk(target.read32, target.ttbr(), fault.addr)
            yield from levels(w, 1 if dacr is None else dacr)
            yield from rule(w, fault, status,
                            1 if dacr is None else dacr).split("\n")
        found = of_user and spaces.current_space()
        if found:
            space = found[1]
            yield "  " + spaces.vma_line(space, fault.addr)
            yield ("  the kernel's answer: " + spaces.answer(
                space, fault.addr, fault.write, fault.fetch))
        yield "next: bt   mm walk 0x%x   in a replay: reverse-stepi" % fault.addr


def register():
    FaultCommand()
