/* unit/test_live.c - the live engine on a process memory in which nothing runs: all or nothing, orders, relations, bodies. */
#include <config.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hash.h"
#include "exec/gate.h"
#include "mem/fault.h"
#include "mem/mem.h"
#include "mem/poke.h"
#include "live/live.h"
#include "testelf.h"

#define HEAD(name, meta) "lpatch 1\nname " name "\n" meta "object greet\nbuild-id " TEST_BUILD_ID "\nmachine aarch64\n"
#define SITE(place, old, new) "@ " place "\n- " old "\n+ " new "\nend\n"
#define CMP1 "7100041f"
#define CMP2 "7100081f"
#define CMP3 "71000c1f"
#define NOP "d503201f"

static struct {
    struct lp_mem *mem;
    struct lp_gate gate;
    struct lp_cpu cpu;
    struct lp_live *live;
    lp_elf *elf;
    struct lp_error err;
    struct lp_live_result result;
} t;

static void setup(void)
{
    memset(&t, 0, sizeof t);
    lp_fault_install(NULL);
    assert_int_equal(lp_mem_new(33, &t.mem, NULL), LP_OK);
    assert_int_equal(lp_mem_mmap(t.mem, TEST_BASE, 4096, 1 | 4, 0x2 | 0x20 | 0x10, -1, 0), TEST_BASE);
    assert_int_equal(lp_mem_poke(t.mem, TEST_BASE, test_image(), sizeof(struct test_image)), 0);
    lp_gate_init(&t.gate);
    lp_cpu_init(&t.cpu, t.mem, &t.gate, NULL, NULL);
    lp_gate_add(&t.gate, &t.cpu);
    t.elf = test_elf();
    assert_int_equal(lp_live_new(t.mem, &t.gate, &t.live, NULL), LP_OK);
    assert_int_equal(lp_live_add_object(t.live, t.elf, 0, NULL), LP_OK);
}

static void teardown(void)
{
    lp_live_free(t.live);
    lp_elf_close(t.elf);
    lp_gate_remove(&t.gate, &t.cpu);
    lp_gate_destroy(&t.gate);
    lp_ops_drop(t.mem);
    lp_mem_free(t.mem);
}

static lp_patch *parsed(const char *text)
{
    lp_patch *p = NULL;
    lp_status s = lp_patch_parse("fix", text, strlen(text), 0, NULL, NULL, &p, &t.err);
    if (s != LP_OK) fail_msg("%u:%u %s", t.err.line, t.err.col, t.err.text);
    return p;
}

static lp_status apply_with(const char *text, const struct lp_live_options *o)
{
    lp_patch *p = parsed(text);
    memset(&t.result, 0, sizeof t.result);
    lp_status s = lp_live_apply(t.live, (const lp_patch *const *)&p, 1, o, &t.result, NULL, NULL, &t.err);
    lp_patch_free(p);
    return s;
}

static lp_status apply(const char *text) { return apply_with(text, NULL); }
static lp_status revert(const char *name) { return lp_live_revert(t.live, &name, 1, NULL, &t.result, NULL, NULL, &t.err); }
static uint32_t word(uint64_t addr)
{
    uint32_t w = 0;
    assert_int_equal(lp_mem_read(t.mem, &w, addr, 4), 0);
    return w;
}

static int add_name(void *ctx, const struct lp_live_row *row) { return strcat(strcat(ctx, row->name), " "), 0; }
static const char *listed(void)
{
    static char names[256];
    names[0] = 0;
    lp_live_list(t.live, add_name, names, NULL);
    return names;
}

#define failed(call, st, message) \
    do { assert_int_equal(call, st); assert_string_equal(t.err.text, message); } while (0)

