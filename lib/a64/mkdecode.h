/* mkdecode.h - the table compiler's model: what it reads (parse), how it orders (tree), what it writes (emit, dispatch).
 * Runs on the build machine; C11 and libc only. All storage lives until exit. */
#ifndef MKDECODE_H
#define MKDECODE_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MAX_FIELDS = 16, MAX_GUARDS = 12, MAX_CONDS = 4, MAX_AFTER = 4, MAX_CODES = 64, OPERANDS = 14, OPERANDS_AT = 2,
       MAX_CHAIN = 4, MAX_LINKS = 6, MAX_FEATURES = 64 };

/* What a field is, and so what becomes of its bits in the op: a number; a register that is read, written, both, or may be SP; a register and the next one,
 * read, or both; a number with a sign; nothing, its bits only choose the row. */
enum role { ROLE_RAW, ROLE_SRC, ROLE_DST, ROLE_RW, ROLE_SP, ROLE_PAIR, ROLE_RW_PAIR, ROLE_SIGNED, ROLE_MATCH };
struct field {
    char *name;
    unsigned width, lo;
    enum role role;
    unsigned size, at; /* bytes in the op, and where; size 0 = not stored */
};
struct cond {
    unsigned field;
    char op[3];
    int other; /* index of a field to compare with, or -1 */
    uint32_t value;
};
struct guard { struct cond conds[MAX_CONDS]; unsigned n; };

/* What is accessed: load(), store(), touch(). `log2` + the field's value (field -1: none) is the size of one register; LANE: ldst_struct.decode. */
enum { A_LOAD = 1, A_STORE = 2, A_SIGNED = 4, A_TOUCH = 8, A_POST = 16, A_BLOCK = 32, A_LANE = 64 };
struct access { unsigned how, log2; int field; };
/* Registers that follow the one that a field names: `n` in all, or (field not -1) that field's value + 1. */
struct list { int of, field; unsigned n; };

enum { F_TODO = 1, F_BRANCH = 2, F_JUMP = 4, F_MEM = 8, F_PCREL = 16, F_EL1 = 32, F_OFF = 64, F_BACK = 128, F_NZCV = 256 };
/* An attribute that is a flag (and sets `also`), and what enum lp_row_flags says of it. */
struct attribute { const char *name; unsigned flag, also; const char *means; };
enum { ATTRIBUTES = 9 };
extern const struct attribute attributes[ATTRIBUTES];
/* Row n is code n + this: before the rows come decode and counter, and undefined is row 0. */
enum { CODE_OF_ROW = 3 };
struct row {
    char *name, *feature_name;
    unsigned feature; /* enum lp_feature */
    const char *class_, *file;
    unsigned line;
    uint32_t mask, value;
    unsigned flags;
    struct field fields[MAX_FIELDS];
    unsigned nfields;
    struct guard guards[MAX_GUARDS];
    unsigned nguards;
    char *derive, *derive_fn; /* NULL = none */
    unsigned derive_at;
    bool hot;
    unsigned hot_fields[MAX_FIELDS], nhot;
    char *after[MAX_AFTER];
    unsigned nafter;
    uint32_t reads, writes;   /* by no field: bit n: Xn, 31: SP */
    struct access access;
    struct list list;
    bool high;                /* of V registers with four bits the bit above is one more, where size (23:22) is 2: high(M) */
    struct { unsigned lo, bits, shift; } off; /* pcrel: the offset's place, size, and unit's log2 */
    unsigned id;               /* enum lp_row */
    unsigned base, ncodes;     /* specialised codes base .. base + ncodes - 1 */
    unsigned order;            /* rank in which overlapping rows are tried */
};
/* Neighbours that run as one op. `links`: the fields that name the register which the element before writes. */
struct element { unsigned row, spec; unsigned links; };
struct chain { struct element e[MAX_CHAIN]; unsigned n; };

extern struct row *rows; /* rows[0] is not used: A64_UNDEFINED */
extern unsigned nrows;
extern struct chain *chains;
extern unsigned nchains;
extern char *features[MAX_FEATURES];
extern unsigned nfeatures;
extern const char **classes;
extern unsigned nclasses;

/* ---- mkdecode.c ---- */
extern unsigned nerrors;
void error_at(const char *file, unsigned line, const char *fmt, ...);
void *grow(void *p, unsigned n, size_t size); /* room for element n */
char *copy_str(const char *s, size_t n);
struct row *find_row(const char *name);
int find_field(const struct row *r, const char *name);
/* Is specialisation `k` of a hot row excluded by an unless() over hot fields alone? */
bool spec_excluded(const struct row *r, unsigned k);
/* Value of the i-th hot field in specialisation k. */
unsigned spec_value(const struct row *r, unsigned k, unsigned i);
/* The first field with a register that a row writes, -1 if it has none: of LDP it is Rt, what "prev" in fuse.def means. */
int dest_field(const struct row *r);
/* The fields with the register that an access is based on, and with the one that is written, where that may be SP; -1 if there is none. */
int base_field(const struct row *r);
int stack_field(const struct row *r);
/* The code of an element by itself. */
unsigned element_code(const struct element *e);
/* "ADD_imm" or "ADD_imm_1_0" into a static ring of buffers. */
const char *spec_name(const struct row *r, unsigned k);

/* Is it a field of a general register, of a V register (the table's convention)? */
bool is_general(const struct field *x);
bool is_vector(const struct field *x);

/* ---- parse ---- */
/* The line that is being read. */
extern const char *at_file;
extern unsigned at_line;
#define ERROR(...) error_at(at_file, at_line, __VA_ARGS__)
void for_lines(const char *path, void (*fn)(char *, const char *), const char *arg);
bool parse_number(const char *s, uint32_t *out);
char *trim(char *s);
void parse_fields(const char *path);
bool is_name(const char *s);
void parse_class(const char *path, const char *class_);
void layout_row(struct row *r);

/* ---- attributes (mkdecode_attr.c) ---- */
void parse_guard(char *s);
void parse_attrs(struct row *r, char *s);
void check_access(const struct row *r);

/* ---- fuse ---- */
void parse_fuse(const char *path);

/* ---- tree ---- */
void order_rows(void);
struct node { unsigned shift, width, first; }; /* width 0: leaf, first = index into leaf list */
struct tree {
    struct node *nodes;
    unsigned nnodes;
    uint16_t *kids; /* node numbers */
    unsigned nkids;
    uint16_t *leaf; /* row ids, each list ends with 0 */
    unsigned nleaf;
};
void build_tree(struct tree *t);

/* ---- emit; emit_regs and emit_access are in mkdecode_regs.c ---- */
FILE *out_open(const char *dir, const char *name);
void out_close(FILE *f, const char *dir, const char *name); /* replaces the old file only if it changed */
const char *stored_type(const struct field *x);
void emit_rows(const char *dir);
void emit_fields(const char *dir);
void emit_decode(const char *dir, const struct tree *t);
void emit_fuse(const char *dir);
void emit_exports(const char *dir);
void emit_regs(const char *dir);
void emit_access(const char *dir);
void emit_dispatch(const char *dir);
#endif
