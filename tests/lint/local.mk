LINT_TESTS = tests/lint/rooms.sh tests/lint/syscalls.sh tests/lint/strict.sh tests/lint/manuals.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS)
# All that the build compiles of the library and the tools: strict.sh and ports.sh compile it in other ways.
print-sources:
	@echo $(sort $(filter lib/%.c tools/%.c,$(DIST_SOURCES)))
.PHONY: print-sources