static void applies_and_reverts(void **state)
{
    setup();
    assert_int_equal(apply(HEAD("a", "") SITE("main", CMP1, CMP2)), LP_OK);
    assert_int_equal(t.result.applied, 1);
    assert_int_equal(word(TEST_CODE), 0x7100081f);
    assert_string_equal(listed(), "a ");
    assert_int_equal(apply(HEAD("a", "") SITE("main", CMP1, CMP2)), LP_OK);
    assert_int_equal(t.result.already, 1);
    failed(apply(HEAD("a", "") SITE("main", CMP1, CMP3)), LP_E_RELATION, "another patch named `a` is applied");
    assert_int_equal(revert("a"), LP_OK);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    assert_string_equal(listed(), "");
    failed(revert("a"), LP_E_NOT_APPLIED, "patch `a` is not applied");
    teardown();
}

/* A page that the program has taken all rights from is there all the same. */
static void pages_without_rights(void **state)
{
    setup();
    const uint32_t other = 0x71000c1f;
    assert_int_equal(lp_mem_mprotect(t.mem, TEST_BASE, 4096, 0), 0);
    assert_int_equal(lp_mem_mmap(t.mem, TEST_BASE + 4096, 4096, 0, 0x2 | 0x20 | 0x10, -1, 0), TEST_BASE + 4096);
    failed(apply(HEAD("a", "") SITE("main", CMP3, CMP2)), LP_E_OLD_WORD, "main: found 7100041f, patch expects 71000c1f");
    assert_int_equal(apply(HEAD("a", "") SITE("main", CMP1, CMP2)), LP_OK);
    uint32_t w;
    assert_int_equal(lp_mem_read(t.mem, &w, TEST_CODE, 4), -EFAULT); /* it has got none */
    assert_int_equal(lp_mem_mprotect(t.mem, TEST_BASE, 4096, 1 | 4), 0);
    assert_int_equal(word(TEST_CODE), 0x7100081f);
    assert_int_equal(lp_mem_mprotect(t.mem, TEST_BASE, 4096, 0), 0);
    assert_int_equal(lp_mem_poke(t.mem, TEST_CODE, &other, 4), 0);
    failed(revert("a"), LP_E_OLD_WORD, "main: found 71000c1f, the patch wrote 7100081f: changed since");
    const uint32_t back = 0x7100081f;
    assert_int_equal(lp_mem_poke(t.mem, TEST_CODE, &back, 4), 0);
    assert_int_equal(revert("a"), LP_OK);
    assert_int_equal(lp_mem_mprotect(t.mem, TEST_BASE, 4096, 1 | 4), 0);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    assert_int_equal(lp_mem_peek(t.mem, &w, TEST_BASE + 8190, 4), -EFAULT); /* half of it is a hole */
    teardown();
}

static void refuses_wrong_words(void **state)
{
    setup();
    failed(apply(HEAD("a", "") SITE("main+0x4", NOP, CMP2)), LP_E_OLD_WORD, "main+0x4: found d65f03c0, patch expects d503201f");
    failed(apply(HEAD("a", "") SITE("nowhere", NOP, CMP2)), LP_E_SYMBOL, "greet: symbol `nowhere` not found");
    failed(apply(HEAD("a", "") SITE("0x10", NOP, CMP2)), LP_E_ADDRESS, "0x10 is not in the program's memory");
    failed(apply(HEAD("a", "") SITE("main", CMP1, CMP2) SITE("0x4000b0", CMP1, CMP2)), LP_E_OVERLAP, "main: this place overlaps the one in line 6");
    failed(apply("lpatch 1\nobject greet\nbuild-id 14\n" SITE("main", CMP1, CMP2)), LP_E_BINDING,
           "object `greet`: build-id is " TEST_BUILD_ID ", the patch was made for 14");
    failed(apply("lpatch 1\nobject other\nbuild-id 14\n" SITE("main", CMP1, CMP2)), LP_E_BINDING, "object `other` is not here (found: greet)");
    assert_int_equal(apply("lpatch 1\nobject other\nbuild-id 14\noptional\n" SITE("main", CMP1, CMP2)), LP_OK);
    assert_int_equal(revert("fix"), LP_OK);
    /* The new content without a journal: applied already; a part of it: partly. */
    assert_int_equal(apply(HEAD("x", "") SITE("main", CMP2, CMP1)), LP_OK);
    assert_int_equal(t.result.already, 1);
    failed(apply(HEAD("y", "") SITE("main", CMP2, CMP1) SITE("parse", "51000422", NOP)), LP_E_PARTLY,
           "partly applied: main has the new content, parse the old (1 of 2 places are new)");
    assert_int_equal(word(TEST_CODE + 8), 0x51000422);
    teardown();
}

