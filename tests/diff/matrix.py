#!/usr/bin/env python3
# matrix.py FIRST COUNT PACKAGE... - cells FIRST.. of a random matrix: a real program (fixes.def, matrix.def), a compiler, options, a kind of link, and one
# change of its source. OLD with lpdiff's patch must do what NEW does, under lprun and in a file that lpapply -o wrote, under qemu-aarch64 too, and -R gives
# the old file back. A cell follows from its number alone. One line each: VERDICT SEED PACKAGE BUILD LINK FORM CHANGE [TEXT]. The environment: see matrix.sh.
import glob, hashlib, os, random, re, shutil, subprocess, sys

env = os.environ
HERE, SOURCES, WORK, SYSROOT = os.path.dirname(os.path.abspath(__file__)), env['SOURCES'], env['WORK'], env['SYSROOT']
GCC, QEMU, KEEP = env['CROSS_CC'], env.get('QEMU_AARCH64', 'none'), env.get('ARM64LP_DIFF_KEEP')
PREFIX, UNDER_QEMU = GCC[:-3], [QEMU, '-L', SYSROOT]
CLANG = 'clang --target=aarch64-linux-gnu'
GNU_LD = '-fuse-ld=' + (shutil.which(PREFIX + 'ld') or 'bfd')
# Of each compiler: what both compiling and linking are told, and linking alone.
GCC_WAYS = [
    ('-O0', ''), ('-O1', ''), ('-O2', ''), ('-O3', ''), ('-Os', ''), ('-O2 -flto -flto-partition=one', ''), ('-O2 -ffunction-sections', '-Wl,--gc-sections'),
    ('-O2 -fno-plt', '-Wl,-z,now'), ('-O2 -mbranch-protection=standard', ''), ('-O2 -ffunction-sections -fdata-sections', '-Wl,--sort-section=name'),
    ('-O2 -fno-section-anchors', ''), ('-Os -fno-plt -ffunction-sections', '-Wl,--gc-sections'), ('-O1 -fstack-protector-strong', '-Wl,-z,now')]
CLANG_WAYS = [
    ('-O0', GNU_LD), ('-O2', GNU_LD), ('-O3', GNU_LD), ('-Os', GNU_LD), ('-O2', '-fuse-ld=lld'), ('-O2 -flto', '-fuse-ld=lld'),
    ('-O1 -ffunction-sections', '-fuse-ld=lld -Wl,--gc-sections'), ('-O2 -mbranch-protection=standard -fno-plt', GNU_LD + ' -Wl,-z,now')]
LINKS = {
    'static': ('-fno-pie', '-no-pie -static'), 'exec': ('-fno-pie', '-no-pie'), 'pie': ('-fPIE', '-pie'), 'shared': ('-fPIC', '-shared -Wl,-soname,lib.so')}
FORMS = ['symbols', 'relocs', 'stripped', 'debug']


class Broken(Exception):
    pass


def call(args, cwd=None, limit=300):
    if isinstance(args, str): args = args.split()
    try:
        return subprocess.run(args, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, env=dict(env, LC_ALL='C'))
    except subprocess.TimeoutExpired:
        return None


def must(args, cwd=None):
    r = call(args, cwd)
    if r is None or r.returncode: raise Broken(r.stderr.decode(errors='replace')[:300] if r else 'timeout')


# ---- packages ----

class Package:
    def __init__(self, name, flags, sources, headers):
        self.name, self.flags, self.dir = name, flags.split(), f'{WORK}/{name}'
        if name == 'lua5.4': self.flags.append('-Dluai_makeseed(L)=1') # else the order of tables depends on addresses
        self.driver = glob.glob(f'{HERE}/matrix/{name}.c*')[0]
        if not os.path.exists(self.dir): self.prepare(headers.split())
        all_of = lambda p: set(glob.glob(p, root_dir=self.dir))
        no = set().union(*[all_of(p[1:]) for p in sources.split() if p[0] == '!'])
        self.sources = sorted(set().union(*[all_of(p) for p in sources.split() if p[0] != '!']) - no)
        self.cxx = self.driver.endswith('.cc')

    def prepare(self, headers): # as configure would
        shutil.copytree(f'{SOURCES}/{self.name}/source', self.dir + '.new', symlinks=True)
        for h in headers:
            template, _, to = h.rpartition('=')
            text = open(f'{self.dir}.new/{template}').read() if template else ''
            os.makedirs(os.path.dirname(f'{self.dir}.new/{to}'), exist_ok=True)
            with open(f'{self.dir}.new/{to}', 'w') as f: f.write(re.sub(r'@[A-Za-z_0-9]*@|\$\{[A-Za-z_0-9]*\}', '1', text))
        os.rename(self.dir + '.new', self.dir)

    def read(self, source):
        with open(f'{self.dir}/{source}', encoding='latin-1') as f: return f.read()


