# SPDX-License-Identifier: MIT
"""Cases on the object caches and vmalloc, for whatever machine was started.

They are imported by commands.py (SLUB, 256 MiB) and by kmem.py (other designs
and sizes), behind the case that lets the kernel say the facts.
"""

import re

import gdb

from ktap import (
    Damage, address, ask, case, do, expect, facts, has, lines_of, output_of,
    same, skip)
from mm import frames, objects, slabs, target, vmareas, vmstat

FACTS = ("cat slabinfo", "cat vmallocinfo", "cat page_owner", "cat vmstat")


def verified(part):
    has(do(f"mm check {part}"), f"check {part}: verified")


def caught(part, rule, where, number):
    """A word is damaged; the rule is named."""
    with Damage(where, number):
        has(do(f"mm check {part}"), f" {rule} ", f"0x{where:x} = 0x{number:x}")


def word(where):
    return address(f"*(unsigned *){where}")


def some_area():
    """A struct vm_area that is in use: an object that we know."""
    return vmareas.State().busy[-1]


# --- object caches --------------------------------------------------------------


@case
def slab_is_the_node_slabinfo():
    theirs = [line.split() for line in lines_of(facts["cat slabinfo"])
              if ": tunables" in line and line[0] != "#"]
    ours = {line.split()[0]: ["", *line.split()]
            for line in lines_of(do("mm slab")) if len(line.split()) == 11}
    expect(len(theirs) > 20, facts["cat slabinfo"])
    for row in theirs:
        name, active, total, size, per = row[:5]
        got = ours[name]
        same([got[4], got[5], got[3], got[7]], [active, total, size, per],
             f"{name}: used, total, size, per slab")
        if slabs.design() != "slob":
            same(got[9], row[14], f"slabs of {name}")


@case
def slab_draws_each_object_of_a_cache():
    if slabs.design() == "slob":
        has(do("mm slab kmalloc-64"), "no slab to draw")
        return
    for name in ("kmalloc-64", "kmalloc-8", "kmem_cache"):
        text = do(f"mm slab {name} -v")
        drawn = "".join(re.findall(r"^    0x\w{8}  (\S+)$", text, re.M))
        row = next(line.split() for line in lines_of(do("mm slab"))
                   if line.split()[0] == name)
        used, total, held = int(row[3]), int(row[4]), int(row[5])
        same(len(drawn), total, f"objects drawn of {name}")
        listed = used - held if slabs.design() == "slub" else used
        closed = drawn.count("q")
        same(drawn.count("#") + closed, listed, f"in use of {name}")


@case
def what_and_slab_know_an_object_in_use():
    area = some_area()
    for command in ("what", "slab"):
        text = do(f"mm {command} 0x{area.address + 8:x}")
        has(text, f"object 0x{area.address:08x} (+0x8)")
        has(text, "ALLOCATED")
        if "not kept" not in text:
            has(text, "size asked ")
    has(do(f"mm slab 0x{area.address:x}"), f"0x{area.address:x}")


@case
def free_objects_are_free_wherever_they_are():
    if slabs.design() == "slob":
        skip("slab=slob has no slabs")
    known, seen = frames.Frames().read_all(), set()
    listed = slabs.slabs_by_cache(known)
    for cache in slabs.caches()[0]:
        for pfn in listed.get(cache.address, [])[:1]:
            slab = slabs.Slab(cache, known, pfn)
            letters, _ = slab.hands()
            for letter in set(letters) - seen:
                seen.add(letter)
                at = slab.object(letters.index(letter))
                text = do(f"mm what 0x{at + 3:x}")
                has(text, f"object 0x{at:08x} (+0x3)")
                has(text, "ALLOCATED" if letter == "#"
                    else f"FREE ({slabs.hand_text(letter)})")
        if len(seen) > 2:
            break
    expect("#" in seen and len(seen) >= 2, f"only {seen} to be seen")


def live_slab(free):
    """(known, Slab) of SLUB or SLAB with objects in use, and free ones or not."""
    known = frames.Frames().read_all()
    listed = slabs.slabs_by_cache(known)
    for cache in slabs.caches()[0]:
        for pfn in listed.get(cache.address, []):
            slab = slabs.Slab(cache, known, pfn)
            letters, _ = slab.hands()
            if "#" in letters and any(c in letters for c in free):
                return slab, letters
    return None, None


