# SPDX-License-Identifier: MIT
"""mm maps and mm regs: the whole translation, and what steers it."""

from . import command, spaces, tables, target
from .command import size_text


def areas():
    """(start, name) of the parts of the address space, low ones first."""
    high = target.value("(unsigned long)high_memory") or 0xf0000000
    return [(0, "user"), (0xbf000000, "modules"), (0xbfe00000, "pkmap"),
            (0xc0000000, "lowmem"), (high, "vmalloc"),
            (0xf7600000 if target.kasan() else 0xff800000, "above vmalloc"),
            (0xffc00000, "fixmap"), (0xfff00000, "above fixmap"),
            (0xffff0000, "vectors")]


def area_of(va, known):
    return [name for start, name in known if start <= va][-1]


class Run:
    """A range of entries that say the same."""

    def __init__(self, w, area):
        self.first, self.area, self.end = w, area, w.va + w.size

    def takes(self, w, area):
        return (w.va == self.end and area == self.area and
                w.attributes() == self.first.attributes())

    def wx(self):
        return self.first.kernel_write() and self.first.kernel_exec()

    def line(self, physical):
        w, size = self.first, self.end - self.first.va
        user = (" USR-ro" if w.ap2 else " USR") if w.ap1 else ""
        text = (f"0x{w.va:08x}-0x{self.end & 0xffffffff:08x} "
                f"{size_text(size)[:-1]:>8s}{size_text(size)[-1]} "
                f"{tables.KIND_SHORT[w.kind]:7s} "
                f"{'RW' if w.kernel_write() else 'ro'} "
                f"{'x ' if w.kernel_exec() else 'NX'} "
                f"{'SHD' if w.s else '   '} {tables.MEMATTR[w.memattr]}{user}"
                f"{' W+X!' if self.wx() else ''}")
        return text + (f"   first PA 0x{w.pa:08x}" if physical else "")


def runs(ttbr, end=1 << 32):
    """All ranges that are mapped, below end."""
    known, run = areas(), None
    for w in tables.entries(target.read_words, ttbr, 0, end):
        if not w.mapped():
            continue
        if w.kind == tables.LARGE and w.va % w.size:
            continue                        # one of 16 copies of an entry
        if w.kind == tables.SUPERSECTION and w.va % w.size:
            continue
        area = area_of(w.va, known)
        if run and run.takes(w, area):
            run.end = w.va + w.size
            continue
        if run:
            yield run
        run = Run(w, area)
    if run:
        yield run


