/* patch/block.h - the items of an object: sites, functions, data, set, quiet. */
#ifndef LP_PATCH_BLOCK_H
#define LP_PATCH_BLOCK_H
#include "patch/lexer.h"

enum lp_parse_state { LP_ST_META, LP_ST_ITEMS, LP_ST_SITE, LP_ST_OLD, LP_ST_FUNC, LP_ST_DATA, LP_ST_SET_OLD, LP_ST_SET_NEW, LP_ST_END };

/* Each takes one line; false after an error (reported). */
bool lp_block_open_site(struct lp_parse *ps);
bool lp_block_open_func(struct lp_parse *ps);
bool lp_block_open_data(struct lp_parse *ps);
bool lp_block_open_set(struct lp_parse *ps);
bool lp_block_set_line(struct lp_parse *ps, bool is_old); /* - OLD, + NEW */
bool lp_block_line(struct lp_parse *ps);        /* a line inside the open block */
void lp_block_unfinished(struct lp_parse *ps);  /* the file or another item begins here */
bool lp_block_quiet(struct lp_parse *ps);       /* quiet PLACE [size N] [part] */
bool lp_block_seed(struct lp_parse *ps);        /* ADDRESS WORD [text] */
/* For those that open an item. */
void lp_block_begin(struct lp_parse *ps, enum lp_item_kind kind, int state);
void *lp_block_keep(struct lp_parse *ps, const void *p, size_t size); /* a copy that lives as long as the patch; NULL: no memory, reported */
bool lp_block_pairs(struct lp_parse *ps, struct lp_buf *out, const char *sep); /* one or more pairs of hex digits: their bytes */
bool lp_block_add_item(struct lp_parse *ps, const struct lp_item *it);
bool lp_block_rename(struct lp_parse *ps);      /* rename.c, behind `~ N`: registers, which ps->rename has then; else the last ones */
/* old.c, lines of data: `old PLACE b1 N [unsigned] sha256 H`; behind it `from VALUE +N`, then `entry I VALUE`. */
bool lp_block_old(struct lp_parse *ps, struct lp_chunk *out);
bool lp_block_from(struct lp_parse *ps, struct lp_chunk *out);
bool lp_block_entry(struct lp_parse *ps, struct lp_chunk *out);
bool lp_block_check_word(struct lp_parse *ps, const char *at, uint32_t word);

/* check.c: what needs the whole file. */
void lp_check_parsed(struct lp_parse *ps);
#endif
