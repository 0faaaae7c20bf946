/* a64/capstone.h - the calls of capstone that the disassembler makes, from a library that is loaded when the first one is needed: its tables have
 * some 77 000 relative relocations, half the time that lprun takes to start. */
#ifndef LP_A64_CAPSTONE_H
#define LP_A64_CAPSTONE_H
#include <capstone/capstone.h>

struct lp_capstone {
    __typeof__(&cs_open) open;
    __typeof__(&cs_close) close;
    __typeof__(&cs_malloc) malloc;
    __typeof__(&cs_free) free;
    __typeof__(&cs_disasm_iter) disasm_iter;
    __typeof__(&cs_strerror) strerror;
};
/* NULL if it is not installed; *why is dlerror()'s text then. Thread-safe. */
const struct lp_capstone *lp_capstone(const char **why);
#endif
