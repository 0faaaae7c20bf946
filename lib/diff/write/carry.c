/* diff/write/carry.c - EMIT, new data: texts, constants, objects, jump tables that the new code needs and the old file has not. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/text.h"
#include "base/search.h"
#include "elf/spec.h"

#include <elf.h>
#include <string.h>

enum { TEXT_LINE = 48, BYTES_LINE = 24 };

enum { COMMON = 16, CACHE_LINE = 64, MOST_ALIGNED = LP_DATA_ALIGN };

uint64_t lp_section_alignment(const struct lp_side *s, uint64_t addr)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].flags & SHF_ALLOC && !(x[i].flags & SHF_TLS) && addr - x[i].addr < x[i].size) return x[i].align;
    return 0;
}

/* As it is in the new file by its address, as far as its section is: by chance the one is more, and the other one is as much as something in it needs. */
uint64_t lp_alignment(const struct lp_side *s, uint64_t addr)
{
    uint64_t by_address = addr & -addr, most = lp_section_alignment(s, addr);
    if (most < CACHE_LINE) most = CACHE_LINE;
    return !by_address || by_address > most ? most : by_address;
}

static uint64_t alignment(const struct lp_side *s, uint32_t atom)
{
    const uint64_t by_place = lp_alignment(s, s->atom[atom].start), wanted = UINT64_C(1) << s->atom[atom].aligned, n = by_place > wanted ? by_place : wanted;
    return n > MOST_ALIGNED ? MOST_ALIGNED : n;
}

static uint64_t end_of(const struct lp_side *s, uint32_t *i)
{
    while (*i + 1 < s->natom && (s->atom[*i + 1].joined || s->atom[*i + 1].tail)) ++*i;
    return s->atom[*i].end;
}

/* What comes along in one piece with others is as far behind the first of them as in the new file: so that one is as far behind a multiple of what a later one
 * is aligned to, where the section says that something is. (Compilers align to less by themselves.) */
void lp_align_joined(struct lp_side *s)
{
    for (uint32_t i = 0, head = 0; i < s->natom; i++) {
        const uint64_t at = s->atom[i].start;
        if (!s->atom[i].joined) head = i;
        uint64_t n = head == i ? 0 : lp_section_alignment(s, at);
        while (n && at & (n - 1)) n /= 2;
        for (; n > COMMON && n <= MOST_ALIGNED && n > UINT64_C(1) << s->atom[head].aligned;) s->atom[head].aligned++;
    }
}

bool lp_carries(lp_diff *d, const struct lp_there *t, uint64_t bytes)
{
    enum { LINE = 4 }; /* 16 bytes: no access needs more */
    struct lp_side *s = NEW(d);
    struct lp_atom *a = &s->atom[t->atom];
    uint32_t last = t->atom;
    if (!t->own || !bytes || lp_is_code_atom(a)) return true;
    const uint64_t size = end_of(s, &last) - a->start, off = (uint64_t)t->off;
    for (uint32_t i = t->atom; i < s->natom && i <= last + 1; i++) lp_look(d, i, false);
    if (!lp_within(off, bytes, size)) return false;
    if (!((lp_carried_at(a) + off) & (bytes - 1)) && alignment(s, t->atom) >= bytes) return true;
    if ((a->start + off) & (bytes - 1) || a->aligned >= LINE || bytes > UINT64_C(1) << LINE) return false;
    a->aligned = LINE;
    return d->again = true;
}

/* Zeros that stay zeros: a linker may leave words empty that the dynamic linker fills (ld.lld). */
static bool stays_zero(const struct lp_side *s, uint64_t start, const uint8_t *p, uint64_t n)
{
    const size_t i = lp_count_below(s->word, s->nword, sizeof *s->word, start);
    return (i >= s->nword || s->word[i].at >= start + n) && lp_all_zero(p, n);
}

static void print_text(struct lp_buf *out, const uint8_t *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i += TEXT_LINE) {
        lp_quote(out, (const char *)p + i, n - i < TEXT_LINE ? n - i : TEXT_LINE);
        lp_buf_puts(out, "\n");
    }
}

