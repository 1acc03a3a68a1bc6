# SPDX-License-Identifier: MIT
"""mm what: what lies at an address, of whatever kind it is."""


from . import (command, frames, lists, maps, objects, shadow, slabs, spaces,
               tables, target, tasks, vmalloc)
from .board import device_at
from .target import MMError


def image_part(address):
    """Symbol and section of the kernel's image."""
    start, end = target.symbol("__kernel_start"), target.symbol("__kernel_end")
    if start is None or not start <= address < end:
        return
    section = target.section_of(address)
    if section:
        yield f"  kernel image, {section}: {target.source_of(address)}"
    if (target.symbol("__init_start") or 0) <= address < \
            (target.symbol("__init_end") or 0):
        yield "  init memory: freed at the end of boot, then anybody's"


def percpu_part(address):
    """Per-CPU variables: the copy of a core, and the variable."""
    start, end = target.symbol("__percpu_start"), target.symbol("__percpu_end")
    if start is None:
        return
    for cpu in range(4):
        try:
            offset = target.value(f"percpu_offset[{cpu}]")
        except MMError:
            return
        if cpu and not offset:
            continue
        original = (address - offset) & 0xffffffff
        if start <= original < end:
            name = (target.source_of(original) or "?").split(" ")[0]
            yield (f"  per-CPU data of core {cpu}: {name}"
                   + percpu_owner((address - offset) & 0xffffffff))


def percpu_owner(pointer):
    """Of memory from percpu_alloc(): the cache whose lists or arrays it is."""
    size = target.type_of("struct kmem_cache_cpu").sizeof
    for cache in slabs.caches()[0]:
        for start, what in ((cache.lists, "lists"), (cache.design, "arrays")):
            if start and start <= pointer < start + size:
                return f", {what} of the cache {cache.name}"
    return ""


def chunk_part(address):
    """A chunk of percpu_alloc() beyond the first: mm/kmem/percpu.c."""
    cores = target.cores()
    if len(cores) < 2:
        return                  # one copy: no distance that tells it
    stride = (cores[1][1] - cores[0][1]) & 0xffffffff
    head = target.symbol("'mm/kmem/percpu.c'::chunks")
    offset = target.offset_of("struct percpu_chunk", "list")
    for node in lists.walk(head, 4096)[1:] if head else ():
        chunk = target.object_at("struct percpu_chunk", node - offset)
        at = address - target.pointer(chunk["base"])
        if not 0 <= at < stride * len(cores):
            continue
        cpu = at // stride
        pointer = (address - cores[cpu][1]) & 0xffffffff
        yield (f"  per-CPU memory of core {cpu}, allocated at run time: "
               f"pointer 0x{pointer:08x}" + percpu_owner(pointer))


def task_part(address):
    """A stack of a task, its structure, or the hole below a stack."""
    try:
        found, _ = tasks.tasks()
    except MMError:
        return
    for task in found:
        if task.stack - 4096 <= address < task.stack:
            yield (f"  guard page below the stack of task {task.pid} "
                   f"\"{task.name}\": an overflow ends here")
        if not task.stack_holds(address):
            continue
        depth = task.stack_end - address
        where = "struct task of" if address >= task.address else "kernel stack of"
        yield (f"  {where} task {task.pid} \"{task.name}\": "
               f"0x{task.stack:08x}-0x{task.stack_end:08x}, "
               f"{depth} bytes below its top")


def fixmap_part(va):
    if not 0xffc00000 <= va < 0xfff00000:
        return
    slot = (va - 0xffc00000) >> 12
    names = target.enum_names("enum fixed_address", "FIX_")
    at = max((n for n in names if n <= slot), default=None)
    if at is not None and names[at] != "COUNT":
        yield f"  fixmap slot {slot}: FIX_{names[at]}" + \
              (f"+{slot - at}" if slot > at else "")


def frame_part(pa):
    """The frame that holds a physical address."""
    try:
        known = frames.Frames()
    except MMError:
        return
    pfn = pa >> 12
    if not known.valid(pfn):
        return
    head = known[known.head(pfn)]
    zone = [zone.name for zone in frames.zones() if zone.spans(pfn)]
    yield (f"  PA 0x{pa:08x}, pfn 0x{pfn:x} (zone "
           f"{zone[0] if zone else 'none'}): {head.text()}, block of order "
           f"{head.order} at 0x{head.pfn:x}, refcount {head.refcount}")


