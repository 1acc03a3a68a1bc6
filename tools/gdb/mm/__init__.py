# SPDX-License-Identifier: MIT
"""Commands for gdb that show memory management as it is.

    tables     ARM page tables: bits, walks, ranges. Knows no gdb.
    target     the machine: registers, physical memory, QEMU's monitor
    command    what all commands share: arguments, errors, the last line
    frames     struct page, zones, free lists, as plain Python values
    lists      lists that may be broken
    slabs      object caches; objects: one object; slob: pages of blocks
    vmareas    the vmalloc space      vmstat   counters
    spaces     address spaces: VMAs and entries
    trees      red-black trees that may be broken
    usage      pages of programs and files     locks   who holds one
    one module for each command or two

House rules. Every table names its units; addresses in hexadecimal, counts in
decimal; the last line names the next useful command; loops are bounded; what
goes wrong is one line and never a Python trace; plain text.
"""


def load():
    """Register everything; the order is that of `help mm`."""
    from . import command
    command.Prefix()
    from . import walk, what, maps, fault, page, zones, check, tasks
    from . import slab, shadow, vmalloc, owner, snap, vma, programs, oom
    from . import rmap, lru, swaps
    from . import replay, session, printers, window
    for module in (walk, what, maps, vma, fault, page, zones, slab, vmalloc,
                   shadow, owner, snap, check, tasks, replay, session,
                   programs, rmap, lru, swaps, oom):
        module.register()
    printers.register()
    window.register()
