#!/usr/bin/env python3
# truth.py OLD NEW - which functions of two folders of objects (built with -ffunction-sections) differ: in their bytes, or in what these refer to, by
# name or, where it has none, by content. Prints `code NAME`, `line NAME` (numbers alone), `new NAME`, `gone NAME`, and `data NAME` for named data.
# truth.py --judge TRUTH OLD NEW PATCH SUMMARY - how many functions, of other bytes, truly changed, reported, missed, reported and the same; and which these are. OLD and NEW
# have symbols; several names of one place are one function. Functions of other numbers alone are reported, or left out with proof (SUMMARY is what lpdiff --summary says).
import glob, os, re, struct, sys

EXEC, MERGE, STRINGS = 4, 0x10, 0x20

class Object:
    def __init__(self, path):
        self.b = open(path, 'rb').read()
        at, = struct.unpack_from('<Q', self.b, 40)
        size, count, names = struct.unpack_from('<HHH', self.b, 58)
        self.sections = [struct.unpack_from('<IIQQQQIIQQ', self.b, at + i * size) for i in range(count)]
        self.relocs = {}
        self.syms = []
        strings = None
        for s in self.sections:
            if s[1] == 2:
                strings = self.sections[s[6]]
                for i in range(s[5] // 24):
                    name, info, _, where, value, length = struct.unpack_from('<IBBHQQ', self.b, s[4] + 24 * i)
                    self.syms.append((self.text(strings, name), info & 15, where, value, length))
        for s in self.sections:
            if s[1] == 4:
                self.relocs[s[7]] = sorted((o, i & 0xffffffff, i >> 32, a) for o, i, a in struct.iter_unpack('<QQq', self.b[s[4]:s[4] + s[5]]))
        self.named = {}
        for name, kind, where, value, length in self.syms:
            if kind in (1, 2, 10) and where < 0xff00 and not name.startswith('$'):
                self.named.setdefault(where, []).append((value, length, name))

    def text(self, table, at):
        at += table[4]
        return self.b[at:self.b.index(b'\0', at)].decode()

    def content(self, where):
        s = self.sections[where]
        return b'' if s[1] == 8 else self.b[s[4]:s[4] + s[5]]

    def plain_text(self, where, at):
        """Without optimisation texts are not in sections of their own: one of two letters or more, behind the end of another or of nothing."""
        body = self.content(where)
        m = re.compile(rb'[\t\n\x20-\x7e]{2,}\0').match(body, at)
        alone = m and not any(at - 8 < o < m.end() for o, _, _, _ in self.relocs.get(where, []))
        return m[0][:-1] if alone and (at == 0 or body[at - 1] == 0) else None

    def target(self, sym, addend, depth):
        name, kind, where, value, _ = self.syms[sym]
        if kind != 3 and where in (0, 0xfff1, 0xfff2):
            return name, addend
        if kind != 3 and name and not name.startswith('.L'):
            return plain(name), addend
        flags = self.sections[where][2]
        # Linkers merge what a symbol of its own stands for, and add then (how far the place is from a table's beginning); else what is there with the addend.
        at, rest = (value, addend) if kind != 3 and flags & MERGE else (value + addend, 0)
        if flags & STRINGS:
            body = self.content(where)
            return 'string', body[at:body.index(b'\0', at)], rest
        for start, length, owner in self.named.get(where, []):
            if start <= at < start + max(length, 1):
                return plain(owner), at - start + rest
        if flags & MERGE:
            return 'constant', self.content(where)[at:at + self.sections[where][9]], rest
        text = self.plain_text(where, at)
        if text:
            return 'string', text, rest
        if flags & EXEC or self.sections[where][1] == 8 or depth > 3:
            return 'section', at
        return 'content', at, self.signature(where, 0, None, depth + 1)

    def signature(self, where, start, length, depth=0):
        body = self.content(where)
        end = len(body) if length is None else start + length
        refs = tuple((o - start, t, self.target(s, a, depth)) for o, t, s, a in self.relocs.get(where, []) if start <= o < end)
        return body[start:end], refs

    def things(self, kinds):
        for name, kind, where, value, length in self.syms:
            if kind in kinds and 0 < where < 0xff00 and not name.startswith('$'):
                yield name, self.signature(where, value - self.sections[where][3], length)

def plain(name):
    return re.sub(r'\.\d+$', '', name)

def numbers_only(a, b):
    if a[1] != b[1] or len(a[0]) != len(b[0]):
        return False
    pairs = [(x, y) for (x,), (y,) in zip(struct.iter_unpack('<I', a[0]), struct.iter_unpack('<I', b[0])) if x != y]
    return all(x & 0x7f80001f == y & 0x7f80001f and x & 0x7f800000 == 0x52800000 for x, y in pairs)

def collect(folder, kinds):
    found = {}
    for path in sorted(glob.glob(folder + '/*.o')):
        for name, signature in Object(path).things(kinds):
            key = (os.path.basename(path), name if 2 in kinds else plain(name))
            found.setdefault(key, []).append(signature)
    return found

def compare(kinds, changed, gone, new):
    old, fresh = collect(sys.argv[1], kinds), collect(sys.argv[2], kinds)
    for key in sorted(old.keys() | fresh.keys()):
        if key not in fresh:
            print(gone, key[1])
        elif key not in old:
            print(new, key[1])
        elif old[key] != fresh[key]:
            print('line' if 2 in kinds and numbers_only(old[key][0], fresh[key][0]) else changed, key[1])

def functions(o):
    """Of a linked program: name, address, size."""
    return [(n, v, l) for n, k, w, v, l in o.syms if k in (2, 10) and w]

def bodies(o):
    """The bytes of its functions, by name."""
    found = {}
    for name, signature in o.things((2, 10)):
        found.setdefault(name, []).append(signature[0])
    return found

def name_at(at, linked):
    """The function at an address, or that as it is written."""
    return next((name for name, start, size in linked if start <= at < start + size), hex(at))

def reported(patch, linked, fresh):
    """The functions that a patch changes or brings, by name; in a stripped program places are addresses, and new code is called by its address in the new one."""
    begins = {start: name for name, start, _ in fresh}
    for line in open(patch, errors='replace'):
        m = re.match(r'(?:func|@) "?([^\s"#!+]+)"?(?:[#!]\S*)?(?:\+0x([0-9a-f]+))?( size \d+ new)?', line)
        if m and m[1].startswith('0x'):
            yield name_at(int(m[1], 16) + int(m[2] or '0', 16), linked)
        elif m:
            at = re.search(r'\.([0-9a-f]+)$', m[1]) if m[3] else None
            yield at and begins.get(int(at[1], 16)) or m[1]

def left_out(summary, linked):
    """The functions that are not in the patch as it is proved that only line numbers differ."""
    for line in open(summary, errors='replace'):
        m = re.match(r'left out +(\S+): line numbers only', line)
        if m:
            yield name_at(int(m[1], 16), linked) if m[1].startswith('0x') else m[1]

def judge(truth, old, new, patch, summary):
    kinds = {}
    for line in open(truth):
        kind, name = line.split()
        kinds.setdefault(kind, set()).add(name)
    old, new = Object(old), Object(new)
    was, now = functions(old), functions(new)
    a, b = bodies(old), bodies(new)
    before, after = {n for n, _, _ in was}, {n for n, _, _ in now}
    aliases = {}
    for n, v, _ in was:
        aliases.setdefault(v, set()).add(n)
    place = {n: min(s) for s in aliases.values() for n in s}
    places = lambda names: {place.get(n, n) for n in names}
    moved = places(n for n in a.keys() & b.keys() if a[n] != b[n])
    named = places(n for n in reported(patch, was, now) if n in before or n in after)
    changed = places(kinds.get('code', set()) & before & after)
    numbers = places(kinds.get('line', set()) & before & after)
    missed = sorted(changed - named) + sorted(numbers - named - places(left_out(summary, was)))
    extra = sorted(named - changed - numbers - kinds.get('new', set()))
    print(len(aliases), len(moved), len(changed), len(named), len(missed), len(extra))
    print('missed:', *missed)
    print('false:', *extra)

if sys.argv[1] == '--judge':
    judge(*sys.argv[2:7])
else:
    compare((2, 10), 'code', 'gone', 'new')
    compare((1,), 'data', 'data-gone', 'data-new')
