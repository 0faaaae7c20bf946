#!/bin/sh
# libjpeg-turbo: compression, decompression and transforms, with NEON and without.
. "$srcdir/tests/debian-arm64/lib.sh"
packages libjpeg62-turbo-dev libturbojpeg0-dev
link jpeg -lturbojpeg -ljpeg || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
environment=JSIMD_FORCENONE=1
both 'no NEON' -- $level
tap_done
