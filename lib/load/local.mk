lib_load_libload_la_SOURCES = lib/load/load.h lib/load/image.c lib/load/stack.c
