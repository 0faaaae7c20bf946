/* patch/lexer.h - one line of a patch: a cursor, tokens, and the errors that name the column. */
#ifndef LP_PATCH_LEXER_H
#define LP_PATCH_LEXER_H
#include "patch/model.h"
#include "base/buf.h"

struct lp_lex {
    const char *begin, *p, *end; /* one line without its end */
    uint32_t line;
};

struct lp_parse {
    struct lp_patch *patch;
    unsigned flags;
    lp_report_fn report;
    void *ctx;
    struct lp_error *first;
    lp_status status;       /* of the first error */
    unsigned errors;
    unsigned other;         /* of the next error: lp_error.other */
    struct lp_lex lex;
    struct lp_buf out;      /* canonical text so far */
    struct lp_buf canon;    /* canonical form of the line in work */
    bool seen_digest;
    const char *text;       /* the whole input */
    /* what is open (block.c) */
    int state;
    struct lp_item *open;   /* copied into patch->item when it ends */
    struct lp_item work;
    struct lp_func func;
    struct lp_datum data;
    struct lp_set set;
    struct lp_buf cfi;      /* of the open func */
    uint64_t filled;        /* bytes of the open func or data so far */
    uint64_t step;          /* of the open func: the place in the old body that is in step */
    const uint8_t *rename;  /* of the open func: the last one that was said */
    bool broken;            /* a line of the open block was wrong: it makes no item */
    size_t waiting;         /* old words of a `-` that wait for those of its `+` */
    struct lp_change *change;
    size_t nchange, change_cap, nchunk, chunk_cap;
    struct lp_chunk *chunk;
    size_t item_cap, quiet_cap, object_cap, meta_cap, relation_cap;
    bool in_binding;        /* between `object` and its first item */
};

/* Report at column `at` of the current line (NULL: column 1); always returns false. */
bool lp_lex_fail(struct lp_parse *ps, const char *at, lp_status s, const char *fmt, ...) LP_PRINTF(4, 5);
bool lp_lex_fail_line(struct lp_parse *ps, uint32_t line, lp_status s, const char *fmt, ...) LP_PRINTF(4, 5);
bool lp_lex_nomem(struct lp_parse *ps);

bool lp_lex_ws(struct lp_lex *l);                  /* at least one blank */
bool lp_lex_end(struct lp_lex *l);                 /* only blanks left */
bool lp_lex_char(struct lp_lex *l, char c);
size_t lp_lex_token(struct lp_lex *l, const char **out); /* printable characters up to a blank */
bool lp_lex_word(struct lp_lex *l, const char *word);    /* exactly this token; else nothing is consumed */
/* Each reports what it expected and returns false. */
bool lp_lex_need_ws(struct lp_parse *ps);
bool lp_lex_need_end(struct lp_parse *ps);
bool lp_lex_num(struct lp_parse *ps, const char *what, uint64_t *out);
bool lp_lex_hex(struct lp_parse *ps, const char *what, uint64_t *out);      /* 0x and 1 to 16 lower-case digits */
bool lp_lex_word32(struct lp_parse *ps, uint32_t *out);                     /* 8 lower-case digits */
bool lp_lex_bytes(struct lp_parse *ps, const char *what, size_t n, uint8_t *out); /* n pairs without blanks */
/* A SHA-256 digest or its first bytes, at least LP_SHA_LEAST; *n: how many. */
enum { LP_SHA_LEAST = 8 };
bool lp_lex_sha256(struct lp_parse *ps, uint8_t out[32], size_t *n);
bool lp_lex_place(struct lp_parse *ps, struct lp_place *out);
bool lp_lex_symbol(struct lp_parse *ps, const char **out);
bool lp_lex_expr(struct lp_parse *ps, struct lp_expr *out);
/* [ws reloc ws expr]; *out stays NULL if there is none. */
bool lp_lex_fixup(struct lp_parse *ps, const struct lp_fixup **out);
/* [ws ; text] eol; copied to canon. */
bool lp_lex_comment_end(struct lp_parse *ps);
char *lp_lex_copy(struct lp_parse *ps, const char *s, size_t n);

/* canon as a line of the output: verbatim if the canonical form would be too long. */
void lp_lex_emit(struct lp_parse *ps);
void lp_lex_emit_verbatim(struct lp_parse *ps);
/* "key" padded to column 11. */
void lp_lex_key(struct lp_parse *ps, const char *key, size_t n);
void lp_print_place(struct lp_buf *out, const struct lp_place *place);
#endif
