/* Aligned pairs of X registers are single accesses (FEAT_LSE2), also between processes that share memory; the child leaves the right way.
 * qemu-user 7.2 does not have FEAT_LSE2, so pairs.out is the answer. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HWCAP_USCAT (1 << 25)

static void alternate(uint64_t *p)
{
    for (;;)
        __asm__ volatile("stp xzr, xzr, [%0]\n\tstp %1, %1, [%0]" : : "r"(p), "r"(~UINT64_C(0)) : "memory");
}

int main(void)
{
    uint64_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), a, b;
    long torn = 0, zeros = 0, ones = 0;
    int status;
    pid_t child = fork();
    if (child == 0)
        alternate(p);
    /* Until both values were seen often, and for a bounded time if the child does not get to run. */
    alarm(20);
    for (long i = 0; i < 3000000 || zeros < 1000 || ones < 1000; i++) {
        __asm__ volatile("ldp %0, %1, [%2]" : "=r"(a), "=r"(b) : "r"(p) : "memory");
        torn += a != b;
        zeros += a == 0;
        ones += a != 0;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("announced: %s\ntorn: %ld\nthe child was killed: %d\n", getauxval(AT_HWCAP) & HWCAP_USCAT ? "yes" : "no", torn, WIFSIGNALED(status));
    return torn != 0;
}
