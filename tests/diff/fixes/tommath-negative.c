/* CVE-2023-36328: two to a power below zero, and a number with less than no digits. */
#include <tommath.h>

int attempt(void)
{
    mp_int number, half;
    if (mp_init(&number) != MP_OKAY || mp_2expt(&number, 70) != MP_OKAY || mp_count_bits(&number) != 71)
        return 0;
    return mp_2expt(&number, -5) == MP_VAL && mp_mul_2d(&number, -70, &number) == MP_VAL && mp_init_size(&half, -1) == MP_VAL;
}
