# SPDX-License-Identifier: MIT
"""The machine behind gdb: registers, physical memory, symbols, QEMU's monitor.

Ideas
  Registers   the board starts Secure, so the live values have names in _S; on
              a machine without security extensions they have the plain ones.
              Each is asked for under its names in turn.
  Physical    QEMU's gdb stub has a switch: while Qqemu.PhyMemMode is 1,
  memory      addresses are physical. It is off again after every read. Where
              there is no such switch (a memory dump), the linear map serves.
  Privilege   QEMU reads virtual addresses for gdb with the rights of the mode
              that the core is in. While a program is stopped gdb sees what it
              may see, which is not the kernel: then we walk the tables and read
              the frame (read_virtual), and gdb's values are filled from bytes
              (whole, object_at).
  Numbers     are read as blocks and unpacked here. gdb.Value would do, but
              takes a packet each.
"""

import re
import struct

import gdb

from . import tables

REGISTERS = {
    "TTBR0": ("TTBR0_EL1_S", "TTBR0_S", "TTBR0_EL1", "TTBR0"),
    "TTBR1": ("TTBR1_EL1_S", "TTBR1_S", "TTBR1_EL1", "TTBR1"),
    "CONTEXTIDR": ("CONTEXTIDR_S", "CONTEXTIDR_EL1", "CONTEXTIDR"),
    "PRRR": ("PRRR_S", "MAIR0_S", "PRRR", "MAIR0"),
    "NMRR": ("NMRR_S", "MAIR1_S", "NMRR", "MAIR1"),
    "TPIDRPRW": ("TPIDRPRW_S", "TPIDRPRW"),
}


class MMError(Exception):
    """What went wrong, in one line for the user."""


def evaluate(expression):
    """An expression of gdb as an unsigned number of 32 bits."""
    try:
        value = gdb.parse_and_eval(expression)
        if value.type.strip_typedefs().code in (
                gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY,
                gdb.TYPE_CODE_STRUCT):
            value = value.address
        return int(value) & 0xffffffff
    except (gdb.error, TypeError, OverflowError, RuntimeError) as error:
        raise MMError(f"\"{expression}\" is no address: {error}") from None


def number(text):
    """A number, or an expression of gdb that is one."""
    try:
        return int(text, 0)
    except ValueError:
        return evaluate(text)


def symbol(name):
    """Address of a symbol of the kernel, the linker's included; or None."""
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}")) & 0xffffffff
    except gdb.error:
        return None


def value(expression):
    """A number in the kernel's memory."""
    try:
        return int(gdb.parse_and_eval(expression)) & 0xffffffff
    except gdb.error as error:
        why = error
    try:                                # its place alone, then its bytes
        found = whole(gdb.parse_and_eval(
            expression.removeprefix("(unsigned long)")))
        return int(found) & 0xffffffff
    except gdb.error:
        raise MMError(f"cannot read {expression}: {why}") from None


def whole(found):
    """A value of gdb with its bytes read, whatever the core may see."""
    try:
        found.fetch_lazy()
        return found
    except gdb.error:
        if found.address is None:
            raise
        return gdb.Value(read_virtual(int(found.address) & 0xffffffff,
                                      found.type.sizeof), found.type)


def variable(name):
    """A variable of the kernel, whole."""
    return whole(gdb.parse_and_eval(name))


def follow(pointed):
    """What a pointer (gdb.Value) leads to, whole."""
    return whole(pointed.dereference())


def register(name):
    """A register of the core, or None if it has none of that name."""
    for real in REGISTERS.get(name, (name + "_S", name)):
        try:
            found = gdb.parse_and_eval("$" + real)
            if found.type.code != gdb.TYPE_CODE_VOID:
                return int(found) & 0xffffffff
        except gdb.error:
            continue
    return None


def connected():
    try:
        return gdb.selected_thread() is not None
    except gdb.error:
        return False


def need_machine():
    if not connected():
        raise MMError("no machine is connected: run `make gdb`")


def inferior():
    return gdb.selected_inferior()


