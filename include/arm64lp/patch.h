/* arm64lp/patch.h - patches as values: parse, print, check against a file, make; and the control of running programs.
 * A patch handle is immutable once made; handles may be read by any number of threads. */
#ifndef ARM64LP_PATCH_H
#define ARM64LP_PATCH_H
#include <arm64lp/elf.h>
#include <arm64lp/error.h>
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct lp_patch lp_patch;

enum lp_patch_flags {
    LP_PATCH_LENIENT = 1, /* seed files: skip bad lines after reporting them (the original API); v1 files are never lenient */
    LP_PATCH_RAW = 2,     /* allow words that are no valid instruction */
    LP_PATCH_NO_DIGEST = 4, /* do not compare the digest; printing writes the right one */
};
/* Parse text in either format. Every error (at most 20) goes to `report` (may be NULL) as NAME:LINE:COL; *err gets the first. */
LP_API lp_status lp_patch_parse(const char *name, const char *text, size_t len, unsigned flags, lp_report_fn report, void *ctx,
                                lp_patch **out, struct lp_error *err);
/* The same from a file; "-" = standard input. At most 64 MiB. */
LP_API lp_status lp_patch_read(const char *path, unsigned flags, lp_report_fn report, void *ctx, lp_patch **out, struct lp_error *err);
LP_API void lp_patch_free(lp_patch *p);
/* Canonical text (free()); identical to the input if that was canonical. */
LP_API char *lp_patch_print(const lp_patch *p, size_t *len);
LP_API const char *lp_patch_name(const lp_patch *p); /* meta `name`, else the file's base name without .lpatch */
LP_API bool lp_patch_is_seed(const lp_patch *p);
LP_API uint32_t lp_patch_deadline_ms(const lp_patch *p); /* how long it says to wait for threads to leave what changes; 0 = it does not say */
LP_API size_t lp_patch_size(const lp_patch *p);      /* number of items (sites, funcs, datas, sets, seed lines) */

/* Write the canonical text to a file ("-" = standard output), whole or not at all. */
LP_API lp_status lp_patch_write(const lp_patch *p, const char *path, struct lp_error *err);
LP_API bool lp_patch_is_idle(const lp_patch *p);    /* does it change nothing: are all its new words the old ones? */
struct lp_patch_seed_line { uint64_t addr; uint32_t word; const char *text; unsigned line; }; /* text "" if none */
/* The ADDRESS WORD lines in file order; stops if fn returns != 0. */
LP_API void lp_patch_seed_lines(const lp_patch *p, int (*fn)(void *ctx, const struct lp_patch_seed_line *l), void *ctx);

/* ---- against a file ---- */
/* Would it apply to this ELF file: binding, symbols, old content, reach of relocations? All problems go to `report`. */
LP_API lp_status lp_patch_check(const lp_patch *p, const lp_elf *elf, lp_report_fn report, void *ctx, struct lp_error *err);
/* The instruction words that the patch changes in the file, in address order. For a func: the entry's branch, then the body with
 * `where` = "func name". */
struct lp_patch_word {
    uint64_t vaddr;      /* link-time address; in a new body: offset from its start */
    uint32_t old_word, new_word;
    bool has_old;        /* false in new bodies */
    const char *where;   /* NULL, or the new body it belongs to */
    uint64_t at;         /* in a new body: the address for which the word is made, that of the place where branches to the body lead */
    const char *import;  /* what the word refers to, if the file does not import that yet; else NULL */
};
LP_API lp_status lp_patch_words(const lp_patch *p, const lp_elf *elf, int (*fn)(void *ctx, const struct lp_patch_word *w), void *ctx,
                                struct lp_error *err);
/* The data that the patch changes in the file, as each set says, in the patch's order, and then the data that it brings. The bytes are there for the
 * call alone. */
struct lp_patch_datum {
    uint64_t vaddr;           /* link-time address; of new data: the one that instructions of new bodies have for it */
    uint64_t size;
    const uint8_t *old_bytes; /* NULL: new data */
    const uint8_t *new_bytes;
    const char *name;         /* of new data; else NULL */
    const char *section;      /* "rodata", "data" or "bss" of new data; else NULL */
};
LP_API lp_status lp_patch_data(const lp_patch *p, const lp_elf *elf, int (*fn)(void *ctx, const struct lp_patch_datum *d), void *ctx,
                               struct lp_error *err);

/* ---- ELF files ---- */
/* A patched file is a file like any other: it runs under Linux, lprun and qemu-aarch64. It has a record (section .note.lpatch) of its patches and of what
 * they changed; the file as it was is made of that, so `elf` may be patched already. Thread-safe. */
struct lp_disk_result {
    size_t applied, already, reverted;
    void *image;             /* the new file's bytes (free()); NULL = nothing changes */
    size_t size;
};
/* All of these patches or none. A patch of several objects is applied to this one. */
LP_API lp_status lp_disk_apply(const lp_elf *elf, const lp_patch *const *patches, size_t n, struct lp_disk_result *result, lp_report_fn report, void *ctx,
                               struct lp_error *err);
/* Take patches out by name; n = 0: all, which gives the old file back byte for byte. LP_E_ORDER: another patch lies on top.
 * LP_E_BINDING: something else has changed the file since. */
LP_API lp_status lp_disk_revert(const lp_elf *elf, const char *const *names, size_t n, struct lp_disk_result *result, lp_report_fn report, void *ctx,
                                struct lp_error *err);
