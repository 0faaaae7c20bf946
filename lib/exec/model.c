/* exec/model.c - the CPUs to choose from. */
#include <config.h>
#include "a64/a64.h"
#include "exec/model.h"

const struct lp_cpu_model lp_cpu_max = {"max", LP_A64_ALL};
