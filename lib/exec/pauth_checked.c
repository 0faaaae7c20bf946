/* exec/pauth_checked.c - the same semantics with every access checked. */
#include <config.h>
#define LP_CHECKED 1
#include "exec/pauth.c"
