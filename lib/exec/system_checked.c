/* exec/system_checked.c - system.c again, memory accesses checked. */
#define LP_CHECKED 1
#include "exec/system.c"
