# SPDX-License-Identifier: MIT
"""struct page, zones and free lists as plain Python values.

Ideas
  Snapshot   mem_map is read as one block (32 bytes a frame) and taken apart
             here: 65 536 frames cost a fifth of a second, and all that is
             said afterwards is about one moment.
  Offsets    come from the kernel's own debug information, never from here.
  Names      of states, flags and letters are read from the kernel's tables.
"""

import struct

import gdb

from . import lists, target
from .target import MMError

PAGE_SHIFT = 12
TAIL = "TAIL"


class Layout:
    """What the kernel's types look like. Read once for each image."""

    def __init__(self):
        page = "struct page"
        self.size = target.type_of(page).sizeof
        self.flags = target.offset_of(page, "flags")
        self.refcount = target.offset_of(page, "refcount")
        self.mapcount = target.offset_of(page, "mapcount")
        self.free_list = target.offset_of(page, "free", "list")
        self.free_type = target.offset_of(page, "free", "migratetype")
        self.pcp_next = target.offset_of(page, "pcp", "next")
        self.states = target.enum_names("enum page_state", "PAGE_STATE_")
        self.types = {number: name for number, name in target.enum_names(
            "enum migratetype", "MIGRATE_").items()
            if name not in ("PCPTYPES", "TYPES")}
        self.state_number = {name: n for n, name in self.states.items()}
        self.letters, self.texts = self.state_table()
        self.flag_names = []            # once they can be read

    @staticmethod
    def state_table():
        """Letters and names of the states, from the table page_states."""
        try:
            table = target.variable("page_states")
            rows = [table[i] for i in range(table.type.range()[1] + 1)]
            return ([chr(int(row["letter"])) for row in rows],
                    [target.text_at(row["name"]) for row in rows])
        except (gdb.error, MMError):
            return [], []


def layout():
    if layout.known is None:
        layout.known = Layout()
    return layout.known


layout.known = None


def new_objfile(_event):
    layout.known = None


class Page:
    """One struct page, taken apart."""

    def __init__(self, pfn, address, raw):
        form = layout()
        self.pfn, self.address, self.raw = pfn, address, raw
        word = struct.unpack_from("<I", raw, form.flags)[0]
        self.flags = word
        self.state_number = word & 15
        self.state = form.states.get(word & 15, "?")
        self.zone_index = word >> 4 & 15
        self.order = word >> 8 & 15
        self.bits = word >> 12
        self.refcount, = struct.unpack_from("<i", raw, form.refcount)
        self.mapcount, = struct.unpack_from("<i", raw, form.mapcount)
        self.migratetype = raw[form.free_type]

    def links(self):
        return struct.unpack_from("<II", self.raw, layout().free_list)

    def flag_names(self):
        names = flag_names()
        return [names[n] if n < len(names) else f"bit{n}"
                for n in range(20) if self.bits >> n & 1]

    def text(self):
        form = layout()
        if self.state_number < len(form.texts):
            return form.texts[self.state_number]
        return self.state.lower()


def flag_names():
    form = layout()
    try:
        if not form.flag_names:
            table = target.variable("page_flag_names")
            form.flag_names = [target.text_at(table[i])
                               for i in range(table.type.range()[1] + 1)]
    except (gdb.error, MMError):
        return []
    return form.flag_names


