/* compat/livepatch.c - the original API: apply, revert, list. One lock per system. */
#include <config.h>
#include "compat/system.h"
#include <arm64lp/dis.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOP UINT32_C(0xd503201f)
enum { BRANCH_REACH = 128 << 20 };

/* ---- reasons ---- */

static _Thread_local char last_error[640];
static atomic_int debugging;
static _Atomic(LivePatchSystem *) the_system;

void livepatch_set_debug(int on) { atomic_store(&debugging, on); }
const char *livepatch_last_error(void) { return last_error; }
void lp_compat_begin(void) { last_error[0] = 0; }

void lp_compat_trace(const char *fmt, ...)
{
    if (!atomic_load_explicit(&debugging, memory_order_relaxed)) return;
    char text[768];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(stderr, "[livepatch] %s\n", text);
}

int lp_compat_fail(const char *fmt, ...)
{
    char text[sizeof last_error];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(last_error, text, sizeof text);
    lp_compat_trace("%s", text);
    return -1;
}

static int no_system(void) { return lp_compat_fail("no livepatch system was given"); }

/* ---- life ---- */

LivePatchSystem *(livepatch_init)(void *memory, size_t mem_size, uint64_t base_addr)
{
    lp_compat_begin();
    const char *env = getenv("LIVEPATCH_DEBUG");
    if (env && *env && strcmp(env, "0") != 0) livepatch_set_debug(1);
    if (!memory || mem_size < 4) return lp_compat_fail("livepatch_init: no memory was given"), NULL;
    if (base_addr > UINT64_MAX - mem_size) return lp_compat_fail("livepatch_init: the memory ends beyond 2^64"), NULL;
    LivePatchSystem *s = calloc(1, sizeof *s);
    if (!s || !lp_store_init(&s->store)) {
        free(s);
        return lp_compat_fail("out of memory"), NULL;
    }
    s->memory = memory;
    s->mem_size = mem_size;
    s->base_addr = base_addr;
    s->enabled = 1;
    s->last_valid = NOP;
    lp_compat_lock();
    lp_compat_join_locked(s);
    lp_compat_unlock();
    lp_compat_trace("patching 0x%" PRIx64 "-0x%" PRIx64, base_addr, base_addr + mem_size);
    return s;
}

void livepatch_cleanup(LivePatchSystem *s)
{
    lp_compat_begin();
    if (!s) return;
    lp_compat_lock();
    lp_compat_revert_all_locked(s);
    lp_compat_leave_locked(s);
    lp_compat_unlock();
    LivePatchSystem *expected = s;
    atomic_compare_exchange_strong(&the_system, &expected, NULL);
    lp_store_free(&s->store);
    free(s);
}

LivePatchSystem *livepatch_get_system(void) { return atomic_load(&the_system); }
void livepatch_set_system(LivePatchSystem *s) { atomic_store(&the_system, s); }
int is_nop_instruction(uint32_t instr) { return instr == NOP; }

void livepatch_set_enabled(LivePatchSystem *s, int enabled)
{
    lp_compat_begin();
    if (!s) return;
    lp_compat_lock();
    s->enabled = enabled != 0;
    lp_compat_unlock();
    lp_compat_trace("%s", enabled ? "enabled" : "disabled");
}

size_t livepatch_count(LivePatchSystem *s)
{
    lp_compat_begin();
    if (!s) return 0;
    lp_compat_lock();
    size_t n = s->store.count;
    lp_compat_unlock();
    return n;
}

/* ---- apply ---- */

/* 0 if a word can be at this address. */
static int check_address(const LivePatchSystem *s, uint64_t addr)
{
    if (addr % 4) return lp_compat_fail("0x%" PRIx64 ": the address of an instruction is a multiple of 4", addr);
    if (addr < s->base_addr || addr - s->base_addr > s->mem_size - 4)
        return lp_compat_fail("0x%" PRIx64 ": outside the memory 0x%" PRIx64 "-0x%" PRIx64, addr, s->base_addr, s->base_addr + s->mem_size);
    return 0;
}

static int check_word(LivePatchSystem *s, uint64_t addr, uint32_t word)
{
    if (word == s->last_valid) return 0;
    if (!lp_dis_valid(word)) return lp_compat_fail("0x%" PRIx64 ": %08" PRIx32 " is no valid A64 instruction", addr, word);
    s->last_valid = word;
    return 0;
}