static void unsupported_by_name(void **state)
{
    setup();
    failed(apply(HEAD("a", "") "func g size 4 new\n| 90000000 tlsie_adr_gottprel_page21 limit\nend\n"), LP_E_UNSUPPORTED,
           "`limit` is not thread-local: relocation tlsie_adr_gottprel_page21 does not suit it");
    failed(apply(HEAD("a", "") "func g size 4 new\n| f9400000 ld64_gotpage_lo15 main\nend\n"), LP_E_UNSUPPORTED,
           "greet has no GOT slot of `main`, and relocation ld64_gotpage_lo15 reaches no other place: compile the new code with -fPIC");
    failed(apply(HEAD("a", "") "func g size 4 new\n| 94000000 call26 0x8000000000\nend\n"), LP_E_RANGE, t.err.text);
    assert_string_equal(listed(), "");
    teardown();
}

static void stacks(void **state)
{
    setup();
    assert_int_equal(apply(HEAD("a", "") SITE("main", CMP1, CMP2)), LP_OK);
    assert_int_equal(apply(HEAD("b", "") SITE("main", CMP2, CMP3)), LP_OK);
    assert_int_equal(apply(HEAD("c", "") SITE("parse", "51000422", NOP)), LP_OK);
    failed(revert("a"), LP_E_ORDER, "patch `b` lies on top at main");
    assert_string_equal(listed(), "a b c ");
    const char *both[] = {"a", "b"};
    assert_int_equal(lp_live_revert(t.live, both, 2, NULL, &t.result, NULL, NULL, &t.err), LP_OK);
    assert_int_equal(t.result.reverted, 2);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    assert_string_equal(listed(), "c ");
    uint32_t nop = 0xd65f03c0; /* somebody else writes there */
    lp_mem_poke(t.mem, TEST_CODE + 8, &nop, 4);
    failed(revert("c"), LP_E_OLD_WORD, "parse: found d65f03c0, the patch wrote d503201f: changed since");
    teardown();
}

static void relations(void **state)
{
    setup();
    failed(apply(HEAD("b", "requires a >= 2\n") SITE("parse", "51000422", NOP)), LP_E_RELATION, "patch `b` requires `a >= 2`, which is not applied");
    assert_int_equal(apply(HEAD("a", "version 1\n") SITE("main", CMP1, CMP2)), LP_OK);
    failed(apply(HEAD("b", "requires a >= 2\n") SITE("parse", "51000422", NOP)), LP_E_RELATION, "patch `b` requires `a >= 2`, which is not applied");
    failed(apply(HEAD("b", "conflicts a\n") SITE("parse", "51000422", NOP)), LP_E_RELATION, "patch `b` conflicts with `a`, which is applied");
    /* Version 2 swaps in one commit: its old words are the program's own. */
    assert_int_equal(apply(HEAD("a", "version 2\nreplaces a < 2\n") SITE("main", CMP1, CMP3)), LP_OK);
    assert_int_equal(t.result.reverted, 1);
    assert_int_equal(word(TEST_CODE), 0x71000c1f);
    assert_int_equal(apply(HEAD("b", "requires a >= 2\n") SITE("parse", "51000422", NOP)), LP_OK);
    failed(revert("a"), LP_E_RELATION, "the applied patch `b` requires it");
    failed(apply(HEAD("c", "replaces a\n") SITE("main", CMP1, CMP2)), LP_E_RELATION, "the applied patch `b` requires it");
    const struct lp_live_options replace = {.flags = LP_LIVE_REPLACE}, former = {.replaces = "a"};
    failed(apply_with(HEAD("a", "version 1.5\n") SITE("main", CMP1, CMP2), &replace), LP_E_RELATION, "the applied patch `b` requires it");
    failed(apply_with(HEAD("c", "") SITE("main", CMP1, CMP2), &former), LP_E_RELATION, "the applied patch `b` requires it");
    assert_int_equal(word(TEST_CODE), 0x71000c1f);
    assert_int_equal(apply_with(HEAD("a", "version 2.5\n") SITE("main", CMP1, CMP2), &replace), LP_OK);
    assert_int_equal(t.result.reverted, 1);
    assert_int_equal(word(TEST_CODE), 0x7100081f);
    assert_int_equal(lp_live_revert(t.live, NULL, 0, NULL, &t.result, NULL, NULL, &t.err), LP_OK);
    assert_int_equal(t.result.reverted, 2);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    teardown();
}

