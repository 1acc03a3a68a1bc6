# SPDX-License-Identifier: MIT
"""How gdb prints the structures that everybody meets. print/r shows them raw."""

import gdb
import gdb.printing

from . import frames, lists, tables, target

MOST = 100                  # entries of a list that are counted


class PagePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            known = frames.Frames()
            address = int(self.value.address)
            raw = target.read_virtual(address, known.size)
            page = frames.Page(known.pfn_of_page(address), address, raw)
            where = f"pfn 0x{page.pfn:x} " if known.holds(address) else ""
        except (target.MMError, gdb.error, TypeError):
            return f"page, flags 0x{int(self.value['flags']):08x}"
        flags = "|".join(page.flag_names())
        return (f"page {where}{page.state} order {page.order} refcount "
                f"{page.refcount} mapcount {page.mapcount}"
                + (f" {flags}" if flags else ""))


class ListPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        following = int(self.value["next"]) & 0xffffffff
        back = int(self.value["prev"]) & 0xffffffff
        address = self.value.address
        text = f"next 0x{following:08x} prev 0x{back:08x}"
        if following == 0x100:
            return f"list: removed entry ({text})"
        if address is None or not following:
            return f"list: {text}"
        if following == int(address):
            return "list: empty"
        try:
            n = len(lists.walk(int(address), MOST))
            return f"list: {n} others ({text})"
        except lists.Broken as error:
            if len(error.nodes) >= MOST:
                return f"list: more than {MOST} others ({text})"
            return f"list: {error} ({text})"
        except target.MMError:
            return f"list: {text}"


class LockPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if not int(self.value["locked"]):
            return "spinlock: free"
        try:
            holder = int(self.value["cpu_plus_1"])
        except gdb.error:
            holder = 0
        return "spinlock: held" + (f" by core {holder - 1}" if holder else "")


class EntryPrinter:
    """pgd_t and pte_t."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        entry = int(self.value["value"])
        first = self.value.type.name == "pgd_t"
        w = tables.decode(0, entry) if first else tables.decode(0, 1, entry)
        text = f"0x{entry:08x} {tables.KIND_TEXT[w.kind]}"
        if first and entry & 3 == 1:
            return f"0x{entry:08x} table at PA 0x{tables.table_of(entry):08x}"
        if w.mapped():
            text += (f" PA 0x{w.pa:08x} {'RW' if w.kernel_write() else 'ro'} "
                     f"{'x' if w.kernel_exec() else 'NX'}")
        return text


def register():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("vellum")
    printers.add_printer("page", "^page$", PagePrinter)
    printers.add_printer("list_head", "^list_head$", ListPrinter)
    printers.add_printer("spinlock", "^spinlock(_t)?$", LockPrinter)
    printers.add_printer("entry", "^p[gt][de]_t$", EntryPrinter)
    gdb.printing.register_pretty_printer(None, printers, replace=True)
    gdb.events.new_objfile.connect(frames.new_objfile)
