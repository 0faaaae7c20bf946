/* make/maker.h - inside an lp_maker: the text of the patch so far, and what is known about each change until the patch is finished. */
#ifndef LP_MAKE_MAKER_H
#define LP_MAKE_MAKER_H
#include "patch/model.h"
#include "base/buf.h"
#include <arm64lp/dis.h>

/* Where a change stands: in a recipe, or on the command line (file NULL), where its text says it. */
struct lp_origin { const char *file, *text; unsigned line, col; };
struct lp_edit_word { uint32_t word; const char *reloc, *target; }; /* reloc NULL = none */
struct lp_edit {
    struct lp_origin from;
    const char *change;                 /* behind the `=` */
    const char *body;                   /* the lines of asm { ... }; NULL = none */
    unsigned body_line;
    uint64_t addr;
    struct lp_buf place;                /* as it is written in the patch */
    const struct lp_elf_symbol *sym;    /* that covers the place, or NULL */
    const char *name;                   /* the symbol that the place was written with, or NULL */
    bool by_line;                       /* the place was file:line */
    struct lp_edit_word *word;
    size_t n, cap;
};
/* What is looked at again when all changes are known: a site, or the entry of a replaced function. */
enum lp_made_kind { LP_MADE_SITE, LP_MADE_WHOLE, LP_MADE_FUNC }; /* WHOLE: nothing of the function runs any more but what it brings */
struct lp_made { struct lp_origin from; uint64_t addr, words; uint32_t line; enum lp_made_kind kind; };
struct lp_stale { struct lp_origin from; const char *path, *name; const struct lp_elf_symbol *sym; };
struct lp_wrap { uint32_t line; uint64_t set; }; /* a body of the patch at this line, around which registers are saved: bit n Xn, bit 32 + n Vn */
struct lp_carrier;                      /* replace.c: an object file whose functions come into the patch */

struct lp_maker {
    const lp_elf *elf;
    const lp_elf *names;                /* its debug file, if that alone has the symbols; else elf. In the patch its symbols are addresses */
    lp_dis *dis;
    unsigned flags;                     /* enum lp_maker_flags */
    lp_report_fn report, warn;
    void *ctx;
    struct lp_buf meta, items;
    struct lp_origin *head;             /* of each line of meta */
    size_t nhead, head_cap;
    uint32_t lines;                     /* of items */
    bool named, optional;
    const char *default_name;           /* of a patch that has none; NULL = none */
    const char *recipe;                 /* the last one; NULL = none */
    const char *note;                   /* what the next change is for; NULL = not said */
    const char *object;                 /* NULL = as the target is called */
    struct lp_made *made;
    size_t nmade, made_cap;
    struct lp_carrier **carrier;
    size_t ncarrier, carrier_cap;
    const char **own;                   /* names of new functions and data */
    size_t nown, own_cap;
    struct lp_elf_symbol **given;       /* names.c: that a recipe gives to places */
    size_t ngiven, given_cap;
    const char **sought;                /* names that nobody has, and other texts, which were said */
    size_t nsought, sought_cap;
    struct lp_stale *stale;             /* functions that an object has otherwise than the program */
    size_t nstale, stale_cap;
    struct lp_wrap *wrap;
    size_t nwrap, wrap_cap;
    const char **file;                  /* that were read, for a depfile */
    size_t nfile, file_cap;
    const char *sysroot;                /* NULL = where cross compilers have libraries */
    struct lp_maker_library *library;   /* library.c: those that were looked for */
    size_t nlibrary, library_cap;
    struct lp_units *units;             /* units.c, owner.c; NULL = not asked for yet */
    struct lp_uses *uses;
    bool nomem;                         /* they are not whole */
    struct lp_patch pool;               /* memory */
};

