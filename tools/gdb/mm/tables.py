# SPDX-License-Identifier: MIT
"""ARMv7 short-descriptor page tables, walked as the hardware walks them.

Ideas
  va 31:20  index into the first level   4096 entries of 1 MiB
  va 19:12  index into the second level   256 entries of 4 KiB
  va 11:0   offset in the page

  L1  1:0   00 nothing | 01 second-level table | 10 section (bit 18: super-
            section of 16 MiB) | 11 nothing on this core
  L2  1:0   00 not present, the rest is software's | 01 large page of 64 KiB |
            1x small page of 4 KiB

  With SCTLR.AFE the lowest permission bit is the access flag, with SCTLR.TRE
  the memory type is an index TEX0:C:B, and TEX[2:1] are software's.

Memory is read through a function read32(pa), so that this file knows neither
gdb nor QEMU.

Sources  ARM DDI 0406C, B3.5.1 (descriptors), B3.7 (permissions), B3.13.3
         (fault status).
"""

from dataclasses import dataclass

NONE, SECTION, SUPERSECTION, LARGE, SMALL, SOFTWARE, ABSENT = range(7)
KIND_TEXT = ("nothing", "section (1 MiB)", "supersection (16 MiB)",
             "large page (64 KiB)", "small page (4 KiB)",
             "not present, kept by software", "table not in memory")
KIND_SHORT = ("none", "section", "super", "large", "page", "soft", "absent")
SIZES = {SECTION: 1 << 20, SUPERSECTION: 1 << 24, LARGE: 1 << 16,
         SMALL: 1 << 12}
MEMATTR = ("strongly ordered", "device", "normal, uncached",
           "normal, write-back", "reserved", "reserved",
           "implementation defined", "reserved")
FAULT_STATUS = {
    0x01: "alignment", 0x02: "debug event", 0x03: "access flag, section",
    0x04: "cache maintenance", 0x05: "translation, section",
    0x06: "access flag, page", 0x07: "translation, page",
    0x08: "external abort", 0x09: "domain, section", 0x0b: "domain, page",
    0x0c: "external abort on first-level walk", 0x0d: "permission, section",
    0x0e: "external abort on second-level walk", 0x0f: "permission, page",
    0x16: "asynchronous external abort",
}
DOMAIN_TEXT = ("no access", "client, permissions checked", "reserved",
               "manager, nothing checked")


def fault_name(fs):
    return FAULT_STATUS.get(fs, "unknown")


def fsr_status(fsr):
    """The five status bits of DFSR or IFSR: 10 and 3:0."""
    return fsr & 0xf | fsr >> 6 & 0x10


@dataclass
class Walk:
    """One translation. l1_pa, l2_pa: where the entries lie."""
    va: int
    l1_pa: int = 0
    l1: int = 0
    l2_pa: int = 0
    l2: int = 0
    level: int = 1
    kind: int = NONE
    size: int = 1 << 20
    pa: int = 0
    domain: int = 0
    ng: int = 0
    s: int = 0
    ap2: int = 0
    ap1: int = 0
    af: int = 0
    xn: int = 0
    memattr: int = 0
    writable: int = 0
    dirty: int = 0

    def mapped(self):
        return self.kind in SIZES

    def attributes(self):
        """What makes two neighbours one range."""
        return (self.kind, self.memattr, self.ap2, self.ap1, self.af, self.xn,
                self.ng, self.s)

    def kernel_read(self):
        return bool(self.af)

    def kernel_write(self):
        return bool(self.af and not self.ap2)

    def kernel_exec(self):
        return bool(self.af and not self.xn)


def bit(value, n):
    return value >> n & 1


def table_of(l1):
    """Physical address of the second-level table that a first-level entry names."""
    return l1 & 0xfffffc00


def decode_section(w):
    e = w.l1
    w.kind = SUPERSECTION if bit(e, 18) else SECTION
    w.domain = 0 if bit(e, 18) else e >> 5 & 15
    w.ng, w.s, w.ap2, w.ap1 = bit(e, 17), bit(e, 16), bit(e, 15), bit(e, 11)
    w.af, w.xn = bit(e, 10), bit(e, 4)
    w.dirty, w.writable = bit(e, 14), bit(e, 13)
    w.memattr = bit(e, 12) << 2 | e >> 2 & 3


