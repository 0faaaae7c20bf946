#!/usr/bin/env python3
# hostile.py SEED COUNT LPDIFF OLD NEW - gives lpdiff cut and damaged files as OLD, as NEW or as both: it ends by itself, with 0, 1 or 2. Prints what does not.
import os, random, struct, subprocess, sys

seed, count, lpdiff, old, new = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
EDGES = [0, 1, 7, 8, 0x7f, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, (1 << 64) - 1]

def regions(b):
    """What a reader believes: the header, the tables of segments and sections, and the sections that describe others."""
    phoff, shoff = struct.unpack_from('<QQ', b, 32)
    phsize, phnum, shsize, shnum = struct.unpack_from('<HHHH', b, 54)
    found = [(0, 64), (phoff, phsize * phnum), (shoff, shsize * shnum)]
    for i in range(shnum):
        kind, flags, _, at, size = struct.unpack_from('<IQQQQ', b, shoff + i * shsize + 4)
        if kind not in (0, 8) and size and (kind != 1 or size < 60000):
            found.append((at, size))
    return found

def damage(r, b, where):
    b = bytearray(b)
    way = r.randrange(6)
    if way == 0:
        return b[:r.choice([r.randrange(len(b)), r.randrange(min(len(b), 4096)), len(b) - 1 - r.randrange(64)])]
    if way == 1 and len(b) > 128:
        at = r.randrange(len(b) - 64)
        length = 1 << r.randrange(12)
        b[at:at + length] = bytes(length) if r.randrange(2) else r.randbytes(length)
        return b
    for _ in range(r.choice([1, 1, 2, 4, 16])):
        start, size = r.choice(where)
        at = start + r.randrange(max(size, 1))
        if at + 8 > len(b):
            continue
        if way in (2, 3):
            b[at] ^= 1 << r.randrange(8)
        else:
            width = r.choice([2, 4, 8])
            at -= (at - start) % width
            b[at:at + width] = (r.choice(EDGES) & ((1 << 8 * width) - 1)).to_bytes(width, 'little')
    return b

def main():
    r = random.Random(seed)
    good = [open(old, 'rb').read(), open(new, 'rb').read()]
    where = [regions(g) for g in good]
    seen, bad = {}, 0
    for n in range(count):
        which = r.choice([(0,), (1,), (0, 1)])
        names = [old, new]
        for w in which:
            names[w] = 'hostile.%d' % w
            open(names[w], 'wb').write(damage(r, good[w], where[w]))
        options = r.choice([[], [], ['--summary'], ['--why'], ['--data', '--heuristic', '--force-unrelated', '--assume-line']])
        try:
            p = subprocess.run([lpdiff, *options, *names], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
            status = p.returncode
            if status == 2 and not p.stderr:
                status = 'silent'
        except subprocess.TimeoutExpired:
            status = 'timeout'
        seen[status] = seen.get(status, 0) + 1
        if status not in (0, 1, 2):
            bad += 1
            for w in which:
                os.rename(names[w], '%s.%d.%d' % (os.environ.get('ARM64LP_DIFF_KEEP', '') + 'bad', seed, n) + '.%s' % ('old', 'new')[w])
            print('seed %d, number %d: %s (%s)' % (seed, n, status, ' '.join([*options, *names])))
    print('statuses:', *('%s %d' % kv for kv in sorted(seen.items(), key=str)))
    return bad != 0

sys.exit(main())
