# The dataflow against the linker's relocations.
check_PROGRAMS += tests/diff/flow_truth
TESTS += tests/diff/flow.sh
EXTRA_DIST += tests/diff/flow.sh tests/diff/flow_a.c tests/diff/flow_b.c

# Two builds to a patch.
DIFF_TESTS = tests/diff/lpdiff.sh
TESTS += $(DIFF_TESTS)
EXTRA_DIST += $(DIFF_TESTS)