def read_virtual(va, size):
    """Bytes at a virtual address."""
    try:
        return bytes(inferior().read_memory(va, size))
    except (gdb.error, ValueError, OverflowError):
        data = read_walked(va, size)
    if data is None:
        raise MMError(f"cannot read {size} bytes at 0x{va:08x}; "
                      f"`mm walk 0x{va:x}` says why") from None
    return data


def in_program():
    """Is the core in user mode?"""
    cpsr = register("cpsr") if connected() else None
    return cpsr is not None and cpsr & 0x1f == 0x10


def read_walked(va, size):
    """The same through the tables, while a program is stopped; or None."""
    if not in_program() or not 0 <= va <= (1 << 32) - size:
        return None
    data = b""
    while size:
        part = min(size, 4096 - va % 4096)
        w = tables.walk(read32, ttbr(), va)
        found = read_physical(w.pa, part) if w.mapped() else None
        if found is None:
            return None
        data, va, size = data + found, va + part, size - part
    return data


def physical_mode(on):
    try:
        answer = gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{int(on)}",
                             to_string=True)
    except gdb.error:
        return False
    return "OK" in answer


def linear(pa):
    """Virtual address of a physical one in lowmem, or None."""
    va = pa - 0x60000000 + 0xc0000000
    high = value("(unsigned long)high_memory")
    return va if 0xc0000000 <= va < (high or 0xff800000) else None


def memory_ranges():
    """Where RAM and ROM are, as QEMU lists them: [(start, end)], end outside."""
    if not memory_ranges.known:
        text = monitor("info mtree -f") or ""
        found = {(int(start, 16), int(last, 16) + 1) for start, last in
                 re.findall(r"([0-9a-f]{16})-([0-9a-f]{16}) "
                            r"\(prio -?\d+, (?:ram|rom|romd)\)", text)}
        memory_ranges.known = sorted(found) or [(0x60000000, 0xa0000000)]
    return memory_ranges.known


memory_ranges.known = None


def is_memory(pa, size=4):
    """Is this RAM or ROM, which may be read without a side effect?"""
    return any(start <= pa and pa + size <= end
               for start, end in memory_ranges())


def read_physical(pa, size):
    """Bytes at a physical address, or None where no memory is."""
    if not is_memory(pa, size):
        return None
    if physical_mode(True):
        try:
            return bytes(inferior().read_memory(pa, size))
        except gdb.error:
            return None
        finally:
            physical_mode(False)
    va = linear(pa)
    try:
        return bytes(inferior().read_memory(va, size)) if va else None
    except gdb.error:
        return None


def read32(pa):
    data = read_physical(pa, 4)
    return None if data is None else struct.unpack("<I", data)[0]


def read_words(pa, size):
    data = read_physical(pa, size)
    return None if data is None else struct.unpack(f"<{size // 4}I", data)


def ttbr():
    """The translation base of the selected core."""
    found = register("TTBR0")
    if found is None:
        found = (symbol("swapper_pg_dir") or 0) - 0xc0000000 + 0x60000000
    return found


def mmu_on():
    sctlr = register("SCTLR")
    return sctlr is None or bool(sctlr & 1)


def monitor(command):
    """The answer of QEMU's monitor, or None when there is none."""
    try:
        return gdb.execute("monitor " + command, to_string=True).strip()
    except gdb.error:
        return None


def select_core():
    """Let the monitor look at the core that gdb looks at. Returns its number."""
    thread = gdb.selected_thread()
    number = thread.num - 1 if thread else 0
    if inferior() and len(inferior().threads()) > 1:
        monitor(f"cpu {number}")
    return number


def gva2gpa(va):
    """QEMU's own translation: a number, None for unmapped, or "?"."""
    select_core()
    answer = monitor(f"gva2gpa 0x{va:x}")
    if not answer:
        return "?"
    found = re.search(r"gpa: (?:0x)?([0-9a-f]+)", answer)
    if found:
        return int(found[1], 16)
    return None if "nmapped" in answer else "?"


