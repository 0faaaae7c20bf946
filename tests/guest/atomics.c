/* C11 atomics of every size: exclusives, or LSE through the run-time test. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#define T(type) { _Atomic type v = 5; type e = 5; printf("%llu ", (unsigned long long)atomic_fetch_add(&v, 7)); printf("%llu ", (unsigned long long)atomic_fetch_sub(&v, 2)); printf("%llu ", (unsigned long long)atomic_fetch_or(&v, 0x50)); printf("%llu ", (unsigned long long)atomic_fetch_and(&v, 0x73)); printf("%llu ", (unsigned long long)atomic_fetch_xor(&v, 0xff)); printf("%llu ", (unsigned long long)atomic_exchange(&v, 5)); printf("%d ", atomic_compare_exchange_strong(&v, &e, 9)); e = 1; printf("%d %llu %llu\n", atomic_compare_exchange_strong(&v, &e, 3), (unsigned long long)e, (unsigned long long)atomic_load(&v)); }
int main(void)
{
    T(uint8_t) T(uint16_t) T(uint32_t) T(uint64_t) T(unsigned char) T(long)
    atomic_flag f = ATOMIC_FLAG_INIT; printf("%d%d\n", atomic_flag_test_and_set(&f), atomic_flag_test_and_set(&f)); __int128 q = 3; printf("%d\n", __sync_bool_compare_and_swap((long *)&q, 3L, 4L));
    _Atomic uint64_t n = 0; for (int i = 0; i < 100000; i++) atomic_fetch_add_explicit(&n, (uint64_t)i, memory_order_relaxed); printf("%llu\n", (unsigned long long)n);
    return 0;
}
