#!/bin/sh
# FFmpeg, x264, libvpx and Opus: encoders, decoders, scaling and resampling, with NEON and without.
. "$srcdir/tests/debian-arm64/lib.sh"
packages libavcodec-dev libavutil-dev libswscale-dev libswresample-dev libx264-dev libvpx-dev libopus-dev zlib1g-dev
# Hardware decoders stay unresolved: nothing here calls them.
link av -lavcodec -lswscale -lswresample -lavutil -lx264 -lvpx -lopus -lz -Wl,--unresolved-symbols=ignore-all || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
[ -z "$full" ] || both 'cortex-a53' --cpu cortex-a53 -- 2
environment=LP_AV_FLAGS=0
both 'no NEON in FFmpeg' -- $((level - 1))
tap_done
