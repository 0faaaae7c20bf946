/* elf/image.h - inside an lp_elf: what open.c fills at once, and what the other files fill on first use under the lock. */
#ifndef LP_ELF_IMAGE_H
#define LP_ELF_IMAGE_H
#include <arm64lp/elf.h>
#include <libelf.h>
#include <pthread.h>
#include <stdatomic.h>

/* A name longer than this is no name: it bounds the cost of sorting a hostile table. */
#define LP_ELF_NAME_MAX 4096

struct lp_elf_arena {          /* strings that are not in the image ("puts@plt") */
    struct lp_elf_chunk { struct lp_elf_chunk *next; size_t used, size; char text[]; } *chunk;
};
struct lp_elf_cover { uint64_t start; const struct lp_elf_symbol *sym; };        /* from here on this symbol (NULL = none) */
struct lp_elf_covers { struct lp_elf_cover *v; size_t n; };
struct lp_elf_mark { uint64_t start; bool code; };                               /* $x, $d; start: LP_ELF_MARK_AT */
/* In ET_REL, addresses of different sections are the same: the section's number is above them. */
#define LP_ELF_MARK_AT(elf, section, vaddr) ((elf)->info.type == ET_REL ? (uint64_t)(section) << 48 | (vaddr) : (vaddr))
struct lp_elf_span { uint64_t start, end; };
struct lp_elf_stub { uint64_t got, at, resolver; };                              /* a PLT entry by its slot; of an IRELATIVE relocation, else 0 */

struct lp_elf {
    struct lp_elf_info info;
    char *name;
    uint8_t *image;
    size_t size;
    bool mapped;
    Elf *elf;                  /* libelf has no locks of its own: under `lock` only */
    struct lp_elf_segment *seg;
    size_t nseg;
    uint32_t *load;            /* the PT_LOADs in address order */
    size_t nload;
    uint64_t dyn_off, dyn_size; /* PT_DYNAMIC, in the file */

    pthread_mutex_t lock;
    atomic_bool have_sections, have_symbols, have_covers, have_relocs, have_fixes, have_unnamed;
    struct lp_elf_section *sec;
    size_t nsec;
    struct lp_elf_arena arena;
    struct lp_elf_symbol *sym;
    size_t nsym;
    uint32_t *by_name;         /* symbols in (name, address) order */
    struct lp_elf_covers funcs, datas, labels;
    struct lp_elf_symbol *unnamed; /* unnamed.c */
    size_t nunnamed;
    struct lp_elf_mark *mark;
    size_t nmark;
    struct lp_elf_stub *stub;
    size_t nstub, stub_cap;
    struct lp_elf_reloc *reloc; /* by section (ET_REL), address, order */
    size_t nreloc;
    struct lp_elf_span *exec;  /* executable sections, else segments, in address order, not overlapping */
    size_t nexec;
    struct lp_dynamic *dynamic; /* dynamic.h; NULL = not looked at yet */
    struct lp_dynfix *fix;     /* likewise, with have_fixes */
    size_t nfix;
    struct lp_lines *_Atomic lines; /* line.h; NULL = not looked at yet */
    pthread_mutex_t debug_lock; /* lp_elf_debug(), which opens a file meanwhile */
    bool have_debug;
    struct lp_elf *debug;      /* debug.h; NULL = none */
    struct lp_cfi_table *_Atomic cfi_table; /* cfi.c; likewise, or not needed */
};

/* A string table in the image: `size` ends behind its last 0 byte, so that every offset below it is a C string. */
struct lp_elf_strtab { const char *text; size_t size; };
struct lp_elf_strtab lp_elf_strtab(const struct lp_elf *e, uint64_t off, uint64_t size);
/* NULL if out of bounds or longer than LP_ELF_NAME_MAX. */
const char *lp_elf_str(struct lp_elf_strtab t, uint64_t off);
/* The link-time addresses that hold code; false: there are none. */
bool lp_elf_code_extent(const struct lp_elf *e, uint64_t *start, uint64_t *end);
/* name + suffix, or NULL without memory. */
const char *lp_elf_keep(struct lp_elf *e, const char *text, size_t len, const char *suffix);
/* Bytes of the file at a link-time address: how many follow in the same segment goes to *avail; NULL if none. */
const uint8_t *lp_elf_at(const struct lp_elf *e, uint64_t vaddr, uint64_t *avail);
/* Value of the first dynamic entry with this tag. */
bool lp_elf_dynamic(const struct lp_elf *e, int64_t tag, uint64_t *value);

/* What is filled on first use and constant afterwards: load, under the lock, unless it has been. */
void lp_elf_once(struct lp_elf *e, atomic_bool *have, void (*load)(struct lp_elf *e));
void lp_elf_load_notes(struct lp_elf *e);    /* notes.c: build-id and properties */
void lp_elf_load_sections(struct lp_elf *e); /* all below: under the lock, once */
void lp_elf_load_symbols(struct lp_elf *e);

/* Collecting symbols (symbol.c), also used by plt.c. */
struct lp_elf_raw { struct lp_elf_symbol *v; size_t n, cap; bool failed; };
void lp_elf_raw_add(struct lp_elf_raw *r, const struct lp_elf_symbol *s);
void lp_elf_load_plt(struct lp_elf *e, struct lp_elf_raw *raw);
void lp_elf_load_exec(struct lp_elf *e);
/* How many dynamic symbols there are when no section says so. */
uint64_t lp_elf_count_dynsym(const struct lp_elf *e);
void lp_elf_load_dynamic(struct lp_elf *e);
void lp_elf_free_dynamic(struct lp_elf *e);
#endif
