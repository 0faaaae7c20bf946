/* diff/side/side.h - one of the two files, as far as it is known without the other one: LOAD, ATOMS, REFS. All addresses are link-time addresses. */
#ifndef LP_DIFF_SIDE_SIDE_H
#define LP_DIFF_SIDE_SIDE_H
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
    LP_SPAN_NOTE = 1024, LP_SPAN_READ = 2048, /* notes, for others than the program; something refers to them */
};
struct lp_span { uint64_t start, end; const uint8_t *bytes; uint32_t flags; const char *name; }; /* bytes NULL: zeros */

enum lp_atom_kind {
    LP_ATOM_FUNC, LP_ATOM_PLT,
    LP_ATOM_LOOSE,  /* code of which nothing says where its functions begin */
    LP_ATOM_OBJECT, /* data with a name */
    LP_ATOM_PIECE,  /* data without one, cut where something refers to it */
    LP_ATOM_TABLE,  /* a jump table */
    LP_ATOM_WORD,   /* a word without a name that exception tables lead to: the address of a type, or of who reads them */
};
enum lp_rule { LP_RULE_NONE, LP_RULE_MAP, LP_RULE_NAME, LP_RULE_FILE, LP_RULE_STEM, LP_RULE_BODY, LP_RULE_ORDER, LP_RULE_CALL, LP_RULE_ENTRY,
               LP_RULE_SLOT, LP_RULE_USE };
enum lp_change_reason { LP_WHY_NONE, LP_WHY_CODE, LP_WHY_REFS, LP_WHY_SIZE, LP_WHY_NUMBER, LP_WHY_OPAQUE, LP_WHY_TABLE, LP_WHY_PART, LP_WHY_LINE,
                        LP_WHY_LINE_ASSUMED, LP_WHY_EXCEPTIONS };
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
    bool unresolved : 1, unreached : 1; /* code: E141, E181 has been said of it */
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
    uint8_t rows : 2;                 /* unnamed constant: an array of short texts begins in front of it, and 1: ends where it begins, 2: goes on (runs.c) */
    bool parted : 1;                  /* the same, of constants: it was a pair, but not what is behind it in what may be one table (around.c) */
    bool nops : 1;                    /* code: it is the same as its pair, but for NOPs */
    bool apart : 1, together : 1;     /* code: one base is not enough for it; constants that it reaches from one come along in one piece (close.c) */
    bool told : 1;                    /* old data and code: it has been said that pointers into it may be held (copies.c, labels.c) */
    bool in_place : 1, no_place : 1;  /* words are changed where they are; that does not do */
    bool hides_asked : 1, hides : 1;  /* code: words.c: an index may have the distance of another object in it; whether that is known */
    bool lent : 1;                    /* code: it completes pages that others make, or makes such for others (lent.c) */
    uint8_t pages : 2;                /* code: one page does not do for all that complete it: 1: of those of one ADRP, 2: of any, words are apart (pages.c) */
    bool proved : 1;                  /* code: VERIFY has found the new body, as it is emitted now, equal */
    bool uniform : 1;                 /* code: of words that make one address, all make the same one in the old file, too, whatever each is for */
};

/* What a word of code says about an address. Branches and words without any are not listed; several of one word follow one another. Sorted by place. */
enum { LP_REF_NUMBER = LP_FLOW_DATA + 1 }; /* a kind besides enum lp_flow_kind: MOVZ or MOVK of the address; LP_FLOW_ALONE: of its uppermost part;
                                              * LP_FLOW_MAYBE: more probably a number */
/* Flags besides enum lp_flow_flags, of what a patch brings. APART: the word reaches the address by itself (apart.c), whatever its base is. SPLIT: LDP or STP
 * that has what is of its second register elsewhere, which has been compared. */