class Maps(command.Command):
    """All that is mapped, as ranges with their permissions.

    mm maps [--pt] [--wx] [--pa] [--ttbr X]
    mm maps [-p PID] [--pt|--vma|--both] [--wx] [--pa]

      entries of one kind side by side        become one line
      [ro x][ro x][ro x][RW NX]          0xc0010000-0xc0013000  12K  ro x
                                         0xc0013000-0xc0014000   4K  RW NX

    --pt    what the tables in physical memory map (if nothing else is said)
    -p PID  only the user's half of this process (-p 0: of the one that runs)
    --vma   what its VMAs promise; nothing of it need be there
    --both  each VMA and below it what the tables have of it; an entry that the
            promise does not cover is marked !!, for there should be none
    --wx    only what is writable and executable: there should be nothing
    --pa    add the physical address of the range's first byte
    Columns: range, size, kind of entry, RW or ro, x or NX (for the kernel),
    SHD: shareable, memory type, USR: a user may, too. Without a process it is
    the same table as the kernel's own `cat kernel_page_tables`."""

    name, usage = "maps", "[-p PID] [--pt|--vma|--both] [--wx] [--pa] [--ttbr X]"
    options = {"--pt": False, "--kernel": False, "--vma": False,
               "--both": False, "--wx": False, "--pa": False, "--ttbr": int,
               "-p": int}
    counts = (0,)

    def run(self, _words, options):
        if sum(name in options for name in ("--pt", "--vma", "--both")) > 1:
            self.fail("--pt, --vma and --both exclude each other")
        if not target.mmu_on():
            return ["the MMU is off (SCTLR.M = 0): every address is its own",
                    "next: mm regs"]
        if options.keys() & {"-p", "--vma", "--both"}:
            return self.process(options)
        return self.table(runs(options.get("--ttbr", target.ttbr())), options)

    @staticmethod
    def table(found, options):
        area, wx = None, 0
        for run in found:
            wx += run.end - run.first.va if run.wx() else 0
            if "--wx" in options and not run.wx():
                continue
            if run.area != area:
                yield f"---[ {run.area} ]---"
            area = run.area
            yield run.line("--pa" in options)
        yield f"writable and executable: {wx >> 10} KiB"
        yield "next: mm walk ADDR   shows one address, bit by bit"

    def process(self, options):
        """One process: its promises, its entries, or both."""
        if options.get("-p"):
            task, space = spaces.of_pid(options["-p"])
        else:
            found = spaces.current_space()
            if not found:
                self.fail("a thread of the kernel runs here: name a process, "
                          "-p PID")
            task, space = found
        yield (f"task {task.pid} \"{task.name}\"   TTBR0 "
               f"0x{space.ttbr():08x}")
        if "--vma" in options:
            yield from self.promises(space)
        elif "--both" in options:
            yield from self.both(space, options)
        else:
            yield from self.table(runs(space.ttbr(), spaces.KERNEL_START),
                                  options)
            return
        yield f"next: mm vma {task.pid}   mm walk ADDR -p {task.pid}"

    @staticmethod
    def promises(space):
        for vma in space.vmas:
            yield vma_text(space, vma)
        yield from space.trouble

    @staticmethod
    def both(space, options):
        wrong = {w.va: what for w, _, what in spaces.disagreements(space)}
        last, left = None, list(space.vmas)
        for run in runs(space.ttbr(), spaces.KERNEL_START):
            for part in cut(space, run):
                while left and left[0].start <= part.first.va:
                    last = left.pop(0)
                    yield vma_text(space, last)
                bad = [wrong[va] for va in range(part.first.va, part.end, 4096)
                       if va in wrong]
                yield ("!!  " if bad else "    ") + part.line("--pa" in options) \
                    + (f"   {bad[0]}" if bad else "")
        for vma in left:
            yield vma_text(space, vma)
        soft = [(va, what) for va, what in wrong.items()
                if not space.entry(va).mapped()]
        for va, what in soft:
            yield f"!!  0x{va:08x} {what}"
        yield from space.trouble
        yield (f"{len(space.vmas)} VMAs, {len(wrong)} entries that their "
               "VMA does not cover")


def vma_text(space, vma):
    return (f"{vma.range_text()} {size_text(vma.end - vma.start):>9s} "
            f"{vma.rights()}  {vma.backing(space)}")


def cut(space, run):
    """A run of entries, cut where a VMA begins or ends."""
    borders = sorted({border for vma in space.vmas
                      for border in (vma.start, vma.end)
                      if run.first.va < border < run.end})
    start = run.first.va
    for end in [*borders, run.end]:
        part = Run(space.entry(start), run.area)
        part.end = end
        yield part
        start = end


SCTLR_BITS = ((0, "M", "MMU"), (1, "A", "strict alignment"), (2, "C", "data cache"),
              (11, "Z", "branch prediction"), (12, "I", "instruction cache"),
              (13, "V", "vectors at 0xffff0000"),
              (28, "TRE", "TEX remap: type by TEX0:C:B"),
              (29, "AFE", "access flag in AP0"))
MODES = {0x10: "usr", 0x11: "fiq", 0x12: "irq", 0x13: "svc", 0x17: "abt",
         0x1b: "und", 0x1f: "sys", 0x16: "mon"}
POLICY = ("uncached", "write-back, write-allocate", "write-through",
          "write-back, no write-allocate")