/* parse() replaced; the new body calls a new function and uses new data. */
static void with_body(char *out, size_t size, const char *name, const char *meta)
{
    uint8_t sha[32];
    char hex[65];
    lp_sha256(test_image()->code + 2, 12, sha);
    lp_hex(hex, sha, 32);
    snprintf(out, size, HEAD("%s", "%s") "data .msg rodata size 8 align 8\n\"message\\0\"\nend\ndata tab data size 16\nrel abs64 helper\nzero 8\nend\n"
             "func helper size 4 new\n| d65f03c0\nend\nfunc parse size 24\nold size 12 sha256 %s\n| 51000422\n| 90000000 adr_prel_pg_hi21 .msg\n"
             "| 91000000 add_abs_lo12_nc .msg\n| 94000000 call26 helper\n= +0x4 2\nend\nset limit b8\n- 0x10\n+ &tab\n", name, meta, hex);
}

static void bodies(void **state)
{
    char text[2048];
    setup();
    with_body(text, sizeof text, "body", "");
    assert_int_equal(apply(text), LP_OK);
    uint32_t b = word(TEST_CODE + 8);
    assert_int_equal(b >> 26, 5);
    uint64_t body = TEST_CODE + 8 + (uint64_t)((int64_t)((int32_t)(b << 6)) >> 4);
    assert_int_equal(word(body), 0x51000422);
    assert_int_equal(word(body + 16), 0x7100fc5f);
    assert_int_equal(word(body + 20), 0xd65f03c0);
    assert_int_equal(word(TEST_CODE + 12), 0x7100fc5f); /* the old body stays */
    uint64_t tab, helper;
    assert_int_equal(lp_mem_read(t.mem, &tab, TEST_LIMIT, 8), 0);
    assert_int_equal(lp_mem_read(t.mem, &helper, tab, 8), 0);
    assert_int_equal(word(helper), 0xd65f03c0);
    assert_int_equal(lp_mem_flags(t.mem, body) & (LP_R | LP_W | LP_X), LP_R | LP_X);
    assert_int_equal(lp_mem_flags(t.mem, tab) & (LP_R | LP_W | LP_X), LP_R | LP_W);
    struct lp_mapping m;
    assert_true(lp_mem_next(t.mem, body, &m));
    assert_string_equal(m.name, "[arm64lp: body]");
    assert_int_equal(revert("body"), LP_OK);
    assert_int_equal(word(TEST_CODE + 8), 0x51000422);
    assert_int_equal(word(helper), 0xd65f03c0); /* pointers may still lead there */
    teardown();
}

static uint64_t body_of_parse(void)
{
    uint32_t b = word(TEST_CODE + 8);
    assert_int_equal(b >> 26, 5);
    return TEST_CODE + 8 + (uint64_t)((int64_t)((int32_t)(b << 6)) >> 4);
}

