# Tests speak TAP. Unit tests are cmocka programs linked with the rooms they test; the rest are shell scripts.
TEST_EXTENSIONS = .sh
LOG_DRIVER    = env AM_TAP_AWK='$(AWK)' CMOCKA_MESSAGE_OUTPUT=TAP $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER    = $(SHELL) $(top_srcdir)/tests/alone.sh
SH_LOG_COMPILER = $(LOG_COMPILER) $(SHELL)
AM_TESTS_ENVIRONMENT = srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
    CROSS_CC='$(CROSS_CC)' QEMU_AARCH64='$(QEMU_AARCH64)' PATH='$(abs_top_builddir)':"$$PATH"; \
    TSAN_OPTIONS="$${TSAN_OPTIONS-die_after_fork=0:halt_on_error=1}"; \
    export srcdir builddir CROSS_CC QEMU_AARCH64 PATH TSAN_OPTIONS;

EXTRA_DIST += tests/body.sh tests/README.md tests/alone.sh tests/splitmix.h

TEST_LIBS = $(LP_ROOMS) $(LP_LIBS) $(CMOCKA_LIBS)

if HAVE_CMOCKA
include tests/unit/local.mk
endif
include tests/a64/local.mk
include tests/guest/local.mk
include tests/e2e/local.mk
include tests/diff/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/lint/local.mk
include tests/debian-arm64/local.mk
include tests/debian-root/local.mk
include tests/torture/local.mk
include tests/dis/local.mk
include tests/install/local.mk

# What runs again under address+undefined and under thread sanitizers: `./bootstrap check` builds those variants.
# Not under ThreadSanitizer: fuzzers and the other units (one thread), tests/guest/sigstorm.c, whose timer of 150 us is faster than a
# handler there, and tests/guest/spawns.c, because ThreadSanitizer's sigaction() does not tell which signals were ignored before the program began.
# tests/torture/processes.c fails there: ThreadSanitizer loses count in the memory that a vfork child shares; storm_processes.sh, because a child of fork
# cannot have new threads.
# Races of the guest are its own and not looked for (lib/base/sanitize.h); in the child of a process that had threads ThreadSanitizer looks at nothing.
SANITIZED_TESTS = $(filter tests/unit/% tests/fuzz/%,$(TESTS)) tests/guest/quick.sh
THREADED_TESTS  = $(filter %livepatch %livepatch_run %test_live %control %control_socket %mem %mem_remap %torture/handlers.sh,$(TESTS)) \
	tests/guest/quick.sh tests/guest/threaded.sh
print-sanitized-tests:
	@echo $(SANITIZED_TESTS)
print-threaded-tests:
	@echo $(THREADED_TESTS)
.PHONY: print-sanitized-tests print-threaded-tests
