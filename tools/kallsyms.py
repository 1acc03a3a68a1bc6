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
import collections
import os
import re
import struct
import subprocess
import sys

MAGIC = 0x4d59534b      # these four as in kernel/kallsyms.c
GROUP = 32
NAME_LEN = 80           # with the NUL
MAX_DEPTH = 16
AT_ONCE = 8
GLOBAL = 0x80
MAX_CODES = GLOBAL - 1
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
        table.append((addr, min((size + 3) // 4 * 4, end - addr), kind, name))
    return table


def pack(names):
    """
    Names by byte pair encoding: the pairs of codes that occur most often get a
    code of their own, again and again, while there are codes and it pays.
    Eight at a time that have no code in common: counting takes the time.
    Returns the codes of each name, and the pairs: {code: (code, code)}.
    """
    text = '\n'.join(names)
    free = [chr(c) for c in range(255, 0, -1) if chr(c) not in text]
    pairs, depth = {}, collections.Counter()
    while True:
        busy = set('\n')
        for (a, b), n in collections.Counter(zip(text, text[1:])).most_common():
            if n < 3 or len(busy) > 2 * AT_ONCE or not free:
                break
            deep = 1 + max(depth[a], depth[b])
            if a in busy or b in busy or deep == MAX_DEPTH:
                continue
            busy |= {a, b}
            code = free.pop()
            pairs[code], depth[code] = (a, b), deep
            text = text.replace(a + b, code)
        if len(busy) == 1:
            return ([[ord(c) for c in name] for name in text.split('\n')],
                    {ord(c): (ord(a), ord(b)) for c, (a, b) in pairs.items()})


def varint(n):
    """n by 7 bits a byte, the lowest first; bit 7: more follow."""
    out = []
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return out + [n]


def with_gaps(table):
    """The table with records for gaps, which have no name."""
    full = []
    for i, (addr, size, kind, name) in enumerate(table):
        full.append((addr, size, 'T' if kind.isupper() else 't', name))
        end = table[i + 1][0] if i + 1 < len(table) else addr + size
        if end > addr + size:
            full.append((addr + size, end - addr - size, 't', ''))
    return full


def encoded(table):
    """Pairs of a table with its gaps, and the bytes of each of its records."""
    names = [name for _, _, _, name in table]
    longest = max(names, key=len)
    if len(longest) >= NAME_LEN:
        sys.exit(f'kallsyms.py: {longest}: more than {NAME_LEN - 1} letters')
    packed, pairs = pack(names)
    records = []
    for (addr, size, kind, name), codes in zip(table, packed):
        if addr % 2 or size % 2 or len(codes) > MAX_CODES:
            sys.exit(f'kallsyms.py: {name or hex(addr)} does not fit a record')
        head = len(codes) | (GLOBAL if kind == 'T' else 0)
        records.append(varint(size // 2) + [head] + codes)
    return pairs, records


def assembly(functions_found):
    """The table as assembly source."""
    table = with_gaps(functions_found)
    pairs, records = encoded(table)
    out = ['/* SPDX-License-Identifier: MIT */',
           '/* Made by tools/kallsyms.py: do not edit. */',
           '\t.section ".kallsyms", "a"', '\t.balign 4', 'kallsyms:',
           f'\t.word {MAGIC:#x}, {len(table)}']
    for code in range(256):
        first, second = pairs.get(code, (0, 0))
        out.append(f'\t.byte {first}, {second}')
    offset = 4 + 4 + 512 + 8 * ((len(table) + GROUP - 1) // GROUP)
    for i, record in enumerate(records):
        if i % GROUP == 0:
            out.append(f'\t.word {table[i][0]:#x}, {offset}')
        offset += len(record)
    for (addr, size, kind, name), record in zip(table, records):
        out.append(f'\t.byte {", ".join(map(str, record))}'
                   f'\t/* {addr:08x} {size} {kind} {name} */')
    out.append('\t.balign 4')
    return '\n'.join(out) + '\n'


def decode(text):
    """What a table says, from its assembly: as with_gaps(), and what is left."""
    words = re.compile(r'\t\.(word|byte) ([^/\n]*)')
    data = bytearray()
    for kind, numbers in words.findall(text):
        for number in numbers.split(','):
            data += int(number, 0).to_bytes(4 if kind == 'word' else 1, 'little')
    _, count = struct.unpack_from('<2I', data)

    def letters(code):
        first, second = data[8 + 2 * code:10 + 2 * code]
        return letters(first) + letters(second) if first else chr(code)

    unpacked = [letters(code) for code in range(256)]
    table, at, addr = [], 0, 0
    for i in range(count):
        if i % GROUP == 0:
            addr, at = struct.unpack_from('<2I', data, 520 + 8 * (i // GROUP))
        size = shift = 0
        while True:
            size |= (data[at] & 0x7f) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        head, size = data[at], 2 * size
        at += 1 + (head & MAX_CODES)
        name = ''.join(unpacked[c] for c in data[at - (head & MAX_CODES):at])
        table.append((addr, size, 'T' if head & GLOBAL else 't', name))
        addr += size
    return table, len(data) - at


def check(elf, table_file):
    """Exit with status 1 and the first difference if the table is wrong."""
    want = with_gaps(functions(elf))
    with open(table_file, encoding='ascii') as f:
        have, left = decode(f.read())
    if want == have and not left:
        return
    for w, h in zip(want, have):
        if w != h:
            print('kallsyms.py: the table has %08x %d %s %s, ' % h +
                  f'{elf} has %08x %d %s %s' % w, file=sys.stderr)
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