/* What is out of a branch's reach is reached by a veneer; an address that no slot of the program holds is in one of the patch. */
static void veneers_and_slots(void **state)
{
    enum { FAR = 0x40000000 };
    char text[2048], hex[65];
    uint8_t sha[32];
    uint64_t value = 0;
    uint32_t ret = 0xd65f03c0;
    setup();
    lp_sha256(test_image()->code + 2, 12, sha);
    lp_hex(hex, sha, 32);
    snprintf(text, sizeof text, HEAD("far", "") "func parse size 16\nold size 12 sha256 %s\n| 94000000 call26 0x40000000\n| 94000000 call26 0x40000000\n"
             "| 90000000 adr_got_page limit\n| f9400000 ld64_got_lo12_nc limit\nend\n@ main+0x4\n- d65f03c0\n+ 14000000 jump26 0x40000000\nend\n", hex);
    assert_int_equal(apply(text), LP_E_RANGE); /* nothing is there */
    assert_int_equal(lp_mem_mmap(t.mem, FAR, 4096, 1 | 4, 0x2 | 0x20 | 0x10, -1, 0), FAR);
    assert_int_equal(lp_mem_poke(t.mem, FAR, &ret, 4), 0);
    assert_int_equal(apply(text), LP_OK);
    uint64_t body = body_of_parse(), veneer = body + 4 * (uint64_t)(word(body) & 0x03ffffff);
    assert_int_equal(word(body + 4), word(body) - 1); /* the same one */
    assert_int_equal(word(veneer), 0x58000050);
    assert_int_equal(word(veneer + 4), 0xd61f0200);
    assert_int_equal(lp_mem_read(t.mem, &value, veneer + 8, 8), 0);
    assert_int_equal(value, FAR);
    assert_int_equal(TEST_CODE + 4 + (uint64_t)((int64_t)((int32_t)(word(TEST_CODE + 4) << 6)) >> 4), veneer);
    assert_int_equal(word(body + 8) & 0x9f00001f, 0x90000000);
    uint64_t slot = (body & ~UINT64_C(4095)) + (word(body + 12) >> 10 & 0xfff) * 8; /* on the same page */
    assert_int_equal(lp_mem_read(t.mem, &value, slot, 8), 0);
    assert_int_equal(value, TEST_LIMIT);
    assert_int_equal(revert("far"), LP_OK);
    assert_int_equal(word(TEST_CODE + 4), 0xd65f03c0);
    teardown();
}

static uint64_t mappings(void)
{
    struct lp_mapping m;
    uint64_t sum = 0;
    for (uint64_t at = 0; lp_mem_next(t.mem, at, &m); at = m.end) sum = sum * 31 + m.start + m.end * 7 + m.flags;
    return sum;
}

/* Whatever step of a call fails, memory, mappings and journal are as before. */
static void fails_at_each_step(lp_status (*call)(void *arg), void *arg, const char *list)
{
    struct test_image before, after;
    int step = 0;
    lp_status s;
    lp_mem_read(t.mem, &before, TEST_BASE, sizeof before);
    uint64_t maps = mappings();
    do {
        lp_live_set_fault(t.live, ++step);
        s = call(arg);
        if (s == LP_OK) break;
        assert_int_equal(s, LP_E_INTERNAL);
        lp_mem_read(t.mem, &after, TEST_BASE, sizeof after);
        assert_memory_equal(&before, &after, sizeof before);
        assert_string_equal(listed(), list);
        assert_true(maps == mappings());
    } while (step < 100);
    assert_in_range(step, 4, 99);
    lp_live_set_fault(t.live, 0);
}

