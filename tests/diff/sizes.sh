#!/bin/sh
# Data that changed its size: what code may do with it is a part of what it is.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
compilers=with_gcc
if have_arm64_clang; then compilers="with_gcc with_clang"; else skip "clang" "no clang for AArch64"; fi
with_gcc() { "$CROSS_CC" -w "$@"; }
with_clang() { arm64_clang -w "$@"; }
# refused NAME IDS OLD NEW: for these reasons alone
refused()
{
    lpdiff "$3" "$4" >out 2>err
    is "$?$(cat out)" 2 "$1: refused"
    found=$(sed -n 's/^lpdiff: [^:]*: \(E[0-9]*\): .*/\1/p' err | sort -u | paste -s -d ' ')
    for id in $found none; do case " $2 " in *" $id "*) ;; *) break ;; esac; done
    if [ "$found" ] && [ "$id" = none ]; then ok "  with $2 alone"; else not_ok "  with $2 alone"; note <err; fi
}

# ---- a variable that grew: what was behind it in the old file is not its own ----
cat >last.c <<'C'
static int first = 3;
static char buffer[SIZE]; /* in the middle of it is what crtstuff.c takes for the end of .data */
__attribute__((noinline)) const char *put(const char *s)
{
    unsigned i;
    for (i = 0; s[i] && i < SIZE - 1; i++) buffer[i] = s[i];
    buffer[i] = 0;
    first++;
    return buffer;
}
int count(void) { return first; }
C
for cc in $compilers; do
    for flags in '-O0' '-O0 -s' '-O2' '-O2 -s' '-Os' '-Os -s' '-Os -s -Wl,-q'; do
        $cc $flags -shared -fPIC -Wl,--build-id -DSIZE=16 -o l.old last.c && $cc $flags -shared -fPIC -Wl,--build-id -DSIZE=200000 -o l.new last.c || exit 1
        refused "$cc $flags: the last variable grew" "E110 E120 E148" l.old l.new
    done
done
tap_done