@case
def each_rule_of_the_caches_is_broken_and_caught():
    verified("slab")
    kind = slabs.design()
    node = target.offset_of("struct kmem_cache", "node")
    if kind == "slob":
        where = address("&nr_slob_pages")
        caught("slab", "B2", where, word(where) + 1)
        page = vm_area_page()
        caught("slab", "B1", page.start, 0)
        caught("slab", "B2", page.page + slabs.Slab.offsets()["freelist"] + 4,
               page.inuse + 1)
        return
    slab, letters = live_slab("0123.")
    expect(slab, "no slab with objects of both kinds")
    cache = slab.cache
    slabs_at = cache.address + node + target.offset_of(
        "struct kmem_cache_node", "nr_slabs")
    caught("slab", "U3" if kind == "slub" else "A3", slabs_at,
           cache.nr_slabs + 1)
    counts = slab.page + slabs.Slab.offsets()["freelist"] + 4
    caught("slab", "U2" if kind == "slub" else "A2", counts,
           word(counts) ^ 1)
    used = slab.object(letters.index("#"))
    caught("slab", "C2", slab.page + slabs.Slab.offsets()["freelist"],
           used + 1)
    owner = slab.page + slabs.Slab.offsets()["cache"]
    caught("slab", "C1", owner, cache.address + 4)
    if kind == "slub":
        break_slub(slab, letters, counts)
    verified("slab")


def break_slub(slab, letters, counts):
    """What only SLUB has: cores' lists, frozen slabs, red zones."""
    caught("slab", "C1", counts, word(counts) ^ 0x80000000)
    if not slab.cache.debugs():
        held = next(i for i, c in enumerate(letters) if c in "0123")
        link = slab.object(held) + slab.cache.pointer_offset
        caught("slab", "C2", link, word(link) ^ 0x100000)
        text = ""
        with Damage(link, word(link) ^ 0x100000):
            text = do(f"mm slab {slab.cache.name}")
        has(text, "leads to no object")
        return
    used = slab.object(letters.index("#"))
    caught("slab", "U4", used - 4, 0x41cccccc)
    with Damage(used - 4, 0x41cccccc):
        has(do(f"mm what 0x{used:x}"), f"left red zone overwritten: 0x"
            f"{used - 1:08x} is 0x41 instead of 0xcc")
    has(do(f"mm what 0x{used:x}"), "intact: left red zone, right red zone")


def vm_area_page():
    return slabs.slab_around(some_area().address)


@case
def mad_caches_are_told_in_words():
    for where, number in ((address("&slab_caches"), 0x100),
                          (address("&the_slab_design"), 0),
                          (word(address("&slab_caches")), 0xdeadbeec)):
        with Damage(where, number):
            for command in ("slab", "slab kmalloc-64", "check slab",
                            f"what 0x{some_area().address:x}"):
                expect(lines_of(do("mm " + command)), f"mm {command}")
    verified("slab")


@case
def users_are_those_that_the_kernel_kept():
    if not slabs.caches()[0][0].flags & slabs.STORE_USER:
        has(do("mm slab kmalloc-64 --trace alloc"), "slub_debug=FZPU"
            if not target.kasan() else "allocated by")
        return
    area = some_area()
    text = do(f"mm what 0x{area.address:x}")
    has(text, "allocated by area_alloc")
    has(text, "task ")
    has(do("mm slab --trace alloc -v"), "allocated by area_alloc")
    slab = slabs.slab_around(area.address)
    at = slab.start + objects.users_offset(slab.cache) + \
        slab.object(slab.around(area.address)) - slab.start
    same(f"allocated by {target.call_text(word(at))}" in text, True,
         "the first call that the kernel kept")


# --- vmalloc ----------------------------------------------------------------------


@case
def vmalloc_is_the_node_vmallocinfo():
    theirs = re.findall(r"^0x(\w+)-0x(\w+) +\d+ (\S+?)(?:/0x\w+)? "
                        r"(?:phys=0x(\w+)|pages=(\d+)) (\w+)$",
                        facts["cat vmallocinfo"], re.M)
    expect(len(theirs) > 5, facts["cat vmallocinfo"])
    ours = re.findall(r"^ 0x(\w+)-0x(\w+) +\d+[KM] +(\d+)\+g (\w+) +(\S+) +"
                      r"(\S+)", do("mm vmalloc"), re.M)
    same(len(ours), len(theirs), "areas")
    for got, want in zip(ours, theirs):
        same([got[0], got[1], got[3], got[5]],
             [want[0], want[1], want[5], want[2]], "area")
        if want[4]:
            same(got[2], want[4], "pages")
        else:
            same(int(got[4], 16), int(want[3], 16) >> 12, "phys")


