# making/lib.sh - sourced by the tests of lpmake after lib.sh: app.c and fix.c in the scratch folder, how they are compiled, and how they are run patched.
need_cross
sysroot=$(arm64_sysroot) || skip_all "no AArch64 C library"
cd "$scratch" || exit 1
cp "$tests/e2e/making/app.c" "$tests/e2e/making/fix.c" .
# The registers that callers hold over a call are those of the procedure call standard.
STANDARD='-O2 -fno-ipa-ra'
# Of an object whose functions go into a patch.
SECTIONS="$STANDARD -ffunction-sections -fdata-sections"
# made_app static|pie|so: app-static and so on; `so` is a program with nothing in it and libapp.so
made_app()
{
    case $1 in
    static) "$CROSS_CC" $STANDARD -g -static -no-pie -o app-static app.c ;;
    pie) "$CROSS_CC" $STANDARD -g -o app-pie app.c ;;
    so) "$CROSS_CC" $STANDARD -g -fPIC -shared -Dmain=work -o libapp.so app.c &&
        echo 'int work(int, char **); int main(int c, char **v) { return work(c, v); }' >main.c &&
        "$CROSS_CC" -O2 -o app-so main.c -L. -lapp -Wl,-rpath,"$scratch" ;;
    esac || { not_ok "compile app.c ($1)"; tap_done; }
}
# object NAME FLAG...: NAME.o, of the C code on standard input
object() { name=$1; shift; "$CROSS_CC" -w $SECTIONS "$@" -c -o "$name.o" -x c - || not_ok "compile $name"; }
run_lprun() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
# run_patched PATCH PROGRAM [ARGUMENT...]
run_patched() { p=$1; shift; run_lprun -P "$p" "$@"; }
# refused NAME WHAT TEXT CHANGE...: there is no patch of NAME, and TEXT says why
refused()
{
    name=$1 what=$2 text=$3 status=0
    shift 3
    lpmake -t "$name" "$@" >out 2>err || status=$?
    is "$status $(wc -c <out)" "1 0" "refused: $what"
    like "$(cat err)" "$text" "  said so"
}
