# Real programs of a root of Debian's arm64 packages: a few in make check, all of them by make check-root.
ROOT_TESTS = tests/debian-root/tools.sh tests/debian-root/disk.sh tests/debian-root/languages.sh tests/debian-root/patched.sh tests/debian-root/recipes.sh
ROOT_LONG_TESTS = tests/debian-root/compiler.sh tests/debian-root/jit.sh tests/debian-root/java.sh tests/debian-root/media.sh \
	tests/debian-root/servers.sh tests/debian-root/terminal.sh tests/debian-root/python.sh
TESTS += $(ROOT_TESTS)
check_PROGRAMS += tests/debian-root/load
tests_debian_root_load_SOURCES = tests/debian-root/load.c
EXTRA_DIST += $(ROOT_TESTS) $(ROOT_LONG_TESTS) tests/debian-root/fetch.sh tests/debian-root/lib.sh tests/debian-root/groups.def tests/debian-root/terminal.py \
	$(wildcard $(srcdir)/tests/debian-root/*.checks $(srcdir)/tests/debian-root/src/*)
check-root:
	$(MAKE) ARM64LP_ROOT=full check TESTS='$(ROOT_TESTS) $(ROOT_LONG_TESTS)'
.PHONY: check-root
