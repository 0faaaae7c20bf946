lib_patch_libpatch_la_SOURCES = lib/patch/model.h lib/patch/lexer.h lib/patch/lexer.c lib/patch/block.h lib/patch/block.c lib/patch/seed.c \
    lib/patch/parse.c lib/patch/check.c lib/patch/print.c lib/patch/plan.h lib/patch/plan.c lib/patch/keep.h lib/patch/keep.c lib/patch/build.c lib/patch/file.c \
    lib/patch/live.h lib/patch/live.c lib/patch/relations.c lib/patch/journal.h lib/patch/journal.c lib/patch/quiesce.c lib/patch/wait.c lib/patch/unwind.h lib/patch/unwind.c lib/patch/body.c lib/patch/commit.c \
    lib/patch/objects.h lib/patch/objects.c lib/patch/resolve.c lib/patch/tls.c lib/patch/fixup.c lib/patch/room.c lib/patch/arrive.c lib/patch/maker.h lib/patch/maker.c lib/patch/edit.c lib/patch/assemble.c lib/patch/replace.h lib/patch/replace.c lib/patch/refer.c lib/patch/carry.c \
    lib/patch/landing.h lib/patch/warn.c lib/patch/held.c lib/patch/recipe.c \
    lib/patch/history.c lib/patch/observe.c lib/patch/functions.c lib/patch/stops.c lib/patch/trial.c lib/patch/store.h lib/patch/store.c lib/patch/trust.c lib/patch/install.c \
    lib/patch/pending.c lib/patch/move.c lib/patch/frames.h lib/patch/frames.c
lib_patch_libpatch_la_SOURCES += lib/patch/disk.h lib/patch/disk.c lib/patch/disk_build.c
