/* make/go.c - programs of Go: their threads of work have stacks of a few kilobytes, which grow where Go's own functions test for it. What is compiled from
 * another language does not test, and has what Go keeps free for functions without a test. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "make/maker.h"

#include <string.h>

enum { ROOM = 512, FAR = 65536 }; /* of the 800 bytes that a chain of functions without a test may have */

bool lp_maker_is_go(const struct lp_maker *m)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, ".note.go.buildid") == 0 || strcmp(s[i].name, ".gopclntab") == 0 || strcmp(s[i].name, ".data.rel.ro.gopclntab") == 0) return true;
    return false;
}

/* How far a word moves SP down: SUB SP, SP, #n; by a register, which is far; stores that write SP back. */
static uint64_t moves_down(uint32_t word)
{
    struct lp_a64_access a;
    if ((word & 0xff8003ff) == 0xd10003ff) return (uint64_t)(word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0);
    if ((word & 0xffe0ffff) == 0xcb2063ff) return FAR;
    return lp_a64_access(lp_a64_find(word, LP_A64_ALL), word, &a) && a.store && a.base == 31 && a.back < 0 ? 0 - (uint64_t)a.back : 0;
}

void lp_warn_stacks(struct lp_maker *m, const lp_patch *p)
{
    bool calls = false;
    uint64_t most = 0;
    size_t k = 0;
    if (!m->warn || !lp_maker_is_go(m)) return;
    for (size_t i = 0; i < p->nitem; i++) {
        const struct lp_func *f = p->item[i].func;
        uint64_t size = 0;
        if (p->item[i].kind != LP_ITEM_FUNC) continue;
        for (size_t w = 0; w < f->nbody; w++) size += moves_down(f->body[w].new_word), calls |= lp_a64_is_call(f->body[w].new_word);
        if (size > most) most = size;
    }
    while (k < m->nmade && m->made[k].kind != LP_MADE_FUNC) k++;
    if (k < m->nmade && (calls || most > ROOM))
        lp_edit_warn(m, &m->made[k].from,
                     "the program is one of Go, whose stacks are small and grow by a test that the new code does not make: with all "
                     "that it calls it may use no more than %u bytes of stack, or it writes over other data%s", (unsigned)ROOM,
                     most > ROOM ? "; it uses more" : "");
}
