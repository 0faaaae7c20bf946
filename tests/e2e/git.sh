#!/bin/sh
# arm64lp(7): git shows patches with their instructions, by the lines that the manual gives.
. "$srcdir/tests/lib.sh"
command -v git >/dev/null || skip_all "no git"
cd "$scratch" || exit 1
# Of nobody's configuration.
export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t GIT_PAGER=cat
unset XDG_CONFIG_HOME GIT_DIR GIT_WORK_TREE
sed -n 's/^\$ \(.*lpatch.*\(gitattributes\|textconv\).*\)/\1/p' "$srcdir/man/arm64lp.7" >steps
is "$(wc -l <steps)" 2 "the manual has the two lines"
git init -q r && cd r || exit 1
. ../steps || not_ok "they run"
# word WORD: the patch with this word in it, its digest aside
patch_with() { printf 'lpatch 1\nname      n\n\nobject    app\nbuild-id  8ddf9af42332b6372b44a014227bc1018d89e2d9\nmachine   aarch64\n\n@ check\n- 7100001f\n+ %s\nend\n' "$1"; }
patch_with 52800020 >n.lpatch
git add . && git commit -qm one
patch_with d503201f >n.lpatch
git diff >../out 2>../err || note <../err
like "$(cat ../out)" '^-+ 52800020 .*; mov *w0, #1' "git diff has the old instruction"
like "$(cat ../out)" '^++ d503201f .*; nop' "and the new one"
is "$(grep -c '^[-+] ' ../out; git diff --no-textconv | grep -c ';')" "0
0" "as nobody wrote them into the file"
git commit -qam two
like "$(git log -p -1)" '^++ d503201f .*; nop' "git log -p"
like "$(git show)" '^++ d503201f .*; nop' "git show"
git diff --no-textconv HEAD~1 >../change && git checkout -q HEAD~1 && git apply ../change
is "$(cat n.lpatch)" "$(patch_with d503201f)" "a diff without them can be applied"
# One that is not right, as after an edit, is shown as it is, and nothing else is lost.
patch_with 52800020 | sed 's/^object .*/object/' >wrong.lpatch && { patch_with 52800020; echo; echo "digest    sha256 0123456789abcdef"; } >stale.lpatch
echo text >other && git add . && git commit -qm three && echo more >>other && echo '# more' >>wrong.lpatch && sed -i 's/52800020/d503201f/' stale.lpatch
git diff >../out 2>../err; is "$?" 0 "git diff with patches that are not right"
is "$(grep -c '^+more' ../out) $(grep -c '^+# more' ../out) $(grep -c '^++ d503201f' ../out) $(grep -c fatal ../err)" "1 1 1 0" "  shows all"
tap_done
