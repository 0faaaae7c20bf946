#!/bin/sh
# Exception tables: compared by what they say, of which much is in no word of code.
. "$srcdir/tests/lib.sh"
need_cross_cxx
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

cat >catch.cc <<'C'
#include <cstdio>
#include <exception>
#ifdef SHIFT
char front[SHIFT] = "front";
struct first { int n; };
__attribute__((used)) int before(int n) { try { if (n) throw first{n}; } catch (first &f) { return f.n; } return front[n]; }
#endif
struct base { int n; };
struct one : base {};
struct two : base {};
__attribute__((noinline)) void raise(int n) { if (n == 1) throw one{{n}}; if (n == 2) throw two{{n}}; if (n > 2) throw n; }
struct guard { int n; ~guard() { std::printf("left %d\n", n); } };
__attribute__((noinline)) int caught(int n) { guard g{n}; try { raise(n); } catch (CAUGHT) { return RETURN; } return n; }
__attribute__((noinline)) int inner(int n) NOEXCEPT { raise(n); return n + 1; }
__attribute__((noinline)) int other(int n) { return n * FACTOR; }
int main()
{
    std::set_terminate([] { std::puts("terminated"); std::fflush(stdout); _Exit(3); });
    for (int i = 0; i < 4; i++) {
        try { std::printf("%d\n", caught(i)); } catch (two &) { std::puts("two"); } catch (...) { std::puts("something"); }
        try { std::printf("%d\n", inner(other(i))); } catch (base &) { std::puts("base"); } catch (int) { std::puts("a number"); }
    }
    return 0;
}
C
for flag in -O1 '-O2 -fno-pie -no-pie' '-Os -static'; do
    build() { out=$1; shift; "$cxx" -w $flag -DFACTOR=1 -DRETURN=10 -D_Exit=_exit -include unistd.h "$@" -Wl,--build-id -o "$out" catch.cc; }
    build c.old '-DCAUGHT=one &' -DNOEXCEPT= && build c.shift -DSHIFT=200 '-DCAUGHT=one &' -DNOEXCEPT= && build c.type '-DCAUGHT=two &' -DNOEXCEPT= &&
        build c.noexcept '-DCAUGHT=one &' -DNOEXCEPT=noexcept && build c.fix -UFACTOR -DFACTOR=3 -DSHIFT=40 '-DCAUGHT=one &' -DNOEXCEPT= &&
        build c.word -URETURN -DRETURN=-5 -DSHIFT=200 '-DCAUGHT=one &' -DNOEXCEPT= &&
        build c.more -URETURN -DNOEXCEPT= '-DCAUGHT=one &' '-DRETURN=12; } catch (two &) { return 8; } catch (int) { throw; } try { return n * 3; } catch (long)  { return 9' || exit 1
    is "$(lpdiff --summary c.old c.shift 2>&1 | grep -v '^new ')" "" "$flag: another layout is no change"
    fix "$flag, a fix beside them" c.old c.fix _Z5otheri
    fix "$flag, a word of a handler, under a table that moved" c.old c.word _Z6caughti
    becomes=--heuristic
    for how in symbols stripped; do
        case $how$flag in
        symbols*) ;;
        *-static) continue ;; # what is thrown while it runs ends it: see below
        *) "${CROSS_CC%gcc}strip" c.old c.type c.noexcept c.more ;;
        esac
        for v in type noexcept more; do
            becomes "$flag, $how, to $v" c.old c.$v
            becomes "$flag, $how, from $v" c.$v c.old
        done
        lpdiff --heuristic c.old c.more >p.lpatch
        is "$(sed -n 's/^lsda /&/p' p.lpatch | wc -l) $(grep -c '^rel prel32' p.lpatch)" "1 3" "$flag, $how: a table of three types"
    done
done

# ---- one that comes through a new body: in a stripped static program the unwinder that is in there is not found, and in the file it needs no help ----
cat >through.cc <<'C'
#include <cstdio>
__attribute__((noinline)) void bad(int n) { if (n > 1) throw n; std::printf("%d\n", n); }
__attribute__((noinline)) int mid(int n) { bad(n); MORE return n + 1; }
int main() { for (int i = 0; i < 4; i++) try { std::printf("%d\n", mid(i)); } catch (int n) { std::printf("caught %d\n", n); } return 0; }
C
for how in '-O2 -static -s' '-O2 -static' '-O2 -s'; do
    for v in old new; do
        [ $v = old ] && more= || more='bad(n - 1); n ^= 5; bad(n & 3); n += 77; std::printf("more %d\n", n * 3);'
        "$cxx" -w $how "-DMORE=$more" -Wl,--build-id -o t.$v through.cc || exit 1
    done
    lpdiff --heuristic t.old t.new >p.lpatch 2>err
    is "$?" 1 "$how: a body that exceptions go through"
    case $how in
    *-static*-s) like "$(cat err)" 'an exception that comes to a new body .* has no symbol _Unwind_Find_FDE' "  what it does while it runs is said" ;;
    *) is "$(grep -c _Unwind_Find_FDE err)$(run -P p.lpatch ./t.old)" "0$(run ./t.new)" "  they do while it runs" ;;
    esac
    lpapply -q -o t.file t.old p.lpatch 2>err
    is "$?$(run ./t.file)" "0$(run ./t.new)" "  and in the file"
done

