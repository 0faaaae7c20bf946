lib_flow_libflow_la_SOURCES = lib/flow/flow.h lib/flow/inner.h lib/flow/fop.h lib/flow/flow.c lib/flow/op.c lib/flow/value.c lib/flow/state.c lib/flow/step.c \
	lib/flow/lent.c lib/flow/piece.c lib/flow/table.c lib/flow/twin.c lib/flow/tell.c lib/flow/survey.c