@case
def vmalloc_shows_pages_and_guard_of_one_area():
    area = next(a for a in vmareas.State().busy if a.kind == "vmalloc")
    text = do(f"mm vmalloc 0x{area.start + 4100:x}")
    for number, pfn in enumerate(area.frames(frames.Frames())):
        has(text, f"page {number:4d}  0x{area.start + 4096 * number:08x} -> "
            f"0x{pfn:x}")
        same(target.gva2gpa(area.start + 4096 * number), pfn << 12, "QEMU")
    has(text, f"0x{area.guard():08x} -> nothing")
    has(text, "stack of task")
    has(do(f"mm what 0x{area.guard():x}"), "guard page of the area")
    has(do(f"mm what 0x{area.start:x}"),
        f"vmalloc: page 0 of {area.nr_pages} of the area")
    device = next(a for a in vmareas.State().busy if a.kind == "ioremap")
    has(do(f"mm what 0x{device.start + 4:x}"), "ioremap: page 0 of")
    end = vmareas.State().end
    has(do(f"mm vmalloc 0x{end - 4096:x}"), "free range")


@case
def each_rule_of_vmalloc_is_broken_and_caught():
    verified("vmalloc")
    state = vmareas.State()
    area, gap = state.busy[0], state.free[0]
    vrange = [target.offset_of("struct vrange", name)
              for name in ("start", "end", "largest")]
    first = area.address + target.offset_of("struct vm_area", "range")
    caught("vmalloc", "V1", first + vrange[1], area.end + 4096)
    caught("vmalloc", "R1", gap.address + vrange[0], gap.start - 4096)
    caught("vmalloc", "R2", gap.address + vrange[2], gap.largest + 4096)
    caught("vmalloc", "R3", address("&vmalloc_state.free.free"),
           state.free_bytes + 4096)
    caught("vmalloc", "V3", address("&vmalloc_state.waiting_pages"),
           state.waiting_pages + 1)
    caught("vmalloc", "V2",
           area.address + target.offset_of("struct vm_area", "pa"),
           area.pa + 4096)
    node = address("vmalloc_state.busy.node")
    caught("vmalloc", "R0", node, word(node) ^ 0x40)
    caught("vmalloc", "R0", node + 4, 0x60000000)
    caught("vmalloc", "R0", node + 8, node)
    stack = next(a for a in state.busy if a.kind == "vmalloc")
    table = address("&swapper_pg_dir") + 4 * (stack.start >> 20)
    entry = ((word(table) & 0xfffffc00) - 0x60000000 + 0xc0000000
             + 4 * (stack.start >> 12 & 255))
    caught("vmalloc", "V2", entry, 0)
    caught("vmalloc", "V2", entry + 8, word(entry))
    verified("vmalloc")


@case
def shadow_tells_what_kasan_knows():
    area = some_area()
    text = do(f"mm shadow 0x{area.address:x}")
    if not target.kasan():
        has(text, "this kernel has no shadow")
        return
    has(text, "= 0x00: all 8 bytes may be used")
    at = (area.address >> 3) + 0xdf800000
    has(text, f"[{address(f'*(unsigned char *){at}'):02x}]")
    has(do(f"mm what 0x{at:x}"), f"KASAN shadow of 0x{area.address:08x}-0x")
    if slabs.design() == "slub" and not slabs.caches()[0][0].debugs():
        size = target.type_of("struct vm_area").sizeof
        has(text, f"size asked {size}")
        has(text, "allocated by")
        has(do(f"mm shadow 0x{area.address + size:x}"), "may not be used")
    has(do("mm shadow 0x1000"), "has no shadow")


@case
def per_cpu_memory_is_told_by_core():
    first = slabs.caches()[0][0]
    pointer, what = (first.design, "arrays") if slabs.design() == "slab" \
        else (first.lists, "lists")
    for cpu, offset in target.cores():
        text = do(f"mm what 0x{(pointer + offset) & 0xffffffff:x}")
        has(text, f"per-CPU data of core {cpu}:")
        if slabs.design() != "slob":
            has(text, f", {what} of the cache {first.name}")


# --- who has it ---------------------------------------------------------------------