class Frames:
    """All of mem_map at one moment; frames[pfn] is a Page."""

    def __init__(self):
        self.mem_map = target.value("mem_map")
        self.start = target.value("mem_map_start")
        self.end = target.value("mem_map_end")
        if not self.mem_map or not self.start < self.end <= 1 << 20:
            raise MMError("there is no mem_map yet: the kernel has not come to "
                          "mm_init_zones()")
        self.size = layout().size
        self.raw = None

    def read_all(self):
        """Take the snapshot. Without it, pages are read one by one."""
        self.raw = target.read_virtual(
            self.mem_map, (self.end - self.start) * self.size)
        return self

    def valid(self, pfn):
        return self.start <= pfn < self.end

    def address_of(self, pfn):
        return self.mem_map + (pfn - self.start) * self.size

    def bytes_of(self, pfn):
        if self.raw is None:
            return target.read_virtual(self.address_of(pfn), self.size)
        at = (pfn - self.start) * self.size
        return self.raw[at:at + self.size]

    def __getitem__(self, pfn):
        return Page(pfn, self.address_of(pfn), self.bytes_of(pfn))

    def flags_words(self):
        """The flags of every frame, in order: fast, for whole-map passes."""
        step = self.size // 4
        words = memoryview(self.raw).cast("I")
        return words[layout().flags // 4::step]

    def holds(self, address):
        """Is this address inside mem_map?"""
        return self.mem_map <= address < self.address_of(self.end)

    def pfn_of_page(self, address):
        return self.start + (address - self.mem_map) // self.size

    def head(self, pfn):
        """Frame number of the head of the block that the frame is in."""
        if self[pfn].state != TAIL:
            return pfn
        index, stop = pfn - self.start, (pfn - self.start) & ~1023
        while index > stop:
            index &= index - 1
            if self[self.start + index].state != TAIL:
                return self.start + index
        return pfn

    def find(self, number):
        """Frame number that a number means: page*, address, PA or PFN."""
        if self.holds(number):
            return self.pfn_of_page(number)
        if 0xc0000000 <= number < target.value("(unsigned long)high_memory"):
            return (number - 0xc0000000 + 0x60000000) >> PAGE_SHIFT
        if self.valid(number):
            return number
        if self.valid(number >> PAGE_SHIFT):
            return number >> PAGE_SHIFT
        return None


class Zone:
    """One populated zone."""

    def __init__(self, pointer):
        value = target.follow(pointer)
        self.value = value
        self.address = target.pointer(pointer)
        self.name = target.text_at(value["name"])
        for field in ("nid", "index", "type"):
            setattr(self, field, int(value[field]))
        self.start = int(value["start_pfn"])
        for field in ("spanned", "present", "managed"):
            setattr(self, field, int(value[field + "_pages"]))
        self.end = self.start + self.spanned
        self.nr_free = int(value["nr_free"])
        self.nr_free_cma = int(value["nr_free_cma"])
        self.min, self.low, self.high = (int(value["watermark"][i])
                                         for i in range(3))
        self.reserve = [int(value["lowmem_reserve"][i]) for i in range(3)]
        self.orders = value["free_area"].type.range()[1] + 1

    def free_lists(self):
        """(order, type, address of the head, blocks that it claims to hold)."""
        kinds = layout().types
        first = self.address + target.offset_of("struct zone", "free_area")
        area_size = self.value["free_area"][0].type.sizeof
        lists_at = target.offset_of("struct free_area", "free_list")
        for order in range(self.orders):
            area = self.value["free_area"][order]
            for kind in sorted(kinds):
                yield (order, kind,
                       first + order * area_size + lists_at + 8 * kind,
                       int(area["nr_free"][kind]))

    def spans(self, pfn):
        return self.start <= pfn < self.end


def zones():
    """All populated zones, low addresses first."""
    result = []
    try:
        table = target.variable("zone_table")
        for i in range(table.type.range()[1] + 1):
            if int(table[i]):
                result.append(Zone(table[i]))
    except gdb.error as error:
        raise MMError(f"cannot read the zones: {error}") from None
    if not result:
        raise MMError("there are no zones yet: the kernel has not come to "
                      "mm_init_zones()")
    return result


def zone_named(name, among):
    chosen = [zone for zone in among if zone.name.lower() == name.lower()]
    if not chosen:
        raise MMError(f"no zone is called \"{name}\"; there are "
                      + ", ".join(sorted({zone.name for zone in among})))
    return chosen


def pageblock_type(frames, pfn):
    """Name of the migrate type of the frame's pageblock, or None."""
    base = target.value("(unsigned long)pageblock_types")
    if not base:
        return None
    kind = target.read_virtual(base + ((pfn - frames.start) >> 8), 1)[0]
    return layout().types.get(kind, str(kind))


def list_of(frames, head, limit, offset=None):
    """Frame numbers on a list of pages, linked at offset (default: that of free
    lists); raises lists.Broken with .nodes so far."""
    offset = layout().free_list if offset is None else offset

    def links(address):
        if address == head or not frames.raw:
            return lists.read_links(address)
        inside = address - offset - frames.mem_map
        if not frames.holds(address - offset) or inside % frames.size:
            raise MMError("no struct page")
        return struct.unpack_from("<II", frames.raw, inside + offset)

    def to_pfn(nodes):
        return [frames.pfn_of_page(node - offset) for node in nodes]

    try:
        return to_pfn(lists.walk(head, limit, links))
    except lists.Broken as error:
        error.nodes = to_pfn(error.nodes)
        raise
