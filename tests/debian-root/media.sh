#!/bin/sh
# ffmpeg, sox, stress-ng, openssl and nettle: media.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools media stress crypto
checks media.checks
tap_done
