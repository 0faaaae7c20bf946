/* elf/dynamic.h - what a dynamic linker reads of an object: its dynamic symbols with versions, its relocations, the libraries that it needs.
 * All by PT_DYNAMIC, so that a file without section headers has them too. Constant after the first use. */
#ifndef LP_ELF_DYNAMIC_H
#define LP_ELF_DYNAMIC_H
#include <arm64lp/elf.h>
#include <elf.h>

enum { LP_DT_RELRSZ = 35, LP_DT_RELR = 36, LP_R_IRELATIVE = 1032 }; /* not in every C library's elf.h */

struct lp_dynsym {
    const char *name, *version; /* of what it defines, or of what it wants; NULL = none */
    const char *library;        /* of what it wants: whose version that is */
    uint64_t value, size;
    uint8_t type, bind, visibility;
    uint16_t shndx;             /* SHN_UNDEF: an import; its value, if not 0, is the address that all objects shall use */
    bool hidden;                /* a version that only those see who name it */
    bool first;                 /* no version, or the library's first one: what a reference without a version finds */
    uint32_t next;              /* of the symbols whose names have the same hash, 1 more than its number; or 0 */
    uint32_t rel;               /* of the first symbol of a name: the first relocation by that name, as `next` */
};
/* sym NULL = none (index 0); next: of those by the same name, as above. */
struct lp_dynrel { uint64_t at; uint32_t type, next; int64_t addend; const struct lp_dynsym *sym; };
/* How many bytes a relocation of this type fills. */
static inline uint64_t lp_dynrel_bytes(uint32_t type) { return type == R_AARCH64_TLSDESC ? 16 : 8; }
struct lp_dynfix { uint64_t at, value; bool packed; }; /* R_AARCH64_RELATIVE (packed: by DT_RELR): the link-time address that `at` shall hold */
struct lp_dynamic {
    struct lp_dynsym *sym;
    size_t nsym;
    uint32_t *named;            /* of each of as many hashes of names, the first symbol, as struct lp_dynsym has the next */
    struct lp_dynrel *rel;      /* all but RELATIVE, in the linker's order */
    size_t nrel;
    const char **needed;        /* DT_NEEDED */
    size_t nneeded;
    const char *runpath, *rpath; /* where they are looked for; NULL = not said */
    uint64_t debug_at;          /* where DT_DEBUG's value is; 0 = there is none */
    uint64_t at;                /* PT_DYNAMIC; 0 = there is none */
    bool library;               /* it is not the program: others may be in front of it when a symbol is looked for */
    bool symbolic;              /* but it looks in itself first (-Bsymbolic) */
};
/* section.c: does .comment name this compiler or linker? */
bool lp_elf_made_by(const lp_elf *e, const char *tool);
bool lp_elf_made_by_gcc(const lp_elf *e); /* and by no other compiler */
/* Does it need a library of this name? */
bool lp_dynamic_needs(const struct lp_dynamic *d, const char *library);
/* A name in the table that DT_STRTAB has, as the values of some entries are; NULL = it is none. */
const char *lp_dynamic_text(const lp_elf *elf, uint64_t off);
/* Never NULL; empty for a file without PT_DYNAMIC, or without memory. */
const struct lp_dynamic *lp_elf_dynamic_part(const lp_elf *elf);
/* The definition that another object finds: of this version, or with `version` NULL the default one. NULL = none. */
const struct lp_dynsym *lp_dynsym_defined(const struct lp_dynamic *d, const char *name, const char *version);
/* The definition that a reference without a version finds (glibc): one without, or of the library's first version, else the only one. NULL = none. */
const struct lp_dynsym *lp_dynsym_plain(const struct lp_dynamic *d, const char *name);
/* The definition of this name, at this address, that another object's may stand in front of, for this object too; NULL = none can. */
const struct lp_dynsym *lp_dynsym_preempted(const struct lp_dynamic *d, const char *name, const char *version, uint64_t value);
/* The import of this name; NULL = none. */
const struct lp_dynsym *lp_dynsym_wanted(const struct lp_dynamic *d, const char *name, const char *version);
/* The first relocation by a symbol of this name, or the one behind `last`, in the linker's order; NULL = none. */
const struct lp_dynrel *lp_dynrel_named(const struct lp_dynamic *d, const char *name, const struct lp_dynrel *last);
/* Its RELATIVE relocations, DT_RELR's too, by address. There may be many, so that the list is made when it is asked for. */
struct lp_dynfixes { const struct lp_dynfix *v; size_t n; };
struct lp_dynfixes lp_elf_dynfixes(const lp_elf *elf);
/* fn for each of them, in the linker's order, without a list. */
void lp_elf_each_dynfix(const lp_elf *elf, void (*fn)(void *ctx, const struct lp_dynfix *f), void *ctx);
/* Does one fill bytes of [at, at + len)? And one of all the others? */
bool lp_elf_dynfix_covers(const lp_elf *elf, uint64_t at, uint64_t len);
bool lp_elf_dynrel_covers(const lp_elf *elf, uint64_t at, uint64_t len);
/* A program without PT_DYNAMIC relocates itself when it starts (IRELATIVE, from __rela_iplt_start): does it fill bytes of [at, at + len)? */
bool lp_elf_start_fills(const lp_elf *elf, uint64_t at, uint64_t len);
/* The file's own PLT entry of an IFUNC, by its resolver, or of what it imports (version NULL: any); 0 = there is none. */
uint64_t lp_elf_plt_ifunc(const lp_elf *elf, uint64_t resolver);
uint64_t lp_elf_plt_slot(const lp_elf *elf, uint64_t at); /* of the entry there: the GOT slot that it goes by; 0 = there is none */
uint64_t lp_elf_plt_import(const lp_elf *elf, const char *name, const char *version);
#endif
