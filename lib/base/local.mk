lib_base_libbase_la_SOURCES = \
	lib/base/error.c lib/base/error.h \
	lib/base/buf.c lib/base/buf.h \
	lib/base/hash.c lib/base/hash.h \
	lib/base/file.c lib/base/file.h \
	lib/base/log.c lib/base/log.h \
	lib/base/os.c lib/base/os.h \
	lib/base/library.c lib/base/library.h \
	lib/base/text.c lib/base/text.h \
	lib/base/similar.c lib/base/similar.h \
	lib/base/thread.c lib/base/thread.h \
	lib/base/bits.h lib/base/search.h lib/base/sort.h lib/base/sort.c lib/base/sanitize.h
