LINT_TESTS = tests/lint/rooms.sh tests/lint/syscalls.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS)
