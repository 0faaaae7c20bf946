# libarm64lp: one convenience library per room, so that a unit test can reach a room's internals;
# the shared library exports what libarm64lp.map lists.
include lib/base/local.mk
include lib/elf/local.mk
include lib/a64/local.mk
include lib/mem/local.mk
include lib/exec/local.mk
include lib/load/local.mk
include lib/kernel/local.mk
include lib/patch/local.mk
include lib/make/local.mk
include lib/live/local.mk
include lib/flow/local.mk
include lib/diff/local.mk
include lib/control/local.mk
include lib/vm/local.mk
include lib/compat/local.mk

LP_LIBS = $(LIBELF_LIBS) $(LIBMD_LIBS)
# Highest room first: nothing includes upward.
LP_ROOMS = lib/compat/libcompat.la lib/vm/libvm.la lib/control/libcontrol.la lib/diff/libdiff.la lib/flow/libflow.la lib/live/liblive.la \
           lib/make/libmake.la lib/patch/libpatch.la \
           lib/kernel/libkernel.la lib/load/libload.la lib/exec/libexec.la lib/mem/libmem.la \
           lib/a64/liba64.la lib/elf/libelfroom.la lib/base/libbase.la

noinst_LTLIBRARIES += $(LP_ROOMS)
lib_LTLIBRARIES += libarm64lp.la
libarm64lp_la_SOURCES =
libarm64lp_la_LIBADD  = $(LP_ROOMS) $(LP_LIBS)
libarm64lp_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
                        -Wl,--version-script=$(srcdir)/lib/libarm64lp.map
libarm64lp_la_DEPENDENCIES = $(LP_ROOMS) lib/libarm64lp.map
EXTRA_DIST += lib/libarm64lp.map lib/README.md lib/arm64lp.pc.in
