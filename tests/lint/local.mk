LINT_TESTS = tests/lint/rooms.sh tests/lint/syscalls.sh tests/lint/strict.sh tests/lint/manuals.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS)
# What strict.sh compiles: all that the build compiles of the library and the tools, but for the rooms that are Linux.
print-strict-sources:
	@echo $(sort $(filter-out lib/kernel/% lib/jit/% lib/mem/%,$(filter lib/%.c tools/%.c,$(DIST_SOURCES))))
.PHONY: print-strict-sources
