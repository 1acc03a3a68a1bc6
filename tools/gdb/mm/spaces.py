# SPDX-License-Identifier: MIT
"""Address spaces as plain Python values: what is promised, what is there.

    mm_struct -- vmas       tree by address    the promise   class Vma
              \\- context    page table         the fact      Space.entries()

    process -- exe_file                        the program   program_of()

Trees and lists may be broken: the steps are bounded, and what is wrong is kept
in Space.trouble.
"""

import gdb

from . import lists, tables, target, tasks, trees
from .target import MMError

KERNEL_START = 0xbf000000       # TASK_SIZE
MOST_NAMES = 64                 # folders of a path
PROTNONE = 4                    # bits 2:0 of a mapped entry nobody may use

VM = {"READ": 1, "WRITE": 2, "EXEC": 4, "SHARED": 8, "GROWSDOWN": 0x100,
      "PFNMAP": 0x400, "LOCKED": 0x2000, "IO": 0x4000, "DONTCOPY": 0x20000,
      "DONTEXPAND": 0x40000, "ACCOUNT": 0x100000, "NORESERVE": 0x200000,
      "HUGETLB": 0x400000, "WIPEONFORK": 0x2000000, "DONTDUMP": 0x4000000,
      "MIXEDMAP": 0x10000000, "MERGEABLE": 0x80000000}

# What an entry of the table comes to: a letter of the strip, and a word.
STATES = {"#": "present", "=": "present, the next write faults",
          "z": "page of zeros", "s": "swapped", "-": "out of reach",
          "H": "section of 1 MiB", ".": "not touched"}


def path_of(file):
    """The name of an open file (struct file *), from its folder to the root."""
    path = target.object_at("struct file", file)["f_path"]
    mount, at = target.pointer(path["mnt"]), target.pointer(path["dentry"])
    names = []
    for _ in range(MOST_NAMES):
        on = target.object_at("struct mount", mount)
        parent = target.pointer(on["mnt_parent"])
        dentry = target.object_at("struct dentry", at)
        if at == target.pointer(on["mnt_root"]):
            if parent == mount:
                break
            at, mount = target.pointer(on["mnt_mountpoint"]), parent
            continue
        above = target.pointer(dentry["d_parent"])
        names.insert(0, target.text_of(target.pointer(
            dentry["d_name"]["name"])))
        if above == at:
            break               # the root of a file system that hangs nowhere
        at = above
    return "/" + "/".join(names)


class Vma:
    """One vm_area_struct."""

    def __init__(self, address):
        value = target.object_at("struct vm_area_struct", address)
        self.address, self.value = address, value
        self.start, self.end, self.flags, self.pgoff, self.ops, self.file = (
            target.pointer(value[field]) for field in
            ("vm_start", "vm_end", "vm_flags", "vm_pgoff", "vm_ops", "vm_file"))

    def has(self, name):
        return bool(self.flags & VM[name])

    def holds(self, address):
        return self.start <= address < self.end

    def rights(self):
        letters = "".join(letter if self.has(name) else "-" for letter, name in
                          (("r", "READ"), ("w", "WRITE"), ("x", "EXEC")))
        return letters + ("s" if self.has("SHARED") else "p")

    def range_text(self):
        return f"0x{self.start:08x}-0x{self.end:08x}"

    def words(self):
        """Its flags but for the rights, in words."""
        return " ".join(name for name in VM if self.has(name) and name not in
                        ("READ", "WRITE", "EXEC", "SHARED")) or "none"

    def backing(self, space):
        """What maps shows behind it."""
        if self.file:
            return path_of(self.file)
        if self.ops:
            name = (target.source_of(self.ops) or "driver").split(" ")[0]
            return f"[{name.removesuffix('_ops')}]"
        if self.start <= space.brk and self.end >= space.start_brk and \
                space.brk > space.start_brk:
            return "[heap]"
        if self.start <= space.start_stack < self.end:
            return "[stack]"
        return "anonymous"