void lp_print_bytes(struct lp_buf *out, const uint8_t *p, uint64_t n)
{
    static const char digit[] = "0123456789abcdef";
    for (uint64_t i = 0; i < n; i += BYTES_LINE) {
        char line[3 * BYTES_LINE + 2] = "|";
        size_t len = 1;
        for (uint64_t k = i; k < n && k < i + BYTES_LINE; k++) line[len++] = ' ', line[len++] = digit[p[k] >> 4], line[len++] = digit[p[k] & 15];
        line[len++] = '\n';
        lp_buf_add(out, line, len);
    }
}

/* A word that holds an address: "rel abs64 parse". */
static bool print_address(lp_diff *d, uint64_t at, uint64_t value)
{
    struct lp_there t = lp_there_itself(d, lp_there_of_word(d, at, value));
    if (!t.known) return false;
    lp_buf_puts(&d->items, "rel abs64 ");
    lp_there_print(d, &t, &d->items);
    lp_buf_puts(&d->items, "\n");
    return true;
}

/* A version that the old file wants of nothing yet: older libraries do not have it. */
static void remark_version(lp_diff *d, const struct lp_dynsym *y)
{
    for (size_t i = 0; i < OLD(d)->dynamic->nsym; i++) {
        const struct lp_dynsym *s = &OLD(d)->dynamic->sym[i];
        if (s->library && s->version && strcmp(s->version, y->version) == 0 && strcmp(s->library, y->library) == 0) return;
    }
    lp_diff_remark(d, "version %.100s of %.100s is needed, which the old file does without", y->version, y->library);
}

/* A patch is text, in UTF-8. */
static bool is_text(const char *p)
{
    for (size_t n; p && *p; p += n)
        if (!(n = lp_utf8_len(p, strlen(p)))) return false;
    return true;
}

enum { NAME_MOST = 150, WHOLE_MOST = 220 }; /* of a line's LP_PATCH_LINE bytes */

/* Why there is no way to write it; NULL: there is one. */
static const char *not_written(const lp_diff *d, const struct lp_dynsym *y, const struct lp_dynsym *old)
{
    if (!old && y->version && !y->library) return "it is the new file's own, and the old one does not have it";
    if (!old && !y->version && lp_dynsym_wanted(OLD(d)->dynamic, y->name, NULL)) return "the old file has it with a version, the new one without";
    if (!old && y->type == STT_TLS) return "it is thread-local, and the old file does not have it";
    if (old && !lp_is_ident(y->name, strlen(y->name))) return "its name has other bytes than letters, digits, `_`, `$` and `.`";
    if (!is_text(y->name) || (!old && (!is_text(y->version) || !is_text(y->library)))) return "its name, its version or its library is no UTF-8 text";
    return strlen(y->name) > NAME_MOST ? "its name is too long for a line of a patch" : NULL;
}

/* The same of what has been written. */
static const char *not_read(const struct lp_buf *out, size_t from)
{
    const size_t n = out->len - from;
    if (out->failed) return NULL;
    if (n > WHOLE_MOST) return "its name, its version and its library are too long for a line of a patch";
    return lp_spec_scan(out->data + from, n, NULL) == n ? NULL : "its version has other bytes than letters, digits, `_`, `$` and `.`";
}

static const struct lp_dynsym *old_import(const lp_diff *d, const struct lp_dynsym *y)
{
    const struct lp_dynsym *old = lp_dynsym_wanted(OLD(d)->dynamic, y->name, y->version);
    return old ? old : lp_dynsym_defined(OLD(d)->dynamic, y->name, y->version);
}

bool lp_is_imported(const lp_diff *d, const struct lp_dynsym *y) { return old_import(d, y) != NULL; }

bool lp_print_import(lp_diff *d, const struct lp_dynsym *y, bool plt, uint64_t addend, struct lp_buf *out)
{
    const struct lp_dynsym *old = old_import(d, y);
    const char *why = not_written(d, y, old);
    const size_t from = out->len;
    if (!why) lp_spec_print(out, y->name, old ? NULL : y->version ? y->version : "*", 0, old ? NULL : y->library);
    if (!why) why = not_read(out, from);
    if (why) return out->len = from, lp_diff_refuse(d, NEW(d), LP_E150, y->name, why), false;
    if (old && plt) lp_buf_puts(out, "@plt");
    if (addend) lp_buf_printf(out, "+0x%llx", (unsigned long long)addend);
    if (!old && y->bind == STB_WEAK) lp_buf_puts(out, " weak");
    if (!old && y->library) remark_version(d, y);
    return true;
}

