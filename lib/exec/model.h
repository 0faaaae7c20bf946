/* exec/model.h - which CPU the guest sees: what is decoded, and what AT_HWCAP, AT_HWCAP2 and the ID registers say of it. */
#ifndef LP_EXEC_MODEL_H
#define LP_EXEC_MODEL_H
#include <stdbool.h>
#include <stdint.h>
#include "a64/a64.h"
#include "exec/cpu.h"

struct lp_cpu_model {
    const char *name;
    uint32_t midr;     /* MIDR_EL1 */
    uint64_t features; /* one bit for each enum lp_feature; lp_cpu_in_effect() is what there is of them */
};
/* The first is max: everything that is executed. An entry without a name ends the list. */
extern const struct lp_cpu_model lp_cpu_models[];
#define lp_cpu_max lp_cpu_models[0]

/* Those that this host can do. */
uint64_t lp_cpu_in_effect(const struct lp_cpu_model *m);
/* NULL if there is none of that name. */
const struct lp_cpu_model *lp_cpu_model_find(const char *name);
/* AT_HWCAP (word 1), AT_HWCAP2 (word 2). */
uint64_t lp_cpu_hwcap(const struct lp_cpu_model *m, unsigned word);
/* The ID register op0 = 3, op1 = 0, CRn = 0 with these CRm and op2, as Linux shows it to programs. */
uint64_t lp_cpu_id(const struct lp_cpu_model *m, unsigned crm, unsigned op2);
/* The names of the features, separated by spaces, as in /proc/cpuinfo; cut off at `size`. */
void lp_cpu_features(const struct lp_cpu_model *m, char *buf, unsigned size);

/* A state that nobody initialised (lp_cpu_init) is max's. */
static inline const struct lp_cpu_model *lp_cpu_model(const struct lp_cpu *cpu) { return cpu->model ? cpu->model : &lp_cpu_max; }
static inline bool lp_cpu_has(const struct lp_cpu *cpu, enum lp_feature f) { return lp_cpu_in_effect(lp_cpu_model(cpu)) >> f & 1; }
#endif
