/* diff/diff.h - what the steps of a comparison hand on: CHECK, LOAD, ATOMS, REFS, NAME, MATCH, COMPARE, DATA, CLOSE, EMIT, VERIFY.
 * All addresses are link-time addresses. */
#ifndef LP_DIFF_DIFF_H
#define LP_DIFF_DIFF_H
#include <arm64lp/diff.h>
#include "a64/word.h"
#include "base/bits.h"
#include "base/buf.h"
#include "flow/flow.h"
#include "elf/cfi.h"
#include "elf/dynamic.h"

#define LP_NONE UINT32_MAX

/* A part of the file that is loaded: a section, or without sections a segment. Spans do not overlap. */
enum lp_span_flags {
    LP_SPAN_CODE = 1, LP_SPAN_WRITE = 2, LP_SPAN_RELRO = 4, LP_SPAN_BSS = 8,
    LP_SPAN_LINKER = 16,  /* for the dynamic linker or the unwinder: no atoms */
    LP_SPAN_GOT = 32, LP_SPAN_PLT = 64,
    LP_SPAN_NEW = 256,    /* of a patch */
    LP_SPAN_STEADY = 512, /* variables without names in it are where they were (steady.c) */
    LP_SPAN_LISTED = 128, /* lists of constructors and destructors */
};
struct lp_span { uint64_t start, end; const uint8_t *bytes; uint32_t flags; const char *name; }; /* bytes NULL: zeros */

enum lp_atom_kind { LP_ATOM_FUNC, LP_ATOM_PLT, LP_ATOM_LOOSE, LP_ATOM_OBJECT, LP_ATOM_PIECE, LP_ATOM_TABLE };
enum lp_rule { LP_RULE_NONE, LP_RULE_MAP, LP_RULE_NAME, LP_RULE_FILE, LP_RULE_STEM, LP_RULE_BODY, LP_RULE_ORDER, LP_RULE_CALL, LP_RULE_ENTRY, LP_RULE_USE };
enum lp_change_reason { LP_WHY_NONE, LP_WHY_CODE, LP_WHY_REFS, LP_WHY_SIZE, LP_WHY_NUMBER, LP_WHY_OPAQUE, LP_WHY_TABLE, LP_WHY_PART, LP_WHY_LINE,
                        LP_WHY_EXCEPTIONS };
struct lp_atom {
    uint64_t start, end;              /* first: searched */
    const struct lp_elf_symbol *sym;  /* NULL = it has no name */
    uint32_t pair;                    /* in the other file, or LP_NONE */
    uint32_t span;
    uint32_t ref, nref;               /* code: its references */
    uint32_t table, ntable;           /* code: its jump tables */
    uint32_t parent, part;            /* of .cold: whose it is; of that: its first part, of a part: the next; or LP_NONE */
    uint32_t differs;                 /* byte offset of the first difference */
    uint8_t kind, rule;
    uint8_t state, why;               /* enum lp_diff_state, enum lp_change_reason */
    uint8_t aligned;                  /* new data: it comes along as far behind a multiple of 1 << aligned bytes as it is in the new file */
    bool second, done;                /* code: it has its references, from the second thread (no bits: threads set them) */
    bool included : 1, merged : 1;    /* merged: functions that overlap */
    bool carry : 1, carried : 1;      /* new data: goes into the patch; is there */
    bool unresolved : 1;              /* code: E141 has been said of it */
    bool used : 1;                    /* unnamed data: something refers to its start */
    bool paged : 1;                   /* the same, code by an address that is made of its page: it is behind no section anchor */
    bool followed : 1;                /* code, paired: what it calls has been looked at */
    bool joined : 1;                  /* new data: must stay behind the atom in front of it */
    bool needed : 1;                  /* the first of such: the old file has them otherwise */
    bool aimed : 1;                   /* data: the patch has its address */
    bool tail : 1;                    /* data: what is in front of it is carried with a copy of it */
    bool by_entry : 1, moved_part : 1; /* its new body has a name of its own, because others lead into it; it is the .cold part of such */
    bool labels : 1;                  /* data that new bodies have a copy of: addresses of places in them, or a table of offsets that changed */
    bool resized : 1;                 /* a constant of another size than the old file's: it comes along, and all that led to the old one leads to it */
    bool numbered : 1;                /* one of several of this name in its file, but for a number: paired by use */
    bool counted : 1;                 /* the same of functions: paired by bodies and callers (counted.c) */
    bool reread : 1;                  /* code of a patched file: its references are not the old file's */
    bool roomy : 1;                   /* unnamed data, paired: of another room than the other one's (extent.c). Equal code has it; no new body gets it */
    bool lands : 1;                   /* code: exceptions may lead into it */
    bool doubted : 1;                 /* unnamed variable: at its place in the other file, others use what is there (users.c) */
    bool alike : 1;                   /* unnamed variable of the new file: one beside it might as well be the pair, and nothing but the place tells */
    bool nops : 1;                    /* code: it is the same as its pair, but for NOPs */
    bool apart : 1, together : 1;     /* code: one base is not enough for it; constants that it reaches from one come along in one piece (close.c) */
    bool in_place : 1, no_place : 1;  /* words are changed where they are; that does not do */
};