class Regs(command.Command):
    """The registers that steer translation, decoded, of the selected core.

    mm regs

      SCTLR   is the MMU on, what do the permission bits mean
      TTBCR.N cuts the addresses between two first-level tables:

               0x00000000        0x40000000              0xffffffff
         N = 0  |-------------------- TTBR0 --------------------|
         N = 2  |----- TTBR0 -----|----------- TTBR1 -----------|

      DACR    for each of 16 domains: no access, client, manager
      PRRR, NMRR   what an entry's index TEX0:C:B means"""

    name, usage = "regs", ""
    counts = (0,)

    def run(self, _words, _options):
        get = target.register
        yield from self.core()
        sctlr = get("SCTLR")
        if sctlr is not None:
            yield f"SCTLR       0x{sctlr:08x}"
            for n, name, text in SCTLR_BITS:
                yield f"    {name:3s} {sctlr >> n & 1}   {text}"
        yield from self.split()
        yield from self.domains()
        asid = get("CONTEXTIDR")
        if asid is not None:
            yield f"CONTEXTIDR  0x{asid:08x}  ASID {asid & 255}"
        yield from self.attributes()
        for fsr, far in (("DFSR", "DFAR"), ("IFSR", "IFAR")):
            if get(fsr) is not None:
                name = tables.fault_name(tables.fsr_status(get(fsr)))
                yield (f"{fsr} 0x{get(fsr):08x}  {far} 0x{get(far) or 0:08x}  "
                       f"last: {name if get(fsr) else 'none'}")
        yield "next: mm fault   mm maps   mm walk $pc"

    @staticmethod
    def core():
        cpsr = target.register("cpsr")
        if cpsr is not None:
            yield (f"core {target.select_core()}, mode "
                   f"{MODES.get(cpsr & 31, '?')}, interrupts "
                   f"{'masked' if cpsr & 0x80 else 'on'}, "
                   f"{'Thumb' if cpsr & 0x20 else 'ARM'}")

    @staticmethod
    def split():
        get = target.register
        t0, t1, ttbcr = get("TTBR0"), get("TTBR1"), get("TTBCR")
        if t0 is None:
            return
        n = (ttbcr or 0) & 7
        yield f"TTBCR       0x{ttbcr or 0:08x}  N = {n}"
        border = 1 << (32 - n)
        low = f"0x00000000 - 0x{border - 1:08x}  TTBR0  table at PA " \
              f"0x{t0 & ~0x3fff:08x}"
        yield "    " + low + (", for every address" if n == 0 else "")
        if n and t1 is not None:
            yield f"    0x{border:08x} - 0xffffffff  TTBR1  table at PA " \
                  f"0x{t1 & ~0x3fff:08x}"
        else:
            yield "    TTBR1 is not used"

    @staticmethod
    def domains():
        dacr = target.register("DACR")
        if dacr is None:
            return
        yield f"DACR        0x{dacr:08x}"
        for n in range(16):
            if dacr >> 2 * n & 3:
                yield f"    domain {n}: {tables.DOMAIN_TEXT[dacr >> 2 * n & 3]}"
        yield "    the others: no access"

    @staticmethod
    def attributes():
        prrr, nmrr = target.register("PRRR"), target.register("NMRR")
        if prrr is None or nmrr is None:
            return
        yield f"PRRR        0x{prrr:08x}  NMRR 0x{nmrr:08x}"
        kinds = ("strongly ordered", "device", "normal", "reserved")
        for n in range(8):
            kind = prrr >> 2 * n & 3
            policy = ""
            if kind == 2:
                policy = (f", inner {POLICY[nmrr >> 2 * n & 3]}, outer "
                          f"{POLICY[nmrr >> 2 * n + 16 & 3]}")
            if n < 4 or kind == 2:
                yield (f"    TEX0 C B {n >> 2} {n >> 1 & 1} {n & 1}: "
                       f"{kinds[kind]}{policy}")


def register():
    Maps()
    Regs()
