/* diff/side/side.h - one of the two files, as far as it is known without the other one: what there is of it, and LOAD and ATOMS, which make that. What else is
 * known of it: code.h (what its words say), data.h (what its data are), walk.h (what becomes of an address). All addresses are link-time addresses. */
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
    bool ends : 1;                    /* PLT entry: a call of it does not come back (returns.c) */
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

enum { LP_VIEWED = 12 };
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
    struct lp_entries { uint64_t at; size_t n; uint32_t *slot; } entries; /* the PLT, by words: the slot that an entry there reads, its index in `word` + 1 */
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
    uint8_t *viewed;                  /* of each 1 << LP_VIEWED bytes of `text`: is such a function there? NULL: not known (lp_side_index_views()) */
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
void lp_side_index_views(struct lp_side *s); /* once all are known */
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
/* Name or NULL. */
const char *lp_atom_name(const struct lp_atom *a);
/* "parse", or "0x4006f0" into buf. */
const char *lp_atom_text(const struct lp_atom *a, char buf[32]);
/* Data of a pair that stays as it is in the old file, because the new one's comes along beside it. */
static inline bool lp_is_copied(const struct lp_atom *b) { return b->labels || b->resized; }
uint32_t lp_code_elsewhere(const struct lp_side *s, uint64_t addr);
static inline uint32_t lp_code_word(const struct lp_side *s, uint64_t addr)
{
    const struct lp_span *x = s->nspan ? &s->span[s->text] : NULL; /* most are there, and as the file has them */
    const bool text = x && x->bytes && x->end - x->start >= 4 && addr - x->start <= x->end - x->start - 4;
    const bool there = text && (!s->nover || (s->viewed && !s->viewed[(addr - x->start) >> LP_VIEWED]));
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
/* ---- entries.c ---- */
void lp_index_entries(struct lp_side *s);
/* Through veneers of the linker. */
uint64_t lp_side_through(const struct lp_side *s, uint64_t addr);
/* What a PLT entry imports, by its name; NULL = not known. */
const struct lp_dynsym *lp_plt_import(const struct lp_side *s, const struct lp_atom *a);
/* The slot of a PLT entry that begins here; NULL: none does. */
const struct lp_word_at *lp_stub_slot(const struct lp_side *s, uint64_t addr);
/* ---- starts.c ---- */
/* Where functions begin in code that the atoms leave, in order. The caller frees it. */
uint64_t *lp_find_starts(struct lp_side *s, size_t *n);
/* Functions without a name whose FDE begins behind NOPs that are called begin with those. start: as lp_find_starts() has them. */
void lp_begin_earlier(struct lp_side *s, const uint64_t *start, size_t n);
/* ---- stubs.c ---- */
void lp_diff_stubs(struct lp_side *s);
#endif
