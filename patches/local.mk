# Worked examples: a program, what is wrong, the patch. Each is run by a test (tests/e2e/patches.sh).
EXTRA_DIST += patches/ticker/README.md patches/ticker/ticker.c patches/ticker/demo.sh
