/* diff/diff.h - a comparison: what its steps hand on, and what all rooms of it call. CHECK; each file by itself (side/side.h); which is which, and what is
 * the same (pair/pair.h); the patch (write/write.h). */
#ifndef LP_DIFF_DIFF_H
#define LP_DIFF_DIFF_H
#include "diff/side/side.h"

enum { LP_REFUSED_KEPT = 256 };
struct lp_remark { struct lp_remark *next; char text[]; };
struct lp_diff {
    struct lp_side side[2];           /* old, new */
    struct lp_diff_options opt;
    lp_report_fn report;
    void *ctx;
    struct lp_error first;            /* the first refusal */
    unsigned refusals;
    uint64_t refused[LP_REFUSED_KEPT]; /* their texts' hashes: each is said once */
    bool nomem;
    bool alike_told, starts_told;     /* place.c, ends.c: it has been said that there are such */
    lp_patch *patch;
    struct lp_remark *remark, **remark_end;
    struct lp_buf items;              /* the patch's text */
    struct lp_buf texts;              /* words.c: of relocations of the words that are made now, each behind a 0; */
    struct lp_aim *aim;               /* and what those are for that are apart */
    size_t naim, aim_cap;
    size_t data_left;                 /* data.c: with --symbol, how many variables and constants are left out, */
    uint32_t first_left;              /* and the first, of the old file */
    struct lp_constants *constants;   /* held.c */
    const struct lp_use *wanted;      /* place.c: of the new file, the one for which a constant of the old one is looked for; or NULL */
    uint32_t *slots;                  /* place.c: of each word of the new file that is filled, the old file's slot that holds the same */
    struct lp_away *away;             /* away.c */
    struct lp_bases *bases;           /* bases.c */
    struct lp_pages *pages;           /* pages.c */
    struct lp_piece_of *pieces;       /* quiet.c */
    size_t npieces, pieces_cap;
    bool pieces_known;
    struct lp_rounds *rounds;         /* again.c */
    uint8_t *closed;                  /* close.c: of each of the new file's functions, whether it was in the patch, and where */
    uint32_t *head;                   /* joined.c */
    uint32_t *place[2];               /* code.c: of each word of the two bodies, how many that are no NOP are in front; NULL = all count */
    bool anchors;                     /* code.c: a base may be anything, its users are compared */
    struct lp_usage *usage[2];        /* users.c: or NULL */
    bool again;                       /* EMIT: some function is to be emitted once more (lp_bring_together()) */
    const char *owned;                /* the first symbol that only the new file exports, and uses itself (exports.c) */
    bool same_layout;                 /* every atom is where it was */
    bool same_places;                 /* every function is, and all that has a name */
    struct lp_range { uint64_t from, to; } *grown; /* of the old file: over which data without names may have grown (match.c); by address, apart */
    size_t ngrown, grown_cap;
    struct lp_supposed { uint32_t a, b; } *supposed;
    size_t nsupposed, supposed_cap;
    size_t npaired;                   /* so many of all that was supposed have become pairs */
    unsigned depth;
    struct { const struct lp_span *old, *new; } twins; /* twins.c: the section that was asked for last, and the one that holds the same, or NULL */
    uint32_t exception_steps;         /* pair/lsda.c */
    struct lp_old_type_word { uint64_t at; bool sought; } *old_type_word; /* write/lsda.c: of each of the new file's, the old file's, 0 = none; or NULL */
    size_t last_type_word;
};
#define OLD(d) (&(d)->side[0])
#define NEW(d) (&(d)->side[1])

/* ---- refuse.c ---- */
enum lp_refusal {
#define REFUSAL(id, text, hint) LP_##id,
#include "diff/refuse.def"
#undef REFUSAL
};
/* One reason why there is no patch; all are collected. The text is the row's, with these arguments. */
void lp_diff_refuse(lp_diff *d, const struct lp_side *s, enum lp_refusal id, ...);
/* E110 of a name that an option has. */
void lp_diff_refuse_name(lp_diff *d, const struct lp_side *s, const char *name, const char *text);
/* Each text once. */
void lp_diff_remark(lp_diff *d, const char *fmt, ...) LP_PRINTF(2, 3);
/* ---- unequal.c ---- */
void lp_diff_unequal(lp_diff *d); /* in front of CHECK */
/* ---- check.c ---- */
void lp_diff_check(lp_diff *d);
void lp_diff_patched(lp_diff *d); /* behind all refusals */
void lp_diff_related(lp_diff *d);
/* ---- both.c ---- */
void lp_diff_survey(lp_diff *d);
void lp_diff_refs(lp_diff *d);
/* fn of each, by a thread of its own; without a second thread one behind the other. */
void lp_in_two(void *(*fn)(void *), void *here, void *there);
/* Two lists that two threads made: the second one, which is freed, behind the first. */
void *lp_joined(void *first, size_t n, void *second, size_t m, size_t size, bool *nomem);
/* What does not depend on the other side: fn for each of the two, in the same way. */
void lp_for_both(lp_diff *d, void (*fn)(struct lp_side *s));
/* ---- describe.c ---- */
/* What an address is, for people. */
void lp_describe(const struct lp_side *s, const struct lp_use *u, struct lp_buf *out);
/* ---- diff.c ---- */
bool lp_diff_wants(const lp_diff *d, const char *name); /* --symbol; NULL: it has no name */
#endif