enum { LP_REF_SPLIT = 16, LP_REF_APART = 32 };
struct lp_ref_at { uint64_t at, addr; uint32_t base; uint8_t kind, flags, width; }; /* base: the atom that the relocation names, or LP_NONE */
struct lp_table_at { struct lp_flow_table t; uint32_t atom; };
/* Somebody has an address. */
struct lp_use { uint64_t addr; uint32_t base, self; uint8_t width; uint64_t at; }; /* self: the atom whose code it is; LP_NONE = data. at: the word, or 0 */

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
    size_t nspan, text, data;         /* a large one of code, and one of data, in which most addresses are */
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
    bool resolves;                    /* some of them are filled with what functions (IFUNC) say */
    struct lp_reloc_at *reloc;
    size_t nreloc, reloc_cap;
    struct lp_field_at *field;        /* by address */
    size_t nfield;
    struct lp_fde_at *fde;
    size_t nfde, fde_cap;
    uint64_t *type_word;              /* types.c: words that exception tables lead to, by address */
    size_t ntype_word, type_word_cap;
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
    struct lp_run { uint32_t first, last; } *run; /* runs.c: of each atom, those that may be one table with it; or NULL */
    size_t nrun;
    struct lp_flow_survey survey;
    struct lp_ending { const char *name; bool last, passed; } *ending; /* imports that do not come back, of both files, in the old one's list (ending.c) */
    size_t nending;
    struct lp_seen *seen;             /* seen.c: of its code, and who refers to what */
    struct lp_flow_lent *lent;        /* lent.c: or NULL */
    size_t nlent;
    bool nomem;
    bool lost;                        /* a function reads tables of offsets, and it is not known which (lp_flow) */
    bool code_read;                   /* the dataflow has looked at data in code */
    bool objects;                     /* it has symbols of data, of what a source file keeps to itself as well */
    const struct lp_side *patched;    /* verify.c: the old file, with a patch in it; else NULL */
    bool kept;                        /* the linker kept its relocations: they say which words are addresses */
    /* What code refers to in data (maybe: or elsewhere); only where nothing else says what words are. By address. */
    struct lp_touch { uint64_t addr, at; uint8_t width; bool maybe; } *touch;
    size_t ntouch;
    /* Functions whose words are others than the file's: those that a linker moved (stubs.c), and what a patch puts there (verify.c). By address. */
    struct lp_patched { uint64_t start, end; uint8_t *bytes; bool changed; } *over; /* changed: by a patch */
    size_t nover, over_cap;
    struct lp_body_lsda { uint64_t start, lsda; } *lsda; /* of a patched file's new bodies: where their exception tables are, 0 = none. By `start`. */
    size_t nlsda;
};

static inline bool lp_is_within(const struct lp_side *s, uint32_t atom, uint64_t addr) /* LP_NONE: nothing is */
{
    return atom != LP_NONE && addr >= s->atom[atom].start && addr < s->atom[atom].end;
}
/* The references of an atom, and its jump tables: of a patched file, most functions are the old file's, and so are those. */
static inline const struct lp_side *lp_reader_of(const struct lp_side *s, const struct lp_atom *a)
{
    return s->patched && (size_t)(a - s->atom) < s->patched->natom && !a->reread ? s->patched : s;
}
static inline const struct lp_ref_at *lp_refs_of_atom(const struct lp_side *s, const struct lp_atom *a) { return lp_reader_of(s, a)->ref + a->ref; }
static inline const struct lp_table_at *lp_tables_of_atom(const struct lp_side *s, const struct lp_atom *a) { return lp_reader_of(s, a)->table + a->table; }

/* Of an atom, the first of the references of the word at `at`; *n of them. */
const struct lp_ref_at *lp_refs_at(const struct lp_side *s, const struct lp_atom *a, uint64_t at, unsigned *n);

static inline bool lp_is_code_atom(const struct lp_atom *a) { return a->kind <= LP_ATOM_LOOSE; }
/* Code but for the linker's PLT entries. */
static inline bool lp_is_function(const struct lp_atom *a) { return a->kind == LP_ATOM_FUNC || a->kind == LP_ATOM_LOOSE; }
/* Data but for jump tables, which are parts of functions. */
static inline bool lp_is_datum(const struct lp_atom *a) { return a->kind == LP_ATOM_OBJECT || a->kind == LP_ATOM_PIECE; }

