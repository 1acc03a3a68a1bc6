# SPDX-License-Identifier: MIT
"""Red-black trees as they lie in memory, whole or broken.

    node { parent and colour, left, right }      include/lib/rbtree.h

Every node is remembered and the number of steps is bounded, so that a tree
that leads back into itself ends.
"""

import struct

from . import target
from .target import MMError

MOST = 1 << 16


def walk(root, what, trouble):
    """[(node, (left, right))] in order; what is wrong is added to trouble."""
    found, stack, seen, node, parent = [], [], set(), root, 0
    while (node or stack) and len(seen) < MOST:
        while node:
            try:
                up, left, right = struct.unpack(
                    "<III", target.read_virtual(node, 12))
            except MMError:
                trouble.append(f"{what}: the node below 0x{parent:08x} is at "
                               f"0x{node:08x}, which is no memory")
                break
            if node in seen:
                trouble.append(f"{what}: the tree meets the node 0x{node:08x} "
                               "twice")
                break
            if up & ~1 != parent:
                trouble.append(f"{what}: the node 0x{node:08x} says that 0x"
                               f"{up & ~1:08x} is above it, and not 0x"
                               f"{parent:08x}")
            seen.add(node)
            stack.append((node, left, right))
            node, parent = left, node
        if not stack:
            break
        top, left, right = stack.pop()
        found.append((top, (left, right)))
        node, parent = right, top
    return found