/* What a word of code says about an address. Branches and words without any are not listed; several of one word follow one another. Sorted by place. */
enum { LP_REF_NUMBER = LP_FLOW_DATA + 1 }; /* a kind besides enum lp_flow_kind: MOVZ or MOVK of the address; LP_FLOW_ALONE: of its uppermost part;
                                              * LP_FLOW_MAYBE: more probably a number */
struct lp_ref_at { uint64_t at, addr; uint32_t base; uint8_t kind, flags, width; }; /* base: the atom that the relocation names, or LP_NONE */
struct lp_table_at { struct lp_flow_table t; uint32_t atom; };

/* A word that the dynamic linker fills, or that holds an address for another reason. */
enum lp_word_kind { LP_WORD_ADDR, LP_WORD_SYMBOL, LP_WORD_IFUNC, LP_WORD_TLS, LP_WORD_COPY };
struct lp_word_at { uint64_t at, value; const struct lp_dynsym *sym; uint32_t type; uint8_t kind; }; /* value: address or addend */
/* An emitted relocation (ld -q). */
struct lp_reloc_at { uint64_t at, addr, sym; uint32_t type; }; /* sym: the symbol's own address; UINT64_MAX = none, as addr */
/* A word of data that holds an address, or the distance to one, in another way than an address in 8 bytes: of emitted relocations. */
struct lp_field_at { uint64_t at, addr, sym; uint8_t width; bool relative; }; /* addr, sym: as of struct lp_reloc_at */
struct lp_fde_at { uint64_t start, end, at; bool lsda; };

struct lp_side {
    const lp_elf *elf, *names;        /* names: the file that has the symbols, perhaps the debug file */
    const lp_elf *fewer;              /* or NULL: the other file's names, none of which is of what a source file keeps to itself (unequal.c) */
    bool is_new, stripped;            /* stripped: it is that other file */
    const struct lp_dynamic *dynamic;
    struct lp_span *span;
    size_t nspan, text;               /* text: a large one of code, in which most addresses are */
    size_t nbrought;                  /* the last of them, which a patch brings: anywhere, in no order */
    struct lp_atom *atom;
    size_t natom, atom_cap;
    size_t nfirst;                    /* 0, or: those behind so many are a patch's, in an order of their own */
    struct lp_nearby { uint32_t *v; size_t n, natom; uint64_t at; } nearby; /* of each granule of addresses: how many atoms begin in front of it */
    struct lp_ref_at *ref;            /* through atoms only: with one_list, it is the other file's, too */
    size_t nref, ref_cap;
    bool one_list;
    struct lp_table_at *table;
    size_t ntable, table_cap;
    struct lp_word_at *word;
    size_t nword, word_cap;
    struct lp_reloc_at *reloc;
    size_t nreloc, reloc_cap;
    struct lp_field_at *field;        /* by address */
    size_t nfield;
    struct lp_fde_at *fde;
    size_t nfde, fde_cap;
    struct lp_label { uint64_t at; const char *name; } *label; /* symbols of no size: bounds (__TMC_END__, __stop_x) */
    size_t nlabel, label_cap;
    uint32_t *by_name;                /* functions and objects with a name, in the order of names */
    size_t nnamed;
    /* Tables of offsets from their own start to texts and objects. By address. */
    struct lp_offsets { uint64_t start, end; } *offsets;
    size_t noffsets;
    uint64_t *cut;                    /* addresses that something refers to, in unnamed data */
    size_t ncut, cut_cap;
    uint32_t *extent;                 /* extent.c: of each atom, or NULL */
    struct lp_usage *usage;           /* users.c: or NULL */
    struct lp_flow_survey survey;
    struct lp_seen *seen;             /* seen.c: of its code, and who refers to what */
    bool nomem;
    bool code_read;                   /* the dataflow has looked at data in code */
    bool objects;                     /* it has symbols of data, of what a source file keeps to itself as well */
    const struct lp_side *patched;    /* verify.c: the old file, with a patch in it; else NULL */
    bool kept;                        /* the linker kept its relocations: they say which words are addresses */
    struct lp_touch { uint64_t addr, at; uint8_t width; } *touch; /* what code refers to in data; only where nothing else says what words are. By address. */
    size_t ntouch;
    /* Functions whose words are others than the file's: those that a linker moved (stubs.c), and what a patch puts there (verify.c). By address. */
    struct lp_patched { uint64_t start, end; uint8_t *bytes; bool changed; } *over; /* changed: by a patch */
    size_t nover, over_cap;
};