def packages(names):
    rows = [l for f in ('fixes.def', 'matrix.def') for l in open(f'{HERE}/{f}') if l.startswith('package ')]
    fields = [[x.strip() for x in l[8:].split('|')] for l in rows]
    return [Package(*f) for f in fields if f[0] in names]


# ---- one change of a source ----

SWITCH = '{ static unsigned lp_s; switch (lp_s++) { case 0: puts("one"); break; case 1: putchar(66); break; case 2: puts("two"); case 3: printf("%d\\n", \
(int)lp_s * 3); break; case 4: puts("four"); break; case 5: puts("five"); case 6: puts("six"); break; case 7: fputs("seven", stdout); default: break; } }'
INSERTED = {
    'branch': 'if (getenv("LP_N")) abort();',
    'call': '{ static int lp_n; if (lp_n++ < 3) puts("change N"); }',
    'switch': SWITCH,
    'names': '{ static unsigned lp_s; static const char *const lp_t[] = {"nil", "one N", "two", "three"}; if (lp_s < 4) puts(lp_t[lp_s++]); }',
    'variable': '{ static unsigned lp_v[8] = {3, 1, 4, 1, 5, 9, 2}, lp_i; if (lp_i < 8) { lp_v[lp_i & 7] += lp_i; printf("%u\\n", lp_v[(lp_i++ * 3) & 7]); } }',
    'double': '{ static volatile double lp_d = 0; if (lp_d < 10) { lp_d = lp_d * 1.7 + 3.14159; printf("%.4f\\n", lp_d); } }',
}
HEADERS = '#define _GNU_SOURCE\n#include <stdio.h>\n#include <stdlib.h>\n'
OPERATORS = {'<': '<=', '>': '>=', '<=': '<', '>=': '>', '==': '!=', '!=': '==', '+': '-', '-': '+', '&&': '||', '||': '&&'}
STATEMENT = re.compile(r'^\s+(?!return|else|case|typedef|extern|static|goto)[A-Za-z_][\w\->.\[\]*]*\s*(\(|=[^=]|\+=|\+\+|-=).*;\s*$')


def other_number(was, rnd):
    return was + '1' if len(was) > 1 and was[0] == '0' else str(abs(int(was) + rnd.choice([1, 2, -1, 100])))


# Of each kind: the lines, with the part that changes, and what that becomes.
REPLACED = {
    'number': (r'^\s.*?(?<![\w.])(\d+)\b(?![.xX]).*[;{)]\s*$', other_number),
    'table': (r'^[\s{]*-?(\d+)[UuLl]*,[-\w\s,{}]*$', other_number),
    'operator': (r'^\s.*? (<=|>=|==|!=|&&|\|\||<|>|\+|-) ', lambda was, rnd: OPERATORS[was]),
    'text': (r'^\s[^%]*?"([^"\\%]{3,})"', lambda was, rnd: was + '+' if rnd.random() < .6 else was.upper()),
    'case': (r'^\s+case ([^:?]*):', lambda was, rnd: str(rnd.randrange(300, 900)) + f': case {was}' * rnd.randrange(2)),
    'break': (r'^\s+(break;)\s*$', lambda was, rnd: ';'),
    'statement': (r'^\s+(\S.*;)\s*$', lambda was, rnd: ';'),
}


def places(lines, kind):
    """In which lines a change of this kind can be."""
    code = [i for i in range(1, len(lines)) if not lines[i].lstrip().startswith(('#', '/*', '*', '//')) and '\\' not in lines[i][-1:] + lines[i - 1][-1:]]
    if kind in REPLACED and kind != 'statement': return [i for i in code if re.match(REPLACED[kind][0], lines[i])]
    begins = lambda before: re.search(r'[;{}]$', before) and not re.search(r'=\s*\{$', before)
    return [i for i in code if STATEMENT.match(lines[i]) and lines[i].count('(') == lines[i].count(')') and begins(lines[i - 1].rstrip())]


def change(package, rnd):
    """Kind, source, what goes in front, the changed text; None: there is no place for it."""
    source = rnd.choices(package.sources, [len(package.read(s)) for s in package.sources])[0]
    kind = rnd.choice(list(INSERTED) + list(REPLACED) + ['number', 'operator'])
    lines = package.read(source).split('\n')
    where = places(lines, kind)
    if not where: return None
    i = rnd.choice(where)
    if kind in INSERTED:
        lines.insert(i, INSERTED[kind].replace('N', str(rnd.randrange(1000))))
    else:
        pattern, becomes = REPLACED[kind]
        m = re.match(pattern, lines[i])
        lines[i] = lines[i][:m.start(1)] + becomes(m[1], rnd) + lines[i][m.end(1):]
    return kind, source, HEADERS if kind in INSERTED else '', '\n'.join(lines)


