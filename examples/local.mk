# The original API's examples. `make demo` and its sisters run them as the first document describes.
examples_ldadd = libarm64lp.la
check_PROGRAMS += examples/livepatch_example examples/livepatch_security_demo examples/security_patch_example
examples_livepatch_example_SOURCES = examples/livepatch_example.c
examples_livepatch_example_LDADD = $(examples_ldadd)
examples_livepatch_security_demo_SOURCES = examples/livepatch_security_demo.c
examples_livepatch_security_demo_LDADD = $(examples_ldadd)
examples_security_patch_example_SOURCES = examples/security_patch_example.c
examples_security_patch_example_LDADD = $(examples_ldadd)
EXTRA_DIST += examples/test_patch.lpatch examples/hello.s examples/add.s
CLEANFILES += example_patches.txt

test: check
demo create-patches load-patches memory-demo: examples/livepatch_example$(EXEEXT)
	examples/livepatch_example $@
load-patches: create-patches
help:
	@echo 'make                 build everything'
	@echo 'make test            run the tests (make check)'
	@echo 'make demo            demonstration of the livepatch API'
	@echo 'make create-patches  write example_patches.txt'
	@echo 'make load-patches    load it again'
	@echo 'make memory-demo     patch a running program in memory'
	@echo 'make clean           remove what was built'
	@echo 'make install         install the commands, the library, headers and manuals'
	@echo 'make help            this text'
.PHONY: test demo create-patches load-patches memory-demo help
