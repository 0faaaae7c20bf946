#!/bin/sh
# Patches in ELF files: every kind of program and library, every kind of change; the result runs under lprun and qemu-aarch64, and -R gives the old file back.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
dir=$tests/e2e/objects
limited() { timeout -k 5 60 "$@"; }
# runs FILE INPUT EXPECTED NAME: the last line of output, under lprun and qemu-aarch64
cpu=max
runs()
{
    is "$(printf "$2" | limited lprun --no-control --cpu $cpu -L "$root" -E LD_LIBRARY_PATH=. "./$1" 2>&1 | tail -n 1)" "$3" "$4: lprun"
    have_qemu || return 0
    is "$(printf "$2" | limited "$QEMU_AARCH64" -cpu $cpu -L "$root" -E LD_LIBRARY_PATH=. "./$1" 2>&1 | tail -n 1)" "$3" "$4: qemu-aarch64"
}
sum() { sha256sum <"$1" | cut -d' ' -f1; }
# back NAME FILE OLD: the old file again
back() { run "$1: revert" 0 lpapply -R "$2"; is "$(sum "$2")" "$(sum "$3")" "$1: the old file, byte for byte"; }
# safe FILE NAME: no segment is writable and executable; all are on pages of 64 KiB; AT_PHDR is right for who computes it from the first segment
safe()
{
    tool readelf -lW "$1" >ph
    is "$(awk '$1 == "LOAD" && / RWE /' ph)" "" "$2: never writable and executable"
    is "$(awk '$1 == "LOAD" && $NF != "0x10000"' ph)" "" "$2: pages of 64 KiB"
    off=$(sed -n 's/.*starting at offset //p' ph)
    set -- "$2" $(awk '$1 == "LOAD" { print $2, $3; exit }' ph) $(awk '$1 == "LOAD" { print $2, $3, $5 }' ph |
        while read -r o a n; do [ "$off" -lt $((o)) ] || [ "$off" -ge $((o + n)) ] || echo "$o $a"; done)
    is "$((${5:-0} - ${4:-0}))" "$(($3 - $2))" "$1: the program headers are where the first segment says"
}

# ---- a program: code, data, a pointer, a site; its kinds ----
# calc(1) = 2 * 3 * (1 + 100 + 1), hook(1) = 101, as in bodies.sh
for kind in plain static-pie bti nopie pie; do
    case $kind in
    plain) flags='-static -no-pie' ;;
    static-pie) flags=-static-pie ;;
    bti) flags='-static -no-pie -mbranch-protection=standard -Wl,-z,force-bti' ;; # the C library here has no landing pads
    nopie) flags=-no-pie ;;
    pie) flags=-pie ;;
    esac
    build $kind $flags 2>log || { not_ok "$kind: compile"; note <log; continue; }
    [ $kind = bti ] && cpu=neoverse-n1 || cpu=max
    add=$(offset $kind site '"add"')
    { make_bodies $kind; printf '@ site+0x%x\n- %s\n+ 11001c00\nend\n' "$add" "$(word $kind site "$add")"; } >$kind.lpatch
    run "$kind: dry run" 0 lpapply -n $kind $kind.lpatch
    run "$kind: apply" 0 lpapply -o $kind.new $kind $kind.lpatch
    runs $kind 'call\n' "call 2 4 21 6 5" "$kind: before"
    runs $kind.new 'call\n' "call 2 8 666 103 5" "$kind: patched"
    runs $kind.new 'call\ncall\n' "call 2 8 672 103 5" "$kind: new data keeps its value"
    clean $kind.new $kind "$kind"
    safe $kind.new "$kind"
    run "$kind: again" 0 lpapply $kind.new $kind.lpatch
    like "$(cat run)" 'already applied' "$kind: says so"
    run "$kind: list" 0 lpapply -l $kind.new
    like "$(cat run)" '^bodies  *- *3 ' "$kind: name and places"
    like "$(tool nm $kind.new)" ' T calc.lpatch$' "$kind: the new body has a name"
    like "$(tool objdump -d $kind.new | sed -n '/<calc.lpatch>:/,/ret/p')" 'bl.*<plus100>' "$kind: objdump shows it"
    lpapply -q -o $kind.same $kind $kind.lpatch
    is "$(sum $kind.same)" "$(sum $kind.new)" "$kind: the same bytes again"
    run "$kind: what lpdiff finds in it" 1 lpdiff --data -o $kind.diff $kind $kind.new
    is "$(cat run)" "" "  it warns of nothing"
    is "$(printf 'call\n' | limited lprun --no-control --cpu $cpu -L "$root" -P $kind.diff ./$kind | tail -n 1)" "call 2 8 666 103 5" "  the same change"
    run "$kind: and the other way round" 1 lpdiff --data -o $kind.undo $kind.new $kind
    is "$(cat run)" "" "  it warns of nothing"
    back "$kind" $kind.new $kind
done

