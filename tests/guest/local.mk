# Guest programs: tests/guest/*.c, each compared with qemu-aarch64, or this machine's kernel, at three levels of optimisation.
GUEST_TESTS = tests/guest/o0.sh tests/guest/o2.sh tests/guest/o3.sh
TESTS += $(GUEST_TESTS) tests/guest/ifuncs.sh tests/guest/dynamic.sh
EXTRA_DIST += tests/lib.sh tests/guest/run.sh tests/guest/quick.sh tests/guest/threaded.sh tests/guest/ifuncs.sh tests/guest/dynamic.sh $(GUEST_TESTS) \
	$(wildcard $(srcdir)/tests/guest/*.c) $(wildcard $(srcdir)/tests/guest/*.out) $(wildcard $(srcdir)/tests/guest/*.h) $(wildcard $(srcdir)/tests/guest/dynamic/*.c)