/* The references of an atom, and its jump tables: of a patched file, most functions are the old file's, and so are those. */
static inline const struct lp_side *lp_reader_of(const struct lp_side *s, const struct lp_atom *a)
{
    return s->patched && (size_t)(a - s->atom) < s->patched->natom && !a->reread ? s->patched : s;
}
static inline const struct lp_ref_at *lp_refs_of_atom(const struct lp_side *s, const struct lp_atom *a) { return lp_reader_of(s, a)->ref + a->ref; }
static inline const struct lp_table_at *lp_tables_of_atom(const struct lp_side *s, const struct lp_atom *a) { return lp_reader_of(s, a)->table + a->table; }

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
    bool alike_told;                  /* place.c: it has been said that there are such */
    lp_patch *patch;
    struct lp_remark *remark, **remark_end;
    struct lp_buf items;              /* the patch's text */
    struct lp_constants *constants;   /* place.c */
    struct lp_bases *bases;           /* bases.c */
    uint32_t *place[2];               /* compare.c: of each word of the two bodies, how many that are no NOP are in front; NULL = all count */
    bool anchors;                     /* compare.c: a base may be anything, its users are compared */
    uint32_t unwound, first_unwound;  /* functions of which nothing but the unwinding information differs */
    bool again;                       /* EMIT: some function is to be emitted once more (lp_bring_together()) */
    bool same_layout;                 /* every atom is where it was */
    bool same_places;                 /* every function is, and all that has a name */
    uint64_t grown;                   /* no pair's data is by more bytes larger in the new file */
    struct lp_supposed { uint32_t a, b; } *supposed;
    size_t nsupposed, supposed_cap;
    unsigned depth;
    uint32_t exception_steps;         /* lsda.c */
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

/* ---- the steps ---- */
void lp_diff_check(lp_diff *d);
void lp_diff_load(struct lp_side *s);
void lp_diff_atoms(struct lp_side *s);
void lp_diff_stubs(struct lp_side *s);
void lp_diff_survey(lp_diff *d);
void lp_diff_refs(lp_diff *d);
void lp_diff_pieces(struct lp_side *s);
void lp_diff_match(lp_diff *d);
void lp_diff_compare(lp_diff *d);
void lp_diff_related(lp_diff *d);
void lp_diff_data(lp_diff *d); /* and what thread-local variables hold at the start */
void lp_diff_close(lp_diff *d);
lp_status lp_diff_emit(lp_diff *d, struct lp_error *err);
/* Behind CLOSE: what the dynamic linker does, names and sections, of which a patch changes nothing. */
void lp_diff_loader(lp_diff *d);
void lp_diff_aligned(lp_diff *d); /* E124 */
void lp_diff_exports(lp_diff *d);
/* Its words of the new file that hold the address of what only that exports: they are its own. */
void lp_diff_owned(lp_diff *d);
void lp_diff_bounds(lp_diff *d);
/* again: functions that are not equal so are to be emitted as bodies; NULL: E199. */
lp_status lp_diff_verify(lp_diff *d, bool *again, struct lp_error *err);

