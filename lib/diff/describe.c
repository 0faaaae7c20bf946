/* diff/describe.c - what an address is, for people. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "elf/spec.h"

static void describe_constant(const struct lp_side *s, const struct lp_use *u, struct lp_buf *out)
{
    uint64_t avail = 0, n = u->width ? 0 : lp_side_text(s, u->addr);
    const uint8_t *p = lp_side_bytes(s, u->addr, &avail);
    if (n > 1) {
        lp_quote(out, (const char *)p, n - 1 < 40 ? n - 1 : 40);
        return;
    }
    lp_buf_puts(out, "constant");
    for (uint64_t i = 0; p && i < u->width && i < avail && i < 16; i++) lp_buf_printf(out, "%s%02x", i ? "" : " ", p[i]);
}

void lp_describe(const struct lp_side *s, const struct lp_use *u, struct lp_buf *out)
{
    const struct lp_word_at *w = lp_side_word(s, u->addr);
    const struct lp_span *x = lp_side_span(s, u->addr);
    uint32_t i = lp_side_meant(s, u->base, u->addr);
    char buf[32];
    if (w && w->sym && x && x->flags & LP_SPAN_GOT) {
        lp_buf_printf(out, "%s%s", w->kind == LP_WORD_TLS ? "tls:" : "", w->sym->name);
    } else if (i == LP_NONE) {
        lp_buf_printf(out, "%s 0x%llx", x ? x->name : "address", (unsigned long long)u->addr);
    } else {
        const struct lp_atom *a = &s->atom[i];
        if (lp_is_unnamed_constant(s, a)) {
            describe_constant(s, u, out);
            return;
        }
        lp_buf_printf(out, "%s", a->kind == LP_ATOM_TABLE ? "jump table" : lp_atom_text(a, buf));
        int64_t off = (int64_t)(u->addr - a->start);
        if (off) lp_buf_printf(out, "%c0x%llx", off < 0 ? '-' : '+', (unsigned long long)(off < 0 ? -off : off));
    }
}