# ---- building ----

class Build:
    def __init__(self, package, rnd):
        self.package = package
        clang = rnd.random() < .4 and shutil.which('clang')
        self.flags, self.link_flags = rnd.choice(CLANG_WAYS if clang else GCC_WAYS)
        if 'lld' in self.link_flags and not shutil.which('ld.lld'): self.flags, self.link_flags = '-O2', GNU_LD
        self.link = rnd.choice(list(LINKS))
        base = CLANG if clang else GCC
        if package.cxx: base = (base.replace('clang', 'clang++', 1) if clang else PREFIX + 'g++') + ' -fno-exceptions -fno-rtti'
        self.compiler = base
        self.name = f'{"clang" if clang else "gcc"}{self.flags}{self.link_flags.replace(GNU_LD, "")}'.replace(' ', '')
        self.dir = f'{WORK}/objects/{package.name}.{hashlib.md5((self.name + self.link).encode()).hexdigest()[:10]}'

    def compile(self, source, out, driver=False):
        flags = re.sub(r'-flto\S*|-ffunction-sections', '', self.flags) if driver else self.flags
        must([*self.compiler.split(), '-w', *flags.split(), LINKS[self.link][0], *self.package.flags, '-c', source, '-o', out], self.package.dir)

    def objects(self):
        """Those of the source as it is; made once."""
        if os.path.exists(self.dir + '/driver.obj'): return self.dir
        os.makedirs(self.dir, exist_ok=True)
        for s in self.package.sources: self.compile(s, f'{self.dir}/{s.replace("/", "_")}.o')
        self.compile(f'{HERE}/matrix/imports.c', self.dir + '/imports.o')
        self.compile(self.package.driver, self.dir + '/driver.new', True)
        os.rename(self.dir + '/driver.new', self.dir + '/driver.obj')
        return self.dir

    def variant(self, source, head, text, out):
        """The object of a changed source: from a file beside it, which is called alike for OLD and NEW."""
        name = f'{os.path.dirname(source)}/matrix_{os.path.basename(source)}'.lstrip('/')
        with open(f'{self.package.dir}/{name}', 'w', encoding='latin-1') as f: f.write(f'{head}#line 1 "{source}"\n{text}')
        try: self.compile(name, out)
        finally: os.remove(f'{self.package.dir}/{name}')

    def made(self, source, changed, out, more):
        """Linked with this object in the place of the source's."""
        os.makedirs(out)
        own = f'{self.dir}/{source.replace("/", "_")}.o'
        objects = [changed if o == own else o for o in sorted(glob.glob(self.dir + '/*.o'))]
        link = [*self.compiler.split(), *self.flags.split(), *self.link_flags.split(), *more, '-Wl,--build-id']
        driver = self.dir + '/driver.obj'
        if self.link != 'shared':
            must([*link, *LINKS[self.link][1].split(), '-o', out + '/try', driver, *objects, '-lm'])
            return
        must([*link, '-fPIC', *LINKS['shared'][1].split(), '-o', out + '/lib.so', *objects, '-lm'])
        must([*link, '-pie', '-o', out + '/try', driver, out + '/lib.so', '-Wl,-rpath,$ORIGIN', '-lm'])


# ---- one cell ----

def tool(name): return f'{env["builddir"]}/{name}'


def run(folder, patch=None, by=None):
    cmd = by or [tool('lprun'), '--no-control', '-L', SYSROOT, *(['-P', patch] if patch else [])]
    r = call([*cmd, folder + '/try', f'{HERE}/matrix/input.lua'], limit=60 if patch or by else 20)
    return (r.returncode, r.stdout) if r and len(r.stdout) < 1 << 21 else None


def compared(old, new, more):
    """lpdiff, with the consent that it asks for."""
    options = list(more)
    while True:
        r = call([tool('lpdiff'), *options, old, new], limit=120)
        said = sorted(set(re.findall(r'\bE\d\d\d\b', r.stderr.decode(errors='replace')))) if r else []
        consent = [o for e, o in (('E111', '--heuristic'), ('E121', '--data')) if e in said and o not in options]
        if not r or r.returncode != 2 or not consent: return r, said, options[len(more):]
        options += consent


