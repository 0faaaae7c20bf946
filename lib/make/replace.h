/* make/replace.h - functions of an object file that come into a patch, with all that they bring. */
#ifndef LP_MAKE_REPLACE_H
#define LP_MAKE_REPLACE_H
#include "elf/object.h"
#include "make/maker.h"

/* A range of a section that the patch defines anew: a function, a variable, a string. */
struct lp_piece { uint32_t section; uint64_t start, end; const char *name; bool function, done; };
/* A function that stands for one of the target's, whose name is `old`. body: its name where others need to lead into the middle of it. */
struct lp_replaced { const struct lp_objsym *sym; const char *place, *body, *old; bool inside; };
/* What a symbol of the object is in the target, for functions of one source file (lp_unit_of()); NULL = nothing. */
struct lp_owned { const struct lp_objsym *s; const struct lp_elf_symbol *t; uint32_t unit; };
/* owner.c: which functions of the object use a symbol of it, by number. */
struct lp_users { struct lp_users *next; const struct lp_objsym *s; uint32_t unit; size_t nreplaced; bool *is; };
struct lp_carrier {
    const char *path;
    const struct lp_elf_symbol *of;     /* the function of the target that it has replaced last; NULL = none yet */
    lp_elf *elf;
    struct lp_objfile *o;
    struct lp_piece *piece;
    size_t npiece, piece_cap;
    struct lp_replaced *replaced;
    size_t nreplaced, replaced_cap;
    struct lp_owned *owned;
    size_t nowned, owned_cap;
    struct lp_users *users;
    uint8_t *started;                   /* started.c: by symbol, whether constructors have to do with it */
    const struct lp_objsym **told;      /* something has been said about them */
    size_t ntold, told_cap;
    bool near;                          /* and that it reaches no further than 1 MiB */
    bool direct;                        /* and that it reaches what a library exports without the dynamic linker */
};
struct lp_carrying { struct lp_maker *m; struct lp_edit *e; struct lp_carrier *c; const char *arg; const struct lp_objrel *rel; /* NULL = none */ };

lp_status lp_carry_nomem(struct lp_error *err);
lp_status lp_carry_fail(const struct lp_carrying *x, struct lp_error *err, lp_status s, const char *fmt, ...)
    LP_PRINTF(4, 5); /* it begins with the object's name */
/* refer.c: what the relocation, or the place in a section, is in the patch: the target's symbol, or a piece,
 * which is noted. */
lp_status lp_carry_refer(struct lp_carrying *x, const struct lp_objrel *r, struct lp_buf *out, struct lp_error *err);
lp_status lp_carry_literal(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err); /* data among code */
lp_status lp_carry_place(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err);
/* undefined.c: refused if neither the target nor a library of it can have what is undefined in the object, or where x->rel would not reach it. */
lp_status lp_carry_reaches(const struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err);
lp_status lp_carry_missing(const struct lp_carrying *x, const struct lp_objsym *s, const char *why, struct lp_error *err); /* LP_E_SYMBOL, with a hint */
/* preempt.c: writes what x->rel refers to, the target's (of this value; NULL = whatever has the name), as what the dynamic linker finds; false: it is t. */
bool lp_carry_preempted(struct lp_carrying *x, const struct lp_elf_symbol *t, int64_t delta, struct lp_buf *out);
/* own.c: the target's symbol that the object's is. LP_E_SYMBOL: it has none, *err untouched. */
lp_status lp_carry_find(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol **out, struct lp_error *err);
bool lp_carry_told(struct lp_carrier *c, const struct lp_objsym *s); /* has been asked of it before */
/* Do they hold the same bytes? */
bool lp_carry_equals(const struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t);
/* owner.c: have a variable of the object and one of a source file of the target common users? EXACT: they are all. who: those of the target's;
 * NULL = unwanted. */
enum lp_owner { LP_OWNER_OTHER, LP_OWNER_UNKNOWN, LP_OWNER_SAME, LP_OWNER_EXACT };
enum lp_owner lp_owner_common(const struct lp_carrying *x, uint32_t unit, const struct lp_objsym *s, const struct lp_elf_symbol *t, struct lp_buf *who);
void lp_users_free(struct lp_users *k);
bool lp_owner_refers(const struct lp_objfile *o, const struct lp_objsym *f, const struct lp_objsym *s); /* a function of it to a symbol of it */
/* started.c: refused if a constructor of the object fills this new variable, or one of the section. */
lp_status lp_carry_unfilled(struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err);
lp_status lp_carry_filled(struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err); /* the program's: a new constructor is warned of */
lp_status lp_carry_unfilled_all(struct lp_carrying *x, uint32_t section, struct lp_error *err);
/* New elements of a list of the linker's are warned of. LP_E_NOMEM. */
lp_status lp_carry_list(struct lp_carrying *x, const struct lp_objsym *bound, struct lp_error *err);
/* carry.c: text. */
lp_status lp_carry_body(struct lp_carrying *x, uint32_t section, uint64_t start, uint64_t end, struct lp_buf *out, struct lp_error *err);
bool lp_carry_same_code(const struct lp_carrying *x, const struct lp_objsym *f, const struct lp_elf_symbol *t);
lp_status lp_carry_cfi(struct lp_carrying *x, const struct lp_objsym *function, struct lp_buf *out, struct lp_error *err);
lp_status lp_carry_data(struct lp_carrying *x, const struct lp_piece *p, struct lp_buf *out, struct lp_error *err);
#endif