cpu=max
run "the wrong way round" 2 lpapply -o wrong.new plain.lpatch ./plain
is "$(cat run)" "lpapply: ./plain: it is an ELF file, not a patch
lpapply: hint: where a command takes both, the ELF file comes first and the patches follow" "the wrong way round: what is wrong, and the order"

# ---- a library: GOT, thread-local storage, an IFUNC, imports, a variable that the program may have; and the program that uses it ----
cc() { "$CROSS_CC" -w -O2 -fno-ipa-ra -Wl,--build-id "$@"; }
library() { cc -fPIC -shared -Wl,-soname,libwork.so.1 -o libwork.so.1 "$@" "$dir/work.c"; }
library && cc -fPIE -pie -o dpie "$dir/main.c" ./libwork.so.1 &&
    cc -fno-pie -no-pie -o dfixed "$dir/main.c" ./libwork.so.1 || { not_ok "compile the library"; tap_done; }
sed 's/(int)labs(7)/7/; s/abs(-1)/1/; s/abs(-3)/3/' "$dir/new.c" >no_imports.c
# The patch of patch_objects.sh without what the library does not import.
work_patch()
{
    head_of libwork.so.1 work
    printf 'data fresh_count data size 4 align 4\nzero 4\nend\n'
    new_code no_imports.c -O1 "$@"
    new_func old.so work
    printf 'set shared_count b4\n- 0x7\n+ 0x8\nset pointer b8\n- *\n+ &other_count\n'
}
for flags in -fPIC "-fPIC -mcmodel=tiny" "-fPIC -ftls-model=initial-exec" "-fPIC -mtls-dialect=trad"; do
    case $flags in *trad) library -mtls-dialect=trad ;; *) library ;; esac
    cp libwork.so.1 old.so
    work_patch $flags >work.lpatch
    run "$flags: apply" 0 lpapply libwork.so.1 work.lpatch
    for kind in dpie dfixed; do
        # The fixed program's own copy of shared_count has been set by the dynamic linker from the library's.
        runs $kind 'work\n' "work 149815 1010 8 9" "$flags: $kind"
        runs $kind 'work\nwork\n' "work 159816 1010 8 9" "$flags: $kind keeps what is new"
    done
    clean libwork.so.1 old.so "$flags"
    safe libwork.so.1 "$flags"
    back "$flags" libwork.so.1 old.so
done
library
cp libwork.so.1 old.so
work_patch -fPIC -ftls-model=local-exec >x.lpatch
run "local exec in a library: refused" 2 lpapply libwork.so.1 x.lpatch
like "$(cat run)" 'tls_seen. is thread-local, and its place is not known' "said so"
new_code "$dir/new.c" -O1 -fPIC
{ head_of libwork.so.1 x; printf 'data fresh_count data size 4 align 4\nzero 4\nend\n'; new_func old.so work; } >x.lpatch
run "a new import without a version: refused" 1 lpapply libwork.so.1 x.lpatch
like "$(cat run)" 'symbol .abs. is neither here nor imported, and a patched file must say which version it imports' "said so"
for order in 'tls_seen nowhere' 'nowhere tls_seen'; do
    { head_of libwork.so.1 x; printf 'data two data size 16 align 8\nrel abs64 %s\nrel abs64 %s\nend\n' $order; } >x.lpatch
    run "of two reasons the worse one, in the order $order" 2 lpapply libwork.so.1 x.lpatch
    is "$(grep -c 'tls_seen. is thread-local\|symbol .nowhere. is neither here nor imported' run)" 2 "both are said"
done
is "$(sum libwork.so.1)" "$(sum old.so)" "nothing was changed"
for kind in dpie dfixed; do
    [ $kind = dpie ] && own=-fPIE || own=-fno-pie
    new_code no_imports.c -O1 $own
    { head_of $kind own; new_func $kind own; printf 'set hook b8\n- &own\n+ &other\n'; } >own.lpatch
    cp $kind $kind.old
    run "$kind: apply" 0 lpapply -b $kind own.lpatch
    is "$(sum $kind.orig)" "$(sum $kind.old)" "$kind: -b keeps the old file"
    runs $kind 'work\n' "work 26 1003 7 74" "$kind: its own function"
    runs $kind 'hook\n' "hook 42" "$kind: a pointer that the dynamic linker writes"
    clean $kind $kind.old "$kind"
    back "$kind" $kind $kind.old
done

