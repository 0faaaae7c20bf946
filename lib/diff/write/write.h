/* diff/write/write.h - of both files, once it is known what is the same: CLOSE, what goes into the patch; DATA; EMIT, its text; VERIFY. */
#ifndef LP_DIFF_WRITE_WRITE_H
#define LP_DIFF_WRITE_WRITE_H
#include "diff/pair/pair.h"
#include "patch/model.h"
#include "elf/reloc.h"

/* So many bytes of an old body's digest tell that it is the right one; the patch is bound to the file by more. */
enum { LP_DIFF_SHA = 8 };

/* What an address of the new file is in the patched old one: an address of that, or a name of the patch's own. */
struct lp_there { uint64_t addr; int64_t off; uint32_t atom; bool known, own; }; /* own: of the new file's atom, at off */
static inline bool lp_same_there(const struct lp_there *a, const struct lp_there *b)
{
    return a->known == b->known && a->own == b->own && (a->own ? a->atom == b->atom && a->off == b->off : a->addr == b->addr);
}
/* So many bytes farther on. */
static inline struct lp_there lp_there_from(struct lp_there t, int64_t by)
{
    t.off += by, t.addr += t.own ? 0 : (uint64_t)by;
    return t;
}
/* Is b, which is known as a is, so many bytes farther on than that? */
static inline bool lp_is_there_from(const struct lp_there *a, const struct lp_there *b, int64_t by)
{
    return a->own == b->own && (a->own ? a->atom == b->atom && b->off - a->off == by : b->addr - a->addr == (uint64_t)by);
}

/* CLOSE and DATA: what goes into the patch. */
/* ---- close.c ---- */
void lp_diff_close(lp_diff *d);
/* One base is not enough for what this new body reaches from there. True: it was not known yet; CLOSE keeps together what can be, and the body is emitted once
 * more. */
bool lp_bring_together(lp_diff *d, uint32_t atom);
/* Data that nobody writes, of which the patch may bring copies. */
bool lp_may_have_copies(const struct lp_side *s, uint32_t first, uint32_t last);
/* ---- enter.c ---- */
void lp_diff_enter(lp_diff *d); /* what leads into the middle of new bodies; after it is known which ones move */
/* ---- template.c ---- */
void lp_refuse_templates(lp_diff *d); /* E149 */
/* ---- asked.c ---- */
/* Of each atom of the new file, whether functions of the patch use it, as data; NULL: all that changed is asked for, or no memory (d->nomem). The caller frees
 * it. */
uint8_t *lp_asked_data(lp_diff *d);
/* ---- data.c ---- */
void lp_diff_data(lp_diff *d);         /* and what thread-local variables hold at the start */
void lp_emit_changed_data(lp_diff *d); /* constants that differ, as values */
/* Is what the new file has at this address at the same one in the patched old file? Then it is all the same whether a word is that address. */
bool lp_both_readings(lp_diff *d, uint64_t w);
/* ---- offsets.c ---- */
void lp_diff_offsets(lp_diff *d); /* before it is known which functions move: tables that changed are carried, and who uses them is changed */
/* Entries of a table of offsets from itself, and a field of the new file, as relocations; false: of what the old file has not. */
bool lp_print_offsets(lp_diff *d, uint64_t at, uint64_t end, const uint8_t *p);
bool lp_print_field(lp_diff *d, const struct lp_field_at *f, const uint8_t *p);
/* Is the address of something in this datum in data, from where any code may have it? */
bool lp_is_pointed_at(const struct lp_side *s, const struct lp_atom *a);
/* Behind EMIT: functions that compare addresses of constants that come along are to have them, too. True: close and emit once more. */
bool lp_diff_twice(lp_diff *d);
/* ---- aligned.c ---- */
void lp_diff_aligned(lp_diff *d); /* E124 */

