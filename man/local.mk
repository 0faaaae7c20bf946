dist_man_MANS += man/lprun.1 man/lpmake.1 man/lpdiff.1 man/lpapply.1 man/lpdis.1 man/lpatch.5 man/lps.5 man/lpcontrol.5 man/libarm64lp.3 \
    man/livepatch.3 man/arm64lp.7
SUBJECTS = man/lp_error.3 man/lp_elf.3 man/lp_patch.3 man/lp_maker.3 man/lp_diff.3 man/lp_disk.3 man/lp_control.3 man/lp_store.3 man/lp_vm.3 \
	man/lp_machine.3 man/lp_dis.3
dist_man_MANS += $(SUBJECTS)
# A page has the name of each of its functions too: NAMES_OF prints "page function", line by line.
NAMES_OF = for f in $(SUBJECTS:%=$(srcdir)/%) $(srcdir)/man/livepatch.3; do \
	sed -n '/^\.Sh SYNOPSIS/q;s/^\.Nm \([a-z_0-9]*\).*/\1/p' "$$f" | sed "s,^,$${f\#\#*/} ,"; done
install-data-hook:
	$(NAMES_OF) | while read -r page name; do \
	  test "$$page" = "$$name.3" || $(LN_S) -f "$$page" "$(DESTDIR)$(man3dir)/$$name.3" || exit 1; done
uninstall-links:
	$(NAMES_OF) | while read -r page name; do test "$$page" = "$$name.3" || rm -f "$(DESTDIR)$(man3dir)/$$name.3"; done
uninstall-local: uninstall-links
.PHONY: uninstall-links
