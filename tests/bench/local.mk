# make bench: the table of interpreter speed against qemu-aarch64, and of the patch API; measured, never a test.
EXTRA_PROGRAMS = tests/bench/compare
tests_bench_compare_SOURCES = tests/bench/compare.c
CLEANFILES += tests/bench/compare
bench: lprun tests/bench/compare
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' QEMU_AARCH64='$(QEMU_AARCH64)' \
	$(SHELL) $(srcdir)/tests/bench/bench.sh $(ROUNDS)
.PHONY: bench
EXTRA_DIST += tests/bench/bench.sh $(wildcard $(srcdir)/tests/bench/*.c)
