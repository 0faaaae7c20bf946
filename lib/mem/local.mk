lib_mem_libmem_la_SOURCES = \
	lib/mem/mem.h lib/mem/poke.h lib/mem/fault.h lib/mem/space.h lib/mem/segment.h \
	lib/mem/space.c lib/mem/vma.c lib/mem/map.c lib/mem/remap.c lib/mem/grow.c lib/mem/grow.h lib/mem/copy.c lib/mem/poke.c lib/mem/fault.c