/* ---- load.c ---- */
void lp_diff_load(struct lp_side *s);
const struct lp_span *lp_side_span(const struct lp_side *s, uint64_t addr);
/* The table of offsets that has this address, or with a larger one begins next below `end`; NULL = none. */
const struct lp_offsets *lp_side_offsets(const struct lp_side *s, uint64_t addr, uint64_t end);
/* Bytes at an address, `*avail` of them in the same span; NULL if there are none (bss, outside). */
const uint8_t *lp_side_bytes(const struct lp_side *s, uint64_t addr, uint64_t *avail);
/* The same of code, without what linkers moved, and as it is with the patch. */
const uint8_t *lp_side_code(const struct lp_side *s, uint64_t addr, uint64_t *avail);
const struct lp_word_at *lp_side_word(const struct lp_side *s, uint64_t addr);
const struct lp_reloc_at *lp_side_reloc(const struct lp_side *s, uint64_t at); /* the one that the linker kept of this place; NULL = none */
void lp_side_free(struct lp_side *s);
static inline bool lp_is_mere_note(uint32_t span_flags) { return (span_flags & (LP_SPAN_NOTE | LP_SPAN_READ)) == LP_SPAN_NOTE; }
bool lp_all_zero(const uint8_t *p, uint64_t n);
bool lp_side_has(const struct lp_side *s, const void *p, uint64_t n); /* anywhere in its data */
/* The entries of a jump table; NULL: the file has not all of them. */
const uint8_t *lp_table_bytes(const struct lp_side *s, const struct lp_flow_table *t);
/* The FDE of a function, which may begin behind NOPs in front of that (lp_elf_fde_of()). False: it has none, or one that begins elsewhere. */
bool lp_atom_fde(const struct lp_side *s, const struct lp_atom *a, struct lp_fde *out);
bool lp_has_lsda(const struct lp_side *s, const struct lp_atom *a); /* an exception table */
/* ---- types.c ---- */
void lp_add_type_words(struct lp_side *s, const struct lp_fde *f);
/* ---- atoms.c ---- */
void lp_diff_atoms(struct lp_side *s);
bool lp_is_named_here(const struct lp_side *s, const struct lp_elf_symbol *y); /* a name of data that the other file was stripped of: it does not count */
uint32_t lp_side_atom(const struct lp_side *s, uint64_t addr); /* LP_NONE = none */
static inline uint32_t lp_side_start(const struct lp_side *s, uint64_t addr) /* the one that begins there */
{
    const uint32_t i = lp_side_atom(s, addr);
    return i != LP_NONE && s->atom[i].start == addr ? i : LP_NONE;
}
/* The one that an address is of, which may be outside of it, if a relocation says so: that is `base`. */
static inline uint32_t lp_side_meant(const struct lp_side *s, uint32_t base, uint64_t addr) { return base != LP_NONE ? base : lp_side_atom(s, addr); }
/* Atoms are in their order and will stay so: makes lp_side_atom fast. */
void lp_side_index(struct lp_side *s);
/* Has it symbols of all data? */
bool lp_side_has_objects(const struct lp_side *s);
void lp_side_add_atom(struct lp_side *s, const struct lp_atom *a);
/* By address, of one address the longest first. */
void lp_sort_atoms(struct lp_atom *a, size_t n);
/* The same if the first m and the others are in order. */
void lp_merge_atoms(struct lp_atom *a, size_t m, size_t n);
/* Data that nobody writes. */
static inline bool lp_is_constant(const struct lp_side *s, const struct lp_atom *a) { return !(s->span[a->span].flags & (LP_SPAN_WRITE | LP_SPAN_BSS)); }
/* Without a name, and (lone) a pair: who has its address finds the same in the old file by what it holds, or gets a copy. */
static inline bool lp_is_unnamed_constant(const struct lp_side *s, const struct lp_atom *a) { return a->kind == LP_ATOM_PIECE && lp_is_constant(s, a); }
static inline bool lp_is_lone(const struct lp_side *s, const struct lp_atom *a) { return lp_is_unnamed_constant(s, a) && a->pair == LP_NONE; }
static inline bool lp_is_unnamed_constant_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_side_atom(s, addr);
    return i != LP_NONE && lp_is_unnamed_constant(s, &s->atom[i]);
}
/* lp_is_constant() once the dynamic linker has relocated it. */
static inline bool lp_stays_constant(const struct lp_side *s, const struct lp_atom *a)
{
    return lp_is_constant(s, a) || s->span[a->span].flags & LP_SPAN_RELRO;
}
/* Does a linker make this name for the bounds of a section? */
bool lp_is_bound_name(const char *name);
/* Through veneers of the linker. */
uint64_t lp_side_through(const struct lp_side *s, uint64_t addr);
/* Name or NULL. */
const char *lp_atom_name(const struct lp_atom *a);
/* "parse", or "0x4006f0" into buf. */
const char *lp_atom_text(const struct lp_atom *a, char buf[32]);
/* Data of a pair that stays as it is in the old file, because the new one's comes along beside it. */
static inline bool lp_is_copied(const struct lp_atom *b) { return b->labels || b->resized; }
/* What a PLT entry imports, by its name; NULL = not known. */
const struct lp_dynsym *lp_plt_import(const struct lp_side *s, const struct lp_atom *a);
/* The slot of a PLT entry that begins here; NULL: none does. */
const struct lp_word_at *lp_stub_slot(const struct lp_side *s, uint64_t addr);
uint32_t lp_code_elsewhere(const struct lp_side *s, uint64_t addr);
static inline uint32_t lp_code_word(const struct lp_side *s, uint64_t addr)
{
    const struct lp_span *x = s->nspan ? &s->span[s->text] : NULL; /* most are there, and as the file has them */
    const bool there = x && x->bytes && !s->nover && x->end - x->start >= 4 && addr - x->start <= x->end - x->start - 4;
    return there ? lp_le32(x->bytes + (addr - x->start)) : lp_code_elsewhere(s, addr);
}
uint32_t lp_file_word(const struct lp_side *s, uint64_t addr); /* as the file has it */
/* The code of an atom, for whoever goes through all of it. */
struct lp_words { const struct lp_side *s; const uint8_t *p; uint64_t at, len; };
struct lp_words lp_words_of(const struct lp_side *s, uint32_t atom);
static inline uint32_t lp_words_at(const struct lp_words *c, uint64_t pc)
{
    return pc - c->at < c->len && c->len - (pc - c->at) >= 4 ? lp_le32(c->p + (pc - c->at)) : lp_code_word(c->s, pc);
}
/* ---- starts.c ---- */
/* Where functions begin in code that the atoms leave, in order. The caller frees it. */
uint64_t *lp_find_starts(struct lp_side *s, size_t *n);
/* Functions without a name whose FDE begins behind NOPs that are called begin with those. start: as lp_find_starts() has them. */
void lp_begin_earlier(struct lp_side *s, const uint64_t *start, size_t n);
/* ---- stubs.c ---- */
void lp_diff_stubs(struct lp_side *s);
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
/* ---- pads.c ---- */
struct lp_pads { struct lp_flow_pad *v; size_t n, cap; };
void lp_pads_of(const struct lp_side *s, const struct lp_parts *x, struct lp_pads *out); /* none: it has no exception table, or what that says is not known */
void lp_pads_free(struct lp_pads *p);
bool lp_same_pads(const struct lp_pads *p, uint64_t at, const struct lp_pads *q, uint64_t other); /* of functions at these addresses */
/* Their references: those of the file's relocations, else by dataflow. same: NULL, or a file in which the dataflow finds the same for y, if it looks at no
 * data that is in code; true: it has them, too. twin: y is elsewhere (lp_flow_input.twin). */
