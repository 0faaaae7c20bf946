#!/bin/sh
# Call frame information against readelf: every row of real programs and libraries.
. "$srcdir/tests/lib.sh"
need_cross
READELF=${CROSS_READELF:-aarch64-linux-gnu-readelf}
have "$READELF" || skip_all "no readelf for AArch64"
rows=$builddir/tests/unit/cfi_rows
cd "$scratch" || exit 1

# "address cfa reg=rule ..." for each row of readelf, without the columns that say nothing; a row that an FDE has twice counts as the last says.
expected()
{
    LC_ALL=C "$READELF" --debug-dump=frames-interp "$1" 2>/dev/null | sed 's/ r[0-9]* (\(x[0-9]*\))/ \1/g' | awk '
        / CIE / { fde = 0 }
        / FDE / { fde = 1; n = 0 }
        fde && $1 == "LOC" { n = NF; for (i = 3; i <= NF; i++) col[i] = $i; next }
        fde && n && NF == n && length($1) == 16 && $1 ~ /^[0-9a-f]+$/ {
            line = $1 " " $2
            for (i = 3; i <= n; i++) if ($i != "u" && $i != "s" && col[i] !~ /^[vd]/) line = line " " col[i] "=" $i
            if (!($1 in row)) order[++k] = $1
            row[$1] = line
        }
        END { for (i = 1; i <= k; i++) print row[order[i]] }'
}

# rows_of NAME FILE LEAST
rows_of()
{
    expected "$2" >want
    cut -d' ' -f1 want | "$rows" "$2" >have
    same have want "$1: every row"
    for how in plain moved; do
        cut -d' ' -f1 want | "$rows" "$2" $how >have
        same have want "$1: every row as a patch has it ($how)"
    done
    [ "$(wc -l <want)" -ge "$3" ] && ok "$1: $(wc -l <want) rows" || not_ok "$1: $(wc -l <want) rows, at least $3 expected"
}

cat >many.c <<'E2'
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
jmp_buf env;
int leaf(int a) { return a * 3; }
int sum(int n, ...) { va_list ap; int s = 0; va_start(ap, n); while (n--) s += va_arg(ap, int); va_end(ap); return s; }
double poly(double *v, int n) { double s = 0; for (int i = 0; i < n; i++) s = s * v[i] + leaf(i); return s; }
int dynamic(int n) { char *p = __builtin_alloca(n); memset(p, n, n); return p[n / 2] + sum(3, n, 2, 3); }
long big(long n) { volatile long frame[20000]; for (int i = 0; i < 20000; i++) frame[i] = n; return frame[n % 20000]; }
int main(int argc, char **argv) { double d[3] = {1, 2, 3}; if (setjmp(env)) return 1; printf("%d %f %ld\n", dynamic(argc), poly(d, 3), big(argc)); return 0; }
E2
for flags in -O0 -O2 '-O3 -fomit-frame-pointer' '-Os -mbranch-protection=standard' '-O2 -fno-omit-frame-pointer -fstack-protector-all -static'; do
    "$CROSS_CC" -w $flags -o many many.c -lm || { not_ok "compile $flags"; continue; }
    rows_of "gcc $flags" many 20
done
# Without a search table, the frames are walked through.
"$CROSS_CC" -w -O2 -Wl,--no-eh-frame-hdr -static -o many many.c -lm && rows_of "no table" many 0
# What compilers seldom say.
cat >rare.s <<'E2'
    .macro says directive:vararg
    nop
    \directive
    .endm
    .text
    .globl rare
    .type rare, %function
rare:
    .cfi_startproc
    says .cfi_def_cfa_offset 16
    says .cfi_offset 19, -16
    says .cfi_offset 20, 8
    says .cfi_val_offset 21, -24
    says .cfi_register 22, 9
    says .cfi_remember_state
    says .cfi_undefined 30
    says .cfi_same_value 23
    says .cfi_def_cfa_register 29
    says .cfi_def_cfa 29, 4096
    says .cfi_escape 0x10, 24, 2, 0x8f, 0
    says .cfi_escape 0x0f, 2, 0x8f, 8
    says .cfi_restore_state
    says .cfi_restore 19
    says .cfi_escape 6, 20
    says .cfi_escape 0x14, 25, 3
    says .cfi_escape 0x12, 31, 0x7c
    says .cfi_escape 0x13, 0x78
    says .cfi_escape 0x2e, 7
    says .cfi_negate_ra_state
    .zero 300
    says .cfi_offset 26, -32
    .zero 300000
    says .cfi_offset 72, -40
    ret
    .cfi_endproc
    .size rare, . - rare
E2
"$CROSS_CC" -nostdlib -shared -o rare rare.s && rows_of "rare instructions" rare 18
if root=$(arm64_sysroot); then
    for lib in libc.so.6 ld-linux-aarch64.so.1 libm.so.6 libstdc++.so.6 libgcc_s.so.1; do
        [ ! -e "$root/lib/$lib" ] || rows_of "$lib" "$root/lib/$lib" 100
    done
fi
tap_done