def on_disk(side, new, subject, patch, want):
    """What is wrong with the patched file; None: nothing."""
    before, to = open(f'{side}/{subject}', 'rb').read(), side + '.disk'
    shutil.copytree(side, to)
    r = call([tool('lpapply'), '-q', '-o', f'{to}/{subject}', f'{side}/{subject}', patch])
    if not r or r.returncode: return 'lpapply -o: ' + (r.stderr.decode(errors='replace')[:200] if r else 'timeout')
    if run(to) != want: return 'the file'
    if shutil.which(QEMU) and run(to, by=UNDER_QEMU) not in (want, run(new, by=UNDER_QEMU)): return 'the file under qemu-aarch64'
    r = call([tool('lpapply'), '-q', '-R', f'{to}/{subject}'])
    good = r and r.returncode == 0 and open(f'{to}/{subject}', 'rb').read() == before
    return None if good else 'lpapply -R' + (': ' + r.stderr.decode(errors='replace')[:200] if r else '')


def judged(old, new, subject, more, layouts):
    want = run(new)
    if want is None or (not more and run(new) != want): return 'unstable', ''
    r, said, options = compared(f'{old}/{subject}', f'{new}/{subject}', more)
    if r is None or r.returncode not in (0, 1, 2): return 'wrong', 'lpdiff crashed'
    if r.returncode == 2: return 'internal' if 'E199' in said else 'refused', ' '.join(said)
    with open(old + '.lpatch', 'wb') as f: f.write(r.stdout)
    if r.returncode == 0: bad = 'nothing changed, lpdiff says' if run(old) != want else None
    else: bad = 'lprun -P' if run(old, old + '.lpatch') != want else on_disk(old, new, subject, old + '.lpatch', want)
    if not bad: return 'same' if r.returncode == 0 else 'right', ' '.join(options)
    # Undefined behaviour is nobody's fault but the change's.
    elsewhere = shutil.which(QEMU) and run(new, by=UNDER_QEMU) != want
    if elsewhere or any(run(x) != want for x in layouts()): return 'unstable', 'depends on where things are'
    return 'missed' if r.returncode == 0 else 'wrong', bad


def cell(seed, choice):
    rnd = random.Random(seed // 3)
    build = Build(rnd.choice(choice), rnd)
    rnd, row = random.Random(seed * 7 + 1), [str(seed), build.package.name, build.name, build.link]
    at = f'{WORK}/cells/{seed}'
    shutil.rmtree(at, ignore_errors=True)
    os.makedirs(at)
    build.objects()
    for _ in range(20):
        changed = change(build.package, rnd)
        try:
            if changed: build.variant(changed[1], changed[2], changed[3], at + '/new.o')
        except Broken: continue
        if changed: break
    else: return [('nothing', *row, '-', '-', '')]
    kind, source, head, _ = changed
    build.variant(source, '', build.package.read(source), at + '/old.o')
    build.variant(source, head, 'static char matrix_room[8192] __attribute__((used)) = {1};\n' + changed[3], at + '/room.o')
    subject, lines = 'lib.so' if build.link == 'shared' else 'try', []

    def layouts(): # the new one in another
        if not os.path.exists(at + '/room'): build.made(source, at + '/room.o', at + '/room', [])
        return [at + '/room']
    for form in FORMS:
        old, new, more = f'{at}/{form}.old', f'{at}/{form}.new', []
        for side, to in (('old', old), ('new', new)):
            if form in ('symbols', 'relocs'): build.made(source, f'{at}/{side}.o', to, ['-Wl,-q'] if form == 'relocs' else [])
            else: shutil.copytree(f'{at}/symbols.{side}', to)
            if form == 'debug': must([PREFIX + 'objcopy', '--only-keep-debug', f'{to}/{subject}', f'{to}/debug'])
            if form in ('stripped', 'debug'): must([PREFIX + 'strip', f'{to}/{subject}'])
        if form == 'debug': more = ['--debug', old + '/debug', new + '/debug']
        verdict, text = judged(old, new, subject, more, layouts)
        lines.append((verdict, *row, form, kind, text))
        if verdict == 'unstable': break
    if KEEP is None or all(l[0] in ('right', 'same') for l in lines): shutil.rmtree(at)
    return lines


if __name__ == '__main__':
    first, count = int(sys.argv[1]), int(sys.argv[2])
    choice = packages(sys.argv[3:])
    for seed in range(first, first + count):
        try: lines = cell(seed, choice)
        except Broken as e: lines = [('broken', str(seed), '-', '-', '-', '-', '-', ' '.join(str(e).split()))]
        for l in lines: print(' '.join(l).rstrip(), flush=True)