/* EMIT: where something is in the patched old file. */
/* ---- place.c ---- */
struct lp_there lp_there(lp_diff *d, const struct lp_use *u);
/* Of a word that holds the address of what the file itself has: a library's own by its address, as its name may be another object's. */
struct lp_there lp_there_itself(const lp_diff *d, struct lp_there t);
void lp_there_print(lp_diff *d, const struct lp_there *t, struct lp_buf *out); /* as an expression of the patch */
/* The program's copy of another library's variable (R_AARCH64_COPY): its slot, or NULL. */
const struct lp_word_at *lp_copied(const struct lp_side *s, const struct lp_atom *a);
/* A constant in code, of 32 bits or of 64: is the word a part of what may be an address, or how far away one is? What leads there now would do so no more. */
bool lp_constant_leads(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The name of an atom of the old file, if its own symbols have one; false: its address. */
bool lp_old_name(lp_diff *d, uint32_t atom, struct lp_buf *out);
/* The name under which the patch has an atom of the new file. */
void lp_own_name(lp_diff *d, uint32_t atom, struct lp_buf *out);
/* ---- pointers.c ---- */
struct lp_there lp_there_of_word(lp_diff *d, uint64_t at, uint64_t v); /* of the word at `at` of the new file, which holds the address v */
bool lp_is_said(const struct lp_side *s, uint64_t at, uint64_t addr); /* by the linker: that it is of what begins at `addr` */
/* ---- alike.c ---- */
/* How many constants without a name, of those that code or data refer to, are the same as one of the other file; *last: the last of them. */
struct lp_alike;
struct lp_alike *lp_alike_new(lp_diff *d); /* NULL: no memory, d->nomem */
void lp_alike_free(struct lp_alike *a);
unsigned lp_alike_count(lp_diff *d, const struct lp_alike *a, int side, uint32_t i, uint32_t *last);
bool lp_may_begin_alike(const lp_diff *d, uint32_t a, uint32_t b); /* false: the two are surely not the same, nor is one as the other begins */
bool lp_is_counted(const struct lp_side *s, size_t i);
bool lp_same_piece(lp_diff *d, size_t a, size_t b);
/* ---- ends.c ---- */
/* Of all that is emitted; true: again, because what may be one address must be one now (not `last`: that is refused). */
bool lp_diff_ends(lp_diff *d, bool last);

/* EMIT: the text. */
/* ---- emit.c ---- */
lp_status lp_diff_emit(lp_diff *d, struct lp_error *err);
/* ---- again.c ---- */
/* The functions of the patch are emitted, in the same order in each round, as far as what was emitted in the last one is not right any more. */
void lp_next_round(lp_diff *d);
bool lp_emit_as_before(lp_diff *d, uint32_t new_atom); /* false: it is to be emitted now, up to lp_emitted() */
void lp_emitted(lp_diff *d);
/* In front of asking what a round decides about an atom of the new file, or deciding it; aims: it is led to. */
void lp_look(lp_diff *d, uint32_t new_atom, bool aims);
void lp_rounds_free(lp_diff *d);
/* ---- words.c ---- */
/* One word of a new body as the patch has it: of what the old file has, addr: its address there. What few of them have is elsewhere: reloc, the place of
 * "call26 puts@plt" in d->texts; aim, 1 + the index in d->aim, of what is apart. Both are there until the next body is made. */
enum lp_note { LP_NOTE_NONE, LP_NOTE_STUB, LP_NOTE_BACK }; /* what is said beside it: which word it stands for, and where its stub is; that this goes back */
struct lp_aim { struct lp_there to, second; };
struct lp_new_word {
    uint32_t word, reloc, aim;
    bool has_reloc, in_old;
    bool datum;            /* no instruction, as of a literal pool */
    bool apart;            /* it is to reach `to`, and no offset from its base leads there: apart.c */
    bool slot;             /* the same of a load of a GOT slot, which its relocation names */
    bool split, indexed;   /* the same, and LDP, STP: its second register is of `second`; with an index that is added to `second`, its base */
    uint8_t note;
    uint32_t other, was;   /* of the note: a word of the body, the instruction that it stands for */
    uint64_t addr;
};
void lp_forget_words(lp_diff *d); /* those that were made until now */
struct lp_buf *lp_reloc_text(lp_diff *d, struct lp_new_word *w); /* for the text of its relocation, up to the next one's */
static inline const char *lp_reloc_of(const lp_diff *d, const struct lp_new_word *w) { return d->texts.data ? d->texts.data + w->reloc : ""; }
/* False: refused, with the reason. */
bool lp_new_word(lp_diff *d, uint32_t atom, uint64_t at, struct lp_new_word *out);
/* Behind a body: a branch to what follows it in the new file. */
bool lp_new_branch(lp_diff *d, uint32_t atom, uint64_t target, struct lp_new_word *out);
/* ---- meant.c ---- */
struct lp_there lp_place_of_user(lp_diff *d, uint32_t atom, const struct lp_ref_at *user); /* what that completes a page for */
/* ---- bases.c ---- */
/* The words of a new function that make an address (all of it, or its page), or have an offset from it: their references, in their order. If there is no
 * memory, d->items has failed. */
enum lp_base_how { LP_BASE_MADE, LP_BASE_PAGE, LP_BASE_USED };
struct lp_base { uint64_t base; uint32_t ref; uint8_t how; };
const struct lp_base *lp_bases(lp_diff *d, uint32_t atom, enum lp_base_how how, uint64_t base, size_t *n);
/* Of such a list, the first that is at this place or behind it. */
size_t lp_base_behind(const struct lp_side *s, const struct lp_base *v, size_t n, uint64_t at);
/* Of a word that makes an address: is that only a base (lp_base_users()), and which words add to it? And the other way round: of a word that adds to a
 * base, by which words it is made. As references, in their order. */
struct lp_base_list { const struct lp_base_pair *v; size_t n; };
struct lp_base_list lp_base_users_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *r, bool *only);
struct lp_base_list lp_base_makers_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *user, uint64_t base);
uint32_t lp_base_listed(const struct lp_base_list *x, size_t i);
void lp_bases_free(lp_diff *d);
/* ---- pages.c ---- */
/* For which of its users an ADRP makes the page, and in which function (*of) that is; NULL: it is not known, or there is none. Has a user the page that it
 * gets, or must it be apart? */
