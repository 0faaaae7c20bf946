#!/bin/sh
# make install DESTDIR=, installcheck and uninstall: what goes where, and a program that is compiled against it, by pkg-config.
. "$srcdir/tests/lib.sh"
d=$scratch/root
made() { make -C "$builddir" -s "$@" DESTDIR="$d" >"$scratch/log" 2>&1; }
# The folders that configure chose, the compilers, and whether there is a static library
cat >"$scratch/dirs.in" <<'IN'
prefix="@prefix@" exec_prefix="@exec_prefix@" datarootdir="@datarootdir@" PACKAGE=arm64lp PACKAGE_TARNAME=arm64lp
bindir="@bindir@" libdir="@libdir@" includedir="@includedir@" mandir="@mandir@" docdir="@docdir@" datadir="@datadir@"
cc="@CC@" cxx="@CXX@" san="@LP_SAN@"
IN
(cd "$builddir" && ./config.status -q --file="$scratch/dirs:$scratch/dirs.in") && . "$scratch/dirs" || { not_ok "config.status"; tap_done; }
[ -z "$san" ] || skip_all "a build with sanitizers is not installed"

made install && ok "make install" || { not_ok "make install"; note <"$scratch/log"; }
# ---- where convention puts it ----
{
    for t in lprun lpmake lpdiff lpapply lpdis; do
        echo "$bindir/$t" "$datadir/bash-completion/completions/$t" "$datadir/fish/vendor_completions.d/$t.fish"
    done
    echo "$datadir/zsh/site-functions/_arm64lp" "$prefix/lib/binfmt.d/arm64lp.conf" "$libdir/pkgconfig/arm64lp.pc" "$docdir/README.md" "$docdir/LICENSE"
    for f in "$srcdir"/include/*.h; do echo "$includedir/${f##*/}"; done
    for f in "$srcdir"/include/arm64lp/*.h "$srcdir"/include/arm64lp/*.def; do echo "$includedir/arm64lp/${f##*/}"; done
    for f in "$srcdir"/man/*.[1-9]; do echo "$mandir/man${f##*.}/${f##*/}"; done
    # Links by the names of functions
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.F[on] \([a-z_0-9]*\).*/\1/p' "$srcdir"/man/lp_*.3 "$srcdir/man/livepatch.3" | sed "s,.*,$mandir/man3/&.3,"
    echo "$libdir/libarm64lp.la"
    [ ! -e "$builddir/.libs/libarm64lp.so" ] || for v in '' .0 .0.0.0; do echo "$libdir/libarm64lp.so$v"; done
    [ ! -e "$builddir/.libs/libarm64lp.a" ] || echo "$libdir/libarm64lp.a"
} | tr ' ' '\n' | sort >"$scratch/expected"
there() { (cd "$d" 2>/dev/null && find . ! -type d | sed 's/^\.//' | sort); }
there >"$scratch/found"
same "$scratch/found" "$scratch/expected" "every file is where convention puts it"
is "$(find "$d" -type f -perm /022)" "" "nobody else can write them"
is "$(find "$d$bindir" -type f ! -perm -111)" "" "commands can be executed"
is "$(find "$d" -type f -perm /111 ! -path "$d$bindir/*" ! -name '*.so*' ! -name '*.la')" "" "and nothing else"
like "$(cat "$d$prefix/lib/binfmt.d/arm64lp.conf")" "^:arm64lp:M::.*:$bindir/lprun:POC\$" "binfmt.d names the installed lprun"

# ---- the dynamic linker's cache: is the library found in a folder that it knows? Not where files are put for another place. ----
printf '#!/bin/sh\necho "$#" >>"%s/ldconfig"\nexit 1\n' "$scratch" >"$scratch/fake"
mkdir -p "$scratch/sbin" && mv "$scratch/fake" "$scratch/sbin/ldconfig" && chmod +x "$scratch/sbin/ldconfig"
(PATH=$scratch/sbin:$PATH && made install-exec-hook && [ ! -e "$scratch/ldconfig" ] && make -C "$builddir" -s install-exec-hook DESTDIR= >"$scratch/log" 2>&1)
is "$? $(cat "$scratch/ldconfig")" "0 0" "the dynamic linker's cache is renewed, if it may, where it is installed for good"

# ---- the library ----
if [ -e "$d$libdir/libarm64lp.so" ] && command -v readelf >/dev/null; then
    like "$(readelf -d "$d$libdir/libarm64lp.so")" 'SONAME.*\[libarm64lp\.so\.0\]' "soname"
    is "$(nm -D --defined-only "$d$libdir/libarm64lp.so" | grep -v '@@ARM64LP_0$')" "0000000000000000 A ARM64LP_0" "every exported symbol has a version"
    is "$(readelf -d "$d$libdir/libarm64lp.so" | grep -cE 'RPATH|RUNPATH|TEXTREL')" 0 "it names no folder, and has no relocations in its text"
fi

# Of where it was built nothing is left in what is installed: another user could put a library there.
if command -v readelf >/dev/null; then
    is "$(for f in "$d$bindir"/*; do readelf -d "$f" | sed -n "s,.*R[UN]*PATH.*\[\(.*\)\],${f##*/} \1,p"; done | grep -v " $libdir\$")" "" "no command looks for its library in another folder than it is in"
