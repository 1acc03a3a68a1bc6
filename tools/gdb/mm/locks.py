# SPDX-License-Identifier: MIT
"""Is a lock held? A stop may be in the middle of what it guards."""

from . import target

QUEUED, WRITER = 1, 2           # kernel/locking/rwsem.c; the rest: readers


def spinlock(value):
    """None, or who holds it; value: a struct spinlock."""
    if not int(value["locked"]):
        return None
    fields = {field.name for field in value.type.strip_typedefs().fields()}
    core = int(value["cpu_plus_1"]) if "cpu_plus_1" in fields else 0
    return f"held by core {core - 1}" if core else "held"


def rwsem(value):
    """None, or who is inside; value: a struct rw_semaphore."""
    count = int(value["count"])
    if count & WRITER:
        owner = target.pointer(value["owner"])
        return "held by a writer" + (f", task 0x{owner:08x}" if owner else "")
    readers = count >> 2
    if readers:
        return f"held by {readers} reader" + ("s" if readers > 1 else "")
    return None


def warning(what, state):
    """A line to print below figures that may be on their way; or nothing."""
    return [f"  {what} is {state}: what it guards may be in the middle of a "
            "change"] if state else []