static bool print_symbol(lp_diff *d, const struct lp_word_at *w)
{
    lp_buf_puts(&d->items, "rel abs64 ");
    if (!lp_print_import(d, w->sym, false, w->value, &d->items)) return true;
    lp_buf_puts(&d->items, "\n");
    return true;
}

bool lp_print_filled(lp_diff *d, const struct lp_word_at *w)
{
    if (w->kind == LP_WORD_SYMBOL && w->sym) return print_symbol(d, w);
    return w->kind == LP_WORD_ADDR && print_address(d, w->at, w->value);
}

/* Does the word hold an address? In a position-dependent program it may look like one. */
static bool address_at(lp_diff *d, uint64_t at, uint64_t end, const uint8_t *p, uint64_t *value)
{
    if (at & 7 || end - at < 8 || !lp_side_guesses(NEW(d))) return false;
    *value = lp_le64(p);
    return lp_read_word(NEW(d), at, *value) != LP_READ_NUMBER;
}

/* How long the text is that an object is; 0 = it is none. The address of a function may look like one: 0x400760 is "`\a@"; and so may a number with the first
 * byte of a table of offsets behind it. */
static uint64_t text_of(lp_diff *d, const struct lp_atom *a, uint64_t end, const uint8_t *p)
{
    uint64_t value;
    const uint64_t n = p ? lp_side_text(NEW(d), a->start) : 0;
    if (!n || lp_side_word(NEW(d), a->start) || lp_side_offsets(NEW(d), a->start, a->start + n) || address_at(d, a->start, end, p, &value)) return 0;
    return n;
}

/* How much of a constant without a name of its own is carried: a text whole, though linkers let another one begin in it (its tail), and without the
 * zeros behind it that only align what comes next. */
static uint64_t carried(const struct lp_side *s, uint32_t atom, const uint8_t *p, uint64_t avail, uint64_t text, uint64_t n)
{
    const struct lp_atom *a = &s->atom[atom];
    if (a->kind != LP_ATOM_PIECE || s->span[a->span].flags & LP_SPAN_WRITE || !text || text > avail) return n;
    return text > n || (n - text < alignment(s, atom) && lp_all_zero(p + text, n - text)) ? text : n;
}

/* The same of several in one piece: the texts in it to their ends. */
static uint64_t with_texts(lp_diff *d, uint32_t first, uint32_t last, const uint8_t *p, uint64_t avail, uint64_t n)
{
    const struct lp_atom *v = NEW(d)->atom;
    uint64_t most = n, to = 0;
    for (uint32_t i = first; p && i <= last; i++) {
        const uint64_t off = v[i].start - v[first].start;
        if (off < to) continue; /* in the text in front: its tail */
        to = off + text_of(d, &v[i], v[last].end, p + off);
        if (to > most && to <= avail) most = to;
    }
    return most;
}

static bool may_be_in_text(const struct lp_side *s, const struct lp_atom *a) { return lp_is_lone(s, a) && !lp_is_copied(a); }

/* Behind the last atom that is known to be of the text: all to this one, without gaps? */
static bool is_in_text(const struct lp_side *s, const struct lp_text_seen *t, uint32_t atom)
{
    if (s->atom[atom].start >= t->end || s->atom[t->last].span != s->atom[atom].span) return false;
    for (uint32_t i = t->last + 1; i <= atom; i++)
        if (!may_be_in_text(s, &s->atom[i]) || s->atom[i].start != s->atom[i - 1].end) return false;
    return true;
}