static lp_status call_apply(void *text) { return apply(text); }
static lp_status call_revert(void *name) { return name ? revert(name) : lp_live_revert(t.live, NULL, 0, NULL, NULL, NULL, NULL, &t.err); }
static lp_status call_replace(void *text) { return apply_with(text, &(struct lp_live_options){.flags = LP_LIVE_REPLACE}); }
static lp_status call_several(void *both)
{
    return lp_live_apply(t.live, both, 2, &(struct lp_live_options){.flags = LP_LIVE_REPLACE}, &t.result, NULL, NULL, &t.err);
}

static void failure_at_each_step(void **state)
{
    char text[2048], again[2048];
    setup();
    with_body(text, sizeof text, "new", "replaces a\n");
    with_body(again, sizeof again, "new", "version 2\n");
    assert_int_equal(apply(HEAD("a", "") SITE("main", CMP1, CMP2) SITE("twin#1", "d65f03c0", NOP)), LP_OK);
    fails_at_each_step(call_apply, text, "a ");
    assert_string_equal(listed(), "new ");
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    fails_at_each_step(call_replace, again, "new ");
    assert_int_equal(apply(HEAD("b", "") SITE("main", CMP1, CMP2)), LP_OK);
    lp_patch *both[2] = {parsed(HEAD("b", "version 2\n") SITE("main", CMP1, CMP3)), parsed(HEAD("c", "requires b\n") SITE("main", CMP3, NOP))};
    fails_at_each_step(call_several, both, "new b ");
    assert_string_equal(listed(), "new b c ");
    fails_at_each_step(call_revert, (char[]){"c"}, "new b c ");
    fails_at_each_step(call_revert, NULL, "new b ");
    assert_string_equal(listed(), "");
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    lp_patch_free(both[0]), lp_patch_free(both[1]);
    teardown();
}

static void waits_for_quiescence(void **state)
{
    static const char two[] = HEAD("two", "") "@ parse\n- 51000422\n+ " NOP "\n- 7100fc5f\n+ " NOP "\nend\n";
    struct lp_live_options soon = {.deadline_ms = 20}, force = {.flags = LP_LIVE_FORCE, .deadline_ms = 20}, dry = {.flags = LP_LIVE_DRY_RUN};
    uint64_t stack[4] = {0, TEST_CODE + 12, 0, 0};
    setup();
    t.cpu.pc = TEST_CODE + 12;
    assert_int_equal(apply_with(two, &dry), LP_OK);
    assert_int_equal(apply_with(two, &soon), LP_E_BUSY);
    assert_string_equal(t.err.text, "after 20 ms a thread is in parse+0x4 (0x4000bc)");
    t.cpu.pc = TEST_CODE + 8; /* before the first word is fine */
    t.cpu.x[30] = TEST_CODE + 12;
    assert_int_equal(apply_with(two, &soon), LP_E_BUSY);
    t.cpu.x[30] = 0;
    int64_t sp = lp_mem_mmap(t.mem, 0x10000000, 4096, 3, 0x22, -1, 0);
    t.cpu.x[31] = t.cpu.x[29] = (uint64_t)sp + 256;
    lp_mem_write(t.mem, t.cpu.x[29], stack, sizeof stack);
    assert_int_equal(apply_with(two, &soon), LP_E_BUSY);
    t.cpu.x[29] = 0;
    assert_int_equal(apply_with(two, &soon), LP_E_BUSY);
    assert_string_equal(t.err.text, "after 20 ms a thread possibly returns to parse+0x4 (0x4000bc)");
    assert_int_equal(word(TEST_CODE + 8), 0x51000422);
    assert_int_equal(apply_with(two, &force), LP_OK);
    assert_int_equal(word(TEST_CODE + 12), 0xd503201f);
    t.cpu.x[31] = 0;
    assert_int_equal(revert("two"), LP_OK);
    assert_int_equal(apply_with("lpatch 1\nmode lazy\nobject greet\nbuild-id " TEST_BUILD_ID "\n"
                                "@ parse\n- 51000422\n+ " NOP "\n- 7100fc5f\n+ " NOP "\nend\n", &soon), LP_OK);
    teardown();
}

