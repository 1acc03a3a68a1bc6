# SPDX-License-Identifier: MIT
"""mm walk: one address, as the MMU translates it."""

from . import command, frames, spaces, tables, target
from .board import device_at


def fields(va, level):
    """The address cut into the fields that index the tables."""
    if level == 1:
        return [f"  0x{va:08x} = {tables.binary(va, 32, 20)} | "
                f"{tables.binary(va, 20, 0)}",
                f"               L1 index 0x{va >> 20:03x}   section offset "
                f"0x{va & 0xfffff:05x}"]
    return [f"  0x{va:08x} = {tables.binary(va, 32, 20)} | "
            f"{tables.binary(va, 20, 12)} | {tables.binary(va, 12, 0)}",
            f"               L1 index 0x{va >> 20:03x}    | L2 idx "
            f"0x{va >> 12 & 255:02x} | page offset 0x{va & 0xfff:03x}"]


def levels(w, dacr):
    """The entries as they were read."""
    domain = (f"domain {w.domain} (DACR: "
              f"{tables.DOMAIN_TEXT[dacr >> 2 * w.domain & 3]})")
    text = f"  L1  entry @PA 0x{w.l1_pa:08x} = 0x{w.l1:08x}  -> "
    if w.level == 1:
        frame = ", PA 0x%08x, %s" % (w.pa & ~(w.size - 1), domain) \
            if w.mapped() else ""
        return [text + tables.KIND_TEXT[w.kind] + frame]
    frame = f", frame 0x{w.pa >> 12:x}" if w.mapped() else ""
    return [text + f"second-level table, {domain}",
            f"  L2  entry @PA 0x{w.l2_pa:08x} = 0x{w.l2:08x}  -> "
            f"{tables.KIND_TEXT[w.kind]}{frame}"]


def rights(w):
    """Every bit of the entry that maps, in words, two in a line."""
    cells = [
        ("nG ", w.ng, "not global: tagged with the ASID" if w.ng
         else "global: for every address space"),
        ("S  ", w.s, "shareable" if w.s else "not shareable"),
        ("AP2", w.ap2, "read-only to the hardware" if w.ap2
         else "may be written"),
        ("AP1", w.ap1, "user may, too" if w.ap1 else "kernel only"),
        ("AF ", w.af, "young" if w.af else "old: the next access faults"),
        ("XN ", w.xn, "never executed" if w.xn else "may be executed"),
    ]
    lines = []
    for left, right in zip(cells[::2], cells[1::2]):
        lines.append(f"        {left[0]} {left[1]}  {left[2]:34s} "
                     f"{right[0]} {right[1]}  {right[2]}")
    attr = w.memattr
    lines.append(f"        TEX0 C B {attr >> 2} {attr >> 1 & 1} {attr & 1}: "
                 f"{tables.MEMATTR[attr]:24s} "
                 f"software: writable {w.writable}, dirty {w.dirty}")
    return lines


def frame_line(pa):
    """What the kernel knows of the frame."""
    text = f"  =>  PA 0x{pa:08x}"
    try:
        known = frames.Frames()
        pfn = pa >> 12
        if not known.valid(pfn):
            return text + "   " + (device_at(pa) or "no memory, no device")
        page = known[known.head(pfn)]
        zone = [z.name for z in frames.zones() if z.spans(pfn)]
        return (f"{text}   page 0x{known.address_of(pfn):08x}   pfn "
                f"0x{pfn:x}   zone {zone[0] if zone else 'none'}   "
                f"{page.text()}, refcount {page.refcount}, mapcount "
                f"{page.mapcount}")
    except target.MMError:
        return text


def verdicts(w, dacr, user):
    """Which accesses fault, and with which status."""
    lines, kinds = [], (("a read", {}), ("a write", {"write": True}),
                        ("a fetch", {"fetch": True}))
    for text, access in kinds:
        fs = tables.fault_status(w, dacr, user=user, **access)
        if fs is None:
            continue
        code = fs | (0x800 if "write" in access else 0)
        register = "IFSR" if "fetch" in access else "DFSR"
        lines.append(f"      {text} by the {'user' if user else 'kernel'} "
                     f"faults: {register} 0x{code:03x} "
                     f"({tables.fault_name(fs)})")
    return lines


def promise(space, w):
    """The VMA, and what a fault there comes to."""
    yield "      " + spaces.vma_line(space, w.va)
    for what, access in (("read", {}), ("write", {"write": True})):
        text = spaces.answer(space, w.va, **access)
        if not text.startswith("nothing"):
            yield f"      a user's {what}: {text}"


def check(w):
    """Ask QEMU for the same translation."""
    if w.mapped() and not w.ap1 and target.in_program():
        return ("      check: QEMU answers for the program that is stopped, "
                "which may not go there")
    theirs, ours = target.gva2gpa(w.va), w.pa if w.mapped() else None
    if theirs == "?":
        return "      check: there is no QEMU monitor to ask"
    said = "unmapped" if theirs is None else f"0x{theirs:08x}"
    if theirs == ours or theirs is None and not w.af:
        return f"      check: QEMU gva2gpa says {said}   agrees"
    return (f"      check: QEMU gva2gpa says {said}   DIFFERS from the tables "
            "in memory (gva2gpa reads tables, not the TLB)")


