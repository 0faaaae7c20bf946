# What is shipped: the installed tree, the tarball.
INSTALL_TESTS = tests/install/install.sh tests/install/tarball.sh
TESTS += $(INSTALL_TESTS)
EXTRA_DIST += $(INSTALL_TESTS) tests/install/installed.sh
installcheck-local:
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CROSS_CC='$(CROSS_CC)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' \
	$(SHELL) $(srcdir)/tests/install/installed.sh