/* What is changed is main; it waits for who is in parse. */
static void waits_for_others(void **state)
{
    static const char whole[] = HEAD("whole", "") "quiet parse\n" SITE("main", CMP1, CMP2), part[] = HEAD("part", "") "quiet 0x4000b8 part\n" SITE("main", CMP1, CMP2);
    static const char lazy[] = HEAD("lazy", "mode lazy\n") "quiet parse\n" SITE("main", CMP1, CMP2);
    static const char now[] = HEAD("now", "mode now\n") "quiet parse\n" SITE("main", CMP1, CMP2);
    struct lp_live_options soon = {.deadline_ms = 20}, force = {.flags = LP_LIVE_FORCE};
    const uint64_t parse = TEST_CODE + 8;
    setup();
    t.cpu.pc = parse + 4;
    assert_int_equal(apply_with(whole, &soon), LP_E_BUSY);
    assert_string_equal(t.err.text, "after 20 ms a thread is in parse+0x4 (0x4000bc)");
    assert_int_equal(apply_with(lazy, &soon), LP_E_BUSY);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    t.cpu.pc = parse;
    assert_int_equal(apply_with(part, &soon), LP_E_BUSY);
    t.cpu.x[30] = parse + 12; /* its last word was the call */
    assert_int_equal(apply_with(whole, &soon), LP_E_BUSY);
    t.cpu.pc = TEST_CODE, t.cpu.x[30] = parse; /* the call was in front of it */
    assert_int_equal(apply_with(part, &soon), LP_OK);
    t.cpu.pc = parse;
    assert_int_equal(lp_live_revert(t.live, NULL, 0, &soon, NULL, NULL, NULL, &t.err), LP_E_BUSY);
    assert_int_equal(lp_live_revert(t.live, NULL, 0, &force, NULL, NULL, NULL, NULL), LP_OK);
    assert_int_equal(apply_with(whole, &soon), LP_OK);
    t.cpu.pc = parse + 8;
    assert_int_equal(lp_live_revert(t.live, NULL, 0, &soon, NULL, NULL, NULL, &t.err), LP_E_BUSY);
    assert_int_equal(word(TEST_CODE), 0x7100081f);
    t.cpu.pc = 0;
    assert_int_equal(revert("whole"), LP_OK);
    t.cpu.pc = parse + 4;
    assert_int_equal(apply_with(now, &soon), LP_OK);
    assert_int_equal(revert("now"), LP_OK);
    teardown();
}

static void refuses_wrong_ranges(void **state)
{
#define QUIET(line) HEAD("a", "") "quiet " line "\n" SITE("main", CMP1, CMP2)
    setup();
    failed(apply(QUIET("nowhere")), LP_E_SYMBOL, "greet: symbol `nowhere` not found");
    failed(apply(QUIET("0x4000b4")), LP_E_SYMBOL, "nothing in greet says where the function at 0x4000b4 ends: write `size BYTES`");
    failed(apply(QUIET("main size 65536")), LP_E_ADDRESS, "65536 bytes from 0x4000b0 on are not all code of greet");
    failed(apply(QUIET("0x10 size 4")), LP_E_ADDRESS, "4 bytes from 0x10 on are not all code of greet");
    assert_string_equal(listed(), "");
    assert_int_equal(apply(QUIET("0x4000b4 size 4")), LP_OK);
    assert_int_equal(revert("a"), LP_OK);
    teardown();
}

