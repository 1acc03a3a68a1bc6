# SPDX-License-Identifier: MIT
"""Inside gdb: what is seen when memory is short.

The machine has 32 MiB and 64 of compressed swap, and runs two programs that
want 20 each (tests/gdb/run). It is stopped in the middle of swapping a page
out. Facts are found the slow way, by reading all tables of all spaces; then
fields are damaged, and each damage has to be told.
"""

import os
import re
import sys

import gdb

sys.path.insert(0, os.path.join(os.getcwd(), "tests", "gdb"))
from ktap import (  # noqa: E402
    Damage, address, case, console, do, expect, has, lines_of, run, same)
from mm import frames, lru, rmap, spaces, swaps, tables, target  # noqa: E402
from mm import usage  # noqa: E402


def stop_at(function, name, after=0):
    """Run until a task of this name calls function; skip some calls."""
    stop = gdb.Breakpoint(function)
    stop.ignore_count = after
    for _ in range(200):
        do("continue")
        if name is None or spaces.current_task().name == name:
            break
    stop.delete()
    expect(name in (None, spaces.current_task().name),
           f"{name} never called {function}")


def everybody():
    """{mm: Space}, with all tables read."""
    return {space.address: space for space in spaces.all_spaces()[0]}


def translations(found):
    """{frame: {(mm, address)}} by reading every table."""
    result = {}
    for space in found.values():
        for w in space.entries():
            if w.mapped() and w.kind == tables.SMALL:
                result.setdefault(w.pa >> 12, set()).add((space.address, w.va))
    return result


def user_pages():
    known = frames.Frames().read_all()
    form = frames.layout()
    states = {form.state_number[name] for name in
              ("ANON", "SWAPCACHE", "CACHE")}
    words = known.flags_words()
    return [usage.Use(known[known.start + i]) for i in range(len(words))
            if words[i] & 15 in states]


def rmap_agrees_with_the_tables():
    """Each page: the places that rmap finds are those that there are."""
    found = everybody()
    facts = translations(found)
    shared = {"anon": 0, "file": 0}
    for use in user_pages():
        if not use.page.mapcount:
            same(facts.get(use.page.pfn, set()), set(), hex(use.page.pfn))
            continue
        walk = rmap.find(use, found)
        same(walk.trouble, [], hex(use.page.pfn))
        hits = {(p.space.address, p.va) for p in walk.places if p.hit}
        same(hits, facts[use.page.pfn], f"pfn 0x{use.page.pfn:x}")
        same(len(hits), use.page.mapcount, f"pfn 0x{use.page.pfn:x}")
        if len(hits) > 1:
            shared["anon" if use.anon else "file"] += 1
    return shared


# --- before memory is short ---------------------------------------------------