const struct lp_ref_at *lp_page_meant(lp_diff *d, uint32_t atom, const struct lp_ref_at *page, uint32_t *of);
bool lp_has_page(lp_diff *d, uint32_t atom, const struct lp_ref_at *user);
void lp_pages_free(lp_diff *d);
/* ---- apart.c ---- */
/* Can a word be replaced by a stub, so that it reaches a place by itself? */
bool lp_may_be_apart(uint32_t w);
bool lp_may_have_index(uint32_t w);               /* the same, with an index in its base */
bool lp_may_be_split(uint32_t w, uint64_t first); /* the same of LDP and STP, whose first register is of so many bytes */
/* Those of a body that are to, and their stubs behind it. *from: of each word then, that of the body for which it is, the caller frees it; NULL: there are
 * none. False: refused, or no memory. */
bool lp_add_stubs(lp_diff *d, uint32_t atom, struct lp_new_word **word, size_t *n, uint32_t **from);
/* VERIFY: a body of a patch with stubs, as what it stands for: the atom ends where the new file's does, words that have stubs become, in `view`, what the new
 * file has, and their references are those of the stubs. False: they are others. */
bool lp_take_stubs(lp_diff *d, struct lp_side *s, uint32_t i, uint8_t *view);
/* ---- keep.c ---- */
/* Which words of the new body are the old one's, as the patch's parser would have them: runs, and single words. False: no memory. */
struct lp_body_plan { struct lp_change *change; size_t n; uint8_t rename[LP_RENAMED]; }; /* changes lead to rename */
bool lp_keep_old(const lp_diff *d, const struct lp_atom *a, const struct lp_new_word *word, size_t n, uint64_t start, struct lp_body_plan *out);
/* ---- cfi.c ---- */
/* The instructions of the FDE of a function of this side, as a patch has them, in `cfi` lines, of which there is one if they follow from how the body is
 * made; false: there are none, or they cannot be said so. */