class Space:
    """One mm_struct, with its VMAs."""

    def __init__(self, address):
        value = target.object_at("struct mm_struct", address)
        self.address, self.value, self.trouble = address, value, []
        self.pgd = target.pointer(value["context"]["pgd"])
        self.asid = target.pointer(value["context"]["asid"]) & 255
        self.brk, self.start_brk, self.start_stack = (
            target.pointer(value[field])
            for field in ("brk", "start_brk", "start_stack"))
        kinds = target.enum_names("enum mm_counter", "MM_")
        self.rss = {name: int(value["rss"][n]) for n, name in kinds.items()}
        self.swapped = self.rss.pop("SWAPENTS", 0)
        self.resident = sum(self.rss.values())
        self.map_count, self.nr_tables = (int(value[field]) for field in
                                          ("map_count", "nr_tables"))
        offset = target.offset_of("struct vm_area_struct", "node")
        self.vmas = [Vma(node - offset) for node, _ in
                     trees.walk(target.pointer(value["vmas"]["node"]), "VMAs",
                                self.trouble)]
        self.first, self.second = None, {}

    def ttbr(self):
        """Physical address of its first-level table."""
        return self.pgd - 0xc0000000 + 0x60000000

    def vma_at(self, address):
        return next((v for v in self.vmas if v.holds(address)), None)

    def above(self, address):
        """The first VMA behind an address that none holds."""
        return next((v for v in self.vmas if v.start > address), None)

    def size(self):
        return sum(v.end - v.start for v in self.vmas)

    def entry(self, va):
        """The entry of va as a tables.Walk; each table is read once."""
        if self.first is None:
            self.first = target.read_words(self.ttbr(), 16384)
            if self.first is None:
                raise MMError(f"the first-level table of the space 0x"
                              f"{self.address:08x} is not in memory")
        l1 = self.first[va >> 20]
        l1_pa = self.ttbr() + (va >> 20) * 4
        if l1 & 3 != 1:
            return tables.decode(va, l1, l1_pa=l1_pa)
        at = tables.table_of(l1)
        if at not in self.second:
            self.second[at] = target.read_words(at, 1024) or (0,) * 256
        index = va >> 12 & 255
        return tables.decode(va, l1, self.second[at][index], l1_pa,
                             at + 4 * index)

    def entries(self):
        """All that is not empty in the user's half."""
        return tables.entries(target.read_words, self.ttbr(), 0, KERNEL_START)


def zero_frame():
    try:
        return target.value("'mm/as/table.c'::zero_frame")
    except MMError:
        return None


def state(vma, w, zero):
    """The letter of STATES for an entry of vma."""
    if w.kind in (tables.SECTION, tables.SUPERSECTION):
        return "H"
    if w.mapped():
        if w.pa >> 12 == zero:
            return "z"
        return "=" if w.ap2 and vma.has("WRITE") else "#"
    if w.kind != tables.SOFTWARE:
        return "."
    return "-" if w.l2 & 7 == PROTNONE else "s"


def letters(space, vma, zero):
    """A letter for each page of a VMA; those of sections count 256 times."""
    return [state(vma, space.entry(va), zero)
            for va in range(vma.start, vma.end, 4096)]


# --- who has one ---------------------------------------------------------------


def all_spaces():
    """([Space], trouble)"""
    head = target.symbol("'mm/as/mm.c'::mm_list") or target.symbol("mm_list")
    if not head or not target.value("(unsigned long)"
                                    "'mm/as/mm.c'::mm_list.next"):
        return [], None
    offset = target.offset_of("struct mm_struct", "mm_node")
    try:
        nodes, trouble = lists.walk(head, 4096), None
    except lists.Broken as error:
        nodes, trouble = error.nodes, str(error)
    return [Space(node - offset) for node in nodes], trouble


def owners():
    """{address of a space: [tasks that run in it]}"""
    result = {}
    for task in tasks.tasks()[0]:
        mm = target.pointer(task.value["mm"])
        if mm:
            result.setdefault(mm, []).append(task)
    return result


def current_task():
    """The task that runs on the selected core, or None."""
    core = target.select_core()
    on = {cpu: address for address, cpu in tasks.running().items()}
    if not on.get(core):
        return None
    return tasks.Task(on[core])


def current_space():
    """(task, Space) of the selected core; None for a thread of the kernel."""
    try:
        task = current_task()
        mm = target.pointer(task.value["mm"]) if task else 0
        return (task, Space(mm)) if mm else None
    except (MMError, gdb.error):
        return None


def of_pid(pid):
    """(task, Space) of a process or thread by its number."""
    for task in tasks.tasks()[0]:
        if task.pid == pid:
            mm = target.pointer(task.value["mm"])
            if not mm:
                raise MMError(f"task {pid} \"{task.name}\" is a thread of the "
                              "kernel: it has no address space")
            return task, Space(mm)
    raise MMError(f"no task has pid {pid}; mm tasks lists them")


