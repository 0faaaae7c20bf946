dist_man_MANS += man/lprun.1 man/lpmake.1 man/lpdiff.1 man/lpapply.1 man/lpdis.1 man/lpatch.5 man/lps.5 man/lpcontrol.5 man/libarm64lp.3 man/livepatch.3 man/arm64lp.7