def source_of(address):
    """'do_irq+0x4 (kernel/irq.c:201)', or None outside the kernel's image."""
    try:
        text = gdb.execute(f"info symbol 0x{address:x}", to_string=True)
    except gdb.error:
        return None
    found = re.match(r"(\S+)(?: \+ (\d+))? in section (\S+)", text)
    if not found:
        return None
    name = found[1] + (f"+0x{int(found[2]):x}" if found[2] else "")
    line = gdb.find_pc_line(address)
    if line.symtab and line.line and found[3].endswith("text"):
        name += f" ({line.symtab.filename}:{line.line})"
    return name


def section_of(address):
    """Name of the section of the image that holds the address, or None."""
    try:
        text = gdb.execute(f"info symbol 0x{address:x}", to_string=True)
    except gdb.error:
        return None
    found = re.search(r" in section (\S+)", text)
    return found[1] if found else None


def type_of(name):
    """A type of the kernel, also where a program has another of that name."""
    try:
        kernel = gdb.lookup_global_symbol("start_kernel")
        block = kernel.symtab.static_block() if kernel else None
        return gdb.lookup_type(name, block) if block else \
            gdb.lookup_type(name)
    except gdb.error:
        raise MMError(f"the kernel has no {name} (no symbols loaded, or an "
                      "older kernel)") from None


def offset_of(type_name, *path):
    """Bytes from the start of a struct to a field; looks into nameless ones."""
    def search(kind, name):
        for field in kind.fields():
            if field.name == name:
                return field.bitpos // 8, field.type.strip_typedefs()
            if not field.name:
                inner = search(field.type.strip_typedefs(), name)
                if inner:
                    return field.bitpos // 8 + inner[0], inner[1]
        return None

    kind, total = type_of(type_name).strip_typedefs(), 0
    for name in path:
        found = search(kind, name)
        if not found:
            raise MMError(f"{type_name} has no field {name}")
        total, kind = total + found[0], found[1]
    return total


def enum_names(name, prefix):
    """The words of an enum without their prefix, by value."""
    return {field.enumval: field.name[len(prefix):]
            for field in type_of(name).fields()
            if field.name.startswith(prefix)}


def text_at(pointer):
    """The text that a pointer, or an array in a whole value, holds."""
    try:
        return pointer.string(errors="replace", length=-1)
    except gdb.error:
        pass
    try:
        return text_of(int(pointer) & 0xffffffff)
    except (MMError, gdb.error):
        return "?"


def text_of(address, most=256):
    """The text at an address, up to its NUL."""
    data = b""
    while b"\0" not in data and len(data) < most:
        part = 32 - address % 32
        data, address = data + read_virtual(address, part), address + part
    return data.split(b"\0")[0].decode(errors="replace")


def object_at(type_name, address):
    """A structure, read at once: its fields cost no further packets."""
    kind = type_of(type_name)
    return gdb.Value(read_virtual(int(address) & 0xffffffff, kind.sizeof),
                     kind)


def pointer(field):
    """A pointer or number of a gdb.Value as an unsigned number."""
    return int(field) & 0xffffffff


def cores():
    """[(number, per-CPU offset)] of the cores that there are."""
    count = value("nr_cpus")
    return [(cpu, value(f"percpu_offset[{cpu}]"))
            for cpu in range(min(count, 4))]


def each_core(name):
    """The per-CPU variable of that name, as each core has it."""
    kind = gdb.parse_and_eval(name).type
    return [gdb.Value(read_virtual((symbol(name) + offset) & 0xffffffff,
                                   kind.sizeof), kind)
            for _, offset in cores()]


def kasan():
    """Was this kernel made with SAN=kasan?"""
    return symbol("kasan_zero_page") is not None


def call_text(pc):
    """A return address: 'f+0x20 (mm/f.c:88)', with the line of the call."""
    name = (source_of(pc) or f"0x{pc:08x}").split(" ")[0]
    line = gdb.find_pc_line((pc - 4) & 0xffffffff)
    if line.symtab and line.line:
        name += f" ({line.symtab.filename}:{line.line})"
    return name
