lib_compat_libcompat_la_SOURCES = \
	lib/compat/file.c \
	lib/compat/json.c \
	lib/compat/livepatch.c \
	lib/compat/show.c \
	lib/compat/step.c \
	lib/compat/store.c lib/compat/store.h \
	lib/compat/system.h
