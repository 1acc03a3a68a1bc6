# SPDX-License-Identifier: MIT
"""Lists as they lie in memory, whole or broken.

    head <-> a <-> b <-> head        a good list comes back to its head

A bad one runs in a circle that misses the head, or leaves memory. Both are
found: every node is remembered, and the number of steps is bounded.
"""

import struct

from . import target

MOST = 1 << 20             # steps, whatever the caller allows


class Broken(Exception):
    """args[0]: what is wrong; nodes: those that were good until there."""

    def __init__(self, why, nodes):
        super().__init__(why)
        self.nodes = nodes


def read_links(address):
    """(next, prev) of a list_head anywhere in memory."""
    return struct.unpack("<II", target.read_virtual(address, 8))


def walk(head, limit, links=read_links):
    """The addresses of the nodes behind head. Raises Broken."""
    nodes, seen, previous = [], {head}, head
    limit = min(limit, MOST)
    address = links(head)[0]
    while address != head:
        n = len(nodes)
        if address in seen:
            at = nodes.index(address) + 1 if address in nodes else 0
            raise Broken(f"list does not close after {n} entries: entry {n} "
                         f"leads back to entry {at} at 0x{address:08x}, not "
                         f"to the head 0x{head:08x}", nodes)
        if n >= limit:
            raise Broken(f"list does not close after {n} entries, more than "
                         "there can be", nodes)
        try:
            following, back = links(address)
        except target.MMError:
            raise Broken(f"list does not close after {n} entries: the next "
                         f"one would be at 0x{address:08x}, which is "
                         + explain_pointer(address), nodes) from None
        if back != previous:
            raise Broken(f"list does not close after {n} entries: the one at "
                         f"0x{address:08x} says that 0x{back:08x} is before "
                         f"it, and not 0x{previous:08x}", nodes)
        seen.add(address)
        nodes.append(address)
        previous, address = address, following
    back = links(head)[1]
    if back != previous:
        raise Broken(f"list closes after {len(nodes)} entries, but the head's "
                     f"prev is 0x{back:08x} and not 0x{previous:08x}", nodes)
    return nodes


def explain_pointer(address):
    if address in (0x100, 0x122):
        return "list poison: an entry that was already removed"
    if address == 0:
        return "NULL"
    return "no list node"
