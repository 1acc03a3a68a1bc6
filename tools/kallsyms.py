#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the kernel's symbol table, or check that it tells the truth.

    kallsyms.py KERNEL.ELF > kallsyms.S         write the table
    kallsyms.py --check KERNEL.ELF KALLSYMS.S   exit 1 if it does not fit

The kernel is linked once without the table, the table is made from that, and
the kernel is linked again with it. That works because the table lies behind
all code; --check proves it for the final image. The format is described in
kernel/kallsyms.c. NM names the nm to use.
"""
import os
import re
import subprocess
import sys

GROUP = 16
MAX_SIZE = 4 * 0xffff
TEXT_TYPES = 'TtWw'
# What the linker puts between a jump in ARM code and a function in Thumb, or the
# other way round. Their order is not the same in two links, so they share a name.
VENEER = re.compile(r'__\w+_(from_arm|from_thumb|veneer)')
# What the linker script defines: the first function behind it has a name of
# its own.
BOUNDS = ('__text_start', '__text_end', '__init_text_start', '__init_text_end')


def read_nm(elf):
    """All symbols of elf: [(address, size or 0, type, name)]."""
    nm = os.environ.get('NM', 'arm-none-eabi-nm')
    out = subprocess.run([nm, '-n', '-S', elf], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    symbols = []
    for line in out.splitlines():
        f = line.split()
        if len(f) == 4:
            symbols.append((int(f[0], 16), int(f[1], 16), f[2], f[3]))
        elif len(f) == 3 and f[1] != 'U':
            symbols.append((int(f[0], 16), 0, f[1], f[2]))
    return symbols


def functions(elf):
    """Functions of elf in order, one for each address: [(addr, size, t, name)].

    Of several names of one address the one with a size wins, since that is
    a function; labels of assembly files reach to the next symbol.
    """
    symbols = read_nm(elf)
    where = {name: addr for addr, _, _, name in symbols}
    try:
        text = [(where[BOUNDS[0]], where[BOUNDS[1]]),
                (where[BOUNDS[2]], where[BOUNDS[3]])]
    except KeyError as missing:
        sys.exit(f'kallsyms.py: {elf}: no symbol {missing}')
    best = {}
    for addr, size, kind, name in symbols:
        if kind not in TEXT_TYPES or name.startswith(('$', '.L')):
            continue
        if not any(lo <= addr < hi for lo, hi in text):
            continue
        if VENEER.fullmatch(name):
            name = 'veneer'
        key = (size > 0, not name.startswith('__'))
        if addr not in best or key > best[addr][0]:
            best[addr] = (key, size, kind, name)
    table = []
    addrs = sorted(best)
    for i, addr in enumerate(addrs):
        _, size, kind, name = best[addr]
        end = next(hi for lo, hi in text if lo <= addr < hi)
        if i + 1 < len(addrs):
            end = min(end, addrs[i + 1])
        if not size:
            size = end - addr
        table.append((addr, min((size + 3) // 4 * 4, MAX_SIZE), kind, name))
    return table


def assembly(table):
    """The table as assembly source."""
    out = ['/* SPDX-License-Identifier: MIT */',
           '/* Made by tools/kallsyms.py: do not edit. */',
           '\t.section ".kallsyms", "a"', '\t.balign 4', 'kallsyms:',
           '\t.word 0x4d59534b', f'\t.word {len(table)}',
           '\t.word addresses - kallsyms', '\t.word sizes - kallsyms',
           '\t.word groups - kallsyms', '\t.word names - kallsyms',
           'addresses:']
    out += [f'\t.word 0x{addr:08x}' for addr, _, _, _ in table]
    out.append('sizes:')
    out += [f'\t.hword {size // 4}' for _, size, _, _ in table]
    out += ['\t.balign 4', 'groups:']
    offset = 0
    for i, (_, _, _, name) in enumerate(table):
        if i % GROUP == 0:
            out.append(f'\t.word {offset}')
        offset += len(name) + 2
    out.append('names:')
    out += [f'\t.asciz "{kind}{name}"' for _, _, kind, name in table]
    out.append('\t.balign 4')
    return '\n'.join(out) + '\n'


def check(elf, table_file):
    """Exit with status 1 and the first difference if the table is wrong."""
    want = assembly(functions(elf)).splitlines()
    with open(table_file, encoding='ascii') as f:
        have = f.read().splitlines()
    if want == have:
        return
    for w, h in zip(want, have):
        if w != h:
            print(f'kallsyms.py: the table has {h.strip()!r}, '
                  f'{elf} has {w.strip()!r}', file=sys.stderr)
            break
    sys.exit(f'kallsyms.py: {table_file} is not the table of {elf}')


def main():
    args = sys.argv[1:]
    if len(args) == 3 and args[0] == '--check':
        check(args[1], args[2])
    elif len(args) == 1 and not args[0].startswith('-'):
        table = functions(args[0])
        if not table:
            sys.exit(f'kallsyms.py: {args[0]}: no functions')
        sys.stdout.write(assembly(table))
    else:
        sys.exit(__doc__.strip())


if __name__ == '__main__':
    main()
