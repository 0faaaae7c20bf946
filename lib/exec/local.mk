# Four libraries in one: what runs ops, the ops (each class in its file), those of them that are loops over lanes, and the fast dispatch, which has the hot
# ones inlined. The ops touch the guest's memory, so ThreadSanitizer does not look at them ($(LP_OPS_CFLAGS)); operands are looked at before
# (lp_op_seen), and its dispatch is a loop that calls them.
lib_exec_libexec_la_SOURCES =
noinst_LTLIBRARIES += lib/exec/libops.la
lib_exec_libops_la_SOURCES =
lib_exec_libops_la_CFLAGS = $(lib_exec_libexec_la_CFLAGS) $(LP_OPS_CFLAGS)
# Lane loops, with flags of their own that vectorise them (configure.ac).
noinst_LTLIBRARIES += lib/exec/libsimd.la
lib_exec_libsimd_la_SOURCES = lib/exec/simd.h lib/exec/simd_long.h lib/exec/simd_copy.c lib/exec/simd_three.c lib/exec/simd_diff.c \
	lib/exec/simd_misc.c lib/exec/simd_shift.c lib/exec/simd_elem.c lib/exec/ldst_struct.c lib/exec/ldst_struct_checked.c \
	lib/exec/crypto_host.h lib/exec/crypto_sbox.h lib/exec/crypto.c lib/exec/i8mm.c
lib_exec_libsimd_la_CFLAGS = $(lib_exec_libops_la_CFLAGS) $(SIMD_CFLAGS)

# Loads and stores.
lib_exec_libops_la_SOURCES += \
	lib/exec/ldst_addr.h lib/exec/atomic128.h lib/exec/unaligned.c \
	lib/exec/ldst.c lib/exec/ldst_checked.c \
	lib/exec/ldst_simd.c lib/exec/ldst_simd_checked.c \
	lib/exec/exclusive.c lib/exec/exclusive_checked.c \
	lib/exec/atomic.c lib/exec/atomic_checked.c

# Floating point. The flags are for the whole room: rounding modes, sticky flags and no contraction are part of the guest's arithmetic.
LP_FP_CFLAGS = -frounding-math -ftrapping-math -fno-fast-math -ffp-contract=off -fno-math-errno
lib_exec_libexec_la_CFLAGS = $(AM_CFLAGS) $(LP_FP_CFLAGS)
lib_exec_libops_la_SOURCES += \
	lib/exec/fp.h lib/exec/fp.c lib/exec/fp_exact.c lib/exec/fp_round.c lib/exec/fp_est.c \
	lib/exec/fp_lanes.h lib/exec/fp_lanes.c lib/exec/fp_host.h lib/exec/fp_rows.h \
	lib/exec/fp_data.c lib/exec/fp_conv.c lib/exec/simd_fp.c lib/exec/simd_fp_misc.c lib/exec/simd_fp_scalar.c

# The core: state, gate, op map, dispatch and the integer classes. system.c is hot and mem: its rows are there twice.
lib_exec_libexec_la_SOURCES += \
	lib/exec/cpu.h lib/exec/op.h lib/exec/access.h lib/exec/gate.h lib/exec/run.h lib/exec/seen.h lib/exec/again.h lib/exec/flags.h lib/exec/features.def \
	lib/exec/cpus.def lib/exec/model.h lib/exec/model.c \
	lib/exec/cpu.c lib/exec/gate.c lib/exec/monitor.h lib/exec/monitor.c lib/exec/opmap.c lib/exec/fuse.h lib/exec/fuse.c lib/exec/count.c \
	lib/exec/track.c lib/exec/bti.c lib/exec/checked.c lib/exec/dispatch_checked.c
lib_exec_libops_la_SOURCES += \
	lib/exec/dp_imm.c lib/exec/dp_reg.c lib/exec/branch.c lib/exec/system.c lib/exec/system_checked.c

# Extensions beyond Armv8.0.
lib_exec_libops_la_SOURCES += lib/exec/fp_ext.c \
	lib/exec/dp_ext.c lib/exec/sys_ext.c lib/exec/mops.c lib/exec/mops_checked.c \
	lib/exec/pauth.h lib/exec/pauth.c lib/exec/pauth_checked.c lib/exec/pauth_key.c

# The dispatch alone gets flags of its own (configure.ac).
noinst_LTLIBRARIES += lib/exec/libdispatch.la
lib_exec_libdispatch_la_SOURCES = lib/exec/dispatch.c
lib_exec_libdispatch_la_CFLAGS = $(lib_exec_libexec_la_CFLAGS) $(DISPATCH_CFLAGS)
lib_exec_libexec_la_LIBADD = lib/exec/libdispatch.la lib/exec/libops.la lib/exec/libsimd.la
