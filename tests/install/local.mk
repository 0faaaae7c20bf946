# What is shipped: the installed tree, the tarball.
INSTALL_TESTS = tests/install/install.sh tests/install/tarball.sh
TESTS += $(INSTALL_TESTS)
EXTRA_DIST += $(INSTALL_TESTS) tests/install/installed.sh tests/install/ports.sh tests/install/fetch-port.sh
installcheck-local:
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' \
	$(SHELL) $(srcdir)/tests/install/installed.sh
# clang, other machines under qemu-user, musl, a Debian package.
check-ports: all
	$(MAKE) check TESTS=tests/install/ports.sh check_PROGRAMS=
# Debian packages, in deb/.
deb: dist-gzip
	$(SHELL) $(srcdir)/.ci/deb $(distdir).tar.gz deb
.PHONY: check-ports deb