fi

# ---- a program, by pkg-config ----
cat >"$scratch/p.c" <<'C'
#include <arm64lp.h>
#include <livepatch.h>
#include <stdio.h>
int main(void)
{
    uint32_t code[] = {0x8b010000, 0xd4000001}; /* add x0, x0, x1; svc #0 */
    lp_machine m;
    uint64_t detail;
    LivePatchSystem *s;
    if (lp_machine_init(&m, code, sizeof code, 0x1000, NULL) != LP_OK || !(s = livepatch_init(code, sizeof code, 0x1000)))
        return 1;
    lp_machine_set(&m, 0, 40), lp_machine_set(&m, 1, 2), lp_machine_set(&m, 32, 0x1000);
    if (lp_machine_run(&m, 100, &detail) != LP_STOP_SVC)
        return 1;
    printf("%s %d ", lp_version(), (int)lp_machine_get(&m, 0));
    if (livepatch_apply(s, 0x1000, 0xcb010000, "sub x0, x0, x1"))
        return 1;
    lp_machine_set(&m, 32, 0x1000);
    lp_machine_run(&m, 100, &detail);
    printf("%d\n", (int)lp_machine_get(&m, 0));
    livepatch_cleanup(s);
    lp_machine_fini(&m);
    return 0;
}
C
cp "$scratch/p.c" "$scratch/p.cc"
pc() { PKG_CONFIG_PATH=$d$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$d pkg-config "$@" arm64lp; }
# built NAME COMPILER FLAG...: the program, compiled so, runs
built()
{
    name=$1
    shift
    "$@" -o "$scratch/p" >"$scratch/log" 2>&1 || { not_ok "$name compiles"; note <"$scratch/log"; return; }
    is "$(LD_LIBRARY_PATH=$d$libdir "$scratch/p")" "$version 42 40" "$name runs"
}
if command -v pkg-config >/dev/null; then
    version=$(pc --modversion)
    is "lprun (arm64lp) $version" "$(lprun --version | head -n 1)" "pkg-config --modversion"
    if [ -e "$d$libdir/libarm64lp.so" ]; then
        is "$(pc --libs | xargs)" "-L$d$libdir -larm64lp" "pkg-config --libs names what a program needs"
        built "a C program" $cc -std=c11 -Wall -Wextra -Werror $(pc --cflags) "$scratch/p.c" $(pc --libs)
        ! command -v ${cxx:-none} >/dev/null || built "a C++ program" $cxx -std=c++11 -Wall -Wextra -Werror $(pc --cflags) "$scratch/p.cc" $(pc --libs)
    fi
    if [ -e "$d$libdir/libarm64lp.a" ]; then
        built "a static C program" $cc $(pc --cflags) "$scratch/p.c" -static $(pc --static --libs)
        ! command -v ${cxx:-none} >/dev/null || built "a static C++ program" $cxx $(pc --cflags) "$scratch/p.cc" -static $(pc --static --libs)
    fi
else
    skip "programs by pkg-config" "no pkg-config"
fi

# ---- manuals ----
if command -v man >/dev/null; then
    for page in lprun.1 lpmake.1 lpdiff.1 lpapply.1 lpdis.1 lpatch.5 lps.5 lpcontrol.5 libarm64lp.3 livepatch.3 lp_vm.3 arm64lp.7; do
        is "$(man -M "$d$mandir" -w "${page##*.}" "${page%.*}" 2>&1)" "$d$mandir/man${page##*.}/$page" "man ${page##*.} ${page%.*}"
    done
    like "$(MANPAGER=cat man -M "$d$mandir" lp_vm_run 2>/dev/null | col -b 2>/dev/null)" 'lp_vm_run(lp_vm \*vm' "man 3 lp_vm_run"
    like "$(MANPAGER=cat man -M "$d$mandir" lprun 2>/dev/null | col -b 2>/dev/null)" 'AArch64' "man shows one"
else
    skip "manuals" "no man"
fi

# ---- used, and gone ----
if have_cross; then
    made installcheck && ok "make installcheck" || { not_ok "make installcheck"; note <"$scratch/log"; }
else
    skip "make installcheck" "no AArch64 cross compiler"
fi
made uninstall
is "$? $(there)" "0 " "make uninstall leaves no file"
is "$(find "$d$includedir" "$d$docdir" "$d$datadir" -type d -name 'arm64lp*' 2>/dev/null)" "" "nor a folder of ours"
tap_done
