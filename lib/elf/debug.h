/* elf/debug.h - what a stripped file has elsewhere: its separate debug file. */
#ifndef LP_ELF_DEBUG_H
#define LP_ELF_DEBUG_H
#include <arm64lp/elf.h>

/* The debug file, which has the same build-id, or the CRC that .gnu_debuglink says; looked for once. NULL = there is none. Thread-safe. */
const lp_elf *lp_elf_debug(const lp_elf *elf);
bool lp_elf_has_lines(const lp_elf *elf);
bool lp_elf_has_symtab(const lp_elf *elf);
#endif
