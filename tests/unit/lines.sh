#!/bin/sh
# Source lines against addr2line, and inlined copies against readelf, for DWARF 2 to 5.
. "$srcdir/tests/lib.sh"
need_cross
ADDR2LINE=${CROSS_CC%gcc}addr2line
READELF=${CROSS_CC%gcc}readelf
have "$ADDR2LINE" || skip_all "no addr2line for AArch64"
rows=$builddir/tests/unit/line_rows
cd "$scratch" || exit 1
cat >lines.c <<'E2'
#include <stdio.h>
static inline __attribute__((always_inline)) int clamp(int v)
{
    if (v > 100)
        return 100;
    return v + 1;
}
static inline __attribute__((always_inline)) int both(int v)
{
    return clamp(v) + clamp(2 * v);
}
__attribute__((noinline)) int twice(int v)
{
    int r = 0;
    for (int i = 0; i < v; i++)
        r += both(v + i);
    return r;
}
__attribute__((noinline)) int once(int v) { return clamp(v) * 3; }
int main(int argc, char **argv)
{
    printf("%d %d %d\n", twice(argc), once(argc), clamp(argc * 2));
    return 0;
}
E2
"$CROSS_CC" -O0 -o none lines.c && : | "$rows" none >out
case $(cat out) in
*libdw*) skip_all "$(cat out)" ;;
esac
like "$(cat out)" 'compile with -g' "no debug information: said so"

# Every word of the program's own functions.
compare()
{
    name=$1 file=$2
    "${CROSS_CC%gcc}nm" -S "$file" | awk '$3 ~ /[Tt]/ && ($4 == "twice" || $4 == "once" || $4 == "main") { print $1, $2 }' | while read -r at size; do
        i=0
        while [ $i -lt $((0x$size)) ]; do printf '%x\n' $((0x$at + i)); i=$((i + 4)); done
    done >asked
    "$ADDR2LINE" -e "$file" <asked | sed 's/ (discriminator.*//' | paste -d' ' asked - | sed 's/^/at /' | sort >want
    "$rows" "$file" <asked >got
    grep '^at' got | sort >have
    same have want "$name: $(wc -l <want) addresses"
    "$READELF" --debug-dump=info "$file" 2>/dev/null | grep -c 'DW_TAG_inlined_subroutine' >inlined
    is "$(grep '^inlined' got | cut -d' ' -f4 | sort -u | tr '\n' ' ')" "both clamp " "$name: their names"
    [ "$(grep -c '^inlined' got)" -ge "$(cat inlined)" ] && ok "$name: $(cat inlined) inlined copies" || not_ok "$name: inlined copies"
}
# Compressed debug sections, which libelf unpacks: what is made afterwards is for the file as it is.
"$CROSS_CC" -O2 -g -gz -static -Wl,--build-id=none -o packed lines.c && compare "compressed" packed
lpmake -t packed -o packed.lpatch 'lines.c:21=nop' 2>err || note <err
is "$(sed -n 's/^file-sha256 *//p' packed.lpatch)" "$(sha256sum <packed | cut -d' ' -f1)" "compressed: the patch is for this file"
for dwarf in 2 3 4 5; do
    "$CROSS_CC" -O2 -gdwarf-$dwarf -o lines$dwarf lines.c && compare "DWARF $dwarf" lines$dwarf
done
"$CROSS_CC" -O2 -g -gz -static -ffunction-sections -Wl,--gc-sections -o packed lines.c && compare "compressed, static" packed
"$CROSS_CC" -O0 -g -shared -fPIC -o plain.so lines.c && compare "library, -O0" plain.so
tap_done