bool lp_emit_cfi(const lp_diff *d, int side, uint32_t atom, const struct lp_body_plan *plan, struct lp_buf *out);
/* Refuses a new body whose FDE is damaged, or has rules that no patch has. */
void lp_check_unwinding(lp_diff *d, uint32_t atom);
/* The same of a body of n words, with stubs (lp_add_stubs()); false: it has an FDE, of which they cannot be said. */
bool lp_emit_cfi_from(const lp_diff *d, uint32_t atom, const struct lp_body_plan *plan, const uint32_t *from, size_t n, struct lp_buf *out);
bool lp_same_unwinding(lp_diff *d, uint32_t old_atom);
void lp_remark_unwinding(lp_diff *d); /* of functions that are the same */
void lp_remark_thrown(lp_diff *d);    /* of exceptions in a program that does not ask for new functions */
/* ---- lsda.c ---- */
struct lp_plan;
bool lp_take_tables(struct lp_side *s, const struct lp_plan *p); /* of new bodies, into the patched file; false: no memory */
void lp_check_lsda(lp_diff *d, uint32_t new_atom);     /* refuses a new body whose exception table cannot come along */
void lp_emit_lsda_line(lp_diff *d, uint32_t new_atom, bool entry); /* in its body; in the branch to that (entry), which has none */
void lp_emit_lsda(lp_diff *d, uint32_t new_atom);      /* behind it, as data */
/* ---- types.c ---- */
/* A word of the old file's tables that holds the type that this word of the new file's holds; 0: there is none. */
uint64_t lp_old_type_word(lp_diff *d, uint64_t word);
void lp_check_types(lp_diff *d);                       /* once it is known what comes along */
/* ---- quiet.c ---- */
/* Nobody may be in a function whose words are changed in their place, or in a part of one that moves. site: one follows. True: that is to say it. */
bool lp_emit_quiet(lp_diff *d, uint32_t old_atom, bool site);
void lp_quiet_free(lp_diff *d);
/* ---- body.c ---- */
bool lp_emit_function(lp_diff *d, uint32_t old_atom);
bool lp_emit_new_function(lp_diff *d, uint32_t new_atom);
bool lp_emit_in_place(lp_diff *d, uint32_t old_atom);
void lp_refuse_datum(lp_diff *d, uint32_t atom, uint64_t at, uint32_t word); /* a body may keep the old one's, or a place get a value */
/* ---- table.c ---- */
bool lp_print_table(lp_diff *d, uint32_t new_atom, const uint8_t *p, uint64_t n); /* a jump table, made of the old file's; false: that is not shorter */
/* ---- carry.c ---- */
void lp_emit_carried(lp_diff *d, uint32_t new_atom);
/* Has the old file it by this name and version? */
bool lp_is_imported(const lp_diff *d, const struct lp_dynsym *y);
/* An import of the new file, by its name, with whose version it is if the old file does not import it, and whether it is weak then; plt: of what the old file
 * exports, as others find it. False: it is refused. */
bool lp_print_import(lp_diff *d, const struct lp_dynsym *y, bool plt, uint64_t addend, struct lp_buf *out);
void lp_print_bytes(struct lp_buf *out, const uint8_t *p, uint64_t n);
/* A word of 8 bytes at `at`, which the dynamic linker fills; false: the old file has not what it holds. */
bool lp_print_filled(lp_diff *d, const struct lp_word_at *w);
/* Of what comes along, in the order of addresses: is it in the middle of the text that does, from `head` on, to `end`? Then both are to come along in one piece
 * (each by itself would bring the text to its end), and all that was emitted is emitted again. */
struct lp_text_seen { uint32_t head, last; uint64_t end; };
bool lp_joins_text(lp_diff *d, struct lp_text_seen *t, uint32_t new_atom);
bool lp_joins_table(lp_diff *d, uint32_t new_atom); /* likewise, with all that may be one table with it */
void lp_check_carried(lp_diff *d); /* once it is known what comes along together with what */
/* Has new data, as it comes along, so many bytes there, at a place that they are aligned to? Where only that is missing it is to come along so, and all that
 * was emitted is emitted again. */
bool lp_carries(lp_diff *d, const struct lp_there *t, uint64_t bytes);
/* How much of its item is in front of it. */
static inline uint64_t lp_carried_at(const struct lp_atom *a) { return a->start & ((UINT64_C(1) << a->aligned) - 1); }
void lp_align_joined(struct lp_side *s); /* behind all that joins new data */
/* What data at this address may be aligned to; and its section (0: there is none). */
uint64_t lp_alignment(const struct lp_side *s, uint64_t addr);
uint64_t lp_section_alignment(const struct lp_side *s, uint64_t addr);

/* VERIFY, and what is said of the patch then. */
/* ---- reread.c ---- */
bool lp_resurvey(lp_diff *d, struct lp_side *s); /* of a patched file; false: no memory */
struct lp_flow_lent *lp_stay_lent(const lp_diff *d, size_t *n); /* between functions of the old file that stay; the caller frees it */
/* A new body of a patched file; lent: pages that others make are completed in it. */
struct lp_reread { uint32_t atom; bool lent; };
void lp_reread(struct lp_side *s, const struct lp_reread *v, size_t n); /* their references, and tables; what is lent: all that the survey has */
/* ---- verify.c ---- */
/* again: functions that are not equal so are to be emitted as bodies; NULL: E199. */
lp_status lp_diff_verify(lp_diff *d, bool *again, struct lp_error *err);
/* ---- copies.c ---- */
void lp_remark_copies(lp_diff *d);
/* ---- labels.c ---- */
void lp_remark_labels(lp_diff *d);
/* ---- left.c ---- */
void lp_remark_left(lp_diff *d);
#endif
