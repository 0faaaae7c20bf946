/* exec/model.c - the CPUs to choose from (cpus.def), and what each says of itself (features.def). */
#include <config.h>
#include <stdio.h>
#include <string.h>
#include "exec/model.h"

#define F(feature) LP_A64_SET(feature)
const struct lp_cpu_model lp_cpu_models[] = {
    {"max", 0x000f0510 /* of nobody's make, part 0x51 */, 0
#define FEATURE(word, bit, name, feature, reg, lo, add) | F(feature)
#include "exec/features.def"
    },
#define CPU(name, midr, features) {name, midr, features},
#include "exec/cpus.def"
    {NULL, 0, 0}
};

enum { REG_NONE,
#define IDREG(name, crm, op2, base) REG_##name,
#include "exec/features.def"
};

static const struct { const char *name; uint8_t word, bit, feature, reg, lo, add; } announced[] = {
#define FEATURE(word, bit, name, feature, reg, lo, add) {name, word, bit, LP_FEATURE_##feature, REG_##reg, lo, add},
#include "exec/features.def"
};
enum { ANNOUNCED = sizeof announced / sizeof announced[0] };

static const struct { uint8_t reg, crm, op2; uint64_t base; } registers[] = {
#define IDREG(name, crm, op2, base) {REG_##name, crm, op2, base},
#include "exec/features.def"
};

/* Which features this host has what it takes for: FEAT_LSE2 needs accesses of 16 bytes that are single-copy atomic (atomic128.h). */
static uint64_t possible(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx"))
        return LP_A64_ALL;
#endif
    return ~F(LSE2);
}

uint64_t lp_cpu_in_effect(const struct lp_cpu_model *m) { return m->features & possible(); }

static bool has(const struct lp_cpu_model *m, unsigned i) { return lp_cpu_in_effect(m) >> announced[i].feature & 1; }

const struct lp_cpu_model *lp_cpu_model_find(const char *name)
{
    for (const struct lp_cpu_model *m = lp_cpu_models; m->name; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

uint64_t lp_cpu_hwcap(const struct lp_cpu_model *m, unsigned word)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < ANNOUNCED; i++)
        if (announced[i].word == word && has(m, i))
            v |= UINT64_C(1) << announced[i].bit;
    return v;
}

static uint64_t add_fields(const struct lp_cpu_model *m, unsigned reg, uint64_t v)
{
    for (unsigned i = 0; i < ANNOUNCED; i++)
        if (announced[i].reg == reg && has(m, i))
            v += (uint64_t)announced[i].add << announced[i].lo;
    return v;
}

uint64_t lp_cpu_id(const struct lp_cpu_model *m, unsigned crm, unsigned op2)
{
    if (crm == 0)
        return op2 == 0 ? m->midr : op2 == 5 ? UINT64_C(1) << 31 : 0; /* MIDR_EL1; MPIDR_EL1: its RES1 bit only; REVIDR_EL1 */
    for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++)
        if (registers[i].crm == crm && registers[i].op2 == op2)
            return add_fields(m, registers[i].reg, registers[i].base);
    return 0;
}

void lp_cpu_features(const struct lp_cpu_model *m, char *buf, unsigned size)
{
    unsigned n = 0;
    buf[0] = 0;
    for (unsigned i = 0; i < ANNOUNCED && n < size; i++)
        if (announced[i].name[0] && has(m, i))
            n += (unsigned)snprintf(buf + n, size - n, "%s%s", n ? " " : "", announced[i].name);
}
