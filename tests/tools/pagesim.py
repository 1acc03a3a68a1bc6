#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/pagesim: known strings, laws that hold for all, and bad arguments."""
import importlib.machinery
import importlib.util
import pathlib
import random
import subprocess
import sys

sys.dont_write_bytecode = True
TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/pagesim"
LOADER = importlib.machinery.SourceFileLoader("pagesim", str(TOOL))
SPEC = importlib.util.spec_from_loader("pagesim", LOADER)
pagesim = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(pagesim)

BELADY = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5]
CASES = []


def case(function):
    CASES.append(function)
    return function


def refs(pages):
    return [(page, False) for page in pages]


def faults(policy, frames, pages):
    return pagesim.simulate(policy, frames, refs(pages)).faults


def evicted(policy, frames, pages):
    return pagesim.simulate(policy, frames, refs(pages)).evicted


def strings(count, seed=1):
    """Random strings with some locality."""
    rng = random.Random(seed)
    for _ in range(count):
        base, result = 0, []
        for _ in range(rng.randrange(1, 120)):
            if rng.random() < 0.05:
                base = rng.randrange(20)
            result.append(base + rng.randrange(6))
        yield result


def tool(*words):
    done = subprocess.run([TOOL, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


@case
def beladys_string_has_its_known_faults():
    known = {"fifo": (9, 10), "lru": (10, 8), "opt": (7, 6)}
    for policy, (three, four) in known.items():
        assert faults(policy, 3, BELADY) == three, policy
        assert faults(policy, 4, BELADY) == four, policy


@case
def nobody_beats_opt():
    for pages in strings(300):
        for frames in (1, 2, 3, 5, 8):
            best = faults("opt", frames, pages)
            for policy in pagesim.POLICIES:
                assert best <= faults(policy, frames, pages), (policy, pages)


@case
def opt_is_what_trying_everything_finds():
    def best(pages, frames, held=frozenset(), at=0):
        while at < len(pages) and pages[at] in held:
            at += 1
        if at == len(pages):
            return 0
        now = held | {pages[at]}
        if len(now) <= frames:
            return 1 + best(pages, frames, now, at + 1)
        return 1 + min(best(pages, frames, now - {gone}, at + 1)
                       for gone in held)
    rng = random.Random(2)
    for _ in range(60):
        pages = [rng.randrange(5) for _ in range(10)]
        for frames in (2, 3):
            assert faults("opt", frames, pages) == best(pages, frames), pages


@case
def more_memory_never_hurts_lru_and_opt():
    for pages in strings(200, 3):
        for policy in ("lru", "opt"):
            row = [faults(policy, n, pages) for n in range(1, 12)]
            assert row == sorted(row, reverse=True), (policy, pages, row)


@case
def lru_holds_the_last_pages_used():
    for pages in strings(100, 4):
        def check(page, _fault, state):
            seen.append(page)
            last = list(dict.fromkeys(reversed(seen)))[:4]
            assert state.order() == last, (seen, state.order())
        seen = []
        pagesim.simulate("lru", 4, refs(pages), check)


@case
def enough_frames_fault_once_a_page():
    for pages in strings(50, 5):
        for policy in pagesim.POLICIES:
            assert faults(policy, 30, pages) == len(set(pages)), policy


@case
def a_used_page_gets_a_second_chance():
    # 1 is used again; the next victim is 2, with fifo it is 1
    pages = [1, 2, 3, 1, 4, 1]
    assert faults("clock", 3, pages) == 4
    assert faults("fifo", 3, pages) == 5


@case
def a_scan_does_not_empty_the_active_list():
    hot = [1, 2, 3, 1, 2, 3]
    scan = list(range(100, 140))
    tail = [1, 2, 3]
    assert faults("twolist", 8, hot + scan + tail) == 43
    assert faults("lru", 8, hot + scan + tail) == 46


@case
def to_the_kernel_a_fault_is_a_use():
    # all are young when the fourth comes, so all move on once: as FIFO
    assert evicted("kernel", 3, [1, 2, 3, 4]) == [1]
    assert evicted("twolist", 3, [1, 2, 3, 2, 4]) == [1]
    # the second round finds 2 used and 3 not
    assert evicted("kernel", 3, [1, 2, 3, 4, 2, 5]) == [1, 3]
    assert evicted("kclock", 3, [1, 2, 3, 4, 2, 5]) == [1, 3]


@case
def who_comes_back_within_reach_is_active():
    def order(before, step):
        pagesim.Kernel.before, pagesim.Kernel.step = before, step
        state = pagesim.simulate("kernel", 4, refs([1, 2, 3, 4, 5, 1]))
        pagesim.Kernel.before, pagesim.Kernel.step = 0, 1
        return state.evicted, list(state.active), list(state.inactive)
    gone, active, inactive = order(0, 1)
    assert gone == [1, 2] and 1 in active and 5 in inactive
    # one eviction in between; counted in steps of 16 it is none, or 16
    assert 1 in order(0, 16)[1]
    assert 1 in order(14, 16)[2], order(14, 16)


@case
def tables_in_the_documents_are_what_it_prints():
    found = 0
    for path in sorted((TOOL.parents[1] / "docs").glob("*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for n, line in enumerate(lines):
            if not line.startswith("    $ tools/pagesim "):
                continue
            text = tool(*line.split()[2:])[1].splitlines()
            assert lines[n + 1:n + 1 + len(text)] == ["    " + t for t in text], \
                (path.name, line, text)
            found += 1
    assert found >= 3, found


@case
def only_written_pages_are_written_back():
    state = pagesim.simulate("lru", 2, [(1, True), (2, False), (3, False),
                                        (4, False), (1, False), (5, False),
                                        (6, False)])
    assert state.written == 1, state.written


@case
def steps_show_who_goes_next():
    status, text = tool("--frames", "3", "--policy", "lru", "--steps",
                        *"7 0 1 2 0 3".split())
    assert status == 0
    assert "       2 fault  2 1 0\n       0        0 2 1\n" in text, text
    assert "5 faults" in text, text


@case
def the_table_has_a_row_for_each_size():
    status, text = tool(*map(str, BELADY))
    assert status == 0 and len(text.splitlines()) == 7, text
    assert text.splitlines()[4].split() == ["3", "9", "10", "10", "10",
                                            "10", "7"], text
    status, text = tool("--frames", "2-3", "0x10w", "0x11", "0x12", "0x10")
    assert status == 0 and "wrote" in text, text


@case
def bad_arguments_are_named():
    for words in (["x"], ["--frames", "0", "1"], ["--frames", "3-2", "1"],
                  ["--policy", "magic", "1"], ["--step", "0", "1"],
                  ["--evictions", "-1", "1"], ["--steps", "--evicted", "1"],
                  []):
        status, text = tool(*words)
        assert status == 2 and "error:" in text, (words, text)


def main():
    failed = 0
    print(f"KTAP version 1\n1..{len(CASES)}")
    for number, function in enumerate(CASES, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}")
        except AssertionError as error:
            failed += 1
            print(f"# {error}\nnot ok {number} {function.__name__}")
    print(f"# totals: {len(CASES) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


main()
