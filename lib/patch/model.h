/* patch/model.h - what a parsed patch says. Strings live in the patch's arena; a patch is never changed after parsing. */
#ifndef LP_PATCH_MODEL_H
#define LP_PATCH_MODEL_H
#include <arm64lp/patch.h>
#include "elf/reloc.h"

#define LP_PATCH_MAX (64u << 20)  /* bytes of text */
#define LP_PATCH_LINE 255         /* longest line of a v1 file */
#define LP_PATCH_ERRORS 20        /* reported per file */
#define LP_DATA_ALIGN (64u << 10)  /* the most that new data is aligned to: the largest page that Linux has on AArch64 */
#define LP_PATCH_BLOCK (16u << 20) /* bytes of one new body or datum */
#define LP_BUILD_ID_LEAST 8       /* bytes at the start of a build-id that will do for it: no two builds have them in common by chance */

struct lp_place {           /* symbol + off, or an address alone */
    const char *symbol;     /* spec; NULL: `off` is a link-time address */
    uint64_t off;
};
struct lp_expr {            /* value of a relocation: target + addend */
    const char *symbol;     /* NULL: `addr` */
    uint64_t addr;
    int64_t addend;
    bool weak;              /* 0, as for a linker, if nobody has the symbol */
};
struct lp_fixup { const struct lp_reloc *reloc; struct lp_expr expr; };
/* Site: old -> new. Body: a word, or with keep_count != 0 a run of old words. */
struct lp_change {
    union { uint32_t old_word, keep_off; };
    uint32_t new_word, line, keep_count;
    const struct lp_fixup *fix; /* of new_word, or NULL */
    const uint8_t *rename;      /* of kept words: what X0 to X30 are there; NULL = themselves */
};
enum { LP_RENAMED = 31 };       /* registers */
/* Entries of the object's own. */
struct lp_old { struct lp_place place; uint64_t count; uint8_t width, sha256[32], sha_len; bool is_unsigned; };
enum lp_chunk_kind { LP_CHUNK_BYTES, LP_CHUNK_ZERO, LP_CHUNK_REL, LP_CHUNK_OLD, LP_CHUNK_FROM, LP_CHUNK_ENTRY };
struct lp_chunk {
    enum lp_chunk_kind kind;
    uint32_t line;
    uint64_t len;               /* 0: FROM, ENTRY, which follow their OLD */
    union {
        const uint8_t *bytes;       /* BYTES */
        const struct lp_fixup *fix; /* REL */
        const struct lp_old *old;   /* OLD */
        int64_t at;                 /* FROM: to old entries of at least so much, `value` is added. ENTRY: which one has `value` */
    };
    int64_t value;
};
struct lp_func {
    uint64_t size, old_size;
    bool is_new;
    uint8_t old_sha256[32], sha_len; /* bytes of it, from the first */
    struct lp_change *body;
    size_t nbody;
    const uint8_t *cfi;         /* the FDE's instructions (lp_cfi_run_plain); NULL = none */
    size_t cfi_len;
    bool cfi_old;               /* the old body's instead, moved (lp_cfi_move) */
    const char *lsda;           /* the datum of the patch that is its exception table; NULL = none */
    bool no_lsda;               /* it is said that it has none, as the old body may have */
};
enum lp_section_kind { LP_RODATA, LP_DATA, LP_BSS };
struct lp_datum { enum lp_section_kind section; uint64_t size, align; struct lp_chunk *chunk; size_t nchunk; };
struct lp_value { bool any; const struct lp_expr *expr; const uint8_t *bytes; }; /* bytes: little-endian, as long as the set */
struct lp_set { uint32_t len; bool is_bytes; struct lp_value old_value, new_value; };

enum lp_item_kind { LP_ITEM_SITE, LP_ITEM_FUNC, LP_ITEM_DATA, LP_ITEM_SET, LP_ITEM_SEED };
struct lp_item {
    uint8_t kind;
    uint32_t line, object;
    struct lp_place place;
    union {
        struct { struct lp_change *change; size_t count; } site;
        struct { uint32_t word; const char *text; } seed;
        struct lp_func *func;
        struct lp_datum *data;
        struct lp_set *set;
    };
};

/* A function that nobody may be in while the patch comes or goes, though its words are changed in place. */
struct lp_quiet {
    struct lp_place place;
    uint64_t size;          /* 0 = as the object says */
    uint32_t line, object;
    bool part;              /* code that a function jumps to: who is at its start is in it already */
};

struct lp_object {
    const char *name;       /* "*" = the main program */
    uint32_t line;
    const uint8_t *build_id;
    size_t build_id_len;
    const uint8_t *sha256;
    bool machine, optional;
};
struct lp_meta { const char *key, *value; uint32_t line; };
enum lp_relation_kind { LP_REQUIRES, LP_REPLACES, LP_CONFLICTS };
struct lp_relation { enum lp_relation_kind kind; const char *name, *op, *version; uint32_t line; }; /* op NULL = any version */
enum lp_mode_kind { LP_MODE_DEFAULT, LP_MODE_NOW, LP_MODE_QUIESCE, LP_MODE_LAZY };
enum lp_else_kind { LP_ELSE_FAIL, LP_ELSE_LAZY, LP_ELSE_FORCE };
struct lp_mode { enum lp_mode_kind kind; enum lp_else_kind otherwise; uint32_t deadline_ms, line; };

struct lp_arena_chunk { struct lp_arena_chunk *next; size_t used, size; _Alignas(16) char bytes[]; };

struct lp_patch {
    char *file;             /* where it came from, for messages */
    const char *name, *version;
    bool seed;
    char *text;             /* canonical */
    size_t text_len;
    struct lp_mode mode;
    struct lp_meta *meta;
    size_t nmeta;
    struct lp_relation *relation;
    size_t nrelation;
    struct lp_object *object;
    size_t nobject;
    struct lp_item *item;
    size_t nitem;
    struct lp_quiet *quiet;
    size_t nquiet;
    struct lp_arena_chunk *arena;
};

/* As lp_patch_read(), of a file that is open and called so. Nobody may be looking at what becomes of it: one that changes nothing is an error. */
lp_status lp_patch_read_fd(int fd, const char *name, lp_patch **out, struct lp_error *err);
/* Zeroed memory that lives as long as the patch; NULL without memory. */
void *lp_patch_alloc(struct lp_patch *p, size_t size);
/* Bytes of an item's place: 4 x words, the old function, the datum. 0 for what is new. */
uint64_t lp_item_extent(const struct lp_item *it);
/* Is it a1 < a2 (negative), equal or greater, as dotted decimals? */
int lp_version_compare(const char *a, const char *b);
/* Does a patch of this name and version (NULL = none) meet the relation? */
bool lp_relation_met(const struct lp_relation *r, const char *name, const char *version);
#endif
