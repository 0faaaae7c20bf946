include_HEADERS = include/arm64lp.h include/livepatch.h
arm64lpincludedir = $(includedir)/arm64lp
arm64lpinclude_HEADERS = include/arm64lp/error.h include/arm64lp/error.def include/arm64lp/elf.h \
                         include/arm64lp/vm.h include/arm64lp/patch.h include/arm64lp/dis.h include/arm64lp/control.h include/arm64lp/store.h include/arm64lp/diff.h
