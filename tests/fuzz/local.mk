# Hostile input. Each program takes every prefix and a few thousand seeded mutations in make check; the long form is
#     make fuzz [N=100000] [SEED=1]
# best in a build with --enable-sanitizers=address,undefined.
FUZZERS = tests/fuzz/fuzz_patch tests/fuzz/fuzz_elf tests/fuzz/fuzz_load tests/fuzz/fuzz_live tests/fuzz/fuzz_control tests/fuzz/fuzz_disk
FUZZERS += tests/fuzz/fuzz_recipe
FUZZ_DRIVER = tests/fuzz/driver.c tests/fuzz/fuzz.h
check_PROGRAMS += $(FUZZERS)
tests_fuzz_fuzz_patch_SOURCES = tests/fuzz/fuzz_patch.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_patch_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_elf_SOURCES = tests/fuzz/fuzz_elf.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_elf_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_load_SOURCES = tests/fuzz/fuzz_load.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_load_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_live_SOURCES = tests/fuzz/fuzz_live.c $(FUZZ_DRIVER) tests/unit/testelf.h
tests_fuzz_fuzz_live_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_fuzz_fuzz_live_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_recipe_SOURCES = tests/fuzz/fuzz_recipe.c $(FUZZ_DRIVER) tests/unit/testelf.h
tests_fuzz_fuzz_recipe_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_fuzz_fuzz_recipe_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_control_SOURCES = tests/fuzz/fuzz_control.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_control_LDADD = $(LP_ROOMS) $(LP_LIBS)
tests_fuzz_fuzz_disk_SOURCES = tests/fuzz/fuzz_disk.c $(FUZZ_DRIVER) tests/unit/testelf.h
tests_fuzz_fuzz_disk_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_fuzz_fuzz_disk_LDADD = $(LP_ROOMS) $(LP_LIBS)
# The commands on mutated and on hand-made hostile files.
# And every system call of a guest with hostile arguments.
TESTS += $(FUZZERS) tests/fuzz/commands.sh tests/fuzz/syscalls.sh
EXTRA_DIST += tests/fuzz/commands.sh tests/fuzz/syscalls.sh tests/fuzz/syscalls.c
N = 100000
SEED = 1
fuzz: all
	@$(MAKE) $(AM_MAKEFLAGS) $(FUZZERS)
	@for f in $(FUZZERS); do echo "$$f -n $(N) -s $(SEED)"; ./$$f -n $(N) -s $(SEED) || exit 1; done
.PHONY: fuzz
