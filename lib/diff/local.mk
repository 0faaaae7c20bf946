lib_diff_libdiff_la_SOURCES = \
	lib/diff/flow.h lib/diff/flow_inner.h lib/diff/flow.c lib/diff/flow_op.c lib/diff/flow_value.c lib/diff/flow_step.c lib/diff/flow_table.c