@case
def oom_reckons_as_the_kernel_does():
    stop_at("sys_exit_group", "cat")
    text, ours = console(), do("mm oom")
    rows = re.findall(r"^ +(\d+) +(\d+) +500 +(\d+) +(\d+) +(\d+) +(\d+) "
                      r"+\S* *sh$",
                      text, re.M)
    expect(len(rows) == 1, f"the node oom on the console: {text}")
    pid, score, *memory = rows[0]
    line = re.search(rf"^ +{pid} +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +500  "
                     "sh", ours, re.M)
    expect(line, ours)
    pages = sum(zone.managed for zone in frames.zones()) + (64 << 8) - 1
    same(int(line[1]) * 1000 // pages, int(score), "badness in thousandths")
    same(list(line.groups()[1:]), memory, "rss, swap, tables, pipes")
    has(ours, "(never: init)")


@case
def a_page_that_relatives_share_has_a_tree():
    stop_at("do_page_fault", "thrash")
    for _ in range(400):
        if len([t for t in spaces.owners().values()
                if t[0].name == "thrash"]) >= 3:
            break
        stop_at("do_page_fault", "thrash")
    shared = rmap_agrees_with_the_tables()
    expect(shared["anon"] and shared["file"], f"nothing is shared: {shared}")
    found = everybody()
    use = next(u for u in user_pages() if u.anon and u.page.mapcount > 1
               and rmap.find(u, found).members)
    text = do(f"mm rmap 0x{use.page.pfn:x}")
    same(len(re.findall(r"^   [*|] .*has it$", text, re.M)), use.page.mapcount,
         text)
    has(text, "* the one that made the page")
    has(text, f"found {use.page.mapcount} translations, mapcount "
        f"{use.page.mapcount} (agrees)")
    same(do(f"mm rmap 0x{use.page.pfn << 12:x}"), text, "by its address")
    same(do(f"mm rmap 0x{use.page.address:x}"), text, "by its struct page")


@case
def a_file_s_page_names_the_file():
    found = everybody()
    use = next(u for u in user_pages() if u.file and u.page.mapcount > 2)
    text = do(f"mm rmap 0x{use.page.pfn:x}")
    has(text, "/bin/")
    has(text, "inode ")
    for place in rmap.find(use, found).places:
        if place.hit:
            has(text, f"0x{place.va:08x} 0x{place.walk.l2:08x}")


@case
def each_lie_about_a_family_is_told():
    use = next(u for u in user_pages() if u.anon and u.page.mapcount > 1)
    command = f"mm rmap 0x{use.page.pfn:x}"
    top = f"((struct anon_vma *){use.mapping})"
    root = address(f"{top}->root")
    child = address(f"{top}->children.next")
    mapcount = address(f"&((struct page *){use.page.address})->mapcount")
    for where, number, what in (
            (mapcount, use.page.mapcount + 1, "CONTRADICTION R2"),
            (address(f"&{top}->children.next"), 0xdead0000, "no list node"),
            (child, child, "does not close"),
            (address(f"&{top}->parent"), 0x12345678, "says parent 0x12345678"),
            (address(f"&((struct page *){use.page.address})->user.mapping"),
             0xdead0000, "is no anon_vma"),
            (address(f"&((struct page *){use.page.address})->user.index"), 1,
             "CONTRADICTION R2")):
        with Damage(where, number):
            has(do(command), what, f"0x{where:x} = 0x{number:x}")
    rwsem = address(f"&((struct anon_vma *){root})->rwsem")
    with Damage(rwsem, 4):
        has(do(command), "is held by 1 reader:")
    mm = next(p.space.address for p in rmap.find(use).places if p.hit)
    with Damage(address(f"&((struct mm_struct *){mm})->page_table_lock"), 1):
        has(do(command), f"page_table_lock of 0x{mm:08x} is held")
    has(do(command), "(agrees)")


@case
def a_broken_list_of_a_file_is_told():
    use = next(u for u in user_pages() if u.file and u.page.mapcount > 2)
    command = f"mm rmap 0x{use.page.pfn:x}"
    head = address(f"&((struct address_space *){use.mapping})->i_mmap")
    first = address(f"*(unsigned *){head}")
    with Damage(first, first):
        text = do(command)
        has(text, "i_mmap: list does not close after 1 entries")
        has(text, "CONTRADICTION R2")
    with Damage(head, 0xdead0000):
        has(do(command), "CONTRADICTION R2")
    where = address(f"&((struct page *){use.page.address})->user.mapping")
    with Damage(where, 0xdead0000):
        has(do(command), "is no address_space")
    has(do(command), "(agrees)")


# --- in the middle of swapping out ----------------------------------------------


@case
def the_page_in_hand_is_seen_in_both_places():
    stop_at("swap_writepage", None, 600)
    for _ in range(100):
        page = address("page")
        text = do(f"mm rmap 0x{page:x}")
        if "of no space" not in text:
            break
        has(text, "shared memory: the slot stands in the tree of")
        has(text, "    page ")
        stop_at("swap_writepage", None)
    has(text, "swap cache, slot 0:")
    has(text, "has in swap, slot 0:")
    has(text, "the page lock is held")
    has(text, "found 0 translations, mapcount 0 (agrees)")
    slot = re.search(r"swap cache, slot 0:(\d+)", text)[1]
    text = do(f"mm swap {slot}")
    has(text, f"in memory: pfn 0x{frames.Frames().pfn_of_page(page):x} SWAPCACHE")
    has(text, "(agrees)")
    expect("CONTRADICTION" not in text, text)
    has(do(f"mm page 0x{page:x}"), f"  swap cache, slot 0:{slot} of 0x")


@case
def rmap_and_the_tables_agree_under_pressure():
    rmap_agrees_with_the_tables()


@case
def lists_have_the_pages_that_say_so():
    known = frames.Frames().read_all()
    says = {}
    for use in user_pages():
        name = lru.list_of(use.page)
        zone = next(z for z in frames.zones() if z.spans(use.page.pfn))
        if name:
            says.setdefault((zone.name, name), set()).add(use.page.pfn)
    text, total = do("mm lru"), 0
    expect("CONTRADICTION" not in text, text)
    for zone in frames.zones():
        vec = lru.Lruvec(zone)
        for n, name in enumerate(lru.NAMES):
            pfns, wrong = vec.pages(n, known)
            same(wrong, None, name)
            same(set(pfns), says.get((zone.name, name), set()),
                 f"{zone.name} {name}")
            same(len(set(pfns)), len(pfns), "met once")
            total += len(pfns)
    expect(total > 2000, f"only {total} pages are on lists")
    one = do("mm lru normal -n 1")
    expect("zone DMA" not in one and "zone Normal" in one, one)
    vec = lru.Lruvec(frames.zone_named("Normal", frames.zones())[0])
    pfns = vec.pages(0, known)[0]
    has(one, f"    new 0x{pfns[0]:x} ")
    has(one, f"    old 0x{pfns[-1]:x} ")
    has(one, f"... {len(pfns) - 2} more")


@case
def each_lie_of_a_list_is_told():
    zone = frames.zone_named("Normal", frames.zones())[0]
    vec, known = lru.Lruvec(zone), frames.Frames().read_all()
    pfns = vec.pages(0, known)[0]
    at = target.offset_of("struct page", "user", "lru")
    link = known.address_of(pfns[3]) + at
    nr = zone.address + target.offset_of("struct zone", "lruvec", "nr")
    flags = known.address_of(pfns[5])
    for where, number, what in (
            (link, known.address_of(pfns[1]) + at, "does not close after 4"),
            (link, 0xdead0000, "no list node"), (link, 0x100, "already removed"),
            (nr, len(pfns) + 1, "CONTRADICTION"),
            (flags, known[pfns[5]].flags ^ 1 << 18, "its flags say active_anon"),
            (flags, known[pfns[5]].flags ^ 1 << 17, "say on no list")):
        with Damage(where, number):
            has(do("mm lru Normal"), what, f"0x{where:x} = 0x{number:x}")
    lock = zone.address + target.offset_of("struct zone", "lruvec", "lock")
    with Damage(nr, 1), Damage(lock, 1):
        has(do("mm lru Normal"), "the lists' lock is held")
    expect("CONTRADICTION" not in do("mm lru"), "as it was")


@case
def slots_are_used_by_those_who_say_so():
    area, = swaps.areas()
    named = {}
    for space in everybody().values():
        for w in space.entries():
            if w.kind == tables.SOFTWARE and w.l2 & 7 == 0:
                named.setdefault(w.l2 >> 8, []).append((space, w.va))
    files, wrong = swaps.shared()
    same(wrong, None, "files in swap")
    for mapping, _, entry in files:
        named.setdefault(entry >> 8, []).append((mapping, None))
    counts = {slot: n & swaps.COUNT for slot, n in enumerate(area.counts)
              if slot and n & swaps.COUNT}
    same({slot: len(places) for slot, places in named.items()}, counts, "users")
    # Without a reference: out of the cache, freed with others in a moment.
    cached = {usage.Use(u.page).private >> 8: u.page.address
              for u in user_pages()
              if u.page.state == "SWAPCACHE" and u.page.refcount}
    same(area.pages(), cached, "swap cache")
    text = do("mm swap")
    has(text, f"used {area.taken()} (verified), in the swap cache {len(cached)}")
    for slot in sorted(counts, key=counts.get)[-3:]:
        text = do(f"mm swap {slot}")
        has(text, f"counted {counts[slot]} (agrees)")
        for _, va in named[slot]:
            has(text, f" 0x{va:08x}  VMA " if va else " of inode ")
    same(do(f"mm swap 0:{slot}"), text, "with its area")
    slot = next(slot for slot in named if named[slot][0][1])
    space, va = named[slot][0]
    pid = spaces.owners()[space.address][0].pid
    has(do(f"mm vma {pid} 0x{va:x}"), f": swapped, slot 0:{slot}")


@case
def each_lie_of_an_area_is_told():
    area, = swaps.areas()
    slot = next(n for n in range(1, area.slots) if area.letter(n) == "s")
    half = area.maps + 2 * (slot & ~1)
    with Damage(half, address(f"*(unsigned *){half}")
                + (1 << 16 * (slot & 1))):
        has(do(f"mm swap {slot}"), "counted 2 (CONTRADICTION P3)")
    used = address(f"&((struct swap_area *){area.address})->nr_used")
    with Damage(used, 1):
        has(do("mm swap"), "(CONTRADICTION P1)")
    other = next(u for u in user_pages() if u.page.state == "ANON").page.address
    with Damage(area.caches + 4 * slot, other):
        has(do(f"mm swap {slot}"), "CONTRADICTION P2")
    with Damage(area.caches + 4 * slot, 0x1234):
        has(do(f"mm swap {slot}"), "no struct page")
    with Damage(address("&swap_lock"), 1):
        has(do("mm swap"), "swap_lock is held")
    for field, number in (("map", 0), ("nr_slots", 0), ("nr_slots", 1 << 30)):
        where = address(f"&((struct swap_area *){area.address})->{field}")
        with Damage(where, number):
            expect(len(lines_of(do("mm swap"))) == 1, f"{field} = {number}")
    has(do("mm swap"), "(verified)")


@case
def a_slot_knows_whether_its_page_left_too_early():
    """The word of an eviction is found as the kernel would find it."""
    area, = swaps.areas()
    table, told = lru.Shadows(), 0
    for slot in [n for n in range(1, area.slots) if area.letter(n) == "s"]:
        distance = table.of(0, area.entry(slot))
        if distance is None:
            continue                # another one took its word
        told += 1
        expect(0 <= distance < table.now, f"slot {slot}: {distance}")
    expect(told > 200, f"only {told} slots are remembered")
    slot = next(n for n in range(area.next - 2, 0, -1)
                if area.letter(n) == "s"
                and table.of(0, area.entry(n)) is not None)
    distance = table.of(0, area.entry(slot))
    has(do(f"mm swap {slot}"), f"evicted {distance} eviction")
    has(do("mm lru --shadows"), f"{table.now} evictions, ")


@case
def a_refault_comes_out_as_foretold():
    """A page of swap is touched: the table's word says which list it enters."""
    stop = gdb.Breakpoint("workingset_refault")
    for _ in range(60):
        do("continue")
        if address("owner"):
            continue
        index = address("index")
        distance = lru.Shadows().of(0, index)
        if distance is not None:
            break
    stop.delete()
    expect(distance is not None, "no page came back that was remembered")
    room = lru.room(False)
    gdb.execute("finish", to_string=True)
    same(address("$r0") & 1, int(distance <= room), f"{distance} of {room}")


@case
def mistakes_are_answered_in_one_line():
    for command in ("rmap", "rmap 0", "rmap 1 2", "rmap 0x10000 -p 999",
                    "rmap 0 -p 1", "lru nowhere", "lru -n 100", "lru a b",
                    "swap x", "swap 9:1", "swap 99999999", "swap 1 2"):
        text = do("mm " + command)
        same(len(lines_of(text)), 1, f"lines of mm {command}: {text}")
        expect(text.startswith("mm "), text)
    has(do("mm rmap &do_irq"), "only pages of programs and files")
    has(do("mm swap 0"), "header")
    owners = spaces.owners()            # of init, all may be away
    w, pid = next((w, owners[space.address][0].pid)
                  for space in everybody().values() if space.address in owners
                  for w in space.entries()
                  if w.mapped() and w.kind == tables.SMALL)
    has(do(f"mm rmap 0x{w.va:x} -p {pid}"), f"pfn 0x{w.pa >> 12:x}: ")


run("gdb-pressure")
