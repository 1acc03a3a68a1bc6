# SPDX-License-Identifier: MIT
"""ELF files, as far as traces need them: memory of a core, symbols of a kernel."""

import bisect
import struct

PAGE_OFFSET, PHYS_OFFSET = 0xc0000000, 0x60000000
TEXT = ("__text_start", "__text_end", "__init_text_start", "__init_text_end")


class Bad(Exception):
    """The file is not what it should be; the text says why."""


def u32(data, offset):
    return struct.unpack_from("<I", data, offset)[0]


def check(data, path):
    if data[:6] != b"\x7fELF\1\1":
        raise Bad(f"{path}: not a 32-bit little-endian ELF file")


class Memory:
    """
    Pieces of a machine's memory: a core file by its program headers. Asked by
    virtual address; a dump by QEMU knows physical ones, to which the linear
    map leads.
    """

    def __init__(self, data, path="core"):
        check(data, path)
        self.data, self.path, self.pieces = data, path, []
        offset, = struct.unpack_from("<I", data, 28)
        size, number = struct.unpack_from("<HH", data, 42)
        for i in range(number):
            kind, where, vaddr, paddr, filesz = struct.unpack_from(
                "<5I", data, offset + i * size)
            if kind == 1 and filesz:
                if where + filesz > len(data):
                    raise Bad(f"{path}: cut off: piece {i} ends behind the file")
                self.pieces.append((vaddr, paddr, where, filesz))

    def find(self, address, length):
        """Offset in the file of [address, address + length), or None."""
        for column, wanted in ((0, address),
                               (1, address - PAGE_OFFSET + PHYS_OFFSET)):
            for piece in self.pieces:
                inside = wanted - piece[column]
                if 0 <= inside and inside + length <= piece[3]:
                    return piece[2] + inside
        return None

    def read(self, address, length):
        offset = self.find(address, length)
        if offset is None:
            raise Bad(f"{self.path}: no memory at {address:#x}, "
                      f"{length} bytes")
        return bytes(self.data[offset:offset + length])

    def search(self, magic):
        """Addresses (in the linear map) of magic, in order."""
        for vaddr, paddr, where, filesz in self.pieces:
            at = self.data.find(magic, where, where + filesz)
            while at >= 0:
                inside = at - where
                base = (vaddr if vaddr >= PAGE_OFFSET
                        else paddr - PHYS_OFFSET + PAGE_OFFSET)
                yield base + inside
                at = self.data.find(magic, at + 1, where + filesz)


class Symbols:
    """Functions of kernel.elf: name+offset/size of an address."""

    def __init__(self, path=None):
        self.starts, self.table = [], []
        self.header = 0             # address of trace_header; 0: not known
        if path:
            with open(path, "rb") as file:
                self.load(file.read(), path)

    def load(self, data, path):
        check(data, path)
        sections = self.sections(data)
        found, bounds = {}, {}
        for kind, offset, size, link in sections:
            if kind == 2:                       # SHT_SYMTAB
                self.symbols(data, offset, size, sections[link][1], found,
                             bounds)
        self.header = bounds.get("trace_header", 0)
        self.order(found, [bounds.get(name, 0) for name in TEXT])

    @staticmethod
    def sections(data):
        offset = u32(data, 32)
        size, number = struct.unpack_from("<HH", data, 46)
        result = []
        for i in range(number):
            at = offset + i * size
            result.append((u32(data, at + 4), u32(data, at + 16),
                           u32(data, at + 20), u32(data, at + 24)))
        return result

    @staticmethod
    def symbols(data, offset, size, strings, found, bounds):
        """All names into `bounds`; what may be a function into `found`."""
        for at in range(offset, offset + size, 16):
            name, value, length, info, _, section = struct.unpack_from(
                "<IIIBBH", data, at)
            end = data.find(b"\0", strings + name)
            text = data[strings + name:end].decode(errors="replace")
            bounds[text] = value
            if (not text or text[0] == "$" or text.startswith(".L") or
                    info & 15 > 2 or not section or section >= 0xff00):
                continue
            rank = (length > 0, not text.startswith("__"))
            if value not in found or rank > found[value][0]:
                found[value] = (rank, length, text)

    def order(self, found, text):
        """Of several names of an address the best; labels reach to the next."""
        inside = [a for a in sorted(found)
                  if text[0] <= a < text[1] or text[2] <= a < text[3]]
        for i, start in enumerate(inside):
            end = text[1] if start < text[1] else text[3]
            if i + 1 < len(inside):
                end = min(end, inside[i + 1])
            size = found[start][1] or end - start
            self.starts.append(start)
            self.table.append((found[start][2], (size + 3) // 4 * 4))

    def lookup(self, address):
        """(name, offset, size) or None."""
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0 or address - self.starts[i] >= self.table[i][1]:
            return None
        name, size = self.table[i]
        return name, address - self.starts[i], size

    def format(self, address):
        """As the kernel's symbol_format()."""
        found = self.lookup(address)
        if not found:
            return f"0x{address:08x}"
        return f"{found[0]}+{found[1]:#x}/{found[2]:#x}"

    def name(self, address):
        found = self.lookup(address)
        return found[0] if found else f"0x{address:08x}"