bool lp_joins_text(lp_diff *d, struct lp_text_seen *t, uint32_t atom)
{
    struct lp_atom *v = NEW(d)->atom;
    uint64_t avail = 0;
    if (!may_be_in_text(NEW(d), &v[atom])) return false;
    if (is_in_text(NEW(d), t, atom)) {
        while (t->last < atom) v[++t->last].joined = true;
        return v[t->head].needed = d->again = true;
    }
    uint32_t last = atom;
    const uint64_t end = end_of(NEW(d), &last), n = end - v[atom].start;
    const uint8_t *p = lp_side_bytes(NEW(d), v[atom].start, &avail);
    *t = (struct lp_text_seen){atom, last, v[atom].start + (p ? with_texts(d, atom, last, p, avail, n) : n)};
    return false;
}

/* What may be a part of it comes along with it. */
bool lp_joins_table(lp_diff *d, uint32_t atom)
{
    struct lp_atom *v = NEW(d)->atom;
    if (v[atom].kind != LP_ATOM_PIECE || !lp_stays_constant(NEW(d), &v[atom])) return false;
    uint32_t end = atom;
    const uint32_t first = lp_first_of_table(NEW(d), lp_may_end_at(NEW(d), atom) ? atom - 1 : atom);
    (void)end_of(NEW(d), &end);
    const uint32_t last = lp_last_of_table(NEW(d), end);
    bool more = false;
    for (uint32_t i = first + 1; i <= last; i++) {
        if (v[i].joined) continue;
        v[i].joined = v[lp_head_of(d, i - 1)].needed = d->again = more = true;
    }
    return more;
}

static void refuse_either(lp_diff *d, uint64_t start, uint64_t at, uint64_t value)
{
    char buf[32];
    const char *name = lp_atom_text(&NEW(d)->atom[lp_side_atom(NEW(d), start)], buf);
    lp_diff_refuse(d, NEW(d), LP_E147, name, (unsigned long long)(at - start), (unsigned long long)value);
}

/* Plainly an address, but in 4 bytes, or at an odd place: nothing says so, and nobody would set it right. */
static bool is_hidden(const lp_diff *d, uint64_t at, uint64_t end, const uint8_t *p)
{
    return end - at >= 4 && lp_side_guesses(NEW(d)) && lp_like_address(NEW(d), at, lp_le32(p)) == LP_LIKE_PLAINLY;
}

static bool print_word(lp_diff *d, uint64_t start, uint64_t at, const struct lp_word_at *w, uint64_t value)
{
    if (w && (w->kind != LP_WORD_ADDR || w->sym)) return lp_print_filled(d, w);
    const bool either = !w && (lp_is_low(value) || lp_read_word(NEW(d), at, value) == LP_READ_EITHER);
    if (either && !lp_both_readings(d, value)) return refuse_either(d, start, at, value), true;
    return print_address(d, at, w ? w->value : value);
}

static bool print_content(lp_diff *d, uint64_t start, uint64_t end, const uint8_t *p)
{
    uint64_t from = start, value = 0;
    bool good = true;
    for (uint64_t at = start, step; at < end; at += step) {
        const struct lp_word_at *w = end - at >= 8 ? lp_side_word(NEW(d), at) : NULL;
        const struct lp_field_at *f = w ? NULL : lp_side_field(NEW(d), at);
        const bool address = w || (!f && address_at(d, at, end, p + (at - start), &value));
        step = address ? 8 : f && f->width <= end - at ? f->width : 1;
        if (step == 1 && is_hidden(d, at, end, p + (at - start))) refuse_either(d, start, at, lp_le32(p + (at - start)));
        if (step == 1) continue;
        lp_print_bytes(&d->items, p + (from - start), at - from);
        from = at + step;
        good &= f ? lp_print_field(d, f, p + (at - start)) : print_word(d, start, at, w, value);
    }
    lp_print_bytes(&d->items, p + (from - start), from < end ? end - from : 0);
    return good;
}

static bool print_parts(lp_diff *d, uint64_t start, uint64_t end, const uint8_t *p)
{
    bool good = true;
    for (uint64_t at = start, stop; at < end; at = stop) {
        const struct lp_offsets *x = lp_side_offsets(NEW(d), at, end);
        const bool table = x && x->start <= at;
        stop = table ? x->end : x ? x->start : end;
        if (stop > end) stop = end;
        good &= table ? lp_print_offsets(d, at, stop, p + (at - start)) : print_content(d, at, stop, p + (at - start));
    }
    return good;
}

