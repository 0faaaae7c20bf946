/* exec/model.h - which CPU the guest sees. */
#ifndef LP_EXEC_MODEL_H
#define LP_EXEC_MODEL_H
#include <stdint.h>

struct lp_cpu_model {
    const char *name;
    uint64_t features; /* one bit for each enum lp_feature: what is decoded */
};
/* Everything that is executed. */
extern const struct lp_cpu_model lp_cpu_max;
#endif
