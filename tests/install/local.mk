# What is shipped: the installed tree, the tarball.
INSTALL_TESTS = tests/install/install.sh tests/install/tarball.sh
TESTS += $(INSTALL_TESTS)
EXTRA_DIST += $(INSTALL_TESTS) tests/install/installed.sh tests/install/ports.sh tests/install/fetch-port.sh
installcheck-local:
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' \
	$(SHELL) $(srcdir)/tests/install/installed.sh
# All that the build makes: git ignores it, also in the source tree.
print-made:
	@echo $(PROGRAMS) $(check_PROGRAMS) $(LTLIBRARIES) $(CLEANFILES) $(DISTCLEANFILES)
# clang, other machines under qemu-user, musl, a Debian package.
check-ports: all
	$(MAKE) check TESTS=tests/install/ports.sh check_PROGRAMS=
# Debian packages, in deb/.
deb: dist-gzip
	$(SHELL) $(srcdir)/.ci/deb $(distdir).tar.gz deb
.PHONY: print-made check-ports deb