# ---- a type that is there twice: another class to the one who reads exception tables, by the name of one that bodies which stay throw, or catch ----
cat >twice.cc <<'C'
#include <cstdio>
namespace {
struct base { int n; };
struct one BASE { int m; };
struct other BASE { int m; };
}
__attribute__((noinline)) void raise(int n) { if (n == 1) { one x{}; x.m = n; throw x; } if (n == 2) throw n; }
__attribute__((noinline)) int caught(int n)
{
    try { raise(n); } CATCH catch (one &x) { return x.m + 50; }
    return n;
}
int main()
{
    for (int i = 0; i < 4; i++) try { std::printf("%d\n", caught(i)); } catch (...) { std::puts("something"); }
    return 0;
}
C
for how in '-O2 -s' '-O0 -s' '-O2 -s -no-pie -fno-pie'; do
    twice() { out=$1; shift; "$cxx" -w $how "$@" -Wl,--build-id -o "$out" twice.cc || not_ok "compile $out"; }
    twice t.old -DBASE= -DCATCH=
    twice t.base '-DBASE=: base' -DCATCH=
    twice t.more -DBASE= '-DCATCH=catch (other &x) { return 7; }'
    lpdiff --heuristic t.old t.base >out 2>err
    is "$?$(cat out)" 2 "$how: a type with another base: refused"
    like "$(cat err)" 'E172: .* comes along, and is a type that the old file has by this name' "$how: said"
    becomes=--heuristic # (E172: nothing says that the old type is not the first row of an array which grew)
    may "$how: a type by a name of its own" E172 t.old t.more
    becomes=
done

# ---- a landing pad has what registers have at the calls that lead to it: X19 is a page at another call only, and what malloc() gave at this one ----
cat >pad.s <<'S'
    .text
    .globl work
    .type work, %function
work:
    .cfi_startproc
    .cfi_personality 0x9b, DW.ref.__gcc_personality_v0
    .cfi_lsda 0x1b, .Ltable
    stp x29, x30, [sp, #-32]!
    .cfi_def_cfa_offset 32
    .cfi_offset 29, -32
    .cfi_offset 30, -24
    str x19, [sp, #16]
    .cfi_offset 19, -16
    adrp x19, message
    add x0, x19, :lo12:message
    bl puts
    mov x0, #16
    bl malloc
    mov x19, x0
    mov w1, #NUMBER
    str w1, [x19]
.Lfrom:
    bl may
.Lto:
    ldr w0, [x19]
.Lend:
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_remember_state
    .cfi_restore 19
    .cfi_restore 29
    .cfi_restore 30
    .cfi_def_cfa_offset 0
    ret
.Lpad:
    .cfi_restore_state
    MORE
    ldr w1, [x19]
    str w1, [sp, #24]
    bl _Unwind_Resume
    .cfi_endproc
    .size work, . - work
    .section .gcc_except_table, "a"
.Ltable:
    .byte 0xff, 0xff, 1
    .uleb128 .Lends - .Lsites
.Lsites:
    .uleb128 .Lfrom - work
    .uleb128 .Lto - .Lfrom
    .uleb128 .Lpad - work
    .uleb128 0
.Lends:
    .section .rodata
message: .string "message"
    .section .data.rel.local.DW.ref.__gcc_personality_v0, "awG", %progbits, DW.ref.__gcc_personality_v0, comdat
    .hidden DW.ref.__gcc_personality_v0
    .weak DW.ref.__gcc_personality_v0
    .balign 8
    .type DW.ref.__gcc_personality_v0, %object
    .size DW.ref.__gcc_personality_v0, 8
DW.ref.__gcc_personality_v0: .xword __gcc_personality_v0
S
cat >pad.cc <<'C'
#include <cstdio>
extern "C" int work(void);
extern "C" __attribute__((noinline)) void may(void) { asm(""); }
int main() { return std::printf("%d\n", work()) < 0; }
C
# (four words more: the new body is elsewhere)
pads() { sed -e "s/NUMBER/$2/" -e "s/MORE/$3/" pad.s >pad2.s && "$cxx" -w -O1 -Wl,--build-id -o "$1" pad.cc pad2.s; }
pads p.old 5 '' && pads p.new 6 'nop; nop; nop; eor x1, x1, x1' || not_ok "assemble pad.s"
becomes= && becomes "a landing pad without a page" p.old p.new
# A table whose third type is where its action is: a damaged one.
sed '/^\.Ltable:/,/^\.Lends:/d' pad.s >damaged.s
cat >>damaged.s <<'S'
    .section .gcc_except_table, "a"
.Ltable:
    .byte 0xff, 3
    .uleb128 .Ltypes - .Lthere
.Lthere:
    .byte 1
    .uleb128 .Lends - .Lsites
.Lsites:
    .uleb128 .Lfrom - work
    .uleb128 .Lto - .Lfrom
    .uleb128 .Lpad - work
    .uleb128 5
.Lends:
    .long 0, kind, 0, 0
.Ltypes:
    .section kinds, "a"
    .type kind, %object
    .size kind, 4
kind: .long 1
S
damaged()
{
    sed -e "s/NUMBER/$2/" -e "s/MORE/$3/" damaged.s >pad2.s && "$cxx" -w -O1 -no-pie -fno-pie "-Wl,--build-id,--section-start=kinds=$4" -o "$1" pad.cc pad2.s
}
damaged d.old 5 '' 0x500040 && damaged d.new 6 'nop; nop; nop; eor x1, x1, x1' 0x500003 || not_ok "assemble damaged.s"
lpdiff d.old d.new >out 2>err
is "$?$(cat out)" 2 "a table of which two parts are one: refused"
like "$(cat err)" 'E170: the exception table of .work. cannot come along: it is malformed' "said"
# The routine that reads a table is the old file's.
sed -i '/cfi_personality/d; /cfi_lsda/d' pad.s
pads p.bare 5 '' || not_ok "assemble pad.s"
lpdiff p.bare p.new >out 2>err
is "$?$(cat out)" 2 "the first exception table: refused"
like "$(cat err)" 'E170: the exception table of .work. cannot come along: no function of the old file has one' "said"
tap_done