bool lp_refs_of(struct lp_side *s, const struct lp_parts *x, struct lp_side *same, const struct lp_parts *y, bool twin);
void lp_refs_function(struct lp_side *s, uint32_t atom);
/* Only what a function has in registers where others go on (lp_flow_input.holds). False: no memory, s->nomem; else the caller frees it. */
bool lp_holds_of(struct lp_side *s, uint32_t atom, struct lp_flow *out);
/* ---- lent.c ---- */
void lp_side_lent(struct lp_side *s); /* behind all references */
/* Pages that are made in one function and completed in another, of this one's: which, with whom, and whether it is the one that completes them. */
enum { LP_LENT_PAGES = 64 };
struct lp_lent_pages { struct lp_lent_page { uint64_t page, with; bool borrowed; } v[LP_LENT_PAGES]; unsigned n; bool more; };
void lp_lent_pages(const struct lp_side *s, uint32_t atom, struct lp_lent_pages *p);
/* ---- returns.c ---- */
/* The PLT entry that a call of this address gets to, through veneers; LP_NONE = none. */
uint32_t lp_entry_at(const struct lp_side *s, uint64_t addr);
/* Does a call of this address, which no function begins at, come back? */
bool lp_side_returns(const struct lp_side *s, uint64_t addr);
/* The same while the survey is there: a library may call what it exports (event_errx()) through an entry that is not known by its name. (Another object's
 * function of that name is declared alike.) */
