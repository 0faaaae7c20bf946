# Every instruction row against qemu-aarch64. The runner is cross-compiled by the test itself.
check_PROGRAMS += tests/a64/difftest
DIFFTEST_COMMON = tests/a64/proofs.c tests/a64/values.c tests/a64/words.c tests/a64/report.c tests/a64/difftest.h tests/a64/marks.h tests/a64/case.h tests/a64/excluded.def tests/a64/attributes.def
tests_a64_difftest_SOURCES = tests/a64/difftest.c tests/a64/cases.c tests/a64/ours.c tests/a64/oracle.def $(DIFFTEST_COMMON)
tests_a64_difftest_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/a64
tests_a64_difftest_LDADD = $(LP_ROOMS) $(LP_LIBS)
TESTS += tests/a64/difftest.sh tests/a64/chunks.sh tests/a64/property.sh tests/a64/proof.sh
check_PROGRAMS += tests/a64/chunktest
tests_a64_chunktest_SOURCES = tests/a64/chunktest.c tests/a64/chunkgen.c tests/a64/chunkunit.c tests/a64/chunkmem.c tests/a64/chunkcheck.c \
	tests/a64/chunk.h tests/a64/chunkgen.h tests/a64/chunkcheck.h $(DIFFTEST_COMMON)
tests_a64_chunktest_CPPFLAGS = $(tests_a64_difftest_CPPFLAGS)
tests_a64_chunktest_LDADD = $(tests_a64_difftest_LDADD)
EXTRA_DIST += tests/a64/difftest.sh tests/a64/bare.h tests/a64/runner.c tests/a64/chunks.sh tests/a64/chunk_runner.c tests/a64/property.sh tests/a64/property.c \
	tests/a64/proof.sh tests/newer-qemu.sh
tests/a64/proof.log: tests/a64/difftest.log tests/a64/chunks.log tests/a64/property.log
CLEANFILES += tests/a64/difftest.counts tests/a64/chunks.counts tests/a64/property.rows

# Registers and memory of each row, by the tables: no oracle.
check_PROGRAMS += tests/a64/operands
tests_a64_operands_SOURCES = tests/a64/operands.c tests/a64/cases.c tests/a64/ours.c tests/a64/oracle.def $(DIFFTEST_COMMON)
tests_a64_operands_CPPFLAGS = $(tests_a64_difftest_CPPFLAGS)
tests_a64_operands_LDADD = $(tests_a64_difftest_LDADD)
TESTS += tests/a64/operands.sh
EXTRA_DIST += tests/a64/operands.sh
$(tests_a64_operands_OBJECTS): | lib/a64/decode.stamp

# By hand: make difftest INSTRUCTIONS=1e8 JOBS=2 [FIRST_SEED=S]
INSTRUCTIONS = 1e7
JOBS = 1
difftest: lprun tests/a64/chunktest
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' QEMU_AARCH64='$(QEMU_AARCH64)' \
	$(SHELL) $(srcdir)/tests/a64/chunks.sh --instructions $(INSTRUCTIONS) --jobs $(JOBS) $(FIRST_SEED:%=--seed %)
.PHONY: difftest
$(tests_a64_difftest_OBJECTS) $(tests_a64_chunktest_OBJECTS): | lib/a64/decode.stamp

# The table compiler's own tests.
TESTS += tests/a64/mkdecode.sh
EXTRA_DIST += tests/a64/mkdecode.sh tests/a64/ok_order.decode \
	tests/a64/err_width.decode tests/a64/err_field.decode tests/a64/err_twice.decode tests/a64/err_name.decode \
	tests/a64/err_overlap.decode tests/a64/err_bytes.decode tests/a64/err_hot.decode tests/a64/err_branch.decode \
	tests/a64/err_unless.decode tests/a64/err_access.decode tests/a64/err_circle.decode tests/a64/err_syntax.decode

# Vectors of the floating-point tables.
EXTRA_DIST += tests/a64/fp_data.vec tests/a64/fp_conv.vec tests/a64/fp_ext.vec \
	tests/a64/simd_fp.vec tests/a64/simd_fp_misc.vec tests/a64/simd_fp_scalar.vec

# Vectors of the AdvSIMD integer and cryptographic tables.
EXTRA_DIST += tests/a64/simd_copy.vec tests/a64/simd_three.vec tests/a64/simd_diff.vec tests/a64/simd_misc.vec \
	tests/a64/simd_shift.vec tests/a64/simd_elem.vec tests/a64/crypto.vec tests/a64/i8mm.vec

# Vectors written from the manual.
check_PROGRAMS += tests/a64/vectors
tests_a64_vectors_SOURCES = tests/a64/vectors.c tests/a64/vec_read.c tests/a64/vec_case.c tests/a64/ours.c tests/a64/vec.h tests/a64/difftest.h tests/a64/marks.h tests/a64/case.h
tests_a64_vectors_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/a64
tests_a64_vectors_LDADD = $(LP_ROOMS) $(LP_LIBS)
TESTS += tests/a64/vectors.sh
EXTRA_DIST += tests/a64/vectors.sh tests/a64/dp_imm.vec tests/a64/dp_reg.vec tests/a64/dp_ext.vec \
	tests/a64/branch.vec tests/a64/system.vec tests/a64/sys_ext.vec tests/a64/exclusive.vec tests/a64/atomic.vec \
	tests/a64/ldst.vec tests/a64/ldst_simd.vec tests/a64/ldst_struct.vec tests/a64/mops.vec tests/a64/pauth.vec
$(tests_a64_vectors_OBJECTS): | lib/a64/decode.stamp

# The manual's index of instructions against the tables and the disassembler.
check_PROGRAMS += tests/a64/index
tests_a64_index_SOURCES = tests/a64/index.c tests/a64/values.c tests/a64/unwritten.def tests/a64/difftest.h tests/a64/marks.h tests/a64/case.h
tests_a64_index_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/a64
tests_a64_index_LDADD = $(LP_ROOMS) $(LP_LIBS)
TESTS += tests/a64/index.sh
EXTRA_DIST += tests/a64/index.sh
$(tests_a64_index_OBJECTS): | lib/a64/decode.stamp

# Which words are instructions: our tables against capstone and the oracle.
check_PROGRAMS += tests/a64/everyword
tests_a64_everyword_SOURCES = tests/a64/everyword.c tests/a64/everyword.def
TESTS += tests/a64/everyword.sh
EXTRA_DIST += tests/a64/everyword.sh
tests_a64_everyword_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/a64
tests_a64_everyword_LDADD = $(LP_ROOMS) $(LP_LIBS) $(CAPSTONE_LIBS)
$(tests_a64_everyword_OBJECTS): | lib/a64/decode.stamp

# Which words raise SIGILL, here and in the oracle.
check_PROGRAMS += tests/a64/sigill
tests_a64_sigill_SOURCES = tests/a64/sigill.c tests/a64/sigill.def tests/a64/words.c tests/a64/proofs.c tests/a64/difftest.h tests/a64/marks.h tests/a64/case.h
tests_a64_sigill_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/a64
tests_a64_sigill_LDADD = $(LP_ROOMS) $(LP_LIBS)
TESTS += tests/a64/sigill.sh
EXTRA_DIST += tests/a64/sigill.sh tests/a64/sigill_run.c
$(tests_a64_sigill_OBJECTS): | lib/a64/decode.stamp
