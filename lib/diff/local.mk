lib_diff_libdiff_la_SOURCES = \
	lib/diff/flow.h lib/diff/flow_inner.h lib/diff/flow.c lib/diff/flow_tell.c lib/diff/flow_op.c lib/diff/flow_value.c lib/diff/flow_state.c lib/diff/flow_step.c lib/diff/flow_table.c lib/diff/flow_survey.c
lib_diff_libdiff_la_SOURCES += lib/diff/diff.h lib/diff/diff.c lib/diff/refuse.def lib/diff/refuse.c lib/diff/check.c lib/diff/load.c lib/diff/atoms.c lib/diff/stubs.c \
	lib/diff/refs.c lib/diff/relative.c lib/diff/both.c lib/diff/name.c lib/diff/reading.c lib/diff/sibling.c lib/diff/match.c lib/diff/numbered.c lib/diff/compare.c lib/diff/unnamed.c lib/diff/data.c lib/diff/close.c lib/diff/emit.h lib/diff/emit.c \
	lib/diff/place.c lib/diff/words.c lib/diff/keep.c lib/diff/bases.c lib/diff/body.c lib/diff/carry.c lib/diff/cfi.c lib/diff/lsda.c lib/diff/verify.c lib/diff/why.c lib/diff/line.c lib/diff/anchor.c lib/diff/bound.c lib/diff/enter.c lib/diff/offsets.c lib/diff/extent.c lib/diff/ends.c lib/diff/exports.c lib/diff/bounds.c
lib_diff_libdiff_la_SOURCES += lib/diff/loader.c lib/diff/aligned.c
