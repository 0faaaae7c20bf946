
check_PROGRAMS += tests/fuzz/fuzz_patch tests/fuzz/fuzz_elf
tests_fuzz_fuzz_patch_SOURCES = tests/fuzz/fuzz_patch.c tests/fuzz/driver.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_patch_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_elf_SOURCES = tests/fuzz/fuzz_elf.c tests/fuzz/driver.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_elf_LDADD = $(TEST_LIBS)
TESTS += tests/fuzz/fuzz_patch tests/fuzz/fuzz_elf
