
check_PROGRAMS += tests/unit/test_control
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_control_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_control

check_PROGRAMS += tests/unit/test_load
tests_unit_test_load_SOURCES = tests/unit/test_load.c
tests_unit_test_load_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_load_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_load

check_PROGRAMS += tests/unit/test_kernel
tests_unit_test_kernel_SOURCES = tests/unit/test_kernel.c
tests_unit_test_kernel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_kernel_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_kernel
check_PROGRAMS += tests/unit/test_livepatch tests/unit/test_cpp
tests_unit_test_livepatch_SOURCES = tests/unit/test_livepatch.c
tests_unit_test_livepatch_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_livepatch_LDADD = $(TEST_LIBS)
# Against the shared library: exported names only.
tests_unit_test_cpp_SOURCES = tests/unit/test_cpp.cc
tests_unit_test_cpp_CPPFLAGS = -I$(top_srcdir)/include
tests_unit_test_cpp_CXXFLAGS = -Wall -Wextra $(LP_SAN)
tests_unit_test_cpp_LDADD = libarm64lp.la
TESTS += tests/unit/test_livepatch tests/unit/test_cpp

check_PROGRAMS += tests/unit/test_fp
tests_unit_test_fp_SOURCES = tests/unit/test_fp.c
tests_unit_test_fp_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fp_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_fp

check_PROGRAMS += tests/unit/test_mem
tests_unit_test_mem_SOURCES = tests/unit/test_mem.c
tests_unit_test_mem_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_mem_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_mem

check_PROGRAMS += tests/unit/test_ldst
tests_unit_test_ldst_SOURCES = tests/unit/test_ldst.c
tests_unit_test_ldst_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ldst_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_ldst

check_PROGRAMS += tests/unit/test_signal
tests_unit_test_signal_SOURCES = tests/unit/test_signal.c
tests_unit_test_signal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_signal_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_signal

check_PROGRAMS += tests/unit/test_simd
tests_unit_test_simd_SOURCES = tests/unit/test_simd.c
tests_unit_test_simd_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_simd_LDADD = $(TEST_LIBS)
$(tests_unit_test_simd_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_simd

check_PROGRAMS += tests/unit/test_elf
tests_unit_test_elf_SOURCES = tests/unit/test_elf.c tests/unit/testelf.h
tests_unit_test_elf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_elf_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_elf

check_PROGRAMS += tests/unit/test_patch_parse
tests_unit_test_patch_parse_SOURCES = tests/unit/test_patch_parse.c
tests_unit_test_patch_parse_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_patch_parse_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_patch_parse

check_PROGRAMS += tests/unit/test_patch_live
tests_unit_test_patch_live_SOURCES = tests/unit/test_patch_live.c tests/unit/testelf.h
tests_unit_test_patch_live_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_patch_live_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_patch_live

check_PROGRAMS += tests/unit/test_a64 tests/unit/test_exec
tests_unit_test_a64_SOURCES = tests/unit/test_a64.c
tests_unit_test_a64_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_a64_LDADD = $(TEST_LIBS)
tests_unit_test_exec_SOURCES = tests/unit/test_exec.c
tests_unit_test_exec_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_exec_LDADD = $(TEST_LIBS)
$(tests_unit_test_a64_OBJECTS) $(tests_unit_test_exec_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_a64 tests/unit/test_exec

check_PROGRAMS += tests/unit/test_base
tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_base_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_base

check_PROGRAMS += tests/unit/test_chains
tests_unit_test_chains_SOURCES = tests/unit/test_chains.c
tests_unit_test_chains_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_chains_LDADD = $(TEST_LIBS)
TESTS += tests/unit/test_chains

check_PROGRAMS += tests/unit/test_crypto
tests_unit_test_crypto_SOURCES = tests/unit/test_crypto.c
tests_unit_test_crypto_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_crypto_LDADD = $(TEST_LIBS)
$(tests_unit_test_crypto_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_crypto

check_PROGRAMS += tests/unit/test_ext
tests_unit_test_ext_SOURCES = tests/unit/test_ext.c
tests_unit_test_ext_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ext_LDADD = $(TEST_LIBS)
$(tests_unit_test_ext_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_ext

# Floating point against the manual's pseudocode.
FP_CHECK = tests/unit/fp_check.c tests/unit/armfp.c tests/unit/armfp_est.c tests/unit/armfp_num.c \
	tests/unit/fp_check.h tests/unit/armfp.h tests/unit/armfp_num.h
check_PROGRAMS += tests/unit/test_fp_exact tests/unit/test_fp_lanes
tests_unit_test_fp_exact_SOURCES = tests/unit/test_fp_exact.c $(FP_CHECK)
tests_unit_test_fp_exact_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -O2
tests_unit_test_fp_exact_LDADD = $(TEST_LIBS)
tests_unit_test_fp_lanes_SOURCES = tests/unit/test_fp_lanes.c $(FP_CHECK)
tests_unit_test_fp_lanes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -O2
tests_unit_test_fp_lanes_LDADD = $(TEST_LIBS)
$(tests_unit_test_fp_exact_OBJECTS) $(tests_unit_test_fp_lanes_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_fp_exact tests/unit/test_fp_lanes

check_PROGRAMS += tests/unit/test_order
tests_unit_test_order_SOURCES = tests/unit/test_order.c
tests_unit_test_order_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_order_LDADD = $(TEST_LIBS)
$(tests_unit_test_order_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_order

check_PROGRAMS += tests/unit/test_stack
tests_unit_test_stack_SOURCES = tests/unit/test_stack.c
tests_unit_test_stack_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_stack_LDADD = $(TEST_LIBS)
$(tests_unit_test_stack_OBJECTS): | lib/a64/decode.stamp
TESTS += tests/unit/test_stack