/* ---- match.c ---- */
uint64_t lp_body_hash(const struct lp_side *s, uint32_t self); /* of its words, and of what they lead to */
void lp_pair(lp_diff *d, uint32_t a, uint32_t b, enum lp_rule rule);
/* ---- close.c ---- */
bool lp_diff_wants(const lp_diff *d, const char *name); /* --symbol; NULL: it has no name */
/* ---- unequal.c ---- */
void lp_diff_unequal(lp_diff *d); /* in front of CHECK */
bool lp_is_named_here(const struct lp_side *s, const struct lp_elf_symbol *y); /* a name of data that the other file was stripped of: it does not count */
/* ---- load.c ---- */
const struct lp_span *lp_side_span(const struct lp_side *s, uint64_t addr);
/* The table of offsets that has this address, or with a larger one begins next below `end`; NULL = none. */
const struct lp_offsets *lp_side_offsets(const struct lp_side *s, uint64_t addr, uint64_t end);
/* Bytes at an address, `*avail` of them in the same span; NULL if there are none (bss, outside). */
const uint8_t *lp_side_bytes(const struct lp_side *s, uint64_t addr, uint64_t *avail);
/* The same of code, without what linkers moved, and as it is with the patch. */
const uint8_t *lp_side_code(const struct lp_side *s, uint64_t addr, uint64_t *avail);
/* Has the function that begins there an exception table? */
bool lp_has_lsda(const struct lp_side *s, uint64_t addr);
const struct lp_word_at *lp_side_word(const struct lp_side *s, uint64_t addr);
void lp_side_free(struct lp_side *s);
/* ---- atoms.c ---- */
uint32_t lp_side_atom(const struct lp_side *s, uint64_t addr); /* LP_NONE = none */
/* Atoms are in their order and will stay so: makes lp_side_atom fast. */
void lp_side_index(struct lp_side *s);
/* Has it symbols of all data? */
bool lp_side_has_objects(const struct lp_side *s);
static inline bool lp_is_code_atom(const struct lp_atom *a) { return a->kind <= LP_ATOM_LOOSE; }
void lp_side_add_atom(struct lp_side *s, const struct lp_atom *a);
/* By address, of one address the longest first. */
void lp_sort_atoms(struct lp_atom *a, size_t n);
/* The same if the first m and the others are in order. */
void lp_merge_atoms(struct lp_atom *a, size_t m, size_t n);
/* Data that nobody writes. */
static inline bool lp_is_constant(const struct lp_side *s, const struct lp_atom *a) { return !(s->span[a->span].flags & (LP_SPAN_WRITE | LP_SPAN_BSS)); }
/* The same once the dynamic linker has relocated it. */
static inline bool lp_stays_constant(const struct lp_side *s, const struct lp_atom *a)
{
    return lp_is_constant(s, a) || s->span[a->span].flags & LP_SPAN_RELRO;
}
/* Does a linker make this name for the bounds of a section? */
bool lp_is_bound_name(const char *name);
/* Through veneers of the linker. */
uint64_t lp_side_through(const struct lp_side *s, uint64_t addr);
/* Atoms of one name: the first in by_name, and how many. */
size_t lp_side_named(const struct lp_side *s, const char *name, size_t *count);
/* Name or NULL. */
const char *lp_atom_name(const struct lp_atom *a);
/* "parse", or "0x4006f0" into buf. */
const char *lp_atom_text(const struct lp_atom *a, char buf[32]);
/* ---- refs.c ---- */
/* B, BL, B.cond, CBZ ... TBNZ. */
bool lp_word_is_branch(uint32_t word);
/* Branches, ADR, literal loads, and not many others. */
static inline bool lp_word_may_lead(uint32_t w)
{
    return (w & 0x1c000000) == 0x14000000 || lp_a64_is_adr(w) || lp_a64_is_load_literal(w);
}
/* The target of a branch, ADR or literal load; *mask: its field. */
bool lp_word_target(uint32_t word, uint64_t pc, uint64_t *target, uint32_t *mask);
/* What all functions together tell the dataflow of each; anew where their code is another one. */
void lp_side_survey(struct lp_side *s);
/* One atom's code for a survey; false: it has none. */
bool lp_side_part(const struct lp_side *s, const struct lp_atom *a, struct lp_flow_part *part);
bool lp_side_survey_changed(struct lp_side *s, const struct lp_flow_survey *old, const struct lp_flow_changes *c); /* lp_flow_survey_changed() */
/* The words of a function and its parts. */
enum { LP_MOST_PARTS = 8 };
struct lp_parts { struct lp_flow_part part[LP_MOST_PARTS]; uint32_t atom[LP_MOST_PARTS]; size_t n; };
struct lp_parts lp_parts_of(const struct lp_side *s, uint32_t atom);
/* Their references: those of the file's relocations, else by dataflow. same: NULL, or a file in which the dataflow finds the same for y, if it looks at no
 * data that is in code; true: it has them, too. twin: y is elsewhere (lp_flow_input.twin). */
