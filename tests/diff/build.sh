# build.sh - OLD and NEW of a row of fixes.def. Sourced with $scratch and $sources (from fetch.sh) set.
fixes=$tests/diff/fixes.def
row() { sed -n "s/^$1 $2 *| *//p" "$fixes"; }
part() { echo "$1" | awk -F' *[|] *' -v n="$2" '{ print $n }'; }
field() { part "$(row fix "$1")" "$2"; }      # 1 package, 2 patches, 3 what is linked
of_package() { part "$(row package "$1")" "$2"; } # 1 flags, 2 sources, 3 headers

# expand PATTERN...: the files, without those with ! in front
expand()
{
    (
        set +f
        for p; do case $p in !*) ;; *) ls -d $p ;; esac; done
    ) | { grep -vxF "$(for p; do case $p in !*) echo "${p#!}" ;; esac; done; echo .)" || :; }
}
# make_headers HEADER...
make_headers()
{
    for h; do
        mkdir -p "$(dirname "${h#*=}")"
        case $h in *=*) sed -E 's/@WITH_(ZLIB|LZMA|ICU|MODULES|TRIO)@/0/; s/@[A-Za-z_0-9]*@|\$\{[A-Za-z_0-9]*\}/1/g' "${h%%=*}" >"${h#*=}" ;; *) : >"$h" ;; esac
    done
}
# series PAIR: OLD/ and NEW/ in the folder where we are, with the patches of the series before the fix's, and with it
series()
(
    package=$(field "$1" 1)
    fix=$(field "$1" 2)
    from=$sources/$package/source
    cp -a "$from" NEW
    for p in $(sed 's/#.*//' "$from/debian/patches/series" | awk '{ print $1 }'); do
        case " $fix " in *" $p "*) [ -d OLD ] || cp -a NEW OLD ;; esac
        patch -d NEW -p1 -s -f --no-backup-if-mismatch <"$from/debian/patches/$p" >/dev/null || { echo "$p does not apply"; return 1; }
        case "$fix" in "$p" | *" $p") break ;; esac
    done
    [ -d OLD ] || { echo "no such patch: $fix"; return 1; }
    [ "$package" != minizip ] || cp -a "$sources/zlib/source" zlib
    for side in OLD NEW; do (cd $side && make_headers $(of_package "$package" 3)); done
)
# as_object SOURCE: its name in the folder of the objects
as_object() { echo "$1" | sed 's|^\.\./||; s|/|_|g; s|\.c$|.o|'; }
# objects PAIR SIDE OUT COMPILER FLAG...: its objects; those of NEW that cannot be others than OLD's (in OUT.OLD) are taken from there
objects()
(
    package=$(field "$1" 1) side=$2 out=$PWD/$3.$2 old=$PWD/$3.OLD
    compiler=$4
    shift 4
    mkdir -p "$out"
    (
        cd "$side" || exit
        headers=$(diff -rq -x '*.c' -x '*.orig' . ../OLD | grep '\.h ' || :)
        for s in $(expand $(of_package "$package" 2)); do
            o=$(as_object "$s")
            if [ "$side" = NEW ] && [ -z "$headers" ] && cmp -s "$s" "../OLD/$s"; then cp "$old/$o" "$out/$o"; continue; fi
            case $s in *miniunz.c) main=-Dmain=miniunz_main ;; *) main= ;; esac
            $compiler -w "$@" $main "-ffile-prefix-map=$PWD=." $(of_package "$package" 1) "-I$tests/diff/fixes" -c "$s" -o "$out/$o" || exit
        done
    )
)
# driver PAIR SIDE COMPILER FLAG...: driver.SIDE.o and again.o; nothing of the package is inlined there
driver()
(
    pair=$1 side=$2 compiler=$3
    shift 3
    set -- "$@" -fno-lto
    [ -e again.o ] || $compiler -w "$@" -c "$tests/diff/again.c" -o again.o || return
    (cd "$side" && $compiler -w "$@" $(of_package "$(field "$pair" 1)" 1) -c "$tests/diff/fixes/$pair.c" -o "../driver.$side.o")
)
# subject AS: what is compared, beneath OUT.SIDE; try is run
subject() { if [ "$1" = shared ]; then echo lib.so; else echo try; fi; }
# link PAIR SIDE OBJECTS AS OUT COMPILER FLAG...
link()
(
    side=$2 objects=$3.$2/*.o as=$4 out=$5.$2 compiler=$6
    shift 6
    mkdir -p "$out"
    case $as in
    static) $compiler "$@" -static -Wl,--build-id -o "$out/try" "driver.$side.o" again.o $objects -lm ;;
    pie) $compiler "$@" -pie -Wl,--build-id -o "$out/try" "driver.$side.o" again.o $objects -lm -lpthread ;;
    shared)
        $compiler "$@" -shared -Wl,--build-id -Wl,-soname,lib.so -o "$out/lib.so" $objects -lm -lpthread &&
            $compiler "$@" -pie -o "$out/try" "driver.$side.o" again.o "$out/lib.so" '-Wl,-rpath,$ORIGIN' -lm
        ;;
    esac
)
