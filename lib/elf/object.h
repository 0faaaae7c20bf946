/* elf/object.h - a relocatable object: all its symbols, and the relocations of each section. Every bound is checked on opening. */
#ifndef LP_ELF_OBJECT_H
#define LP_ELF_OBJECT_H
#include <arm64lp/elf.h>

/* Above all numbers of sections: what a symbol has in 16 bits (SHN_LORESERVE and up) with 16 ones in front. */
#define LP_OBJ_RESERVED UINT32_C(0xffffff00)
#define LP_OBJ_ABS UINT32_C(0xfffffff1)
#define LP_OBJ_COMMON UINT32_C(0xfffffff2)
struct lp_objsym {
    const char *name;          /* "" = none */
    const char *file;          /* STT_FILE before it, or NULL */
    uint64_t value, size;
    uint32_t section;          /* index; SHN_UNDEF, LP_OBJ_ABS, LP_OBJ_COMMON */
    uint8_t type, bind, visibility;
    char mapping;              /* 'x', 'd': code or data begins here (AAELF64 5.5.4); 0 = no mapping symbol */
};
struct lp_objrel { uint64_t at; uint32_t type, sym; int64_t addend; };
struct lp_objsec {
    const struct lp_elf_section *head;
    const uint8_t *bytes;      /* NULL: it has none (.bss) */
    struct lp_objrel *rel;     /* by `at`; of sections that are loaded */
    size_t nrel;
    bool split;                /* its mapping symbols say that some of it is data */
};
struct lp_objfile {
    const lp_elf *elf;
    struct lp_objsec *sec;
    struct lp_objsym *sym;     /* by number: rel.sym is one */
    size_t nsec, nsym;
};
lp_status lp_objfile_open(const lp_elf *elf, struct lp_objfile **out, struct lp_error *err);
void lp_objfile_free(struct lp_objfile *o);
/* The function or object that covers a place; one that ends there counts if none begins there. NULL = none. */
const struct lp_objsym *lp_objfile_cover(const struct lp_objfile *o, uint32_t section, uint64_t off);
/* Is a place in a section of code data by its mapping symbols? */
bool lp_objfile_is_data(const struct lp_objfile *o, uint32_t section, uint64_t off);
/* The FDE's instructions of a function, if they are against a CIE as lpatch(5) has it. handlers: the function has places where exceptions are caught. */
bool lp_objfile_cfi(const struct lp_objfile *o, const struct lp_objsym *function, const uint8_t **insns, size_t *n, bool *handlers);
/* Index of the first relocation at or behind a place. */
size_t lp_objfile_rel(const struct lp_objsec *s, uint64_t at);
#endif