def program_of(task):
    """The path of the program that the task runs, or None."""
    process = target.pointer(task.value["process"])
    if not process:
        return None
    file = target.pointer(target.object_at("struct process",
                                           process)["exe_file"])
    return path_of(file) if file else None


# --- what an address comes to --------------------------------------------------


def vma_line(space, va):
    """One line: the VMA that holds va, or what is near it."""
    vma = space.vma_at(va)
    if vma:
        return (f"VMA {vma.range_text()} {vma.rights()} "
                f"{vma.backing(space)}")
    above = space.above(va)
    if above and above.has("GROWSDOWN"):
        return (f"no VMA, but a stack above, at 0x{above.start:08x}: it grows "
                "if limit and guard let it")
    return "no VMA"


def answer(space, va, write=False, fetch=False):
    """What a user's access comes to: mm/as/fault.c in one line."""
    vma = space.vma_at(va)
    if not vma:
        above = space.above(va)
        if above and above.has("GROWSDOWN"):
            return "expand_stack(), then as an anonymous page"
        return "SIGSEGV, SEGV_MAPERR"
    allowed = vma.has("WRITE") if write else vma.has("EXEC") if fetch else \
        vma.flags & 7
    if not allowed:
        return "SIGSEGV, SEGV_ACCERR: the VMA does not allow it"
    if vma.has("HUGETLB"):
        return "do_section_fault(): a section of 1 MiB"
    w = space.entry(va)
    if w.kind == tables.SOFTWARE:
        return ("out of reach" if w.l2 & 7 == PROTNONE else
                "the page comes back from swap")
    if w.mapped():
        return present_answer(vma, w, write)
    return absent_answer(vma, write)


def present_answer(vma, w, write):
    if not write or not w.ap2:
        return ("nothing: the entry allows it" if w.af else
                "do_present(): young again")
    if vma.has("SHARED"):
        return "do_write_protected(): shared, so it becomes dirty and writable"
    if w.pa >> 12 == zero_frame():
        return "do_write_protected(): the page of zeros is replaced by its own"
    return ("do_write_protected(): private, so a copy, or in place if nobody "
            "else has it")


def absent_answer(vma, write):
    if not vma.ops:
        return ("do_anonymous_page(): " +
                ("a page of its own, zeroed" if write else
                 "the page of zeros, read-only"))
    if vma.has("SHARED"):
        return ("do_file_page(): the file's page" +
                (", marked dirty" if write else ""))
    return ("do_file_page(): " + ("a copy of the file's page" if write else
            "the file's page, and its neighbours that are in memory"))


# --- promise against fact ------------------------------------------------------


def disagreement(vma, w):
    """What an entry allows or is that its VMA does not say; or None."""
    if w.kind == tables.SOFTWARE and w.l2 & 7 != PROTNONE:
        return None if vma else "swapped, but in no VMA"
    if not vma:
        return "mapped, but in no VMA"
    if w.kind in (tables.SECTION, tables.SUPERSECTION) and \
            not vma.has("HUGETLB"):
        return "a section, in a VMA of pages"
    if w.mapped() and not vma.flags & 7:
        return "within reach, its VMA is not"
    if (w.writable or w.mapped() and not w.ap2) and not vma.has("WRITE"):
        return "writable, its VMA is not"
    if w.mapped() and not w.xn and not vma.has("EXEC"):
        return "executable, its VMA is not"
    if w.mapped() and not w.ap1:
        return "for the kernel alone, in the user's half"
    return None


def disagreements(space):
    """Yields (Walk, Vma or None, what) for each; and counts what it saw."""
    for w in space.entries():
        vma = space.vma_at(w.va)
        what = disagreement(vma, w)
        if what:
            yield w, vma, what


def counted(space):
    """(pages there, swapped, tables) as mm/as/verify.c counts them."""
    zero, rss, swapped = zero_frame(), 0, 0
    for w in space.entries():
        vma = space.vma_at(w.va)
        if w.kind in (tables.SECTION, tables.SUPERSECTION):
            rss += 256
        elif w.kind == tables.SOFTWARE and w.l2 & 7 != PROTNONE:
            swapped += 1
        elif (w.mapped() or w.l2 & 7 == PROTNONE) and vma and \
                not vma.has("PFNMAP") and \
                (w.l2 >> 12) != zero:
            rss += 1
    space.entry(0)              # reads the first level
    used = {index >> 2 for index in range(KERNEL_START >> 20)
            if space.first[index] & 3 == 1}
    return rss, swapped, len(used)
