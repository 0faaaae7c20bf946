# Each tool: options, library calls, print. cli.c and out.c are what they share.
TOOL_COMMON = tools/cli.c tools/cli.h tools/out.c tools/out.h

# execve goes on with /proc/self/exe, which must find the library without the wrapper's environment: what is run in the build folder has a run path.
# libtool would install it as it is, so that the lprun to install is another program.
noinst_PROGRAMS += lprun
bin_PROGRAMS += tools/lprun
lprun_SOURCES = tools/lprun.c $(TOOL_COMMON)
lprun_LDADD = libarm64lp.la
lprun_LDFLAGS = $(AM_LDFLAGS) -no-fast-install
tools_lprun_SOURCES = $(lprun_SOURCES)
tools_lprun_LDADD = $(lprun_LDADD)

bin_PROGRAMS += lpmake
lpmake_SOURCES = tools/lpmake.c $(TOOL_COMMON)
lpmake_LDADD = libarm64lp.la

bin_PROGRAMS += lpapply lpdis
lpapply_SOURCES = tools/lpapply.c tools/lpapply.h tools/lpapply_list.c tools/lpapply_target.c tools/lpapply_store.c tools/lpapply_file.c $(TOOL_COMMON)
lpapply_LDADD = libarm64lp.la
lpdis_SOURCES = tools/lpdis.c tools/lpdis.h tools/lpdis_dump.c tools/lpdis_range.c tools/lpdis_pool.c tools/lpdis_line.c tools/lpdis_patch.c \
    tools/lpdis_data.c tools/lpdis_live.c $(TOOL_COMMON)
lpdis_LDADD = libarm64lp.la

# For systemd-binfmt; others write the line to /proc/sys/fs/binfmt_misc/register.
binfmtdir = $(prefix)/lib/binfmt.d
binfmt_DATA = tools/arm64lp.conf
EXTRA_DIST += tools/binfmt.conf.in
CLEANFILES += tools/arm64lp.conf
tools/arm64lp.conf: tools/binfmt.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) tools && sed 's,[@]bindir[@],$(bindir),' $(srcdir)/tools/binfmt.conf.in >$@

bin_PROGRAMS += lpdiff
lpdiff_SOURCES = tools/lpdiff.c $(TOOL_COMMON)
lpdiff_LDADD = libarm64lp.la

# Completions read --help, so that one file serves all commands; bash and fish look for it under the name of each.
COMPLETIONS = tools/completion/arm64lp.bash tools/completion/_arm64lp tools/completion/arm64lp.fish
EXTRA_DIST += $(COMPLETIONS)
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir  = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
install-completions:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(zshcompletiondir)" "$(DESTDIR)$(fishcompletiondir)"
	for t in $(notdir $(bin_PROGRAMS)); do \
	  $(INSTALL_DATA) $(srcdir)/tools/completion/arm64lp.bash "$(DESTDIR)$(bashcompletiondir)/$$t" && \
	  $(INSTALL_DATA) $(srcdir)/tools/completion/arm64lp.fish "$(DESTDIR)$(fishcompletiondir)/$$t.fish" || exit 1; done
	$(INSTALL_DATA) $(srcdir)/tools/completion/_arm64lp "$(DESTDIR)$(zshcompletiondir)/_arm64lp"
install-data-local: install-completions
uninstall-local:
	for t in $(notdir $(bin_PROGRAMS)); do rm -f "$(DESTDIR)$(bashcompletiondir)/$$t" "$(DESTDIR)$(fishcompletiondir)/$$t.fish"; done
	rm -f "$(DESTDIR)$(zshcompletiondir)/_arm64lp"
# Folders that are ours alone go with what was in them.
# libtool leaves the cache of the dynamic linker as it is, so that the commands would not find the library in a folder that it knows (/usr/local/lib).
install-exec-hook:
	@test -n "$(DESTDIR)" || PATH="$$PATH:/sbin:/usr/sbin" ldconfig 2>/dev/null || :
uninstall-hook:
	for d in "$(DESTDIR)$(arm64lpincludedir)" "$(DESTDIR)$(docdir)"; do test ! -d "$$d" || rmdir "$$d" 2>/dev/null || :; done
.PHONY: install-completions