/* Entries are relative to a place in the function, so the bytes are right wherever the table is. */
static bool movable_table(const struct lp_side *s, uint32_t atom)
{
    for (size_t i = 0; i < s->ntable; i++) {
        uint32_t f = s->table[i].atom == atom ? lp_side_atom(s, s->table[i].t.br_at) : LP_NONE;
        if (f != LP_NONE && (s->table[i].t.base < s->atom[f].start || s->table[i].t.base >= s->atom[f].end)) return false;
    }
    return true;
}

static const char *section_of(const struct lp_side *s, const struct lp_atom *a, const uint8_t *p)
{
    uint32_t f = s->span[a->span].flags;
    return !p ? "bss" : f & LP_SPAN_WRITE && !(f & LP_SPAN_RELRO) ? "data" : "rodata";
}

/* Is what is so far from a place not so far from it in the old file? */
static bool is_elsewhere(lp_diff *d, uint64_t base, uint64_t v)
{
    const struct lp_side *s = NEW(d);
    const uint32_t i = lp_side_atom(s, base), k = lp_side_atom(s, base + v);
    if (i == LP_NONE || k == LP_NONE || s->atom[i].pair == LP_NONE || s->atom[k].pair == LP_NONE || lp_is_copied(&s->atom[i])) return true;
    const uint64_t from = OLD(d)->atom[s->atom[i].pair].start + (base - s->atom[i].start), to = OLD(d)->atom[s->atom[k].pair].start;
    return to - from != v - (base + v - s->atom[k].start);
}

/* Numbers of new constants, most of which are distances of functions (or all of which, of data: small numbers often are) from a place that code which uses them
 * makes the address of: the assembler knows them, so that the linker's relocations do not say so. */
static bool counts_from_elsewhere(lp_diff *d, uint32_t atom, uint64_t n, unsigned width, const uint8_t *p)
{
    const struct lp_side *s = NEW(d);
    unsigned nbase = 0;
    const uint64_t *base = lp_stays_constant(s, &s->atom[atom]) ? lp_away_bases(d, atom, &nbase) : NULL;
    for (unsigned b = 0; b < nbase; b++) {
        uint64_t all = 0, hits = 0, bad = 0, code = 0;
        for (uint64_t off = 0; off + width <= n; off += width) {
            const uint64_t v = lp_le_int(p + off, width, width == 4);
            const enum lp_start what = v && !lp_side_field(s, s->atom[atom].start + off) ? lp_start_at(s, base[b] + v) : LP_START_NONE;
            const bool hit = lp_may_be_away(s, atom, base[b], what) && (what == LP_START_FUNC || width == 4);
            all += v != 0, hits += hit, code += hit && what == LP_START_FUNC, bad += hit && is_elsewhere(d, base[b], v);
        }
        if (bad && code && 2 * hits >= all && (hits > 1 || all == 1)) return true;
        if (bad && hits == all && all > 2) return true;
    }
    return false;
}

/* Perhaps a table of offsets, and not all that it leads to comes along in one piece with it? */
static bool leads_away(const struct lp_side *s, const struct lp_atom *a, uint64_t start, uint64_t end)
{
    uint64_t avail = 0;
    const uint8_t *p = lp_is_code_atom(a) || lp_side_offsets(s, a->start, a->end) ? NULL : lp_side_bytes(s, a->start, &avail);
    const uint64_t to_end = p && avail >= 8 ? lp_may_be_offsets(s, a) : 0, size = to_end ? to_end - a->start : 0;
    bool away = false;
    for (uint64_t off = 0; off < size && size <= avail; off += 4) {
        const uint64_t to = a->start + lp_le_int(p + off, 4, true);
        away |= to < start || to >= end;
    }
    return away;
}

/* May bytes of this atom, which are known to be in no table of offsets, be distances all the same? They would be wrong in another place, and in VERIFY bytes
 * are bytes. (What is thought to be a text may be small distances.) */