bool lp_side_comes_back(const struct lp_side *s, uint64_t addr);
bool lp_is_known_to_end(const struct lp_side *s, uint64_t addr); /* by its name */
/* ---- ending.c ---- */
/* What calls say of each import, and what is left of that if the other file is asked, too. */
void lp_side_ending(struct lp_side *s);
void lp_agree_on_endings(struct lp_side *o, struct lp_side *n);
bool lp_is_ending(const struct lp_side *s, const char *name);
/* ---- fall.c ---- */
/* Does a function go on in what is behind it, *to? PERHAPS: if a call at its end comes back, or something that is not seen leads to its last words. */
enum lp_fall { LP_FALL_NONE, LP_FALL_PERHAPS, LP_FALL_SURELY };
bool lp_ends_way(uint32_t word); /* a jump, or what does not go on in the next word for another reason; calls do */
enum lp_fall lp_falls(const struct lp_side *s, uint32_t atom, uint64_t *to);
/* Is a branch in `a` a call that does not come back, as it leads to the start of another function, which knows of nothing but arguments? (A .cold part has the
 * registers of its function, and the other way round.) */
bool lp_is_tail_call(const struct lp_side *s, const struct lp_atom *a, uint32_t word, uint64_t to);
/* ---- pieces.c ---- */
void lp_diff_pieces(struct lp_side *s);
/* ---- reading.c ---- */
/* Does nothing say which words of data are addresses? */
bool lp_side_guesses(const struct lp_side *s);
/* The address that a word of data holds, or may hold where nothing says so; 0 = none, or an import's. */
uint64_t lp_held_at(const struct lp_side *s, uint64_t at);
/* Makes the list of what code touches. */
void lp_side_touch(struct lp_side *s);
/* A text of two letters or more, with the end of another in front of it. */
bool lp_begins_text(const struct lp_side *s, uint64_t at);
enum lp_likeness { LP_LIKE_NO, LP_LIKE_PERHAPS, LP_LIKE_PLAINLY };
enum lp_likeness lp_like_address(const struct lp_side *s, uint64_t at, uint64_t v); /* v is at `at` */
/* Is it certainly no address of anything: neither in the file nor where its last part ends? (Most numbers are so.) */
static inline bool lp_is_far(const struct lp_side *s, uint64_t v)
{
    const size_t own = s->nspan - s->nbrought;
    if (!own || s->nbrought || !s->natom) return false;
    const uint64_t end = s->span[own - 1].end, last = s->atom[s->natom - 1].end;
    return v < s->span[0].start || v > (last > end ? last : end);
}
/* Below where linkers put programs by themselves, numbers are as common as addresses: what begins there says nothing. */
static inline bool lp_is_low(uint64_t v) { return v < 0x200000; }
/* What the value of a word is, of which nothing says it; of a pair of words that are to be the same: what both are. */
enum lp_reading { LP_READ_NUMBER, LP_READ_ADDRESS, LP_READ_EITHER };
enum lp_reading lp_read_word(const struct lp_side *s, uint64_t at, uint64_t v);
enum lp_reading lp_read_number(const struct lp_side *s, const struct lp_ref_at *r); /* of what MOVZ and MOVK make */
enum lp_reading lp_read_words(const struct lp_side *o, uint64_t at, uint64_t v, const struct lp_side *n, uint64_t other, uint64_t w);
/* Length of the text at an address with its 0 byte; 0 = it is no text. */
uint64_t lp_side_text(const struct lp_side *s, uint64_t addr);
bool lp_only_texts(const struct lp_side *s, uint64_t at, uint64_t end); /* and zeros; each ends in front of `end` */
/* ---- texts.c ---- */
bool lp_only_zeros(const struct lp_side *s, uint64_t addr, uint64_t end);
bool lp_are_texts(const struct lp_side *s, uint64_t start, uint64_t end); /* nothing but texts, each to its end, which no numbers are? */
bool lp_begins_long_text(const struct lp_side *s, uint64_t at); /* one that is too long for a number */
/* Where an array of texts ends of so many bytes each as the one that begins there has with the zeros behind it, `most` or a row behind that if it
 * goes on there; `start`: it is none. */
