# growth.py KIND N NEW: assembly of one kind with N of something; NEW 1: the same with a change, and a function in front that moves the others.
import sys
kind, n, new = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def put(*lines):
    print(*lines, sep='\n')


def function(name, lines, scope='.globl'):
    put(f'{scope} {name}\n.type {name},%function\n{name}:\n.cfi_startproc', *lines, f'.cfi_endproc\n.size {name},.-{name}')


def variable(name, size, lines):
    put(f'.type {name},%object\n.size {name},{size}\n{name}:', *lines)


def address(register, name):
    return [f'adrp {register},{name}', f'add {register},{register},:lo12:{name}']


def calls(lines):
    return ['stp x29,x30,[sp,#-16]!', *lines, 'ldp x29,x30,[sp],#16', 'ret']


CHANGE = f'add w0,w0,#{5 + new}'
LONGER = ['eor w0,w0,#1'] * (1 + 9 * new)  # so that there is a new body
put('.text')
if new:
    function('padding', ['mov w0,#7', 'add w0,w0,w1', 'mul w0,w0,w1', 'ret'])
if kind == 'texts':  # that one function refers to
    function('f', calls([x for i in range(n) for x in address('x0', f'.Lt{i}') + ['bl use']] + [CHANGE]))
    put('.section .rodata.str1.8,"aMS",@progbits,1', *[f'.p2align 3\n.Lt{i}: .string "text number {i}"' for i in range(n)])
elif kind == 'pointers':  # in one object, to texts
    function('f', address('x1', 'table') + ['ldr x0,[x1,x0,lsl #3]', CHANGE, 'ret'])
    put('.data\n.p2align 3')
    variable('table', 8 * n, [f'.xword .Lt{i}' for i in range(n)])
    put('.section .rodata.str1.1,"aMS",@progbits,1', *[f'.Lt{i}: .string "text number {i}"' for i in range(n)])
elif kind == 'changed':  # functions that all changed in one word
    for i in range(n):
        function(f'f{i}', [f'mov w1,#{i & 0xffff}', CHANGE, 'ret'], '.local')
elif kind == 'added':  # new functions, each called by an old one
    for i in range(n):
        function(f'f{i}', calls([f'mov w1,#{i & 0xffff}', f'bl n{i}' if new else 'nop']), '.local')
        if new:
            function(f'n{i}', [f'mov w3,#{i & 0xffff}', 'ret'], '.local')
elif kind == 'newtexts':
    for i in range(n):
        function(f'f{i}', calls(address('x0', f'.Lt{i}') + ['bl use']), '.local')
    put('.section .rodata.str1.8,"aMS",@progbits,1', *[f'.p2align 3\n.Lt{i}: .string "text {i} of {new}"' for i in range(n)])
elif kind == 'resized':  # constants with names, to which words lead
    for i in range(n):
        function(f'f{i}', address('x1', f'c{i}') + ['ldr w0,[x1,w0,uxtw #2]', 'ret'], '.local')
    put('.section .rodata\n.p2align 3')
    for i in range(n):
        variable(f'c{i}', 16 + 4 * new, [f'.word {", ".join(str(i * 7 + k) for k in range(4 + new))}'])
        put('.p2align 3')
    put('.section .data.rel.ro,"aw"\n.p2align 3')
    variable('table', 8 * n, [f'.xword c{i}' for i in range(n)])
elif kind == 'reworded':  # the same of one function
    function('f', calls([x for i in range(n) for x in address('x0', f'.Lt{i}') + ['bl use']]))
    put('.section .rodata.str1.8,"aMS",@progbits,1', *[f'.p2align 3\n.Lt{i}: .string "{new} of text {i}"' for i in range(n)])
elif kind == 'tables':  # jump tables of one function, each relative to itself
    body = []
    for i in range(n):
        body += ['cmp w0,#3', 'b.hi 9f', *address('x1', f'.Lt{i}'), 'ldrsw x2,[x1,w0,uxtw #2]', 'add x1,x1,x2', 'br x1']
        for k in range(4):
            body += [f'.Lc{i}_{k}:', f'add w0,w0,#{k + 1 + (i & 511)}', 'b 9f']
        body += ['9:']
    function('f', body + [CHANGE, 'ret'])
    put('.section .rodata,"a"\n.p2align 2', *[f'.Lt{i}: .word ' + ','.join(f'.Lc{i}_{k}-.Lt{i}' for k in range(4)) for i in range(n)])
elif kind == 'bss':  # variables without a name, of which one became larger
    function('f', calls([x for i in range(n) for x in address('x0', f'.Lv{i}') + ['bl use']] + ['add w0,w0,#5']))
    put('.bss', *[f'.Lv{i}: .skip {16 if new and i == n // 3 else 8}' for i in range(n)])
elif kind == 'backwards':  # blocks of one function in the reverse order
    body = [f'b .Lb{n - 1}']
    for i in range(n):
        body += [f'.Lb{i}: mov w1,#{i & 0xffff}', f'b .Lb{i - 1}' if i else CHANGE]
    function('f', body + ['ret'])
