# Threads, signals, processes and faults under load: a minute of it in make check, all of it by make check-torture.
TORTURE_TESTS = tests/torture/locks.sh tests/torture/llsc.sh tests/torture/cmodx.sh tests/torture/signals.sh tests/torture/handlers.sh tests/torture/processes.sh \
	tests/torture/contexts.sh tests/torture/unwind.sh tests/torture/faults.sh tests/torture/storm.sh tests/torture/storm_processes.sh
TESTS += $(TORTURE_TESTS)
EXTRA_DIST += $(TORTURE_TESTS) tests/torture/lib.sh tests/torture/qemu.def tests/torture/torture.h tests/torture/storm.h tests/torture/storm_lib.sh tests/torture/deaths.py $(wildcard $(srcdir)/tests/torture/*.c)
check_PROGRAMS += tests/torture/clients
tests_torture_clients_SOURCES = tests/torture/clients.c
tests_torture_clients_LDADD = libarm64lp.la
check-torture:
	$(MAKE) TORTURE=full check TESTS='$(TORTURE_TESTS)'
.PHONY: check-torture