def struct_page_part(address):
    try:
        known = frames.Frames()
    except MMError:
        return
    if not known.holds(address):
        return
    pfn = known.pfn_of_page(address)
    offset = (address - known.mem_map) % known.size
    yield (f"  struct page of pfn 0x{pfn:x}" + (f", byte {offset} of "
           f"{known.size}" if offset else "") +
           f": PA 0x{pfn << 12:08x}")


def physical(pa):
    """A number taken as a physical address."""
    device = device_at(pa)
    if device:
        yield f"  device: {device}"
    lines = list(frame_part(pa))
    if lines:
        va = target.linear(pa)
        yield "  as a physical address: memory" + (
            f", in the kernel at VA 0x{va:08x}" if va else
            ", without a kernel address (HighMem)")
        yield from lines
        if va:
            yield from image_part(va)


def user_part(va):
    """An address of the process that runs: its VMA."""
    found = spaces.current_space()
    if not found or not found[1].vma_at(va):
        return
    task, space = found
    yield (f"  of task {task.pid} \"{task.name}\": "
           f"{spaces.vma_line(space, va)}")


def area_text(va):
    name = maps.area_of(va, maps.areas())
    return {"lowmem": "direct map", "vmalloc": "vmalloc area",
            "user": "user space", "vectors": "vectors page"}.get(name, name)


def virtual(va):
    """A number taken as a virtual address: lines, or nothing."""
    if not target.mmu_on():
        return
    w = tables.walk(target.read32, target.ttbr(), va)
    if not w.mapped():
        if va >= 0xbf000000:
            yield f"  {area_text(va)}, not mapped"
            yield from task_part(va)
            yield from guarded(vmalloc.describe, va)
        else:
            yield from user_part(va)
        return
    device = device_at(w.pa)
    yield (f"  {area_text(va)} -> PA 0x{w.pa:08x}"
           + (f": {device}" if device else "")
           + f"   {'rw' if w.kernel_write() else 'r-'}"
           f"{'x' if w.kernel_exec() else '-'} "
           f"{tables.MEMATTR[w.memattr]}")
    if va < spaces.KERNEL_START:
        yield from user_part(va)
    yield from image_part(va)
    yield from fixmap_part(va)
    yield from guarded(percpu_part, va)
    yield from guarded(chunk_part, va)
    yield from task_part(va)
    yield from shadow.what_part(va)
    yield from guarded(objects.describe, va)
    yield from guarded(vmalloc.describe, va)
    yield from struct_page_part(va)
    yield from frame_part(w.pa)


def guarded(part, address):
    """A part that asks structures which may not be there yet, or be broken."""
    try:
        yield from part(address)
    except (MMError, lists.Broken) as error:
        yield f"  ({error})"


class What(command.Command):
    """What is this address? Of any kind: VA, PA, frame number, struct page.

    mm what ADDR

      virtual                    tables        physical
      0xc0012345  code        ----+        0x10009000  a device
      0xc1234567  lowmem      ----+---->   0x61234567  memory --> pfn 0x61234
      0xc7c08040  an object   ----+                                   |
      0xff000000  vmalloc     ----+                                   |
      0xffc00000  fixmap      ----+        struct page 0xcfe1e680 <---+

    Every meaning that fits is told. For memory: its frame, who owns it; for
    objects the cache, who allocated and who freed it, whether its red zones
    are whole; for stacks the task; for per-CPU data the variable and the core."""

    name, usage = "what", "ADDR"
    counts = (1,)

    def run(self, words, _options):
        number = target.evaluate(words[0])
        yield f"0x{number:08x}"
        lines = list(virtual(number))
        mapped = any("->" in line for line in lines)
        if not mapped:
            lines += physical(number)
        try:
            known = frames.Frames()
            if known.valid(number):
                lines += [f"  as a frame number: PA 0x{number << 12:08x}",
                          *frame_part(number << 12)]
        except MMError:
            pass
        if number < 0x1000 and not mapped:
            lines.append("  page 0, never mapped: a NULL pointer and what "
                         f"follows it (a field at offset {number})")
        if number in (0x100, 0x122):
            lines.append("  list poison: the links of a removed list entry")
        yield from lines or ["  nothing: not mapped, no memory, no device"]
        yield self.next(number, mapped)

    @staticmethod
    def next(number, mapped):
        if mapped:
            return f"next: mm walk 0x{number:x}   x/8wx 0x{number:x}"
        return f"next: mm walk 0x{number:x}   mm page 0x{number:x}"


def register():
    What()