uint64_t lp_rows_end(const struct lp_side *s, uint64_t start, uint64_t most);
/* ---- runs.c ---- */
void lp_find_runs(struct lp_side *s); /* behind PIECES, in front of all else */
bool lp_may_end_at(const struct lp_side *s, uint32_t i); /* is what is in front of this constant one that may end there, and no text? */
bool lp_goes_on(const struct lp_side *s, uint32_t i); /* may the constant in front of this one be one thing with it? */
uint32_t lp_first_of_table(const struct lp_side *s, uint32_t i);
uint32_t lp_last_of_table(const struct lp_side *s, uint32_t i);
uint64_t lp_addresses_in(const struct lp_side *s, uint64_t start, uint64_t end); /* how many words there are that hold addresses, of whole ones */
/* ---- relative.c ---- */
void lp_side_fields(struct lp_side *s); /* makes the list of them */
const struct lp_field_at *lp_side_field(const struct lp_side *s, uint64_t at); /* the one that begins there; NULL = none */
void lp_find_offsets(struct lp_side *s); /* makes their list; behind the cuts of all that refers to data by itself */
/* Where the linker kept nothing: do data look like a table of distances to functions? */
uint64_t lp_may_be_offsets(const struct lp_side *s, const struct lp_atom *a); /* perhaps it is such a table: up to where; 0: it is none */
bool lp_like_distances(const struct lp_side *s, uint64_t start, uint64_t end);
bool lp_may_be_lost(const struct lp_side *s, uint64_t start, uint64_t end); /* a table that code reads of which that is not known */
/* A value of such a word. */
uint64_t lp_field_value(const uint8_t *p, unsigned width, bool is_signed);
/* What an address is the start of. */
enum lp_start { LP_START_NONE, LP_START_DATA, LP_START_TEXT, LP_START_FUNC };
enum lp_start lp_start_at(const struct lp_side *s, uint64_t v);
bool lp_is_loose(const struct lp_side *s, uint64_t v); /* code of which nothing says where its functions begin */
uint32_t lp_field_of(const struct lp_side *s, const struct lp_field_at *f); /* the atom whose start its relocation names; LP_NONE = none */
/* ---- extent.c ---- */
static inline bool lp_makes_address(const struct lp_ref_at *r) { return r->kind == LP_FLOW_ADDR && !r->width; }
/* Is it a part of the constant that begins in front of it, whose address was made? Compilers without section anchors of constants (clang) go from one to
 * no other one. */
