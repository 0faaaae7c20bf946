lib_diff_libdiff_la_SOURCES = \
	lib/diff/flow.h lib/diff/flow.c
