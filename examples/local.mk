# The original API's examples. `make demo` and its sisters run them as the first document describes.
examples_ldadd = libarm64lp.la
check_PROGRAMS += examples/livepatch_example examples/livepatch_security_demo examples/security_patch_example
examples_livepatch_example_SOURCES = examples/livepatch_example.c
examples_livepatch_example_LDADD = $(examples_ldadd)
examples_livepatch_security_demo_SOURCES = examples/livepatch_security_demo.c
examples_livepatch_security_demo_LDADD = $(examples_ldadd)
examples_security_patch_example_SOURCES = examples/security_patch_example.c
examples_security_patch_example_LDADD = $(examples_ldadd)
# The library: run a program and patch it, watch its system calls, call a bare function. tests/e2e/examples.sh runs them.
check_PROGRAMS += examples/run_and_patch examples/intercept examples/flat
examples_run_and_patch_SOURCES = examples/run_and_patch.c
examples_run_and_patch_LDADD = $(examples_ldadd)
examples_intercept_SOURCES = examples/intercept.c
examples_intercept_LDADD = $(examples_ldadd)
examples_flat_SOURCES = examples/flat.c
examples_flat_LDADD = $(examples_ldadd)
EXTRA_DIST += examples/test_patch.lpatch examples/hello.s examples/add.s
CLEANFILES += example_patches.txt

demo create-patches load-patches memory-demo: examples/livepatch_example$(EXEEXT)
	examples/livepatch_example $@
load-patches: create-patches
.PHONY: demo create-patches load-patches memory-demo