def decode_page(w):
    e = w.l2
    large = not e & 2
    w.kind = LARGE if large else SMALL
    w.ng, w.s, w.ap2, w.ap1 = bit(e, 11), bit(e, 10), bit(e, 9), bit(e, 5)
    w.af = bit(e, 4)
    w.xn = bit(e, 15) if large else bit(e, 0)
    w.dirty, w.writable = bit(e, 8), bit(e, 7)
    w.memattr = (bit(e, 12) if large else bit(e, 6)) << 2 | e >> 2 & 3


def finish(w):
    """Size and physical address, from the entry that maps."""
    w.size = SIZES[w.kind]
    entry = w.l1 if w.kind in (SECTION, SUPERSECTION) else w.l2
    w.pa = entry & ~(w.size - 1) & 0xffffffff | w.va & (w.size - 1)
    return w


def decode(va, l1, l2=0, l1_pa=0, l2_pa=0):
    """A Walk from entries that were already read."""
    w = Walk(va, l1_pa, l1)
    if l1 & 3 == 2:
        decode_section(w)
        return finish(w)
    if l1 & 3 != 1:
        return w
    w.level, w.size, w.domain = 2, 1 << 12, l1 >> 5 & 15
    w.l2, w.l2_pa = l2, l2_pa
    if l2 & 3:
        decode_page(w)
        return finish(w)
    w.kind = SOFTWARE if l2 else NONE
    return w


def walk(read32, ttbr, va):
    """Translate va; read32(pa) may return None for memory that is not there."""
    base = ttbr & ~0x3fff
    l1_pa = base + (va >> 20) * 4
    l1 = read32(l1_pa)
    if l1 is None:
        return Walk(va, l1_pa, kind=ABSENT)
    if l1 & 3 != 1:
        return decode(va, l1, l1_pa=l1_pa)
    l2_pa = table_of(l1) + (va >> 12 & 0xff) * 4
    l2 = read32(l2_pa)
    w = decode(va, l1, l2 or 0, l1_pa, l2_pa)
    if l2 is None:
        w.kind = ABSENT
    return w


def fault_status(w, dacr, write=False, fetch=False, user=False):
    """The status that the core reports for this access, or None: it succeeds.

    The domain is checked before a second-level entry is looked at, as QEMU
    does it.
    """
    page = w.level == 2
    mode = dacr >> 2 * w.domain & 3
    if w.kind == ABSENT:
        return 0x0e if page else 0x0c
    if w.level == 1 and not w.mapped():
        return 0x05
    if mode in (0, 2):
        return 0x0b if page else 0x09
    if not w.mapped():
        return 0x07
    if mode == 3:
        return None
    if not w.af:
        return 0x06 if page else 0x03
    if user and not w.ap1 or write and w.ap2 or fetch and w.xn:
        return 0x0f if page else 0x0d
    return None


def entries(read_block, ttbr, start=0, end=1 << 32):
    """Every entry that is not empty, in order of address, as a Walk.

    read_block(pa, bytes) returns a sequence of 32-bit words, or None.
    """
    first = read_block(ttbr & ~0x3fff, 16384)
    if first is None:
        return
    for index in range(start >> 20, min(end >> 20, 4096)):
        l1 = first[index]
        va = index << 20
        l1_pa = (ttbr & ~0x3fff) + index * 4
        if l1 & 3 == 2:
            yield decode(va, l1, l1_pa=l1_pa)
        elif l1 & 3 == 1:
            second = read_block(table_of(l1), 1024)
            if second is None:
                w = decode(va, l1, l1_pa=l1_pa, l2_pa=table_of(l1))
                w.kind = ABSENT
                yield w
                continue
            for i, l2 in enumerate(second):
                if l2:
                    yield decode(va + (i << 12), l1, l2, l1_pa,
                                 table_of(l1) + i * 4)


def binary(value, high, low):
    """Bits high-1..low in groups of four, counted from the right."""
    text = ""
    for n in range(high - 1, low - 1, -1):
        text += str(bit(value, n))
        if n > low and (n - low) % 4 == 0:
            text += " "
    return text
