lib_make_libmake_la_SOURCES = lib/make/assemble.c lib/make/carry.c lib/make/edit.c lib/make/go.c lib/make/held.c lib/make/maker.c lib/make/maker.h lib/make/names.c lib/make/own.c lib/make/owner.c lib/make/preempt.c \
    lib/make/pure.c lib/make/recipe.c lib/make/refer.c lib/make/replace.c lib/make/replace.h lib/make/shared.c lib/make/set.c lib/make/started.c lib/make/units.c lib/make/warn.c