class Walk(command.Command):
    """Translate a virtual address as the MMU does, level by level.

    mm walk ADDR [--quiz] [--pa-only] [--user] [-p PID] [--ttbr X]

      31       20 19       12 11           0
     +-----------+-----------+--------------+
     | L1 index  | L2 index  | page offset  |   ADDR
     +-----+-----+-----+-----+------+-------+
           |           |            +------------------------+
    TTBR0  v    +----->v                                     v
     +----------+      +----------+       frame +------------+
     | 4096 x 4 |----->| 256 x 4  |------------>| 4096 bytes |
     +----------+ 01   +----------+ 1x          +------------+
           | 10: a section, 1 MiB at once

    The entries are read from physical memory, from TTBR0 of this core on, so
    this shows what the hardware finds and not what the kernel believes.
    --pa-only   one number          --quiz  asks before it tells
    --user      judge the access of a user program
    -p PID      in the tables of this process, as its program would
    --ttbr X    start at another first-level table (physical address)"""

    name = "walk"
    usage = "ADDR [--quiz] [--pa-only] [--user] [-p PID] [--ttbr X]"
    options = {"--quiz": False, "-q": False, "--pa-only": False,
               "--user": False, "--ttbr": int, "-p": int}
    counts = (1,)

    def run(self, words, options):
        va = target.evaluate(words[0])
        if not target.mmu_on():
            return [f"0x{va:08x}: the MMU is off (SCTLR.M = 0), so the "
                    "physical address is the same",
                    "next: mm regs"]
        task, space = self.whose(va, options)
        base = options.get("--ttbr", target.ttbr())
        if "-p" in options:
            base = space.ttbr()
        w = tables.walk(target.read32, base, va)
        if "--pa-only" in options:
            return [f"0x{w.pa:08x}" if w.mapped() else "unmapped"]
        if "--quiz" in options or "-q" in options:
            return self.quiz(w)
        return self.tell(w, base, options, task, space)

    def whose(self, va, options):
        """(task, Space) if a process is asked about or runs; else Nones."""
        if "-p" in options:
            if "--ttbr" in options:
                self.fail("-p and --ttbr exclude each other")
            return spaces.of_pid(options["-p"])
        user = va < spaces.KERNEL_START and "--ttbr" not in options
        return user and spaces.current_space() or (None, None)

    def tell(self, w, base, options, task, space):
        dacr = target.register("DACR")
        dacr = 1 if dacr is None else dacr
        half = "user" if w.va < spaces.KERNEL_START else "kernel"
        asid = target.register("CONTEXTIDR")
        if "-p" in options:
            asid = space.asid
        asid = "" if asid is None else f"   ASID {asid & 255}"
        whose = f"   task {task.pid} \"{task.name}\"" if task else ""
        yield (f"VA 0x{w.va:08x}   {half}{whose}   TTBR0 "
               f"0x{base & ~0x3fff:08x}{asid}")
        yield from fields(w.va, w.level)
        yield ""
        yield from levels(w, dacr)
        if w.mapped():
            yield from rights(w)
            yield frame_line(w.pa)
        elif not space:
            yield "  =>  no translation; no VMA: the kernel calls this a mistake"
        else:
            yield "  =>  no translation"
        yield from verdicts(w, dacr, "--user" in options or "-p" in options)
        if space and half == "user":
            yield from promise(space, w)
        if not options.keys() & {"--ttbr", "-p"}:
            yield check(w)
        memory = w.mapped() and target.is_memory(w.pa)
        if "-p" in options:
            yield f"next: mm vma {task.pid} 0x{w.va:x}" + (
                f"   mm page 0x{w.pa >> 12:x}" if memory else "")
            return
        yield (f"next: mm page 0x{w.pa >> 12:x}   mm what 0x{w.va:x}"
               if memory else f"next: mm maps   mm what 0x{w.va:x}")

    def quiz(self, w):
        """The walk with its results left out, and the answer at the end."""
        yield f"VA 0x{w.va:08x}. The first-level table is at PA " \
              f"0x{w.l1_pa - (w.va >> 20) * 4:08x}."
        yield "  1. At which physical address lies its first-level entry?"
        yield f"  2. It holds 0x{w.l1:08x}. What is that?"
        if w.level == 2:
            yield "  3. At which physical address lies the second-level entry?"
            yield f"  4. It holds 0x{w.l2:08x}. Which physical address results?"
        elif w.mapped():
            yield "  3. Which physical address results?"
        yield "  Last: may the kernel write there? execute it? may a user read?"
        yield f"next: mm walk 0x{w.va:x}   tells the answers"


def register():
    Walk()