/* A line of the patch's head; `value_col`: where its value stands in from's line. */
lp_status lp_maker_head(struct lp_maker *m, const struct lp_origin *from, unsigned value_col, const char *key, const char *value, struct lp_error *err);
char *lp_maker_keep(struct lp_maker *m, const char *s, size_t n); /* NULL without memory */
bool lp_maker_read(struct lp_maker *m, const char *path);         /* it was read; false without memory */
void lp_maker_comment(struct lp_maker *m, struct lp_buf *out, uint32_t word, uint64_t pc);

/* edit.c: one change. `at` is in the text, or NULL. */
lp_status lp_edit_fail(struct lp_error *err, const struct lp_edit *e, const char *at, lp_status s, const char *fmt, ...) LP_PRINTF(5, 6);
lp_status lp_edit_inherit(struct lp_error *err, const struct lp_edit *e, const char *at); /* *err is another part's: it gets the place of the change */
void lp_edit_warn(struct lp_maker *m, const struct lp_origin *from, const char *fmt, ...) LP_PRINTF(3, 4);
bool lp_edit_hex(const char **p, uint64_t *out); /* 0x..., which is skipped */
bool lp_edit_value(const char *arg, uint64_t *value); /* decimal or 0x..., perhaps negative, and nothing behind it */
bool lp_edit_add(struct lp_edit *e, uint32_t word, const char *reloc, const char *target);
lp_status lp_maker_statement(struct lp_maker *m, struct lp_edit *e, struct lp_error *err);
/* names.c: symbols of the target, else of its debug file, else a function without one, whose name is its address; given: a name that the recipe gives.
 * owns: is it the target's, so that the patch can name it? names: or its debug file's? */
const struct lp_elf_symbol *lp_maker_symbol_at(const struct lp_maker *m, uint64_t addr);
lp_status lp_maker_find(const struct lp_maker *m, const char *spec, const struct lp_elf_symbol **out, struct lp_error *err);
lp_status lp_maker_name(struct lp_maker *m, const char *name, uint64_t addr, struct lp_error *err);
const struct lp_elf_symbol *lp_maker_given(const struct lp_maker *m, const char *name); /* NULL = none */
bool lp_maker_owns(const struct lp_maker *m, const struct lp_elf_symbol *sym);
bool lp_maker_names(const struct lp_maker *m, const struct lp_elf_symbol *sym);
/* The place is symbol + off; the symbol's spec, or the address, goes to out. For people (say) the debug file's names do, too. */
void lp_edit_place(const struct lp_maker *m, uint64_t addr, struct lp_buf *out);
void lp_edit_say(const struct lp_maker *m, uint64_t addr, struct lp_buf *out);
/* A symbol that an object file names, as the patch names it: the target's, or one of its libraries'. *weak: the object can do without; false then if it
 * need not. */
