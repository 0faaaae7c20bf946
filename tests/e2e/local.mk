# End to end: the tools as users run them.
E2E_TESTS = tests/e2e/lprun.sh tests/e2e/live.sh tests/e2e/pipes.sh tests/e2e/patches.sh tests/e2e/busybox.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += $(E2E_TESTS)
