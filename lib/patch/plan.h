/* patch/plan.h - a patch bound to objects: addresses, new code and data with their relocations applied, and the writes to make. */
#ifndef LP_PATCH_PLAN_H
#define LP_PATCH_PLAN_H
#include "patch/model.h"

struct lp_refused { uint64_t serial; uint32_t object; }; /* a patch, by its number in the journal, whose changes of this object do not fit */
struct lp_target {               /* a loaded object, or a file (bias 0) */
    const char *name;            /* base name of the file */
    const lp_elf *elf;           /* NULL = not opened yet (lp_space.open) */
    uint64_t bias;               /* run-time address - link-time address */
    bool main;                   /* what `object *` means */
    /* of a running program (objects.c) */
    bool fixed;                  /* the caller's: never gone */
    bool mapped, relocated;      /* all its segments are there; the dynamic linker has done its work */
    bool gone, seen, from_memory;
    bool unwinds;                /* lp_unwind_prepare() has been there */
    bool asked;                  /* lp_live_next_object() has told of it */
    bool sought;                 /* asker is known: a function of the program's unwinder that is in it (frames.c); 0 = none */
    uint64_t asker;
    uint64_t start, end;         /* run-time extent */
    uint64_t relro, relro_end;   /* what becomes read-only then; 0 = nothing */
    uint64_t dynamic;            /* run-time address of PT_DYNAMIC, 0 = none */
    uint64_t dev, ino, serial;
    char *path, *why;            /* why: it cannot be opened */
    char *soname;                /* as the program has it; "" = none, NULL = not looked at yet */
    struct lp_refused *refused;
    size_t nrefused, refused_cap;
};
struct lp_plan;
struct lp_region;
struct lp_dynrel;
struct lp_dynsym;
struct lp_disk_kind { bool moves, library, dynamic; }; /* loaded anywhere; not the program; by a dynamic linker */
struct lp_space {                /* where the patch goes */
    struct lp_target *const *target;
    size_t ntarget;
    void *ctx;
    /* Fill in elf; false: t->why. */
    bool (*open)(void *ctx, struct lp_target *t);
    /* DT_SONAME or NULL; opens nothing. */
    const char *(*soname)(void *ctx, struct lp_target *t);
    /* Has the dynamic linker done its work there? */
    bool (*ready)(void *ctx, struct lp_target *t);
    /* Current content; 0 or a negative errno. */
    int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
    bool file;                   /* not running: addresses of other objects count as 0 */
    /* Of a file that is not written: what counts as the PLT entry of an import for which it has none, and as the symbol if that is NULL. May be NULL. */
    uint64_t (*import)(const struct lp_plan *pl, const char *name, const char *version, const struct lp_dynsym **sym);
    const struct lp_disk_kind *disk; /* and it is to be written: what the dynamic linker must do goes to lp_plan.dyn; else NULL */
    /* An address for the region, of `len` bytes, within reach of its object; 0 = none. */
    uint64_t (*place)(void *ctx, const struct lp_plan *pl, struct lp_region *r, uint64_t len);
    /* Another patch than this plan's that has changed what is there, the newest; NULL = none. The member may be NULL. */
    const lp_patch *(*owner)(void *ctx, const struct lp_plan *pl, uint64_t addr);
};

/* One ELF file by itself as the space (file.c): its own bytes; new bodies at lp_file_room(). It points into itself. */
struct lp_file_space { struct lp_target target, *targets[1]; struct lp_space space; };
void lp_file_space(struct lp_file_space *f, const lp_elf *elf);
/* Where new bodies are supposed to be: behind the last segment, or LP_FILE_ROOM before the end of the address space, half of which they take at most. */
#define LP_FILE_ROOM (UINT64_C(64) << 20)
uint64_t lp_file_room(const lp_elf *elf);
/* What the patch calls the file. Its name may have changed, so a patch of one object is taken to mean it; the build-id decides. */
void lp_file_space_for(struct lp_file_space *f, const lp_patch *p);

