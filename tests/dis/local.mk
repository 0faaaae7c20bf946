# lpdis against other disassemblers: a sample of the Debian root in make check, all of it by make check-dis.
check_PROGRAMS += tests/dis/compare
tests_dis_compare_SOURCES = tests/dis/compare.c tests/dis/compare.h tests/dis/spelling.c
tests_dis_compare_LDADD =
TESTS += tests/dis/compare.sh tests/dis/lpdis.sh tests/dis/spell.sh tests/dis/system.sh
EXTRA_DIST += tests/dis/compare.sh tests/dis/lpdis.sh tests/dis/spell.sh tests/dis/system.sh
check-dis: all tests/dis/compare
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/dis/compare.sh --all
.PHONY: check-dis