lp_status lp_edit_symbol(struct lp_maker *m, const struct lp_edit *e, const char *at, const char *name, bool *weak, struct lp_buf *out, struct lp_error *err);
bool lp_edit_first_time(struct lp_maker *m, const char *text); /* has it not been asked of this text before? */
/* Where it comes from, and what to do, if it is of the compiler's library; else NULL. */
const char *lp_edit_helper(const char *name);
/* library.c: what the target does not import yet, with the version that a linker would take; NOBODY: none of its libraries has it, and all are known. */
enum lp_import { LP_IMPORT_UNKNOWN, LP_IMPORT_FOUND, LP_IMPORT_NOBODY };
enum lp_import lp_maker_import(struct lp_maker *m, const char *name, struct lp_buf *spec);
bool lp_maker_import_tls(struct lp_maker *m, const char *name, bool *tls); /* is it thread-local there? false: it is not found */
const char *lp_maker_import_old(struct lp_maker *m, const char *name, const char **of); /* the version of one that linkers do not take; NULL = none */
void lp_maker_close_libraries(struct lp_maker *m);
/* assemble.c: asm "..." and asm { ... } */
lp_status lp_edit_asm(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err);
/* set.c: set b4 NUMBER, set "TEXT" */
lp_status lp_edit_set(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err);
/* replace.c: replace from FILE[:SYMBOL] */
lp_status lp_edit_replace(struct lp_maker *m, struct lp_edit *e, const char *arg, struct lp_error *err);
void lp_carrier_free(struct lp_carrier *c);
/* units.c: the source file that a symbol of the target, or its debug file, is of, as a number; 0 = not known. */
#define LP_UNIT_LTO UINT32_MAX          /* one of those that were linked as one */
uint32_t lp_unit_of(struct lp_maker *m, const struct lp_elf_symbol *s);
const char *lp_unit_name(struct lp_maker *m, uint32_t unit); /* NULL = none */
void lp_units_free(struct lp_units *u);
void lp_uses_free(struct lp_uses *u);
/* shared.c: functions that have the place's code, too. Of `replace`: from this object, by this symbol of it; else NULL. */
struct lp_objsym;
void lp_warn_shared(struct lp_maker *m, const struct lp_edit *e, const struct lp_carrier *c, const struct lp_objsym *source);
/* warn.c */
void lp_warn_place(struct lp_maker *m, const struct lp_edit *e);             /* where it is */
void lp_warn_words(struct lp_maker *m, const struct lp_edit *e, bool leaves); /* what it becomes; leaves: it returns or branches away */
void lp_warn_branches(struct lp_maker *m);                                  /* who leads there; all changes at once */
void lp_warn_clones(struct lp_maker *m);                                    /* copies that are functions of their own; likewise */
void lp_warn_stale(struct lp_maker *m);                                     /* functions beside the new ones; likewise */
/* signs.c: return addresses that are signed and not authenticated, or the reverse; likewise */
void lp_warn_signs(struct lp_maker *m, const lp_patch *p);
/* unused.c: functions that nothing leads to; likewise */
void lp_warn_unused(struct lp_maker *m);
/* unread.c: the same of a constant that is set. */
void lp_warn_unread(struct lp_maker *m, const struct lp_edit *e);
/* Every direct branch and call of the target's code. */
typedef void (*lp_branch_fn)(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to);
void lp_maker_branches(const struct lp_maker *m, lp_branch_fn fn, void *ctx);
/* go.c: bodies that need more stack than a program of Go has. */
bool lp_maker_is_go(const struct lp_maker *m);
void lp_warn_stacks(struct lp_maker *m, const lp_patch *p);
/* held.c: callers that hold registers over a call, which the old body leaves alone and the new one changes. */
void lp_warn_held(struct lp_maker *m, const lp_patch *p);
/* wrap.c: can these registers be saved around a body? Do so, wherever it is asked for; `before`: lines of the patch in front of the items. False: no memory. */
bool lp_wrap_can(const struct lp_func *f, uint64_t set);
uint64_t lp_wrap_results(const struct lp_func *f, uint64_t set); /* which of them may be results, by the words of the body? */
bool lp_wrap_doubts(const struct lp_func *f, uint64_t set);      /* may it be that some of the others are? */
bool lp_wrap_all(struct lp_maker *m, uint32_t before);
/* shared.c: has one of these been at work on the target, by what compilers and linkers leave there? */
bool lp_made_by(const struct lp_maker *m, const char *const *mark, size_t n);
/* replace.c: a name that nobody has, which begins so. */
const char *lp_carry_name(struct lp_maker *m, const char *base);
/* pure.c: functions that had no effect but their result, and now have. */
void lp_warn_pure(struct lp_maker *m, const lp_patch *p);
/* fresh.c: new variables that functions of the program do not see; all changes at once. */
void lp_warn_fresh(struct lp_maker *m);
/* remade.c: functions whose parameters the compiler has made; all changes at once. */
void lp_warn_remade(struct lp_maker *m);
/* relied.c: what else callers may rely on that their compiler has seen of the old body. */
void lp_warn_relied(struct lp_maker *m, const lp_patch *p);
#endif