enum lp_write_state { LP_WRITE_OLD = 1, LP_WRITE_NEW = 2 }; /* what is there now; both for a change that changes nothing */
struct lp_write {
    uint64_t addr;
    uint32_t len, line;
    bool code, entry;            /* instruction words; a function's entry */
    bool gone;                   /* unmapped by the program since */
    uint8_t state;
    uint32_t counter;            /* of its executions (exec/cpu.h); 0 = none */
    uint8_t *old_bytes;          /* expected; NULL = anything */
    uint8_t *new_bytes;
    uint8_t *saved;              /* what was there, for undoing; filled by verification */
    const struct lp_item *item;
};
/* Nobody may be in it while the patch comes or goes. */
struct lp_quiet_range { uint64_t start, end; const struct lp_quiet *from; };
/* In a running program rodata is with the code, and bss with the data. */
enum lp_part { LP_PART_CODE, LP_PART_RODATA, LP_PART_DATA, LP_PART_BSS, LP_PARTS };
/* New code (and rodata), then new data, on pages of their own, of one object. again: it is there already, from an earlier life of the patch. */
struct lp_region {
    struct lp_target *target;
    uint64_t addr, code_len, data_len;
    uint64_t align;              /* of addr: that of pages, or of data that has a larger one */
    struct { uint64_t off, len, slot_off, nslot; } part[LP_PARTS]; /* len: with the slots, which are at slot_off of the region */
    uint8_t *bytes;
    bool again, left;
};
struct lp_def {
    const char *name;
    const struct lp_item *item;
    size_t region;
    enum lp_part part;
    uint64_t off, addr, frame;   /* frame: offset of what frames.c made; 0 = none */
    const uint8_t *cfi;          /* of a body; NULL = none */
    size_t cfi_len;
    bool key_b;                  /* the body signs its return address with key B */
    uint64_t lsda, like;         /* handlers.c: where its exception table is, 0 = none; the function of the object that has the same personality, link-time */
};

/* A slot of 16 bytes in a region: what instructions of that object reach where the object itself has nothing for them. */
enum lp_slot_kind { LP_SLOT_VENEER, LP_SLOT_WORD, LP_SLOT_PAIR, LP_SLOT_TLSDESC, LP_SLOT_STUB, LP_SLOT_IFUNC, LP_SLOT_PLT };
struct lp_slot {
    const struct lp_target *target;
    enum lp_slot_kind kind;
    uint64_t value[2];
    uint32_t dyn[2];             /* in a file: the relocations (R_AARCH64_*) of the two words, whose addends the values are; 0 = none */
    const struct lp_dynsym *sym; /* theirs */
    enum lp_part part;
    uint64_t index;              /* in that part */
};

/* Which part of a patch, and when. */
enum { LP_PLAN_ALL = -1 };
struct lp_plan_how {
    int64_t only;                /* this object of the patch in this target; LP_PLAN_ALL: all of them */
    struct lp_target *at;
    const struct lp_plan *family; /* that has the rest of the patch's names; NULL = none */
    bool wait;                   /* objects that are not relocated, where that matters, are left out: `waits` says which */
    bool loads;                  /* and so are those that are not loaded yet */
    bool optional;               /* as if every object were */
};

struct lp_plan {
    const lp_patch *patch;
    const struct lp_space *space;
    unsigned other;                 /* of the next error: lp_error.other */
    struct lp_plan_how how;
    struct lp_target **bound;       /* by object of the patch; NULL = left out */
    bool *waits;                    /* by object: it is to be done when it is loaded */
    bool again;                     /* a slot is missing: lay out anew with as many as were asked for */
    struct lp_slot *slot;
    size_t nslot, slot_cap;
    struct lp_dynrel *dyn;          /* of a file: what its dynamic linker shall do besides */
    size_t ndyn, dyn_cap;
    struct lp_dynsym **import;      /* of a file: what it does not import yet, and the changes use */
    size_t nimport, import_cap;
    struct lp_target **scope;       /* all targets as the dynamic linker orders them; NULL = not needed yet */
    struct lp_write *write;
    size_t nwrite, write_cap;
    struct lp_quiet_range *quiet;
    size_t nquiet, quiet_cap;
    struct lp_region *region;
    size_t nregion, region_cap;
    struct lp_def *def;             /* new bodies and data, in item order */
    size_t ndef, def_cap;
    struct lp_def **by_name;
    struct lp_patch pool;           /* memory */
    lp_report_fn report;
    void *ctx;
    struct lp_error *err;           /* the first error */
    lp_status status;
    unsigned errors;
};