/* Bytes of a description that are kept: never half a UTF-8 character. */
static size_t text_len(const char *text)
{
    size_t n = strnlen(text, LIVEPATCH_MAX_DESCRIPTION);
    if (n < LIVEPATCH_MAX_DESCRIPTION) return n;
    for (n--; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {}
    return n ? n : LIVEPATCH_MAX_DESCRIPTION - 1;
}

int lp_compat_add_locked(LivePatchSystem *s, struct lp_store *to, uint64_t addr, uint32_t word, const char *text)
{
    if (!s->enabled) return lp_compat_fail("0x%" PRIx64 ": patching is disabled", addr);
    if (check_address(s, addr)) return -1;
    uint64_t offset = addr - s->base_addr;
    __builtin_prefetch(s->memory + offset, 1); /* cold among a million scattered patches, and so is the index: wait for both at once */
    lp_store_prefetch(to, offset);
    if (check_word(s, addr, word)) return -1;
    if (lp_store_find(to, offset) != LP_STORE_NONE) return lp_compat_fail("0x%" PRIx64 ": patched already; revert that first", addr);
    if (!text) text = "";
    if (!lp_store_add(to, offset, word, text, text_len(text))) return lp_compat_fail("0x%" PRIx64 ": out of memory", addr);
    return 0;
}

static int apply_locked(LivePatchSystem *s, uint64_t addr, uint32_t word, const char *text)
{
    int r = lp_compat_add_locked(s, &s->store, addr, word, text);
    if (r == 0) lp_compat_put_locked(s, s->store.newest);
    return r;
}

int livepatch_apply(LivePatchSystem *s, uint64_t addr, uint32_t word, const char *text)
{
    lp_compat_begin();
    if (!s) return no_system();
    lp_compat_lock();
    int r = apply_locked(s, addr, word, text);
    lp_compat_unlock();
    return r;
}

int livepatch_create_nop(LivePatchSystem *s, uint64_t addr, const char *text)
{
    return livepatch_apply(s, addr, NOP, text ? text : "NOP patch");
}

/* B: a signed 26-bit number of words (Arm ARM C6.2, B). */
static int branch_word(uint64_t from, uint64_t to, uint32_t *word)
{
    int64_t distance = (int64_t)(to - from);
    if (from % 4 || to % 4)
        return lp_compat_fail("0x%" PRIx64 ": a branch goes from and to multiples of 4, not to 0x%" PRIx64, from, to);
    if (distance < -BRANCH_REACH || distance >= BRANCH_REACH)
        return lp_compat_fail("0x%" PRIx64 ": 0x%" PRIx64 " is out of reach of a branch (128 MiB)", from, to);
    *word = UINT32_C(0x14000000) | ((uint32_t)(distance >> 2) & 0x3ffffff);
    return 0;
}

int livepatch_create_branch(LivePatchSystem *s, uint64_t from, uint64_t to, const char *text)
{
    uint32_t word = 0;
    lp_compat_begin();
    if (!s) return no_system();
    if (branch_word(from, to, &word)) return -1;
    return livepatch_apply(s, from, word, text ? text : "branch patch");
}

int livepatch_redirect_function(LivePatchSystem *s, uint64_t old_addr, uint64_t new_addr, const char *text)
{
    uint32_t word = 0;
    lp_compat_begin();
    if (!s) return no_system();
    if (old_addr == new_addr) return lp_compat_fail("0x%" PRIx64 ": a function cannot be redirected to itself", old_addr);
    if (branch_word(old_addr, new_addr, &word)) return -1;
    lp_compat_lock();
    int r = check_address(s, new_addr);
    if (r == 0) r = check_word(s, new_addr, lp_compat_word(s, new_addr - s->base_addr));
    if (r == 0) r = apply_locked(s, old_addr, word, text ? text : "function redirect");
    lp_compat_unlock();
    return r;
}

/* ---- revert ---- */

int livepatch_revert(LivePatchSystem *s, uint64_t addr)
{
    lp_compat_begin();
    if (!s) return no_system();
    lp_compat_lock();
    bool inside = addr % 4 == 0 && addr >= s->base_addr && addr - s->base_addr < s->mem_size;
    uint32_t slot = inside ? lp_store_find(&s->store, addr - s->base_addr) : LP_STORE_NONE;
    int r = slot == LP_STORE_NONE ? lp_compat_fail("0x%" PRIx64 ": no patch is applied there", addr) : lp_compat_revert_locked(s, slot);
    lp_compat_unlock();
    return r;
}

int livepatch_revert_all(LivePatchSystem *s)
{
    lp_compat_begin();
    if (!s) return no_system();
    lp_compat_lock();
    int n = lp_compat_revert_all_locked(s);
    lp_compat_unlock();
    return n;
}
