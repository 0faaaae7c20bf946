#!/bin/sh
# What make dist packs: every file of the repository, and besides those only what autotools make.
. "$srcdir/tests/lib.sh"
[ -e "$srcdir/.git" ] && git -C "$srcdir" ls-files >"$scratch/all" 2>/dev/null || skip_all "not in a git repository"
make -C "$builddir" -s distdir distdir="$scratch/dist" >"$scratch/log" 2>&1 || { not_ok "make distdir"; note <"$scratch/log"; tap_done; }
(cd "$scratch/dist" && find . -type f | sed 's/^\.\///' | sort) >"$scratch/packed"
while read -r f; do [ ! -e "$srcdir/$f" ] || echo "$f"; done <"$scratch/all" | sort >"$scratch/tracked"
is "$(comm -23 "$scratch/tracked" "$scratch/packed" | grep -vx .gitignore)" "" "every file of the repository is in the tarball"
# New ones may not have been added yet.
{ cat "$scratch/tracked" && git -C "$srcdir" ls-files --others --exclude-standard; } | sort >"$scratch/ours"
is "$(comm -13 "$scratch/ours" "$scratch/packed" | grep -vE '^(build-aux|m4)/|^(aclocal\.m4|configure|Makefile\.in|config\.h\.in)$')" "" "and nothing but what autotools make"
# What is built among the sources must not show up as new.
make -C "$builddir" -s print-made | tr -s ' ' '\n' | sort -u >"$scratch/made"
[ "$(wc -l <"$scratch/made")" -gt 60 ] && ok "make print-made" || not_ok "make print-made"
is "$(git -C "$srcdir" check-ignore -vn --stdin <"$scratch/made" | sed -n 's/^::[[:space:]]//p')" "" "git ignores what the build makes"
is "$(git -C "$srcdir" check-ignore --no-index --stdin <"$scratch/tracked")" "" "and nothing that it has"
tap_done