static bool may_be_distances(lp_diff *d, uint32_t atom, uint64_t end, bool text)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *a = &s->atom[atom];
    const uint64_t stop = end < a->end ? end : a->end;
    uint64_t avail = 0;
    const uint8_t *p = a->start < stop ? lp_side_bytes(s, a->start, &avail) : NULL;
    if (!p || avail < stop - a->start) return false;
    for (uint64_t at = a->start, to; at < stop; at = to) {
        const struct lp_offsets *x = lp_side_offsets(s, at, stop);
        const bool known = x && x->start <= at;
        to = known ? x->end : x ? x->start : stop;
        if (!known && (lp_like_distances(s, at, to) || lp_may_be_lost(s, at, to))) return true;
    }
    if (lp_side_offsets(s, a->start, stop)) return false;
    return counts_from_elsewhere(d, atom, stop - a->start, 4, p) || (!text && counts_from_elsewhere(d, atom, stop - a->start, 2, p));
}

void lp_emit_carried(lp_diff *d, uint32_t atom)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *a = &s->atom[atom];
    uint32_t last = atom;
    uint64_t end = end_of(s, &last), n = end - a->start, avail = 0, text;
    const uint8_t *p = lp_side_bytes(s, a->start, &avail);
    char buf[32];
    if (p && avail < n) n = avail;
    text = text_of(d, a, end, p);
    n = last == atom ? carried(s, atom, p, avail, text, n) : with_texts(d, atom, last, p, avail, n);
    if (lp_alignment(s, a->start) > MOST_ALIGNED)
        lp_diff_refuse(d, s, LP_E124, lp_atom_text(a, buf), (unsigned long long)lp_alignment(s, a->start), "no patch aligns data to more than 65536");
    const uint64_t front = lp_carried_at(a);
    if (front + n > LP_PATCH_BLOCK) {
        lp_diff_refuse(d, s, LP_E180, lp_atom_text(a, buf), "a patch brings no more than 16777216 bytes in one piece");
        return;
    }
    lp_buf_puts(&d->items, "\ndata ");
    lp_own_name(d, atom, &d->items);
    lp_buf_printf(&d->items, " %s size %llu align %llu\n", section_of(s, a, p), (unsigned long long)(front + n), (unsigned long long)alignment(s, atom));
    if (front) lp_buf_printf(&d->items, "zero %llu\n", (unsigned long long)front);
    bool good = !p || avail >= n;
    if (a->kind == LP_ATOM_TABLE && !movable_table(s, atom)) good = false;
    if (!p || !good) lp_buf_printf(&d->items, "zero %llu\n", (unsigned long long)n);
    else if (a->kind == LP_ATOM_TABLE && lp_print_table(d, atom, p, n)) good = true;
    else if (n == text) print_text(&d->items, p, n);
    else if (n > BYTES_LINE && stays_zero(s, a->start, p, n)) lp_buf_printf(&d->items, "zero %llu\n", (unsigned long long)n);
    else good = print_parts(d, a->start, a->start + n, p);
    lp_buf_puts(&d->items, "end\n");
    for (uint32_t i = atom; p && i <= last; i++)
        if (may_be_distances(d, i, a->start + n, n == text)) lp_diff_refuse(d, s, LP_E145, lp_atom_text(&s->atom[i], buf), 0ull);
    const char *why = a->kind == LP_ATOM_TABLE ? "the jump table is relative to itself" : "new data holds an address that the old file has not";
    if (!good && lp_side_offsets(s, a->start, end)) lp_diff_refuse(d, s, LP_E145, lp_atom_text(a, buf), 0ull);
    else if (!good) lp_diff_refuse(d, s, LP_E140, lp_atom_text(a, buf), 0ull, why);
}

void lp_check_carried(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    char buf[32];
    for (uint32_t i = 0; i < s->natom; i++) {
        uint32_t last = i;
        const uint64_t end = s->atom[i].carried ? end_of(s, &last) : 0;
        for (uint32_t k = i; end && k <= last; k++) {
            uint64_t avail = 0;
            if (leads_away(s, &s->atom[k], s->atom[i].start, end))
                lp_diff_refuse(d, s, LP_E147, lp_atom_text(&s->atom[k], buf), 0ull, (unsigned long long)lp_le32(lp_side_bytes(s, s->atom[k].start, &avail)));
        }
    }
}
