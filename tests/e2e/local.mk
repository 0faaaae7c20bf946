# End to end: the tools as users run them.
E2E_TESTS = tests/e2e/lprun.sh tests/e2e/live.sh tests/e2e/pipes.sh tests/e2e/patches.sh tests/e2e/busybox.sh tests/e2e/bodies.sh tests/e2e/running.sh \
	tests/e2e/terminal.sh tests/e2e/bash.sh tests/e2e/descriptors.sh tests/e2e/cpu.sh tests/e2e/sysroot.sh tests/e2e/binfmt.sh tests/e2e/threads.sh
E2E_TESTS += tests/e2e/targets.sh tests/e2e/patch_objects.sh tests/e2e/observe.sh tests/e2e/store.sh tests/e2e/watch.sh tests/e2e/proc.sh tests/e2e/embed.sh
E2E_TESTS += tests/e2e/examples.sh
E2E_TESTS += tests/e2e/inside.sh tests/e2e/blocked.sh tests/e2e/trial.sh tests/e2e/quiet.sh
E2E_TESTS += tests/e2e/unwinding.sh tests/e2e/loading.sh
E2E_TESTS += tests/e2e/shapes.sh tests/e2e/orders.sh tests/e2e/kills.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/quiet.c tests/e2e/threads.c tests/e2e/paths.c tests/e2e/pty.c tests/e2e/descriptors.c tests/e2e/hidden.c tests/e2e/cpu.c tests/e2e/proc.c
EXTRA_DIST += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/driven.c tests/e2e/driven.sh
EXTRA_DIST += tests/e2e/scenes/twice.h tests/e2e/scenes/inside.c tests/e2e/scenes/blocked.c tests/e2e/scenes/trial.c
EXTRA_DIST += tests/e2e/scenes/shapes.c tests/e2e/scenes/elsewhere.c tests/e2e/scenes/localdynamic.s
EXTRA_DIST += tests/e2e/scenes/through.c tests/e2e/scenes/trace.c tests/e2e/scenes/thrown.cc tests/e2e/scenes/loads.c
EXTRA_DIST += tests/e2e/objects/main.c tests/e2e/objects/work.c tests/e2e/objects/plug.c tests/e2e/objects/new.c
check_PROGRAMS += tests/e2e/hammer tests/e2e/abuse tests/e2e/embed tests/e2e/interfere
tests_e2e_abuse_SOURCES = tests/e2e/abuse.c
tests_e2e_abuse_LDADD =
tests_e2e_hammer_SOURCES = tests/e2e/hammer.c
tests_e2e_hammer_LDADD = libarm64lp.la
tests_e2e_embed_SOURCES = tests/e2e/embed.c
tests_e2e_embed_LDADD = libarm64lp.la
tests_e2e_interfere_SOURCES = tests/e2e/interfere.c
tests_e2e_interfere_LDADD =
