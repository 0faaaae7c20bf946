# Hand-written assembly of Debian's arm64 libraries, against qemu-aarch64: a short run in make check, all of it by make check-debian.
DEBIAN_TESTS = tests/debian-arm64/openssl.sh tests/debian-arm64/gcrypt.sh tests/debian-arm64/nettle.sh tests/debian-arm64/gmp.sh \
	tests/debian-arm64/jpeg.sh tests/debian-arm64/av.sh tests/debian-arm64/blas.sh
TESTS += $(DEBIAN_TESTS)
EXTRA_DIST += $(DEBIAN_TESTS) tests/debian-arm64/fetch.sh tests/debian-arm64/apt.sh tests/debian-arm64/lib.sh tests/debian-arm64/common.h $(wildcard $(srcdir)/tests/debian-arm64/*.c)
check-debian:
	$(MAKE) ARM64LP_DEBIAN=full check TESTS='$(DEBIAN_TESTS)'
.PHONY: check-debian