struct lp_disk_row { const char *name, *version, *summary; uint64_t places; const char *text; size_t text_len; }; /* version, summary: NULL = none */
/* The patches in a file, in the order in which they came; stops if fn returns != 0. */
LP_API lp_status lp_disk_list(const lp_elf *elf, int (*fn)(void *ctx, const struct lp_disk_row *row), void *ctx, struct lp_error *err);
/* Write a file ("-" = standard output), whole or not at all; an existing one keeps its mode and owner, and its extended attributes as far as this user may set
 * them; a new one gets `mode`, less what the umask says and set-id bits. */
LP_API lp_status lp_disk_write_file(const char *path, const void *image, size_t size, unsigned mode, struct lp_error *err);
/* Before that: the file is to stay under the name `as`, too. It becomes another name of it; where files have only one, a copy: these bytes, its content. */
LP_API lp_status lp_disk_keep_file(const char *path, const char *as, const void *image, size_t size, struct lp_error *err);

/* ---- making one ---- */
typedef struct lp_maker lp_maker;
LP_API lp_status lp_maker_new(const lp_elf *target, lp_maker **out, struct lp_error *err);
LP_API void lp_maker_free(lp_maker *m);
LP_API lp_status lp_maker_meta(lp_maker *m, const char *key, const char *value, struct lp_error *err);
enum lp_maker_flags { LP_MAKER_RAW = 1 }; /* allow words that are no valid instruction */
/* Where errors go (of recipes and of lp_maker_finish(), which find several) and warnings. Either may be NULL. */
LP_API void lp_maker_listen(lp_maker *m, unsigned flags, lp_report_fn report, lp_report_fn warn, void *ctx);
/* Where the target's libraries are, as if it were /: they say which version of a symbol that the target does not import yet is meant. NULL: where cross
 * compilers have them, and in /. */
LP_API void lp_maker_sysroot(lp_maker *m, const char *dir);
/* "PLACE=CHANGE": PLACE symbol[+0x..], address or file.c:line; CHANGE nop | ret [value] | b SYMBOL | bl SYMBOL | word 0x........ | asm "..." |
 * replace from FILE.o[:SYMBOL]; lpmake(1) has the details. Old words are read from the target. An error's text begins with the change. */
LP_API lp_status lp_maker_change(lp_maker *m, const char *change, struct lp_error *err);
/* What the next change is for, if that changes words of code: a comment in the patch. */
LP_API void lp_maker_note(lp_maker *m, const char *text);
/* All statements of a recipe, lps(5); `name` is for messages and for what lies beside it. */
LP_API lp_status lp_maker_recipe(lp_maker *m, const char *name, const char *text, size_t len, struct lp_error *err);
/* The canonical text of a recipe (free()); nothing but its syntax is looked at. */
LP_API lp_status lp_recipe_format(const char *name, const char *text, size_t len, lp_report_fn report, void *ctx, char **out, size_t *out_len,
                                  struct lp_error *err);
/* The files that were read besides the target, in their order. */
LP_API void lp_maker_files(const lp_maker *m, int (*fn)(void *ctx, const char *path), void *ctx);
LP_API lp_status lp_maker_finish(lp_maker *m, lp_patch **out, struct lp_error *err);

/* ---- running programs ---- */
typedef struct lp_control lp_control;
/* Connect to a running lprun: by its control socket, or by process ID (per-user default socket). Not thread-safe. */
LP_API lp_status lp_control_open(const char *socket_path, lp_control **out, struct lp_error *err);
LP_API lp_status lp_control_open_pid(int64_t pid, lp_control **out, struct lp_error *err);
LP_API void lp_control_close(lp_control *c);
enum lp_live_flags {
    LP_LIVE_DRY_RUN = 1,    /* check everything, change nothing */
    LP_LIVE_REPLACE = 2,    /* an applied patch of the same name, other than the new one, leaves in the same step */
    LP_LIVE_FORCE = 4,      /* do not wait for quiescence */
    LP_LIVE_WAIT = 32,      /* before the program runs: libraries that its dynamic linker will load are waited for, until its own code starts */
    LP_LIVE_OPTIONAL = 64,  /* as if every library were `optional` */
};
struct lp_live_options {
    unsigned flags;
    uint32_t deadline_ms;   /* 0 = the patch's own, else 5000 */
    const char *replaces;   /* an applied patch that leaves when these come; NULL or not applied = none */
    int64_t pid;            /* who asks, for the journal; 0 = this process itself */
    unsigned uid;
    uint32_t trial_ms;      /* the patches are on trial for so long; 0 = they are not (lpatch(5)) */
    /* Asked now and then while the call waits for threads; true: nobody wants it any more, and it gives up (LP_E_BUSY). NULL: it waits as long as it
     * may. Not sent by lp_control_*, which a broken connection ends in that way. */
    bool (*cancelled)(void *ctx);
    void *cancel_ctx;
};
struct lp_live_result {
    size_t applied, already, reverted;
    uint64_t stopped_ns;    /* how long the program stood still for it: the longest time */
};
/* All of these patches or none. */
LP_API lp_status lp_control_apply(lp_control *c, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                                  struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
/* Revert by name; n = 0 reverts all, newest first. */
LP_API lp_status lp_control_revert(lp_control *c, const char *const *names, size_t n, const struct lp_live_options *o,
                                   struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
struct lp_live_row {           /* one applied patch */
    const char *name, *version;
    uint64_t places;           /* changed places */
    uint64_t hits;             /* executions of its changed places (entries, for func) */
    uint64_t applied_ms;       /* CLOCK_REALTIME */
    const char *note;          /* objects that are waited for, or in which it does not fit; NULL = none */
    uint64_t trial_ms;         /* how long it is still on trial; 0 = it is not */
    uint64_t deadline_ms;      /* how long it says to wait for threads to leave what changes; 0 = it does not say */
};
LP_API lp_status lp_control_list(lp_control *c, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err);

#ifdef __cplusplus
}
#endif
#endif