# ---- pointers that are packed (DT_RELR): those that the patch changes leave the table ----
if have ld.lld; then
    "$CROSS_CC" -O2 -fno-ipa-ra -fPIC -c -o packed.o "$dir/packed.c"
    printf '%s\n' 'int work(int); int printf(const char *, ...); int main(int c, char **v) { return printf("%d\n", work(c)) < 0; }' >users.c
    ld.lld -shared --pack-dyn-relocs=relr -z max-page-size=65536 --build-id -soname libpacked.so -o libpacked.so packed.o && "$CROSS_CC" -w -o users users.c ./libpacked.so || not_ok "a library with DT_RELR"
    like "$(tool readelf -dW libpacked.so)" '(RELR)' "DT_RELR: the library has it"
    runs users '' 2601962 "DT_RELR: before"
    echo 'int twice(int); static int three(int v) { return v * 3 + 1000; } static int (*more[])(int) = {three, twice, three}; int other(int v) { return more[v & 1](v) + more[2](v); }' |
        "$CROSS_CC" -O2 -ffunction-sections -fdata-sections -fno-ipa-ra -fPIC -c -o other.o -x c -
    lpmake -t libpacked.so 'other=replace from other.o' | sed '/^digest/d' >packed.lpatch
    printf 'set table b8\n- *\n+ &twice\nset far+0x410 b8\n- *\n+ &other\n' >>packed.lpatch
    cp libpacked.so old.so
    run "DT_RELR: apply" 0 lpapply libpacked.so packed.lpatch
    # table: 2, 2, 1005, 2, 2; far[130]: 1005
    runs users '' $((((((((2 * 10 + 2) * 10 + 1005) * 10 + 2) * 10 + 2) * 3 + 2) * 3 + 2) * 9 + 1005 * 3 + 2)) "DT_RELR: patched"
    is "$(tool readelf -rW libpacked.so 2>/dev/null | sed -n 's/^ *\([0-9]*\) offsets$/\1/p') $(tool readelf -rW old.so | sed -n 's/^ *\([0-9]*\) offsets$/\1/p')" "6 8" "DT_RELR: two words have left it"
    clean libpacked.so old.so "DT_RELR"
    safe libpacked.so "DT_RELR"
    back "DT_RELR" libpacked.so old.so
else
    skip "DT_RELR" "no ld.lld, and this binutils packs none"
fi

# ---- new zeros and nothing else ----
cat >zeros.c <<'X'
static int n;
__attribute__((noinline)) int work(int a)
{
#ifdef FIXED
    static int calls;
    n += ++calls;
#endif
    return a + n;
}
int main(void) { return work(1) + work(2); }
X
for flags in '-pie -fPIE' '-no-pie -static'; do
    zeros_cc="$CROSS_CC -O2 -fno-ipa-ra -ffunction-sections -fdata-sections $flags"
    $zeros_cc -o zeros zeros.c && $zeros_cc -DFIXED -c -o zeros.o zeros.c && lpmake -q -t zeros -o zeros.lpatch 'work=replace from zeros.o' || not_ok "$flags: zeros"
    cp zeros old.zeros
    run "$flags: new zeros alone" 0 lpapply zeros zeros.lpatch
    limited lprun --no-control -L "$root" ./zeros
    is "$?" 7 "$flags: new zeros alone: counts"
    clean zeros old.zeros "$flags: new zeros alone"
    back "$flags: new zeros alone" zeros old.zeros
done

# ---- IFUNCs: called from new code, and a pointer that an IRELATIVE relocation fills, with a dynamic linker or none ----
for flags in '-static -no-pie' -static-pie -no-pie -pie; do
    cc $flags -o ifuncs "$dir/ifuncs.c" || { not_ok "$flags: compile"; continue; }
    cp ifuncs ifuncs.old
    for f in called also pointed unused; do
        echo "int $f(int); int work(int v) { return $f(v) + 100; }" | "$CROSS_CC" -O2 -ffunction-sections -fno-ipa-ra -fPIC -c -o new.o -x c -
        lpmake -t ifuncs 'work=replace from new.o' | sed '/^digest/d' >$f.lpatch
        printf 'set pointer b8\n- *\n+ &three\n' >>$f.lpatch
    done
    for f in 'called 104' 'also 104' 'pointed 102'; do
        run "$flags: ${f% *}" 0 lpapply ifuncs ${f% *}.lpatch
        runs ifuncs '' "${f#* } 6" "$flags: ${f% *}, patched"
        clean ifuncs ifuncs.old "$flags: ${f% *}"
        back "$flags: ${f% *}" ifuncs ifuncs.old
        is "$(limited lprun --no-control -L "$root" -P ${f% *}.lpatch ./ifuncs)" "${f#* } 6" "$flags: ${f% *}, while it runs"
    done
    run "$flags: one that nothing uses: refused" 2 lpapply ifuncs unused.lpatch
    like "$(cat run)" '.unused. is an IFUNC, and ifuncs has no PLT entry for it' "  said so"
    is "$(sum ifuncs)" "$(sum ifuncs.old)" "  nothing was changed"
    slot=$(tool readelf -rW ifuncs | sed -n '/plt/,$s/^0*\([0-9a-f]*\) .*R_AARCH64_\(IRELATIV\|JUMP_SLOT\|JUMP_SL\).*/\1/p' | head -n 1)
    { head_of ifuncs slot; printf 'set 0x%s b8\n- *\n+ &three\n' "$slot"; } >slot.lpatch
    run "$flags: a slot of the PLT: refused" 2 lpapply ifuncs slot.lpatch
    like "$(cat run)" 'of the PLT\|fills this word when it starts' "  said so"
done
tap_done
