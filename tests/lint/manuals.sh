#!/bin/sh
# The manuals of the library say what its headers say: every function in one page, with its prototype; structs as they are; examples that compile.
. "$srcdir/tests/lib.sh"
cd "$srcdir" || exit 1

# ---- prototypes: "TYPE NAME ( PARAMETERS )", without blanks ----
tight() { sed 's/[[:space:]]//g' | sort; }
# Headers without comments and directives, a declaration in each line
plain() { sed '/^ *#/d' "$@" | tr '\n' ' ' | sed 's,/\*,\n&,g' | sed 's,^/\*.*\*/,,' | tr '\n' ' '; }
plain include/arm64lp/*.h include/livepatch.h | tr ';{}' '\n\n\n' | sed -n 's/.*\(LP_API\|LIVEPATCH_API\) \(.*)\) *$/\2/p' | tight >"$scratch/declared"
# .Ft TYPE, then .Fo NAME, .Fa PARAMETER..., .Fc or .Fn NAME PARAMETER...
synopsis()
{
    awk '/^\.Sh/ { on = /SYNOPSIS/ } !on { next }
        /^\.Ft/ { type = substr($0, 5) }
        /^\.Fo/ { line = type " " $2 "("; sep = "" }
        /^\.Fa/ { gsub(/^\.Fa |"/, ""); line = line sep $0; sep = "," }
        /^\.Fc/ { print line ")" }
        /^\.Fn/ { n = $2; sub(/^\.Fn [^ ]* /, ""); gsub(/" "/, ","); gsub(/"/, ""); print type " " n "(" $0 ")" }' "$@"
}
synopsis man/*.3 | tight >"$scratch/described"
same "$scratch/described" "$scratch/declared" "the prototypes of the pages are those of the headers, each once"
# Each page names the functions that it describes, and no other.
for page in man/lp_*.3 man/livepatch.3; do
    is "$(sed -n '/^\.Sh SYNOPSIS/q;s/^\.Nm \([a-z_0-9]*\).*/\1/p' "$page")" "$(sed -n '/^\.Sh DESCRIPTION/q;s/^\.F[on] \([a-z_0-9]*\).*/\1/p' "$page")" \
        "$page: NAME and SYNOPSIS name the same"
done

# ---- structs and enums: a literal block that begins with one is what a header has, comments and all ----
cat include/arm64lp/*.h | tr -d '[:space:]' >"$scratch/headers"
blocks() { awk -v with="$1" '/^\.Ed/ { if (on && b ~ with) print b; on = 0 } on { b = b " " $0 } /^\.Bd -literal/ { on = 1; b = "" }' man/lp_*.3; }
blocks '^ (struct|enum|typedef) [a-z_]* *[a-z_]*;?.*{' | sed 's/\\e/\\/g' | grep -E '^ (struct|enum|typedef struct) [a-z_]+ \{' | tr -d ' \t' >"$scratch/blocks"
is "$(while read -r b; do grep -qF -e "$b" "$scratch/headers" || echo "$b" | cut -c 1-60; done <"$scratch/blocks")" "" "structs and enums of the pages are those of the headers"
is "$(cat include/arm64lp/*.h | sed -n 's/^\(struct\|enum\|typedef struct\) \([a-z_]*\) {.*/\2/p' | while read -r t; do
    grep -qE "^(struct|enum|typedefstruct)$t\{" "$scratch/blocks" || echo "$t"; done)" "" "and each has its place"

# ---- lpdiff's reasons for no patch ----
is "$(sed -n '/^Reasons for no patch/,/^\.El/s/^\.It \(E[0-9, E]*\)$/\1/p' man/lpdiff.1 | tr -d ' ' | tr ',' '\n' | sort)" \
    "$(sed -n 's/^REFUSAL(\(E[0-9]*\),.*/\1/p' lib/diff/refuse.def)" "lpdiff(1) has every reason of lib/diff/refuse.def, and no other"

# ---- EXAMPLES, each in a function that has what is taken for granted ----
for page in man/lp_*.3 man/libarm64lp.3; do
    {
        printf '#include <arm64lp.h>\n#include <err.h>\n#include <stdio.h>\nint example(lp_elf *elf, lp_elf *old, lp_elf *new, lp_patch *patch, const lp_patch **patches, lp_dis *d, int64_t pid,\n'
        printf '            const char *const *argv, const char *const *envp)\n{\n    struct lp_error err = {0};\n'
        printf '    (void)elf, (void)old, (void)new, (void)patch, (void)patches, (void)d, (void)pid, (void)argv, (void)envp, (void)err;\n    {\n'
        awk '/^\.Sh/ { on = /EXAMPLES/ } /^\.Ed/ { lit = 0 } on && lit { gsub(/\\e/, "\\"); print } /^\.Bd/ { lit = 1 }' "$page"
        printf '    }\n    return 0;\n}\n'
    } >"$scratch/example.c"
    [ "$(wc -l <"$scratch/example.c")" -gt 12 ] || not_ok "$page has an example"
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -fsyntax-only -Iinclude "$scratch/example.c" 2>"$scratch/log" && ok "$page: the example compiles" ||
        { not_ok "$page: the example compiles"; note <"$scratch/log"; }
done
tap_done
