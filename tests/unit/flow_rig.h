/* flow_rig.h - the words of which code is made here, and the dataflow of lib/flow/flow.h on them. */
#ifndef TESTS_UNIT_FLOW_RIG_H
#define TESTS_UNIT_FLOW_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "flow/flow.h"

enum { AT = 0x10000, PAGE_A = 0x20000, PAGE_B = 0x35000, TABLE = 0x20100, SP = 31, RET = 0xd65f03c0, NOP = 0xd503201f };

/* ---- words ---- */
static inline uint32_t adrp(unsigned d, unsigned at, uint64_t page)
{
    const uint32_t n = (uint32_t)((page - ((AT + 4 * at) & ~4095u)) >> 12);
    return 0x90000000 | (n & 3) << 29 | (n >> 2 & 0x7ffff) << 5 | d;
}
static inline uint32_t add(unsigned d, unsigned n, unsigned imm) { return 0x91000000 | imm << 10 | n << 5 | d; }
static inline uint32_t sub(unsigned d, unsigned n, unsigned imm) { return 0xd1000000 | imm << 10 | n << 5 | d; }
static inline uint32_t ldr(unsigned t, unsigned n, unsigned off) { return 0xf9400000 | off / 8 << 10 | n << 5 | t; }
static inline uint32_t str(unsigned t, unsigned n, unsigned off) { return 0xf9000000 | off / 8 << 10 | n << 5 | t; }
static inline uint32_t stp(unsigned t, unsigned u, unsigned n, unsigned off) { return 0xa9000000 | off / 8 << 15 | u << 10 | n << 5 | t; }
static inline uint32_t ldp(unsigned t, unsigned u, unsigned n, unsigned off) { return 0xa9400000 | off / 8 << 15 | u << 10 | n << 5 | t; }
static inline uint32_t mov(unsigned d, unsigned m) { return 0xaa0003e0 | m << 16 | d; }
static inline uint32_t csel(unsigned d, unsigned n, unsigned m) { return 0x9a800000 | m << 16 | n << 5 | d; }
static inline uint32_t add_reg(unsigned d, unsigned n, unsigned m) { return 0x8b000000 | m << 16 | n << 5 | d; }
static inline uint32_t cmp_w(unsigned n, unsigned imm) { return 0x7100001f | imm << 10 | n << 5; }
static inline uint32_t b_cond(unsigned cond, int words) { return 0x54000000 | ((uint32_t)words & 0x7ffff) << 5 | cond; }
static inline uint32_t cbz(unsigned t, int words) { return 0xb4000000 | ((uint32_t)words & 0x7ffff) << 5 | t; }
static inline uint32_t b(int words) { return 0x14000000 | ((uint32_t)words & 0x3ffffff); }
static inline uint32_t bl(int words) { return 0x94000000 | ((uint32_t)words & 0x3ffffff); }
static inline uint32_t adr(unsigned d, int words) { return 0x10000000 | ((uint32_t)words & 0x7ffff) << 5 | d; }
static inline uint32_t ldrb_w(unsigned t, unsigned n, unsigned m) { return 0x38604800 | m << 16 | n << 5 | t; }       /* [xn, wm, uxtw] */
static inline uint32_t add_sxtb2(unsigned d, unsigned n, unsigned m) { return 0x8b208800 | m << 16 | n << 5 | d; }   /* add d, n, wm, sxtb #2 */
static inline uint32_t br(unsigned n) { return 0xd61f0000 | n << 5; }

static struct lp_flow flow;
static inline const struct lp_flow_ref *said(size_t i) { return lp_flow_ref_of(&flow, i); }
static uint8_t table[64];
static uint64_t table_bytes;
static bool caught = true;

static inline const uint8_t *bytes(void *ctx, uint64_t addr, uint64_t *avail)
{
    if (addr - TABLE >= table_bytes)
        return NULL;
    *avail = table_bytes - (addr - TABLE);
    return table + (addr - TABLE);
}

static inline void run_with(const struct lp_flow_survey *survey, const uint32_t *code, size_t n, struct lp_flow *out)
{
    const struct lp_flow_part part = {AT, code, n};
    const struct lp_flow_input in = {.part = &part, .nparts = 1, .bytes = bytes, .survey = survey, .caught = caught};
    struct lp_error err;
    assert_int_equal(lp_flow_function(&in, out, &err), LP_OK);
    assert_int_equal(out->n, n);
}
static inline void run_at(const uint32_t *code, size_t n, struct lp_flow *out) { run_with(NULL, code, n, out); }

static inline int teardown(void **state)
{
    lp_flow_free(&flow);
    return 0;
}
#endif
