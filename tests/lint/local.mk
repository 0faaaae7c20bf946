LINT_TESTS = tests/lint/rooms.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS)
