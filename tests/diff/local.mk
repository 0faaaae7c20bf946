# The dataflow against the linker's relocations.
check_PROGRAMS += tests/diff/flow_truth
TESTS += tests/diff/flow.sh
EXTRA_DIST += tests/diff/flow.sh tests/diff/flow_a.c tests/diff/flow_b.c

# One instruction or datum of a file is another one: is it found?
check_PROGRAMS += tests/diff/mutate
tests_diff_mutate_LDADD = $(LP_ROOMS) $(LP_LIBS)
TESTS += tests/diff/mutate.sh
EXTRA_DIST += tests/diff/mutate.sh

# One allocation fails.
check_PROGRAMS += tests/diff/scarce
tests_diff_scarce_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_diff_scarce_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
TESTS += tests/diff/scarce.sh
EXTRA_DIST += tests/diff/scarce.sh

# Two builds to a patch.
DIFF_TESTS = tests/diff/lpdiff.sh tests/diff/quiet.sh tests/diff/linked.sh tests/diff/bodies.sh tests/diff/falls.sh tests/diff/endings.sh tests/diff/template.sh \
	tests/diff/tables.sh tests/diff/entries.sh tests/diff/kept.sh tests/diff/relative.sh tests/diff/exceptions.sh tests/diff/patchable.sh tests/diff/handlers.sh tests/diff/names.sh tests/diff/unequal.sh tests/diff/loader.sh \
	tests/diff/terms.sh \
	tests/diff/interpose.sh tests/diff/imports.sh tests/diff/beside.sh tests/diff/chosen.sh tests/diff/spilled.sh tests/diff/sentinel.sh tests/diff/rows.sh tests/diff/reasons.sh \
	tests/diff/steps.sh tests/diff/products.sh tests/diff/resized.sh tests/diff/ends.sh \
	tests/diff/apart.sh tests/diff/near.sh tests/diff/negative.sh tests/diff/lists.sh tests/diff/literals.sh tests/diff/lent.sh tests/diff/pieces.sh tests/diff/moved.sh tests/diff/instead.sh \
	tests/diff/either.sh tests/diff/stripped.sh tests/diff/twins.sh tests/diff/starts.sh tests/diff/sizes.sh tests/diff/copies.sh tests/diff/labels.sh tests/diff/line.sh tests/diff/asked.sh \
	tests/diff/shipped.sh tests/diff/updates.sh tests/diff/truth.sh tests/diff/growth.sh tests/diff/walks.sh
TESTS += $(DIFF_TESTS)
EXTRA_DIST += $(DIFF_TESTS) tests/diff/pair.sh tests/diff/builds.c

# Real fixes, files that differ in nothing, damaged files: a few in make check, all of them by make check-diff.
DIFF_PROOF = tests/diff/fixes.sh tests/diff/same.sh tests/diff/hostile.sh
TESTS += $(DIFF_PROOF)
EXTRA_DIST += $(DIFF_PROOF) tests/diff/fetch.sh tests/diff/build.sh tests/diff/drive.sh tests/diff/fixes.def tests/diff/again.c tests/diff/layout.c tests/diff/truth.py \
	tests/diff/hostile.py tests/diff/growth.py $(wildcard $(srcdir)/tests/diff/fixes/*)
# Too long for make check.
EXTRA_DIST += tests/diff/debian.sh tests/diff/matrix.sh tests/diff/matrix.py tests/diff/matrix.def $(wildcard $(srcdir)/tests/diff/matrix/*)
check-diff:
	$(MAKE) ARM64LP_DIFF=full check TESTS='$(DIFF_TESTS) $(DIFF_PROOF) tests/diff/debian.sh tests/diff/matrix.sh'
.PHONY: check-diff
