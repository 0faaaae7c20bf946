/* arm64lp/elf.h - an AArch64 ELF file or image, every bound checked on opening.
 * A handle is immutable after opening: any number of threads may read it. All strings live as long as the handle. */
#ifndef ARM64LP_ELF_H
#define ARM64LP_ELF_H
#include <arm64lp/error.h>
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct lp_elf lp_elf;

/* path "-" = standard input. */
LP_API lp_status lp_elf_open(const char *path, lp_elf **out, struct lp_error *err);
LP_API lp_status lp_elf_open_fd(int fd, const char *name, lp_elf **out, struct lp_error *err); /* fd stays the caller's */
/* The bytes are copied. */
LP_API lp_status lp_elf_open_memory(const void *image, size_t size, const char *name, lp_elf **out, struct lp_error *err);
LP_API void lp_elf_close(lp_elf *elf);

struct lp_elf_info {
    const char *name;         /* as opened */
    uint16_t type;            /* ET_EXEC, ET_DYN, ET_REL */
    uint64_t entry;
    uint64_t phoff;           /* file offset of the program headers */
    uint64_t phdr_vaddr;      /* link-time address at which they are loaded, 0 = they are not */
    uint16_t phnum;
    const char *interp;       /* PT_INTERP or NULL */
    const char *soname;       /* DT_SONAME or NULL */
    const uint8_t *build_id;  /* NULL = none */
    size_t build_id_len;      /* bytes, 1..64 */
    uint64_t stack_flags;     /* p_flags of PT_GNU_STACK; ~0 = absent */
    uint32_t gnu_property;    /* GNU_PROPERTY_AARCH64_FEATURE_1_AND bits: 1 = BTI, 2 = PAC, 4 = GCS */
    const void *image;        /* the file's bytes */
    size_t image_size;
};
LP_API const struct lp_elf_info *lp_elf_info(const lp_elf *elf);
/* SHA-256 of the file's bytes. */
LP_API void lp_elf_sha256(const lp_elf *elf, uint8_t out[32]);

struct lp_elf_segment { uint32_t type, flags; uint64_t offset, vaddr, filesz, memsz, align; }; /* as in the program header */
LP_API const struct lp_elf_segment *lp_elf_segments(const lp_elf *elf, size_t *count);
struct lp_elf_section { const char *name; uint32_t type; uint64_t flags, addr, offset, size, align, entsize; uint32_t link, info; };
LP_API const struct lp_elf_section *lp_elf_sections(const lp_elf *elf, size_t *count);

struct lp_elf_symbol {
    const char *name;
    const char *version;  /* symbol version or NULL */
    const char *file;     /* STT_FILE it belongs to, or NULL */
    uint64_t value, size; /* link-time address (for STT_TLS: offset in the TLS block), bytes */
    uint8_t type, bind;   /* STT_*, STB_* */
    uint16_t shndx;
    uint16_t ordinal;     /* 1-based among symbols of the same name in address order; 0 = the name is unique */
};
/* Functions, objects, TLS and untyped symbols of .symtab and .dynsym that are defined here, sorted by (value, -size, name); PLT entries as
 * "name@plt" functions. */
LP_API const struct lp_elf_symbol *lp_elf_symbols(const lp_elf *elf, size_t *count);
/* The symbol that covers a link-time address (functions first); NULL if none. */
LP_API const struct lp_elf_symbol *lp_elf_symbol_at(const lp_elf *elf, uint64_t vaddr);
/* Functions that no symbol names, as in a stripped file: call frame information says where they begin and end. By address, which is their name, "0x17dba0". */
LP_API const struct lp_elf_symbol *lp_elf_unnamed(const lp_elf *elf, size_t *count);
/* Resolve "name", "name@VERSION", "name#N" (ordinal), "name!file.c", "name@plt". Errors: LP_E_SYMBOL (near names in the hint),
 * LP_E_AMBIGUOUS (every candidate with address, size and file in the text). */
LP_API lp_status lp_elf_find(const lp_elf *elf, const char *spec, const struct lp_elf_symbol **out, struct lp_error *err);
/* Shortest spec that lp_elf_find resolves to this symbol, into buf; returns the length it needs. */
LP_API int lp_elf_symbol_spec(const lp_elf *elf, const struct lp_elf_symbol *sym, char *buf, size_t size);
/* A name of C++ as it was written, "Bank::pay(int)"; NULL if it is none, or if lp_elf_can_demangle() says no, for want of a C++ library. free(). */
LP_API char *lp_elf_demangle(const char *symbol);
LP_API bool lp_elf_can_demangle(void);

/* Read what is at a link-time address when the file is loaded (bytes past p_filesz are 0). LP_E_ADDRESS if not all of it is in a PT_LOAD. */
LP_API lp_status lp_elf_read(const lp_elf *elf, uint64_t vaddr, void *buf, size_t len, struct lp_error *err);
/* The file offset of a link-time address, or -1 if it is not in the file. */
LP_API int64_t lp_elf_offset(const lp_elf *elf, uint64_t vaddr);
/* Is the address inside an executable section (or segment, without sections) and not $d data? */
LP_API bool lp_elf_is_code(const lp_elf *elf, uint64_t vaddr);
/* The same, with the data. */
LP_API bool lp_elf_is_text(const lp_elf *elf, uint64_t vaddr);
/* The same, and in *end the address up to which the answer holds at least. `section`: its number; only needed in ET_REL, where an address is an
 * offset in its section. */
LP_API bool lp_elf_code_run(const lp_elf *elf, size_t section, uint64_t vaddr, uint64_t *end);

/* A relocation: of an object file or what --emit-relocs left of it, for the linker; or for the dynamic linker, DT_RELR's as RELATIVE. */
struct lp_elf_reloc {
    uint64_t at;              /* link-time address; in ET_REL the offset in `section` */
    size_t section;           /* ET_REL: its number; else 0 */
    uint32_t type, order;     /* order: in the file */
    const char *name;         /* "call26", of R_AARCH64_CALL26; NULL = unknown */
    const char *symbol;       /* NULL = none */
    int64_t addend;
};
/* All of them, by (section, at, order). */
LP_API const struct lp_elf_reloc *lp_elf_relocs(const lp_elf *elf, size_t *count);

/* ---- source lines, by the file's debug information, read through libdw on the first question. LP_E_UNSUPPORTED: there is none, or no libdw. ---- */
struct lp_elf_line {          /* one row: what [addr, end) was made from */
    uint64_t addr, end;
    const char *file;         /* with the folder that it was compiled in */
    unsigned line, column;    /* 0 = unknown */
    bool statement;           /* a debugger would stop here */
};
/* All rows, in address order; they do not overlap. */
LP_API lp_status lp_elf_lines(const lp_elf *elf, const struct lp_elf_line **rows, size_t *n, struct lp_error *err);
/* The row of an address; NULL if there is none. */
LP_API const struct lp_elf_line *lp_elf_line_at(const lp_elf *elf, uint64_t vaddr);
struct lp_elf_inlined {       /* a range of an inlined copy of a function */
    uint64_t addr, end;
    uint64_t entry;           /* the lowest address of all ranges of this copy */
    const char *name;         /* of the function */
    const char *call_file;    /* where it is called, or NULL */
    unsigned call_line, depth; /* depth: how far inside; of two copies that cover an address the deeper one is in the other */
};
/* All of them, in the order of (addr, depth). */
LP_API lp_status lp_elf_inlined(const lp_elf *elf, const struct lp_elf_inlined **copies, size_t *n, struct lp_error *err);

#ifdef __cplusplus
}
#endif
#endif