/* Bind, resolve, place, relocate. All problems are reported; the status is the first one's. Free the plan in any case. */
lp_status lp_plan_make(struct lp_plan *pl, const lp_patch *p, const struct lp_space *space, const struct lp_plan_how *how, lp_report_fn report,
                       void *ctx, struct lp_error *err);
/* Is it what the patch calls this? */
bool lp_target_named(const struct lp_space *s, struct lp_target *t, const char *name);
/* The same, or the program, by its build-id or digest, whatever its file is called. */
bool lp_target_is(const struct lp_space *s, struct lp_target *t, const struct lp_object *o);
/* Compare with the current content; fills saved and state. LP_E_OLD_WORD, LP_E_PARTLY; *already: every word is the new one. */
lp_status lp_plan_verify(struct lp_plan *pl, bool *already);
void lp_plan_free(struct lp_plan *pl);
/* "main+0x8" for a run-time address of the main program, "libfoo.so.1:parse+0x8" for one of another object. */
void lp_plan_where(const struct lp_space *s, uint64_t addr, char *buf, size_t size);
void lp_plan_fail(struct lp_plan *pl, uint32_t line, lp_status s, const char *fmt, ...) LP_PRINTF(4, 5);
/* With the status and the hint of another part's error. */
void lp_plan_fail_as(struct lp_plan *pl, uint32_t line, const struct lp_error *why, const char *fmt, ...) LP_PRINTF(4, 5);
bool lp_plan_writes_at(const struct lp_plan *pl, uint64_t addr);
/* build.c */
void lp_plan_regions(struct lp_plan *pl);
void lp_plan_writes(struct lp_plan *pl);
/* Where the item's place is, now. Of SET, a variable is the one that the program uses, of DATA the object's own. */
bool lp_plan_place(struct lp_plan *pl, const struct lp_item *it, const struct lp_elf_symbol **sym, uint64_t *addr);
/* Three words that go on at an address up to 4 GiB away: adrp x16, to; add x16, x16, lo; br x16, or ldr x16 of a word at `to`. */
bool lp_plan_far(uint32_t out[3], bool load, uint64_t at, uint64_t to, struct lp_error *why);
/* The value of an expression, as an address. */
bool lp_plan_expr(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t *value);
/* quiet.c */
void lp_plan_quiet(struct lp_plan *pl);
/* Bytes of the function that begins at this link-time address, as the object says; 0 = it does not. */
uint64_t lp_function_size(const lp_elf *elf, uint64_t at);
/* resolve.c: what a symbol stands for in the running program. */
enum lp_ref_kind { LP_REF_ADDR, LP_REF_TLS, LP_REF_IFUNC, LP_REF_IMPORT /* of a file: not here */, LP_REF_NONE /* a weak one that nobody has */ };
struct lp_ref {
    enum lp_ref_kind kind;
    uint64_t addr;               /* run time; LP_REF_IFUNC: of the resolver; LP_REF_TLS: offset in the TLS block of `in` */
    struct lp_target *in;        /* that defines it; NULL = the patch, or nobody knows */
    const char *name, *version;  /* NULL = an address, or the patch's own */
    const struct lp_dynsym *sym; /* of a file: what the dynamic linker is to look for; NULL = nothing */
};
/* Names in *r live as long as the plan. */
bool lp_plan_refer(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, struct lp_ref *r);
/* A symbol as it is asked for: version and library NULL = not said; plain: as a reference without a version. */
struct lp_wanted { const char *name, *version, *library; bool plain; };
/* import.c: is it a file for which no dynamic linker looks for symbols? */
bool lp_plan_alone(const lp_elf *e);
/* import.c: one that the file does not import yet; the same twice is one. NULL: it cannot have it, which is said (of a file that is to be written). */
const struct lp_dynsym *lp_plan_import(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_wanted *w, bool weak);
/* It is a thread-local variable, as what refers to it shows; false: it is none of these. */
bool lp_plan_import_tls(struct lp_plan *pl, const struct lp_dynsym *s);
/* What a fixup names, if it is one of these; else NULL. */
const char *lp_plan_imported(const struct lp_plan *pl, const struct lp_fixup *f);
/* .got, whose start is _GLOBAL_OFFSET_TABLE_; NULL = none. */
const struct lp_elf_section *lp_plan_got(const struct lp_target *t);
/* What a library exports becomes, in a running program, what the dynamic linker finds by its name, as for a slot. */
bool lp_plan_preempt(struct lp_plan *pl, struct lp_target *t, uint32_t line, struct lp_ref *r);
/* The executable's copy of a library's variable, which all objects use. */
bool lp_plan_copied(struct lp_plan *pl, const struct lp_target *t, const struct lp_elf_symbol *sym, uint64_t *addr);
/* What the resolver of an IFUNC has chosen, as some object holds it. */
bool lp_plan_chosen(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_ref *r, uint64_t *addr);
/* The same without a word if none does. */
bool lp_plan_holds_chosen(struct lp_plan *pl, struct lp_target *t, const struct lp_ref *r, uint64_t *addr);
/* The address of what is no thread-local variable; for messages, the relocation that wants it, or NULL. */
bool lp_plan_address(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_ref *r, const struct lp_reloc *reloc, uint64_t *value);
/* Can it be opened, and has the dynamic linker done its work there? */
bool lp_plan_usable(struct lp_plan *pl, struct lp_target *t);
/* It must wait for the dynamic linker, if the caller of the plan can; else an error. */
void lp_plan_later(struct lp_plan *pl, const struct lp_target *t, uint32_t line, const char *what);
/* Memory at a run-time address. */
bool lp_plan_word(struct lp_plan *pl, uint64_t at, uint64_t *value);
/* tls.c: the place of a module's TLS block from the thread pointer; its number. False: nothing in the program tells. */
bool lp_plan_tls_offset(struct lp_plan *pl, struct lp_target *t, uint64_t *off);
bool lp_plan_tls_module(struct lp_plan *pl, struct lp_target *t, uint64_t *module);
/* fixup.c: one relocation; `at` is its place in memory, p the bytes. */
void lp_plan_fix(struct lp_plan *pl, struct lp_target *t, const struct lp_fixup *f, uint32_t line, uint64_t at, uint8_t *p);
/* keep.c: the words of the old body, at `old` of the file, that the new one keeps, which is now at `at`. */
void lp_plan_keep(struct lp_plan *pl, struct lp_target *t, const struct lp_func *f, uint64_t old, uint64_t at, uint8_t *body);
/* old.c: bytes of new data that are made of the object's own, by a chunk of n and those that belong to it, at p. How many these are together. */
size_t lp_plan_old(struct lp_plan *pl, const struct lp_item *it, const struct lp_chunk *c, size_t n, uint8_t *p);
/* The call frame instructions of a new body; *len = 0: there are none. */
bool lp_plan_cfi(struct lp_plan *pl, const struct lp_item *it, const uint8_t **cfi, size_t *len);
/* handlers.c: behind all bodies and data, finds and checks the exception table of a new body. False: said. */
bool lp_plan_handlers(struct lp_plan *pl, struct lp_def *d);
/* What is new and called so; NULL = nothing. */
const struct lp_def *lp_plan_def(const struct lp_plan *pl, const char *name);
/* An address of 8 bytes at `at` of a file, with the dynamic relocation that it needs. */
bool lp_plan_pointer(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t at, uint64_t *value);
/* file.c: each change of a verified plan for a file that leaves everything as it was, by its line. */
void lp_plan_idle(const struct lp_plan *pl, const lp_elf *elf, void (*fn)(void *ctx, uint32_t line), void *ctx);
/* The object's PLT entry of a function that is an import, or its own IFUNC: one of several that lead to the same. */
bool lp_plan_plt(struct lp_target *t, const struct lp_ref *r, uint64_t *addr);
/* The region of an object; NULL = none. */
struct lp_region *lp_plan_region(struct lp_plan *pl, const struct lp_target *t);
#endif
