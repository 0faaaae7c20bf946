# make bench: the table of interpreter speed against qemu-aarch64, and of the patch API; measured, never a test.
EXTRA_PROGRAMS = tests/bench/compare tests/bench/patches tests/bench/latency
tests_bench_compare_SOURCES = tests/bench/compare.c
tests_bench_patches_SOURCES = tests/bench/patches.c
tests_bench_patches_LDADD = libarm64lp.la
tests_bench_latency_SOURCES = tests/bench/latency.c
tests_bench_latency_LDADD = libarm64lp.la
CLEANFILES += tests/bench/compare tests/bench/patches tests/bench/latency
bench: lprun lpmake tests/bench/compare tests/bench/patches tests/bench/latency
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' QEMU_AARCH64='$(QEMU_AARCH64)' \
	$(SHELL) $(srcdir)/tests/bench/bench.sh $(ROUNDS)
	@tests/bench/patches
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' $(SHELL) $(srcdir)/tests/bench/patching.sh
.PHONY: bench bench-dis
bench-dis: lpdis tests/bench/compare
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/bench/dis.sh $(ROUNDS)
EXTRA_DIST += tests/bench/bench.sh tests/bench/dis.sh tests/bench/patching.sh tests/bench/diff.sh $(wildcard $(srcdir)/tests/bench/*.c)
