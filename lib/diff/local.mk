# The steps of lpdiff: lib/README.md, "Two builds".
lib_diff_libdiff_la_SOURCES = \
	lib/diff/both.c lib/diff/check.c lib/diff/describe.c lib/diff/diff.c lib/diff/diff.h lib/diff/objects.c lib/diff/refuse.c lib/diff/refuse.def \
	lib/diff/unequal.c lib/diff/why.c \
	lib/diff/side/anchor.c lib/diff/side/atoms.c lib/diff/side/bound.c lib/diff/side/choice.c lib/diff/side/code.h lib/diff/side/data.h \
	lib/diff/side/ending.c lib/diff/side/entries.c lib/diff/side/extent.c lib/diff/side/fall.c lib/diff/side/fate.c lib/diff/side/field.c \
	lib/diff/side/frame.c lib/diff/side/handed.c lib/diff/side/lent.c lib/diff/side/live.c lib/diff/side/load.c lib/diff/side/negative.c \
	lib/diff/side/pads.c lib/diff/side/paged.c lib/diff/side/pieces.c lib/diff/side/readers.c lib/diff/side/reading.c \
	lib/diff/side/refs.c lib/diff/side/relative.c lib/diff/side/returns.c lib/diff/side/runs.c lib/diff/side/scan.c lib/diff/side/scan.h \
	lib/diff/side/seen.c lib/diff/side/seen.h lib/diff/side/side.h lib/diff/side/starts.c lib/diff/side/steps.c lib/diff/side/stubs.c lib/diff/side/texts.c \
	lib/diff/side/types.c lib/diff/side/uses.c lib/diff/side/walk.h \
	lib/diff/pair/around.c lib/diff/pair/away.c lib/diff/pair/bounds.c lib/diff/pair/chosen.c lib/diff/pair/code.c lib/diff/pair/compare.c \
	lib/diff/pair/completed.c lib/diff/pair/constant.c lib/diff/pair/counted.c lib/diff/pair/exchange.c lib/diff/pair/exports.c lib/diff/pair/front.c \
	lib/diff/pair/held.c lib/diff/pair/joined.c lib/diff/pair/led.c lib/diff/pair/line.c lib/diff/pair/loader.c lib/diff/pair/lsda.c lib/diff/pair/match.c \
	lib/diff/pair/name.c lib/diff/pair/numbered.c lib/diff/pair/overwritten.c lib/diff/pair/pair.h lib/diff/pair/places.c lib/diff/pair/rest.c \
	lib/diff/pair/room.c lib/diff/pair/same.c lib/diff/pair/shared.c lib/diff/pair/sibling.c lib/diff/pair/slots.c lib/diff/pair/started.c \
	lib/diff/pair/steady.c lib/diff/pair/suppose.c lib/diff/pair/terms.c lib/diff/pair/threads.c lib/diff/pair/traded.c lib/diff/pair/twins.c \
	lib/diff/pair/unnamed.c lib/diff/pair/users.c \
	lib/diff/write/again.c lib/diff/write/aligned.c lib/diff/write/alike.c lib/diff/write/apart.c lib/diff/write/asked.c lib/diff/write/bases.c \
	lib/diff/write/body.c lib/diff/write/carry.c lib/diff/write/cfi.c lib/diff/write/close.c lib/diff/write/copies.c lib/diff/write/data.c \
	lib/diff/write/emit.c lib/diff/write/ends.c lib/diff/write/enter.c lib/diff/write/keep.c lib/diff/write/labels.c lib/diff/write/left.c lib/diff/write/lsda.c \
	lib/diff/write/meant.c lib/diff/write/offsets.c lib/diff/write/pages.c lib/diff/write/place.c lib/diff/write/pointers.c lib/diff/write/quiet.c \
	lib/diff/write/reread.c lib/diff/write/table.c lib/diff/write/template.c lib/diff/write/types.c lib/diff/write/verify.c lib/diff/write/word.h \
	lib/diff/write/words.c lib/diff/write/write.h
