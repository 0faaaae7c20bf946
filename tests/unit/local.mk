# One cmocka program for each NAME.c; those of several files are below.
UNIT_TESTS = tests/unit/test_control tests/unit/test_control_socket tests/unit/test_load tests/unit/test_kernel tests/unit/test_livepatch \
	tests/unit/test_livepatch_run tests/unit/test_cpp tests/unit/test_fp tests/unit/test_mem tests/unit/test_mem_remap tests/unit/test_ldst \
	tests/unit/test_signal tests/unit/test_process tests/unit/test_elf tests/unit/test_patch_parse \
	tests/unit/test_live tests/unit/test_patch_keep tests/unit/test_live_objects tests/unit/test_a64 tests/unit/test_exec tests/unit/test_base tests/unit/test_chains tests/unit/test_crypto \
	tests/unit/test_ext tests/unit/test_mops tests/unit/test_fp_exact tests/unit/test_fp_lanes tests/unit/test_order tests/unit/test_stack tests/unit/test_watch tests/unit/test_track \
	tests/unit/test_flow tests/unit/test_flow_wild
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
# Of every program that has no other.
LDADD = $(TEST_LIBS)

tests_unit_test_elf_SOURCES = tests/unit/test_elf.c tests/unit/testelf.h
tests_unit_test_live_SOURCES = tests/unit/test_live.c tests/unit/testelf.h
tests_unit_test_live_objects_SOURCES = tests/unit/test_live_objects.c tests/unit/testelf.h
tests_unit_test_patch_keep_SOURCES = tests/unit/test_patch_keep.c tests/unit/testelf.h
tests_unit_test_flow_SOURCES = tests/unit/test_flow.c tests/unit/flow_rig.h
tests_unit_test_flow_wild_SOURCES = tests/unit/test_flow_wild.c tests/unit/flow_rig.h
tests_unit_test_control_SOURCES = tests/unit/test_control.c tests/unit/control_rig.h
tests_unit_test_control_socket_SOURCES = tests/unit/test_control_socket.c tests/unit/control_rig.h
tests_unit_test_livepatch_SOURCES = tests/unit/test_livepatch.c tests/unit/livepatch_rig.h
tests_unit_test_livepatch_run_SOURCES = tests/unit/test_livepatch_run.c tests/unit/livepatch_rig.h
tests_unit_test_mem_SOURCES = tests/unit/test_mem.c tests/unit/mem_rig.h
tests_unit_test_mem_remap_SOURCES = tests/unit/test_mem_remap.c tests/unit/mem_rig.h
tests_unit_test_signal_SOURCES = tests/unit/test_signal.c tests/unit/kernel_rig.h
tests_unit_test_process_SOURCES = tests/unit/test_process.c tests/unit/kernel_rig.h
# One guest thread.
CPU_RIG = tests/unit/cpu_rig.h
tests_unit_test_chains_SOURCES = tests/unit/test_chains.c $(CPU_RIG)
tests_unit_test_exec_SOURCES = tests/unit/test_exec.c $(CPU_RIG)
tests_unit_test_ext_SOURCES = tests/unit/test_ext.c $(CPU_RIG)
tests_unit_test_ldst_SOURCES = tests/unit/test_ldst.c $(CPU_RIG)
tests_unit_test_mops_SOURCES = tests/unit/test_mops.c $(CPU_RIG)
tests_unit_test_order_SOURCES = tests/unit/test_order.c $(CPU_RIG)
tests_unit_test_stack_SOURCES = tests/unit/test_stack.c $(CPU_RIG)

# Call frame information, by readelf's word; source lines, by addr2line's.
check_PROGRAMS += tests/unit/cfi_rows tests/unit/line_rows
TESTS += tests/unit/cfi.sh tests/unit/lines.sh
EXTRA_DIST += tests/unit/cfi.sh tests/unit/lines.sh

# Against the shared library: exported names only.
tests_unit_test_cpp_SOURCES = tests/unit/test_cpp.cc
tests_unit_test_cpp_CPPFLAGS = -I$(top_srcdir)/include
tests_unit_test_cpp_CXXFLAGS = -Wall -Wextra $(LP_SAN)
tests_unit_test_cpp_LDADD = libarm64lp.la

# Floating point against the manual's pseudocode.
FP_CHECK = tests/unit/fp_check.c tests/unit/armfp.c tests/unit/armfp_est.c tests/unit/armfp_num.c \
	tests/unit/fp_check.h tests/unit/armfp.h tests/unit/armfp_num.h
tests_unit_test_fp_exact_SOURCES = tests/unit/test_fp_exact.c $(FP_CHECK)
tests_unit_test_fp_exact_CFLAGS = $(AM_CFLAGS) -O2
tests_unit_test_fp_lanes_SOURCES = tests/unit/test_fp_lanes.c $(FP_CHECK)
tests_unit_test_fp_lanes_CFLAGS = $(AM_CFLAGS) -O2

UNIT_OBJECTS = $(UNIT_TESTS:%=%.$(OBJEXT))
$(UNIT_OBJECTS) $(tests_unit_test_fp_exact_OBJECTS) $(tests_unit_test_fp_lanes_OBJECTS): | lib/a64/decode.stamp