bool lp_is_inner(const struct lp_side *s, const struct lp_ref_at *r);
/* Are the two the ends of spans of one name, perhaps rounded up? */
bool lp_same_ends(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b);
/* The same of what functions make twice and compare with itself (crtstuff.c: __TMC_END__ and the list that ends there): what begins there is not meant. */
bool lp_same_ends_twice(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n);
bool lp_is_end_twice(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r);
enum { LP_ALL_OF_IT = UINT32_MAX };
/* Makes s->extent: how many bytes of each variable without a name are touched, or LP_ALL_OF_IT. */
void lp_side_extents(struct lp_side *s);
/* How many bytes a piece has: to where the next thing begins. */
uint64_t lp_room(const struct lp_side *s, uint32_t i);
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
bool lp_is_stepped_to(const struct lp_side *s, uint32_t atom, uint64_t at); /* the same, and by what goes through the array that it is an end of */
/* The same, if that array is beside it, and does not just end there. */
struct lp_stepped { uint32_t array; uint64_t first; }; /* first: in the array, where the steps begin */
bool lp_stopped(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_stepped *out);
/* ---- uses.c ---- */
/* Is an index added to it? Then it may be in front of the array: a[i - 1] is from &a[-1] on. */
bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The same, of an address `addr`, unless the index is known to lead nowhere but in front of `to`. */
bool lp_is_indexed_to(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t to);
/* The same of elements that are larger than a byte. */
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The first word that completes the page that the ADRP at this place makes, on the ways that go from there; 0 = it is not seen. */
uint64_t lp_page_user(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page);
/* Does the function read or write there itself? */
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Does it compare it with another address, among others? */
bool lp_is_compared(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Does a function compare what these registers have at its entry with other addresses, and not read there? */
bool lp_compares_argument(const struct lp_side *s, uint32_t function, uint32_t regs);
bool lp_compares_arguments(const struct lp_side *s, uint32_t function, uint32_t regs); /* of several, two with one another */
bool lp_reads_argument(const struct lp_side *s, uint32_t function, uint32_t regs); /* does it read there, without an index? */
/* ---- handed.c ---- */
/* Which calls get the address that a word makes, and in which registers; `to`: of the function, or of the place where only a register tells. based: something
 * is read or written from there. lost: somebody else may have it, or more is made of it. */
enum { LP_HANDED = 8, LP_HANDED_BACK = 1 /* to: returned */ };
struct lp_handed { struct lp_handed_at { uint64_t at, to; uint32_t regs; } v[LP_HANDED]; size_t n; bool based, lost; };
void lp_handed(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h);
/* The same of all addresses that are made of it, for who would give it a copy of what is there: to compare one loses it, but not with 0. */
void lp_handed_copy(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h);
/* May it, or another address in the array that begins there, be stored, returned (in X0), or handed to a function that the word calls by its name? */
bool lp_is_put(const struct lp_side *s, uint32_t atom, uint64_t at);
/* ---- readers.c ---- */
/* Does a call that gets the address which a word makes read there? */
bool lp_is_read_by_call(const struct lp_side *s, uint32_t atom, uint64_t at);
/* ---- steps.c ---- */
/* Does what goes through an array in steps, in this register of the function, stop at `addr`? *out: beside which array; left as it is where the array ends
 * there. */
bool lp_stops_at(const struct lp_side *s, const struct lp_atom *f, uint64_t addr, unsigned reg, struct lp_stepped *out);
/* The word there makes this address: is it where what goes through an array in steps stops, or starts, beside the array? */
bool lp_stepped_from(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr, struct lp_stepped *out);
/* Of data without names: does the word make the address of an element where a pointer begins that goes backwards, or where it stops? Nothing begins there. */
bool lp_goes_back_from(const struct lp_side *s, uint32_t function, const struct lp_ref_at *r);
/* Is an index added that is below 0 all the time? The array is in front of the address, *first in it. */
bool lp_indexed_in_front(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r, uint64_t *first);
/* The first and the last bytes that pointers access which go backwards until they are where they stop: nothing else begins between them. */
void lp_each_walk(const struct lp_side *s, uint32_t function, void (*fn)(void *ctx, uint64_t first, uint64_t last), void *ctx);
/* Is what goes through an array by steps, as it does to its end, used behind the loop, too? There it may be the address of what begins at that end. */
bool lp_goes_past(const struct lp_side *s, uint32_t atom, uint32_t array);
/* Is the address compared with what goes by steps through the array that ends there, whatever else becomes of it? */
bool lp_ends_steps(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr);
/* Where such pointers begin that go forth, and by how much, in order, of the whole file. The caller frees it. */
struct lp_step_start { uint64_t at, by; };
struct lp_step_start *lp_step_starts(struct lp_side *s, size_t *n);
/* Is this address in the constants that such a pointer goes through: has no element in front of it nothing but zeros, as the last one has? */
bool lp_goes_through(const struct lp_side *s, const struct lp_step_start *t, uint64_t addr);
/* ---- paged.c ---- */
/* The words that complete the page which the ADRP at this place makes, as far as that is in registers; false: it is elsewhere, too. */
bool lp_page_users(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page, struct lp_base_users *users);
/* ---- choice.c ---- */
/* What a word makes, or (an access) its base, is the address of something of so many bytes; numbers that are added to it lead out of that: these, and (any)
 * others that are not known. False: nothing leads out. */
enum { LP_CHOICES = 8 };
struct lp_choice { int64_t off[LP_CHOICES]; unsigned n; bool any, added; }; /* added: some word may add a number, wherever that leads */
bool lp_choices(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t size, struct lp_choice *out);
/* ---- bound.c ---- */
/* bound.c: so many bytes from its base on is as far as an access with an index gets; UINT64_MAX: not known. */
bool lp_is_led_to(const struct lp_side *s, uint32_t atom, uint64_t at); /* by a branch or table of its function? If that is not known: yes */
uint64_t lp_index_reach(const struct lp_side *s, uint32_t atom, uint64_t at);
/* ---- seen.c ---- */
struct lp_seen *lp_seen_new(void);
void lp_seen_free(struct lp_seen *seen);
/* Does a function refer to something of it? */
bool lp_refers_into(const struct lp_side *s, uint32_t self, const struct lp_atom *x);
/* ---- field.c ---- */
/* The immediate offset of ADD, SUB, loads and stores, as a signed number of bytes; *bits: of the field, scale: of its unit. */
bool lp_word_offset(uint32_t w, int64_t *off);
/* By how much a load or store moves its base on behind the access (post-index); 0 = it does not. */
int64_t lp_word_back(uint32_t w);
bool lp_word_set_offset(uint32_t *w, int64_t off);
const char *lp_word_lo12_name(uint32_t w); /* the relocation of its offset in a page; NULL = it has none */
#endif