elif kind == 'passed':  # on from block to block of one function, each of which leads to the one in front of it: an address that the first one adds an index to
    body = address('x19', '.Lv') + [f'b .Lb{n - 1}']
    for i in range(n):
        body += [f'.Lb{i}: mov w1,#{i & 0xffff}', f'b .Lb{i - 1}' if i else 'ldr w0,[x19,x0,lsl #2]']
    function('f', body + [CHANGE, 'ret'])
    put('.data\n.p2align 3', '.Lu: .skip 8', '.Lv: .skip 64')
elif kind == 'opaque':  # accesses to one of six pages
    body = []
    for k in range(6):
        body += [f'adrp x1,v{k}', f'ldr w2,[x1,:lo12:v{k}]', 'cbz w2,1f', f'adrp x19,v{k}', 'b 9f', '1:']
    function('f', body + ['ret', '9:'] + ['ldr w1,[x19,#16]', 'add w0,w0,w1'] * n + [CHANGE, 'ret'])
    put('.data\n.p2align 12')
    for k in range(6):
        variable(f'v{k}', 4096, [f'.word {k}', '.skip 4092'])
elif kind == 'page':  # accesses to an object at the start of a page, which is made once
    function('f', address('x19', 'v') + [x for i in range(n) for x in (f'ldr w1,[x19,#{4 * (i & 1023)}]', 'add w0,w0,w1')] + [CHANGE, 'ret'])
    put('.data\n.p2align 12')
    variable('v', 4096, ['.skip 4096'])
elif kind == 'bases':  # words that make the same address in one function, each for others that add to it
    one = address('x1', 'v') + ['ldr w2,[x1,#8]', 'str w2,[x1,#16]', 'add w0,w0,w2']
    function('f', one * n + LONGER + ['ret'])
    put('.data\n.p2align 12\n.skip 24')
    variable('u', 8, ['.xword 1'])
    variable('v', 64, ['.skip 64'])
elif kind == 'apart':  # words that reach a new variable from the address of an old one, each by a stub
    function('f', address('x1', 'u') + ['ldr w2,[x1,#8]', 'add w0,w0,w2', 'stp w0,w2,[x1,#16]'] * n + LONGER + ['ret'])
    put('.data\n.p2align 3')
    variable('u', 8, ['.xword 1'])
    if new:
        variable('w', 64, ['.skip 64'])
    variable('v', 64, ['.skip 64'])
elif kind == 'branches':  # of one function, each to anywhere in it, between addresses that are made and used
    body = []
    for i in range(n):
        a, b = i % 16, 1 + (i + 1) % 16
        body += address(f'x{a}', f'v{i % 97}') + [f'ldr w{b},[x{a},#{4 * i % 64}]', f'cbz w{b},.Lb{i * 7919 % n}', f'.Lb{i}:']
    function('f', body + LONGER + ['ret'])
    put('.data\n.p2align 3')
    for i in range(97):
        variable(f'v{i}', 64, ['.skip 64'])
elif kind == 'siblings':  # functions that hand on two objects beside one another, each by itself
    for i in range(n):
        function(f'f{i}', calls(address('x0', f'a{i}') + ['bl use'] + address('x0', f'b{i}') + ['bl use'] + LONGER), '.local')
    put('.data')
    for i in range(n):
        variable(f'a{i}', 8, [f'.xword {i}'])
        variable(f'b{i}', 8, [f'.xword {i + 7}'])
elif kind == 'ends':  # constants without a name that all grew, to which new code leads, and behind each one that did not, to which old code leads
    for i in range(n):
        function(f'f{i}', calls(address('x0', f'.La{i}') + ['bl use'] + LONGER), '.local')
        function(f'g{i}', calls(address('x0', f'.Lb{i}') + ['bl use']), '.local')
    put('.section .rodata,"a"\n.p2align 3')
    for i in range(n):
        put(f'.La{i}: .word {1000003 * i + 5},{i},{i},{i + 1 + new}' + (f',{i},{i}' if new else ''), f'.Lb{i}: .word {2000003 * i + 9},{i},{i},{i}')
elif kind == 'tails':  # places of one text
    function('f', [x for i in range(n) for x in address('x0', f'.Lt+{16 * i}') + [f'str x0,[x2,#{8 * (i & 63)}]']] + ['ret'])
    put('.section .rodata,"a"\n.Lt:', *[f'.ascii "text number {i:04}"' for i in range(n - 1)], f'.string "end {new} of the text"')
elif kind == 'slots':  # of imports: each function reads and calls what its neighbour did
    def slot(x):
        return [f'adrp x1,:got:v{x}', f'ldr x1,[x1,:got_lo12:v{x}]', 'ldr w0,[x1]']
    for i in range(n):
        x = (i + new) % n
        function(f'f{i}', calls([*LONGER, *slot(x), f'bl g{x}']), '.local')
elif kind == 'nops':  # that code without call frame information branches into
    function('f', ['bl g', CHANGE, 'ret'])
    put('g: cbz w0,1f', *[f'b .Lx+{4 * i}' for i in range(n)], '1: ret', '.Lx:', *['nop'] * n, 'ret', '.data', '.xword .Lx+8')
else:
    sys.exit('no such kind')
