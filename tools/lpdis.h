/* tools/lpdis.h - the parts of lpdis. */
#ifndef LP_TOOLS_LPDIS_H
#define LP_TOOLS_LPDIS_H
#include <arm64lp.h>
#include <stdbool.h>

struct lpdis {
    bool all;                 /* -D */
    bool lines, relocs;       /* -l, -r */
    bool demangle;            /* -C */
    bool colour, strict;
    const char *title;        /* what the file is called */
    const char *section, *symbol; /* globs or NULL */
    uint64_t start, stop;
    struct lpdis_live *live;      /* -p, or NULL */
    const char *const *patches;   /* -P */
    int n_patches;
    uint64_t undefined;       /* words of code that are no instruction */
};

/* ---- one line (lpdis_line.c) ---- */
/* What the loop knows about registers, to say what adrp + add points to. */
struct lpdis_regs { uint64_t value[32]; uint32_t known; };
/* What a thread needs to write lines. */
struct lpdis_changes;
struct lpdis_view {
    const struct lpdis *d;
    lp_dis *dis;
    const lp_elf *elf;        /* for symbols and strings; may be NULL */
    const struct lp_elf_reloc *reloc; /* of the file */
    size_t n_relocs;
    const struct lpdis_changes *changes; /* whose bodies have names; may be NULL */
    int patch;                /* of -P: the one that the word is of */
    bool unlinked;            /* ET_REL: what registers hold is not known before it is linked */
    struct lpdis_regs regs;
    uint64_t undefined;
};
struct lpdis_line {
    char mark;                /* ' ', or '-' and '+' for what a patch changes */
    bool data;
    uint8_t size;             /* bytes of data; 4 for instructions */
    uint32_t word;
    uint64_t addr;
    const char *in;           /* the function, or NULL */
    const char *import;       /* what a word of a patch refers to, if the file does not import that; or NULL */
    const struct lp_elf_line *source; /* or NULL */
};
/* Print one. The registers are followed, but not by what a patch removes. */
void lpdis_line(struct lpdis_view *v, const struct lpdis_line *line);
/* A name as text, or as a value of a record with something behind it; both as -C says. */
void lpdis_name(const struct lpdis *d, const char *name);
void lpdis_value(const struct lpdis *d, const char *key, const char *name, const char *behind);
/* -r: one relocation as a line or record. */
void lpdis_reloc(const struct lpdis *d, const struct lp_elf_reloc *r);
/* The index of the first relocation at or behind an address. */
size_t lpdis_first_reloc(const struct lp_elf_reloc *v, size_t n, size_t section, uint64_t at);
/* Let the registers know of a word that is not printed. */
void lpdis_follow(struct lpdis_view *v, uint64_t addr, uint32_t word);

/* ---- patches (lpdis_patch.c) ---- */
/* A patch file with its instructions in words. */
lp_status lpdis_patch(struct lpdis_view *v, const lp_patch *p, struct lp_error *err);

/* ---- whole files (lpdis_dump.c) ---- */
lp_status lpdis_dump(struct lpdis *d, const lp_elf *elf, struct lp_error *err);

/* A changed word, or one of a new body (then `addr` is its offset, and `at` the address that it is made for). */
struct lpdis_change { uint64_t addr, at; uint32_t old_word, new_word; char *body, *import; size_t order, owner; bool printed; int patch; };
struct lpdis_body { uint64_t at, end; const char *name; int patch; const uint8_t *bytes; }; /* bytes: it is new data; else NULL */
/* Bytes that a patch changes, or, if it has a name, brings. */
struct lpdis_datum { uint64_t at, size; uint8_t *bytes, *old_bytes; char *name; char section[8]; size_t order; int patch; bool printed; };
struct lpdis_changes {
    struct lpdis_change *v;   /* sites by address, then the words of bodies in order */
    size_t n, cap, n_sites;
    struct lpdis_body *body;  /* new code and new data */
    size_t n_bodies;
    struct lpdis_datum *datum; /* changes by address, then what is new */
    size_t n_data, n_sets;
    int patch;                /* of -P, which is being read */
};

/* A run of words that is printed: a section, a segment, or a function of one. */
struct lpdis_range {
    const char *name;         /* of the section, if its head is to be printed */
    uint64_t addr, size;
    const uint8_t *bytes;
    bool code;
    size_t section;           /* its number; 0 = by address */
    bool object;              /* ET_REL: symbols of this section only */
};

/* ---- a part of a range (lpdis_range.c) ---- */
struct lpdis_part { const struct lpdis_range *range; uint64_t from, to; };
struct lpdis_file {           /* what all parts of a file share; constant, but for the changes */
    const struct lpdis *d;
    const lp_elf *elf;
    const struct lp_elf_symbol *symbol;
    size_t n_symbols;
    struct lpdis_changes changes;
    const struct lp_elf_reloc *reloc;
    size_t n_relocs;
};
void lpdis_part(const struct lpdis_file *f, lp_dis *dis, const struct lpdis_part *part, uint64_t *undefined);
/* New bodies that no part has printed: functions that the old file does not have. */
void lpdis_bodies(const struct lpdis_file *f, lp_dis *dis, uint64_t *undefined);
/* The new body, or new data, that covers an address, of this patch; NULL = none. */
const struct lpdis_body *lpdis_body_at(const struct lpdis_changes *c, int patch, uint64_t addr);
/* Where a part that begins at `from` may end: at a symbol, if there is one near. */
uint64_t lpdis_part_end(const struct lpdis_file *f, const struct lpdis_range *r, uint64_t from);

int lpdis_keep_change(void *changes, const struct lp_patch_word *w); /* not 0: out of memory */

/* ---- data of patches (lpdis_data.c) ---- */
int lpdis_keep_datum(void *changes, const struct lp_patch_datum *d);  /* likewise */
void lpdis_sort_data(struct lpdis_changes *c);
void lpdis_free_data(struct lpdis_changes *c);
/* The first change of data in these bytes; NULL = none. */
struct lpdis_datum *lpdis_set_at(const struct lpdis_changes *c, uint64_t addr, unsigned size);
/* What a word of the file, or less, was and is: false if it stays. It counts as printed. */
bool lpdis_take_change(const struct lpdis_changes *c, uint64_t addr, unsigned size, uint32_t word, uint32_t *was, uint32_t *now);
/* What no part has printed. */
void lpdis_data(const struct lpdis_file *f, lp_dis *dis);

/* ---- a running program (lpdis_live.c) ---- */
struct lpdis_name { char *text; uint64_t addr, size; };
struct lpdis_live {
    lp_control *control;
    struct lp_control_info info;
    struct lpdis_name *names; /* of functions that patches have brought */
    size_t n_names;
};
/* Ask for it, and open its file. */
lp_status lpdis_open_live(struct lpdis_live *l, int64_t pid, lp_elf **elf, struct lp_error *err);
/* The changes of these ranges; `whole`: and the functions that are new. */
lp_status lpdis_look(struct lpdis_live *l, const struct lpdis_file *f, struct lpdis_changes *c, const struct lpdis_range *r, size_t n, bool whole,
                     struct lp_error *err);

/* ---- threads (lpdis_pool.c) ---- */
/* Print all parts in their order. */
lp_status lpdis_run(const struct lpdis_file *f, const struct lpdis_part *part, size_t n, uint64_t *undefined, struct lp_error *err);
#endif
