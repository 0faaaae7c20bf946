/* elf/writer.h - between the files that extend an ELF file. */
#ifndef LP_ELF_WRITER_H
#define LP_ELF_WRITER_H
#include "elf/write.h"
#include "base/buf.h"
#include <elf.h>

#define LP_ELF_RECORD ".note.lpatch"
struct lp_elf_writer {
    const struct lp_elf *e;
    const struct lp_elf_more *m;
    struct lp_error *err;
    Elf64_Phdr *ph;                 /* with room for what comes */
    size_t nph, phcap;
    Elf64_Shdr *sh;
    size_t nsh, shcap, shstrndx;
    struct lp_buf out;              /* the file */
    struct lp_buf names;            /* .shstrtab */
    struct lp_buf table;            /* the last segment: tables for the dynamic linker, the unwinder and the kernel */
    uint64_t table_at, table_off;
    struct lp_elf_span *undo;       /* what was changed of the file */
    size_t nundo, undo_cap;
    bool in_place;                  /* the program headers stay */
    uint64_t shift;                 /* or: they are in so many bytes in front of the file as it was, with another ELF header */
    struct lp_buf front;            /* then they are here, until all is known */
    uint64_t moved, moved_end, moved_by; /* addresses of what has made room for them, and how far it goes */
    const struct lp_dynsym **import; /* what it imports besides (write_import.c) */
    size_t nimport;
    uint64_t nsym;                  /* how many dynamic symbols there are without these */
    size_t nentry;                  /* dynamic entries that have come */
    bool outside;                   /* what was to be changed is not in the file */
    bool failed;                    /* no memory */
};
/* Replace bytes of the old file; false: they are not there. */
bool lp_write_change(struct lp_elf_writer *w, uint64_t off, const void *bytes, size_t len);
/* The next address in the table, with this alignment. */
uint64_t lp_write_table(struct lp_elf_writer *w, uint64_t align);
/* Where an address of the table is in the file. */
static inline uint64_t lp_write_off(const struct lp_elf_writer *w, uint64_t at) { return at - w->table_at + w->table_off; }
/* LP_E_UNSUPPORTED, with why and the file's name. */
lp_status lp_write_refuse(const struct lp_elf_writer *w, const char *why);
Elf64_Shdr *lp_write_section(struct lp_elf_writer *w, const char *name, const Elf64_Shdr *like);
/* The section that starts at an address in memory; NULL = none. */
Elf64_Shdr *lp_write_section_at(struct lp_elf_writer *w, uint64_t addr);
/* write_dyn.c: the tables of relocations, and the dynamic entries of what was moved. */
lp_status lp_write_relocs(struct lp_elf_writer *w);
lp_status lp_write_moved(struct lp_elf_writer *w);
/* Where what was at an address is now: it may have made room. */
uint64_t lp_write_went(const struct lp_elf_writer *w, uint64_t addr);
/* Dynamic entries, changed or new: linkers leave empty ones at the end, of which one must stay; false: not enough. */
bool lp_write_entries(struct lp_elf_writer *w, const int64_t *tag, const uint64_t *value, size_t n);
/* write_import.c: the symbols of new relocations that the file does not import yet; the number of one of theirs, when this is done, or of the file's. */
lp_status lp_write_imports(struct lp_elf_writer *w);
uint64_t lp_write_symbol(const struct lp_elf_writer *w, const struct lp_dynsym *s);
/* write_frame.c */
lp_status lp_write_frames(struct lp_elf_writer *w);
/* record.c: where headers, segments and sections end in the file. */
uint64_t lp_elf_file_end(const struct lp_elf *e);
/* The contents of the section. */
void lp_write_record(const struct lp_elf_writer *w, struct lp_buf *out);
/* Sections that may move to where there is room: what leads to each is one entry of the dynamic section. */
enum { LP_MOVABLE = 9 };
struct lp_movable { uint32_t section; int64_t tag; };
extern const struct lp_movable lp_write_movable[LP_MOVABLE];
#endif
