lib_live_liblive_la_SOURCES = lib/live/arrive.c lib/live/body.c lib/live/commit.c lib/live/frames.c lib/live/frames.h lib/live/functions.c \
    lib/live/history.c lib/live/journal.c lib/live/journal.h lib/live/live.c lib/live/live.h lib/live/move.c lib/live/objects.c lib/live/objects.h \
    lib/live/observe.c lib/live/quiesce.c lib/live/relations.c lib/live/room.c lib/live/stops.c lib/live/trial.c lib/live/unwind.c lib/live/unwind.h \
    lib/live/wait.c
