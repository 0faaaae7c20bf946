/* diff/side/walk.h - one file: what becomes of an address that a word makes, by walks through the code from there. */
#ifndef LP_DIFF_SIDE_WALK_H
#define LP_DIFF_SIDE_WALK_H
#include "diff/side/side.h"

/* ---- anchor.c ---- */
/* Is what the ADD at this place makes used as a base only, by words that have references of their own? */
bool lp_only_base(const struct lp_side *s, uint32_t atom, uint64_t at);
bool lp_mostly_base(const struct lp_side *s, uint32_t atom, uint64_t at); /* the same, but that in X1 no address is returned (beside what X0 has) */
/* The same, and which words those are. */
enum { LP_BASE_USERS = 128 };
struct lp_base_users { uint64_t at[LP_BASE_USERS]; unsigned n; };
static inline bool lp_is_user(const struct lp_base_users *u, uint64_t at)
{
    unsigned i = 0;
    while (i < u->n && u->at[i] != at) i++;
    return i < u->n;
}
bool lp_base_users(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_base_users *users);
/* Is what the ADD or ADR at this place makes compared with other addresses only, as the end of an array is? */
bool lp_only_compared(const struct lp_side *s, uint32_t atom, uint64_t at);
bool lp_is_stepped_to(const struct lp_side *s, uint32_t atom, uint64_t at); /* the same, and by what goes through the array that it is an end of */
/* The same, if that array is beside it, and does not just end there. */
struct lp_stepped { uint32_t array; uint64_t first; }; /* first: in the array, where the steps begin */
bool lp_stopped(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_stepped *out);
/* ---- uses.c ---- */
/* Is an index added to it? Then it may be in front of the array: a[i - 1] is from &a[-1] on. */
bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The same, of an address `addr`, unless the index is known to lead nowhere but in front of `to`. */
bool lp_is_indexed_to(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t to);
/* The same of elements that are larger than a byte. */
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at);
/* The first word that completes the page that the ADRP at this place makes, on the ways that go from there; 0 = it is not seen. */
uint64_t lp_page_user(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page);
/* Does the function read or write there itself? */
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Does it compare it with another address, among others? */
bool lp_is_compared(const struct lp_side *s, uint32_t atom, uint64_t at);
/* With one that need not be of the function itself? */
bool lp_is_compared_with_others(const struct lp_side *s, uint32_t atom, uint64_t at);
/* Does a function compare what these registers have at its entry with other addresses, and not read there? */
bool lp_compares_argument(const struct lp_side *s, uint32_t function, uint32_t regs);
bool lp_compares_arguments(const struct lp_side *s, uint32_t function, uint32_t regs); /* of several, two with one another */
bool lp_reads_argument(const struct lp_side *s, uint32_t function, uint32_t regs); /* does it read there, without an index? */
/* ---- handed.c ---- */
/* Which calls get the address that a word makes, and in which registers; `to`: of the function, or of the place where only a register tells. based: something
 * is read or written from there. lost: somebody else may have it, or more is made of it. */
enum { LP_HANDED = 8, LP_HANDED_BACK = 1 /* to: returned */ };
struct lp_handed { struct lp_handed_at { uint64_t at, to; uint32_t regs; } v[LP_HANDED]; size_t n; bool based, lost; };
void lp_handed(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h);
/* The same of all addresses that are made of it, for who would give it a copy of what is there: to compare one loses it, but not with 0. */
void lp_handed_copy(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h);
/* May it, or another address in the array that begins there, be stored, returned (in X0), or handed to a function that the word calls by its name? */
bool lp_is_put(const struct lp_side *s, uint32_t atom, uint64_t at);
/* ---- readers.c ---- */
/* Does a call that gets the address which a word makes read there? */
bool lp_is_read_by_call(const struct lp_side *s, uint32_t atom, uint64_t at);
/* ---- negative.c ---- */
/* The array that ends at this address, from where the function goes back with an index below 0, so that the array may be meant and what begins there may be,
 * too. at: the access; 0: any. LP_NONE: there is none. */
uint32_t lp_array_in_front(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr);
/* ---- steps.c ---- */
/* Does what goes through an array in steps, in this register of the function, stop at `addr`? *out: beside which array; left as it is where the array ends
 * there. */
bool lp_stops_at(const struct lp_side *s, const struct lp_atom *f, uint64_t addr, unsigned reg, struct lp_stepped *out);
/* The word there makes this address: is it where what goes through an array in steps stops, or starts, beside the array? */
bool lp_stepped_from(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr, struct lp_stepped *out);
/* The same of an access from there whose index is below 0. */
bool lp_reads_from_behind(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr, struct lp_stepped *out);
/* Of data without names: does the word make the address of an element where a pointer begins that goes backwards, or where it stops? Nothing begins there. */
bool lp_goes_back_from(const struct lp_side *s, uint32_t function, const struct lp_ref_at *r);
/* Is an index added that is below 0 all the time? The array is in front of the address, *first in it. */
bool lp_indexed_in_front(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r, uint64_t *first);
/* The first and the last bytes that pointers access which go backwards until they are where they stop: nothing else begins between them. */
void lp_each_walk(const struct lp_side *s, uint32_t function, void (*fn)(void *ctx, uint64_t first, uint64_t last), void *ctx);
/* Is what goes through an array by steps, as it does to its end, used behind the loop, too? There it may be the address of what begins at that end. */
bool lp_goes_past(const struct lp_side *s, uint32_t atom, uint32_t array);
/* Is the address compared with what goes by steps through the array that ends there, whatever else becomes of it? */
bool lp_ends_steps(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr);
/* Where such pointers begin that go forth, and by how much, in order, of the whole file. The caller frees it. */
struct lp_step_start { uint64_t at, by; };
struct lp_step_start *lp_step_starts(struct lp_side *s, size_t *n);
/* Is this address in the constants that such a pointer goes through: has no element in front of it nothing but zeros, as the last one has? */
bool lp_goes_through(const struct lp_side *s, const struct lp_step_start *t, uint64_t addr);
/* ---- paged.c ---- */
/* The words that complete the page which the ADRP at this place makes, as far as that is in registers; false: it is elsewhere, too. */
bool lp_page_users(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page, struct lp_base_users *users);
/* ---- choice.c ---- */
/* What a word makes, or (an access) its base, is the address of something of so many bytes; numbers that are added to it lead out of that: these, and (any)
 * others that are not known. False: nothing leads out. */
enum { LP_CHOICES = 8 };
struct lp_choice { int64_t off[LP_CHOICES]; unsigned n; bool any, added; }; /* added: some word may add a number, wherever that leads */
bool lp_choices(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t size, struct lp_choice *out);
/* ---- bound.c ---- */
/* bound.c: so many bytes from its base on is as far as an access with an index gets; UINT64_MAX: not known. */
bool lp_is_led_to(const struct lp_side *s, uint32_t atom, uint64_t at); /* by a branch or table of its function? If that is not known: yes */
uint64_t lp_index_reach(const struct lp_side *s, uint32_t atom, uint64_t at);
#endif
