# SPDX-License-Identifier: MIT
"""A page that programs or files have: what its fields say, in words.

    state       mapping             index                       private
    ANON        anon_vma            address >> 12
    SWAPCACHE   anon_vma, or NULL   the same                    swap entry
                (read ahead, or shared memory: its file has the slot)
    CACHE       address_space       page of the file

Pages of an object: as the lists of reclaim name them (mm lru), and mm rmap.
"""

import struct

from . import lists, spaces, target
from .target import MMError

# Flags that are said by the list a page is on, or by no one.
SAID = {"lru", "active", "swapbacked", "uptodate"}


class Use:
    """The fields of struct page.user."""

    def __init__(self, page):
        at = target.offset_of("struct page", "user", "mapping")
        self.page = page
        self.mapping, self.index, self.private = struct.unpack_from(
            "<III", page.raw, at)
        self.anon = page.state == "ANON" or \
            page.state == "SWAPCACHE" and self.mapping != 0
        self.file = page.state == "CACHE" and self.mapping != 0

    def known(self):
        return self.page.state in ("ANON", "SWAPCACHE", "CACHE")

    def text(self):
        """'anon 0x10000000', 'file 0xc7.. page 3', 'swap cache 0:17 ...'."""
        if self.page.state == "SWAPCACHE":
            where = f" of 0x{self.index << 12:08x}" if self.mapping else \
                ", of no space"
            return f"swap cache, slot {slot_text(self.private)}{where}"
        if self.page.state == "ANON":
            return f"anon 0x{self.index << 12 & 0xffffffff:08x}"
        if self.page.state == "CACHE":
            if not self.mapping:
                return "has left its file"
            kind = "shmem" if "swapbacked" in self.page.flag_names() else \
                "file"
            return f"{kind} 0x{self.mapping:08x} page {self.index}"
        return f"state {self.page.state}: no page of a list"

    def flags(self):
        """What its list does not say yet."""
        names = [name for name in self.page.flag_names()
                 if name not in SAID]
        return "|".join(names)


def slot_text(entry):
    """'area:slot' of a swap entry (include/mm/swap.h)."""
    return f"{entry >> 3 & 31}:{entry >> 8}"


def file_name(mapping):
    """Which file an address_space is of, as well as it can be told."""
    try:
        value = target.object_at("struct address_space", mapping)
    except MMError:
        return "of no file that can be read"
    ops = (target.source_of(target.pointer(value["ops"])) or "?").split(" ")[0]
    host = target.pointer(value["host"])
    if not host:
        return f"pages of a device ({ops})"
    inode = target.object_at("struct inode", host)
    text = f"inode {int(inode['i_ino'])} ({ops})"
    for vma in mapped_by(mapping):
        if vma.file:
            try:
                return f"{spaces.path_of(vma.file)}, {text}"
            except MMError:
                break
    return text


def mapped_by(mapping, trouble=None):
    """The VMAs of a file, from its i_mmap; what is wrong goes to trouble."""
    offset = target.offset_of("struct vm_area_struct", "mapping_node")
    head = mapping + target.offset_of("struct address_space", "i_mmap")
    try:
        nodes = lists.walk(head, 4096)
    except lists.Broken as error:
        nodes = error.nodes
        if trouble is not None:
            trouble.append(f"i_mmap: {error}")
    return [spaces.Vma(node - offset) for node in nodes]