@case
def owner_is_the_node_page_owner():
    if "page_owner is off" in facts["cat page_owner"]:
        has(do("mm owner"), "page_owner is off")
        return
    stacks = re.findall(r"^(\d+) frames in (\d+) blocks",
                        facts["cat page_owner"], re.M)
    pages = sum(int(count) for count, _ in stacks)
    text = do("mm owner -v --top 100")
    has(text, f"live: {pages} pages in {sum(int(n) for _, n in stacks)} blocks")
    same(sorted(re.findall(r"^ +(\d+) pages:$", text, re.M)),
         sorted(count for count, _ in stacks), "pages of each stack")
    folded = lines_of(do("mm owner --fold"))
    same(sum(int(line.split()[-1]) for line in folded), pages, "folded")
    expect(all(re.match(r"pages;\w[\w;.]+ \d+$", line) for line in folded),
           folded[0])
    orders = re.findall(r"^ +\d+ +\d+ +(\d+)  ", do("mm owner --by order"),
                        re.M)
    same(sum(int(count) for count in orders), pages, "pages by order")
    stack = next(a for a in vmareas.State().busy if a.kind == "vmalloc")
    has(do(f"mm page 0x{stack.start:x}"), "kstack_alloc")


@case
def owner_counts_the_objects_of_slub_debug():
    text = do("mm owner --slab --top 100")
    if not slabs.caches()[0][0].flags & slabs.STORE_USER:
        has(text, "live: " if target.kasan() else "no objects are known")
        return
    rows = [line.split() for line in lines_of(do("mm slab"))]
    used = sum(int(row[3]) for row in rows if len(row) == 11 and
               row[3].isdigit())
    live = int(re.search(r"in (\d+) objects", text)[1])
    # One was made before there was a cache of caches to keep users in.
    expect(used - 2 <= live <= used, f"{live} of {used} objects have a user")


# --- what changed -------------------------------------------------------------------


@case
def vmstat_is_added_up_as_the_kernel_does():
    theirs = dict(line.split() for line in lines_of(facts["cat vmstat"]))
    ours = vmstat.read()
    same(sorted(ours), sorted(theirs), "names")
    wrong = {name: (ours[name], int(theirs[name])) for name in ours
             if ours[name] != int(theirs[name])}
    same(wrong, {}, "counters: ours, the kernel's")


@case
def diff_tells_what_an_allocation_changed():
    has(do("mm snap before"), "snapshot \"before\"")
    has(do("mm diff before"), "nothing changed")
    theirs = output_of(ask("alloc 3"), "alloc 3")
    pfn = int(re.search(r"pfn 0x(\w+), order 3", theirs)[1], 16)
    do("mm snap after")
    text = do("mm diff before after")
    has(text, f"page  pfn 0x{pfn:x}-0x{pfn + 7:x}: ")
    has(text, "-> kernel, order 3, ref 0 -> 1")
    same(int(re.search(r"  pgalloc_\w+ ([+-]\d+)", text)[1]), 8, "pgalloc")
    for zone, changes in re.findall(r"^  (\w+): (order .*)$", theirs, re.M):
        ours = re.search(rf"^buddy .*{zone}: (.*?)   ", text, re.M)[1]
        same(by_order(ours), by_order(changes), f"orders of {zone}")
    same(do("mm diff before"), do("mm diff before after"), "until now")
    expect(len(lines_of(text)) < 15, text)


def by_order(text):
    """{order: change} of "order 3 -1, orders 2,1 +1 each" or "order 3 -1, 2 +1"."""
    result, text = {}, re.sub(r"orders? | each", "", text)
    for orders, delta in re.findall(r"([\d,]+) ([+-]\d+)", text):
        for order in orders.strip(",").split(","):
            result[int(order)] = int(delta)
    return result


@case
def diff_tells_entries_objects_areas_and_free_pages():
    do("mm snap before")
    area = next(a for a in vmareas.State().busy if a.kind == "vmalloc")
    table = address("&swapper_pg_dir") + 4 * (area.start >> 20)
    entry = ((word(table) & 0xfffffc00) - 0x60000000 + 0xc0000000
             + 4 * (area.start >> 12 & 255))
    with Damage(entry, 0):
        has(do("mm diff before"), f"PTE   kernel 0x{area.start:08x}: rw- young "
            "normal, write-back PA 0x")
    with Damage(area.address + target.offset_of("struct vm_area", "caller"),
                address("do_irq")):
        text = do("mm diff before")
        has(text, f"area  0x{area.start:08x}-0x{area.end:08x}: new, vmalloc")
    slab, _ = live_slab("0123.")
    if slab and slab.cache.debugs():
        first = slab.page + slabs.Slab.offsets()["freelist"]
        taken = word(first)
        with Damage(first, slab.next_free(slab.index_of(taken))):
            has(do("mm diff before"), f"1 allocated: 0x{taken:08x}")
    theirs = ask("free all")
    has(do("mm diff before"), "page  pfn 0x", theirs)
    has(do("mm diff nowhere"), "no snapshot is called")
    has(do("mm snap"), "before, after")
