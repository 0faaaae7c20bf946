lib_make_libmake_la_SOURCES = lib/make/assemble.c lib/make/carry.c lib/make/edit.c lib/make/fresh.c lib/make/go.c lib/make/held.c lib/make/kept.c \
    lib/make/library.c lib/make/maker.c lib/make/maker.h lib/make/names.c lib/make/own.c lib/make/owner.c lib/make/preempt.c \
    lib/make/pure.c lib/make/recipe.c lib/make/remade.c lib/make/refer.c lib/make/relied.c lib/make/relied.h lib/make/replace.c lib/make/replace.h \
    lib/make/shared.c lib/make/set.c lib/make/signs.c lib/make/started.c lib/make/undefined.c lib/make/units.c lib/make/unread.c lib/make/unused.c \
    lib/make/unwound.c lib/make/values.c lib/make/warn.c lib/make/wrap.c
