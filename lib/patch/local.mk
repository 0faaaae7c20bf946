lib_patch_libpatch_la_SOURCES = lib/patch/block.c lib/patch/block.h lib/patch/build.c lib/patch/check.c lib/patch/disk.c lib/patch/disk.h \
	lib/patch/disk_build.c lib/patch/file.c lib/patch/fixup.c lib/patch/frame.c lib/patch/frame.h lib/patch/handlers.c lib/patch/import.c \
	lib/patch/install.c lib/patch/keep.c lib/patch/keep.h lib/patch/landing.h lib/patch/lexer.c lib/patch/lexer.h lib/patch/model.h lib/patch/old.c \
	lib/patch/parse.c lib/patch/pending.c lib/patch/plan.c lib/patch/plan.h lib/patch/print.c lib/patch/quiet.c lib/patch/rename.c \
	lib/patch/resolve.c lib/patch/seed.c lib/patch/set.c lib/patch/store.c lib/patch/store.h lib/patch/tls.c lib/patch/trust.c