bool lp_refs_of(struct lp_side *s, const struct lp_parts *x, struct lp_side *same, const struct lp_parts *y, bool twin);
void lp_refs_function(struct lp_side *s, uint32_t atom);
/* Does a call of this address, which no function begins at, come back? */
bool lp_side_returns(const struct lp_side *s, uint64_t addr);
/* ---- carry.c ---- */
bool lp_all_zero(const uint8_t *p, uint64_t n);
/* ---- reading.c ---- */
/* Does nothing say which words of data are addresses? */
bool lp_side_guesses(const struct lp_side *s);
/* Makes the list of what code touches. */
void lp_side_touch(struct lp_side *s);
/* A text of two letters or more, with the end of another in front of it. */
bool lp_begins_text(const struct lp_side *s, uint64_t at);
enum lp_likeness { LP_LIKE_NO, LP_LIKE_PERHAPS, LP_LIKE_PLAINLY };
enum lp_likeness lp_like_address(const struct lp_side *s, uint64_t at, uint64_t v); /* v is at `at` */
/* What the value of a word is, of which nothing says it; of a pair of words that are to be the same: what both are. */
enum lp_reading { LP_READ_NUMBER, LP_READ_ADDRESS, LP_READ_EITHER };
enum lp_reading lp_read_word(const struct lp_side *s, uint64_t at, uint64_t v);
enum lp_reading lp_read_words(const struct lp_side *o, uint64_t at, uint64_t v, const struct lp_side *n, uint64_t other, uint64_t w);
/* ---- relative.c ---- */
void lp_side_fields(struct lp_side *s); /* makes the list of them */
const struct lp_field_at *lp_side_field(const struct lp_side *s, uint64_t at); /* the one that begins there; NULL = none */
/* Where one of the two files has one: do both lead to the same? p, q: their bytes. */
bool lp_same_field(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q);
/* Bytes of both files. Where the linker kept nothing: is the byte at `off`, which differs, part of 4 bytes, *at, that lead to the same in both? MAYBE: perhaps
 * so, or perhaps they are numbers. */
enum lp_led { LP_LED_NOT, LP_LED_MAYBE, LP_LED_SAME };
struct lp_twice { uint64_t o, n, len; const uint8_t *p, *q; };
enum lp_led lp_find_led(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t off, uint64_t *at);
void lp_find_offsets(struct lp_side *s); /* makes their list; behind the cuts of all that refers to data by itself */
/* Where the linker kept nothing: do data look like a table of distances to functions? */
bool lp_like_distances(const struct lp_side *s, uint64_t start, uint64_t end);
/* ---- both.c ---- */
/* fn of each, by a thread of its own; without a second thread one behind the other. */
void lp_in_two(void *(*fn)(void *), void *here, void *there);
/* What does not depend on the other side: fn for each of the two, in the same way. */
void lp_for_both(lp_diff *d, void (*fn)(struct lp_side *s));
/* ---- extent.c ---- */
/* Is it a part of the constant that begins in front of it, whose address was made? Compilers without section anchors of constants (clang) go from one to
 * no other one. */
