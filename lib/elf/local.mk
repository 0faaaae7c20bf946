lib_elf_libelfroom_la_SOURCES = lib/elf/image.h lib/elf/open.c lib/elf/image.c lib/elf/notes.c lib/elf/section.c \
    lib/elf/symbol.c lib/elf/suffix.c lib/elf/suffix.h lib/elf/plt.c lib/elf/cover.c lib/elf/unnamed.c lib/elf/find.c lib/elf/demangle.c \
    lib/elf/cfi.c lib/elf/cfi_insn.c lib/elf/cfi_run.c lib/elf/cfi_move.c lib/elf/cfi.h lib/elf/lsda.c lib/elf/lsda.h \
    lib/elf/dynamic.c lib/elf/dynamic.h lib/elf/line.c lib/elf/line.h lib/elf/debug.c lib/elf/debug.h \
    lib/elf/object.c lib/elf/object.h lib/elf/spec.c lib/elf/spec.h lib/elf/reloc.c lib/elf/relocs.c lib/elf/reloc.h lib/elf/reloc.def
lib_elf_libelfroom_la_SOURCES += lib/elf/write.h lib/elf/writer.h lib/elf/put.h lib/elf/write.c lib/elf/write_dyn.c lib/elf/write_import.c \
    lib/elf/write_frame.c lib/elf/record.c
