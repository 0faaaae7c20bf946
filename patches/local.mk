# Worked examples: a program, what is wrong, the patch. Each is run by a test (tests/e2e/patches.sh).
EXTRA_DIST += patches/README.md patches/story.sh \
	patches/ticker/README.md patches/ticker/ticker.c patches/ticker/demo.sh \
	patches/licence/README.md patches/licence/licence.c patches/licence/demo.sh \
	patches/fault/README.md patches/fault/save.c patches/fault/demo.sh \
	patches/library/README.md patches/library/demo.sh \
	patches/server/README.md patches/server/server.c patches/server/client.c patches/server/demo.sh \
	patches/slow/README.md patches/slow/words.c patches/slow/fast.c patches/slow/demo.sh