bool lp_is_inner(const struct lp_side *s, const struct lp_ref_at *r);
struct lp_use;
/* So many bytes of two variables without names are touched; UINT64_MAX: not known. */
uint64_t lp_used(lp_diff *d, uint32_t a, uint32_t b);
/* Are the two of the same size? Of variables without names: as far as they are used. */
bool lp_same_room(lp_diff *d, uint32_t a, uint32_t b);
/* If they are not: may other things just be behind it in the new file? Of more room there, that is a guess (--heuristic). */
bool lp_is_resized(const lp_diff *d, uint32_t a, uint32_t b);
bool lp_other_room(lp_diff *d, uint32_t a, uint32_t b);
/* Zeros that only make what begins at `to` aligned, or data that the other file has, too? */
bool lp_is_something_else(const lp_diff *d, const struct lp_side *s, uint64_t from, uint64_t to);
/* Are the two the ends of spans of one name, perhaps rounded up? */
bool lp_same_ends(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b);
/* The same of what functions make twice and compare with itself (crtstuff.c: __TMC_END__ and the list that ends there): what begins there is not meant. */
bool lp_same_ends_twice(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n);
bool lp_is_end_twice(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r);
void lp_remark_rooms(lp_diff *d); /* says which ones were guessed */
/* Data of a pair that stays as it is in the old file, because the new one's comes along beside it. */
static inline bool lp_is_copied(const struct lp_atom *b) { return b->labels || b->resized; }
/* ---- anchor.c ---- */
/* Is what the ADD at this place makes used as a base only, by words that have references of their own? */
bool lp_only_base(const struct lp_side *s, uint32_t atom, uint64_t at);
bool lp_mostly_base(const struct lp_side *s, uint32_t atom, uint64_t at); /* the same, but that in X1 no address is returned (beside what X0 has) */
/* The same, and which words those are. */
enum { LP_BASE_USERS = 128 };
struct lp_base_users { uint64_t at[LP_BASE_USERS]; unsigned n; };
static inline bool lp_is_user(const struct lp_base_users *u, uint64_t at)
{
    unsigned i = 0;
    while (i < u->n && u->at[i] != at) i++;
    return i < u->n;
}
bool lp_base_users(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_base_users *users);
/* Is what the ADD or ADR at this place makes compared with other addresses only, as the end of an array is? */
bool lp_only_compared(const struct lp_side *s, uint32_t atom, uint64_t at);
bool lp_is_stepped_to(const struct lp_side *s, uint32_t atom, uint64_t at); /* the same, and by what goes through the array in front of it */
/* Is an index added to it? Then it may be in front of the array: a[i - 1] is from &a[-1] on. */
bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The same, of an address `addr`, unless the index is known to lead nowhere but in front of `to`. */
bool lp_is_indexed_to(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t to);
/* bound.c: so many bytes from its base on is as far as an access with an index gets; UINT64_MAX: not known. */
uint64_t lp_index_reach(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The same of elements that are larger than a byte. */
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The first word that completes the page that the ADRP at this place makes, on the ways that go from there; 0 = it is not seen. */
uint64_t lp_page_user(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page);
/* Does the function read or write there itself? */
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Does it compare it with another address, among others? */
bool lp_is_compared(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Which calls get the address that a word makes, and in which registers; `to`: of the function, or of the place where only a register tells. based: something
 * is read or written from there. lost: somebody else may have it, or more is made of it. */
enum { LP_HANDED = 8, LP_HANDED_BACK = 1 /* to: returned */ };
struct lp_handed { struct lp_handed_at { uint64_t at, to; uint32_t regs; } v[LP_HANDED]; size_t n; bool based, lost; };
void lp_handed(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h);
/* ---- counted.c ---- */
void lp_find_counted(lp_diff *d);
bool lp_same_counted(const struct lp_atom *x, const struct lp_atom *y); /* the same name, but for its number? */
void lp_match_counted_rest(lp_diff *d); /* behind all other rules */
/* ---- numbered.c ---- */
void lp_match_numbered(lp_diff *d);
void lp_match_numbered_rest(lp_diff *d); /* behind COMPARE */
bool lp_same_stem(const struct lp_atom *x, const struct lp_atom *y); /* the same name but for the number at its end? */
/* ---- seen.c ---- */
struct lp_seen *lp_seen_new(void);
void lp_seen_free(struct lp_seen *seen);
/* ---- name.c ---- */
struct lp_use { uint64_t addr; uint32_t base, self; uint8_t width; uint64_t at; }; /* self: the atom whose code it is; LP_NONE = data. at: the word, or 0 */
/* Does a function refer to something of it? */
bool lp_refers_into(const struct lp_side *s, uint32_t self, const struct lp_atom *x);
/* The object that ends at an address which this use makes, if its function refers to that, too: is it its end, or what begins there? LP_NONE = none. */
uint32_t lp_ending(const struct lp_side *s, const struct lp_use *u);
uint32_t lp_array_to(const struct lp_side *s, uint64_t addr); /* the same, whoever uses it */
bool lp_surely_ending(const struct lp_side *s, const struct lp_use *u); /* the end, without doubt */
/* The array that begins a little behind an address to which an index is added: is it meant, or that in which the address is? LP_NONE = none. */
uint32_t lp_behind(const struct lp_side *s, const struct lp_use *u);
/* Is it meant without doubt: is the use an access with an index, in front of an address that is made? (GCC reaches what is in front of a section anchor so,
 * but of those only the first is where a block of data begins, and the next one 4096 bytes behind it.) */
bool lp_surely_behind(const struct lp_side *s, const struct lp_use *u);
/* Constants that begin within that reach behind an address, from atom `first` on: how far the last of them goes. 0: something else does, too. */
uint64_t lp_constants_behind(const struct lp_side *s, uint64_t addr, uint32_t first);
/* Do the two name the same thing? */
bool lp_same_target(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* What a PLT entry imports, by its name; NULL = not known. */
const struct lp_dynsym *lp_plt_import(const struct lp_side *s, const struct lp_atom *a);
/* The slot of a PLT entry that begins here; NULL: none does. */
const struct lp_word_at *lp_stub_slot(const struct lp_side *s, uint64_t addr);
bool lp_same_version(const struct lp_dynsym *a, const struct lp_dynsym *b); /* or one of the two has none */
/* In code, but in no function: constants that compilers put there, of which only the content says that they are the same. */
bool lp_same_beside(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* lp_same_target() of what two filled words hold. */
bool lp_same_slot(lp_diff *d, const struct lp_side *o, const struct lp_word_at *u, const struct lp_word_at *n);
/* Pairs of data are supposed while two functions are compared, and kept if that shows them equal. */
void lp_suppose_keep(lp_diff *d, bool keep);
void lp_suppose_back(lp_diff *d, size_t to); /* all but the first `to` */
bool lp_suppose(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b);
/* Does the patch write other bytes over these constants of the old file? Then they are no longer what they were found to be. */
bool lp_overwritten(const lp_diff *d, uint64_t addr, uint64_t len);
/* What an address is, for people. */
void lp_describe(const struct lp_side *s, const struct lp_use *u, struct lp_buf *out);
/* Length of the text at an address with its 0 byte; 0 = it is no text. */
uint64_t lp_side_text(const struct lp_side *s, uint64_t addr);
/* ---- compare.c ---- */
/* Is the code of these two atoms equal, references and all? *why, *at: the first difference. */
bool lp_same_code(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at);
/* One word of each. */
bool lp_same_word(lp_diff *d, uint32_t a, uint64_t off, uint32_t b, uint64_t other);
uint32_t lp_code_word(const struct lp_side *s, uint64_t addr);
/* The entries of a jump table; NULL: the file has not all of them. */
const uint8_t *lp_table_bytes(const struct lp_side *s, const struct lp_flow_table *t);
/* Of each word, and of the end, how many that are no NOP are in front of it. The caller frees it; NULL = no memory. */
uint32_t *lp_places(const struct lp_side *s, const struct lp_atom *a, uint32_t *count);
/* Are these offsets in the code of a pair the same place? Where one has NOPs that the other one has not, behind those too. */
bool lp_same_place(const struct lp_side *o, uint32_t a, uint64_t off, const struct lp_side *n, uint32_t b, uint64_t other);
/* Where in the old file's one of the pair that place of the new one's is. */
uint64_t lp_old_place(const struct lp_diff *d, const struct lp_atom *b, uint64_t off);
uint32_t lp_file_word(const struct lp_side *s, uint64_t addr); /* as the file has it */
/* The code of an atom, for whoever goes through all of it. */
struct lp_words { const struct lp_side *s; const uint8_t *p; uint64_t at, len; };
struct lp_words lp_words_of(const struct lp_side *s, uint32_t atom);
static inline uint32_t lp_words_at(const struct lp_words *c, uint64_t pc)
{
    return pc - c->at < c->len && c->len - (pc - c->at) >= 4 ? lp_le32(c->p + (pc - c->at)) : lp_code_word(c->s, pc);
}
/* ---- unnamed.c ---- */
void lp_pair_in_place(lp_diff *d); /* where all functions are where they were; and whether they are */
void lp_pair_unnamed(lp_diff *d);  /* behind the comparison */
/* Does a function use one of two old variables, and not the other one, of which the new one tells which they are? */
bool lp_told_apart(lp_diff *d, uint32_t x, uint32_t y);
/* Of a pair: is there more in the old one behind all that is known to be used than padding? */
bool lp_has_more(lp_diff *d, uint32_t a, uint32_t b);
/* ---- exchange.c ---- */
bool lp_find_exchanged(lp_diff *d); /* some in-place pairs are others now: what changed is to be compared again */
/* ---- traded.c ---- */
void lp_remark_traded(lp_diff *d);
/* ---- steady.c ---- */
bool lp_find_steady(lp_diff *d); /* behind unnamed.c; true: what is in a section is known by its place, now */
bool lp_same_steady(const struct lp_side *o, const struct lp_atom *x, const struct lp_side *s, const struct lp_atom *y); /* are both in one? */
/* Where an address in b is in the old file; 0: b is in no such section. */
uint64_t lp_steady_place(const lp_diff *d, const struct lp_atom *b, uint64_t addr);
/* ---- threads.c ---- */
void lp_diff_threads(lp_diff *d); /* E160 of thread-local variables without names */
/* ---- users.c ---- */
/* Of data that had no pair when the first of these was asked. Functions are the new file's, of pairs. */
bool lp_uses(lp_diff *d, int side, uint32_t atom, uint32_t func);
uint32_t lp_next_user(lp_diff *d, int side, uint32_t atom, uint32_t from); /* LP_NONE = no more */
bool lp_share_user(lp_diff *d, uint32_t a, uint32_t b); /* is there a function that uses both, in the old file and in the new one? */
bool lp_is_other_thing(lp_diff *d, uint32_t a, uint32_t b); /* both are used, and there is none */
void lp_usage_free(struct lp_usage *u);
/* ---- sibling.c ---- */
/* In the new file: the object that is meant by an address at its end, where something else begins, or in front of it, in something else: LP_NONE = that
 * something, by the way it is used. *unsure: it may be either. */
uint32_t lp_meant(const lp_diff *d, const struct lp_use *u, bool *unsure);
/* Is something new where an array ends, whose address somebody has to compare it with? */
bool lp_came_there(const lp_diff *d, const struct lp_use *n);
/* The address is that of the end of an object, and of another one: is it certainly the other one, because a function gets the two in one another's stead? */
bool lp_is_used_else(const struct lp_side *s, uint32_t function, uint32_t object); /* by whom else but this function? */
bool lp_is_sibling(const struct lp_side *s, const struct lp_use *u, uint32_t object);
/* ---- data.c ---- */
/* Are n bytes of data equal, addresses by what they name? *at: the first difference. */
bool lp_same_data(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, uint64_t len, uint64_t *at);
/* Have a datum of the old file and one of the new one the same size and content? Not so of b and its pair: lp_datum_changed(). */
bool lp_same_datum(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b);
bool lp_datum_changed(lp_diff *d, const struct lp_atom *b);
#endif