static void several_at_once(void **state)
{
    setup();
    lp_patch *p[2] = {parsed(HEAD("a", "") SITE("main", CMP1, CMP2)), parsed(HEAD("b", "requires a\n") SITE("main", CMP2, CMP3))};
    lp_patch *bad[2] = {p[0], parsed(HEAD("c", "") SITE("parse", NOP, CMP1))};
    assert_int_equal(lp_live_apply(t.live, (const lp_patch *const *)bad, 2, NULL, &t.result, NULL, NULL, &t.err), LP_E_OLD_WORD);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    assert_string_equal(listed(), "");
    assert_int_equal(lp_live_apply(t.live, (const lp_patch *const *)p, 2, NULL, &t.result, NULL, NULL, &t.err), LP_OK);
    assert_int_equal(word(TEST_CODE), 0x71000c1f);
    assert_int_equal(lp_live_revert(t.live, NULL, 0, NULL, NULL, NULL, NULL, NULL), LP_OK);
    assert_int_equal(word(TEST_CODE), 0x7100041f);
    lp_patch_free(p[0]), lp_patch_free(p[1]), lp_patch_free(bad[1]);
    teardown();
}

/* lpmake's side: a patch made for the image applies to it and says what it changes. */
static int first_word(void *ctx, const struct lp_patch_word *w) { return *(struct lp_patch_word *)ctx = *w, 1; }

static void made(void **state)
{
    struct lp_patch_word w;
    lp_maker *m;
    lp_patch *p;
    setup();
    assert_int_equal(lp_maker_new(t.elf, &m, NULL), LP_OK);
    assert_int_equal(lp_maker_meta(m, "name", "made", NULL), LP_OK);
    failed(lp_maker_meta(m, "colour", "red", &t.err), LP_E_SYNTAX, "meta `colour`: unknown key `colour`");
    failed(lp_maker_change(m, "main+0x4=ret 5", &t.err), LP_E_RANGE, "main+0x4=ret 5: needs 2 words, main has 1 left");
    failed(lp_maker_change(m, "main=jump", &t.err), LP_E_SYNTAX,
           "main=jump: a change is nop, ret [VALUE], b SYMBOL, bl SYMBOL, word 0x..., asm \"...\", replace from FILE[:SYMBOL] or set ...");
    failed(lp_maker_change(m, "main+2=nop", &t.err), LP_E_SYNTAX, "main+2=nop: an offset is written +0x...");
    failed(lp_maker_change(m, "limit=nop", &t.err), LP_E_ADDRESS, "limit=nop: there is no code at this place");
    lp_maker_note(m, "a note of what is no change");
    assert_int_equal(lp_maker_recipe(m, "x.lps", "main jump\n", 10, &t.err), LP_E_SYNTAX);
    assert_int_equal(lp_maker_change(m, "main=b twin#2", NULL), LP_OK);
    assert_int_equal(lp_maker_change(m, "parse=ret -1", NULL), LP_OK);
    assert_int_equal(lp_maker_finish(m, &p, &t.err), LP_OK);
    char *text = lp_patch_print(p, NULL);
    assert_non_null(text);
    assert_null(strstr(text, "a note"));
    free(text);
    assert_int_equal(lp_patch_words(p, t.elf, first_word, &w, NULL), LP_OK);
    assert_int_equal(w.old_word, 0x7100041f);
    assert_int_equal(w.new_word, 0x14000006);
    assert_int_equal(lp_live_apply(t.live, (const lp_patch *const *)&p, 1, NULL, NULL, NULL, NULL, NULL), LP_OK);
    assert_int_equal(word(TEST_CODE + 8), 0x92800000);
    assert_int_equal(word(TEST_CODE + 12), 0xd65f03c0);
    lp_patch_free(p);
    lp_maker_free(m);
    teardown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(applies_and_reverts), cmocka_unit_test(refuses_wrong_words), cmocka_unit_test(pages_without_rights),
            cmocka_unit_test(unsupported_by_name),
                                       cmocka_unit_test(stacks), cmocka_unit_test(relations),
                                               cmocka_unit_test(bodies), cmocka_unit_test(veneers_and_slots), cmocka_unit_test(failure_at_each_step),
                                       cmocka_unit_test(waits_for_quiescence), cmocka_unit_test(waits_for_others), cmocka_unit_test(refuses_wrong_ranges),
                                       cmocka_unit_test(several_at_once), cmocka_unit_test(made)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
