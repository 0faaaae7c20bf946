/* exec/ldst_struct_checked.c - the same semantics with every access checked. */
#include <config.h>
#define LP_CHECKED 1
#include "exec/ldst_struct.c"
