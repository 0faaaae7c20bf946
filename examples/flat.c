/* flat FUNCTION.bin X0 X1 - call a bare AArch64 function, machine code without a file format, on a buffer of this program, and show what it returns;
 * then again with its first instruction patched to `mov x0, #0`, and again without. */
#include <arm64lp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 1 << 16, BASE = 0x10000, RETURN = BASE + MEMORY - 8 /* where the function returns to: svc #0 */ };
enum { X0 = 0, X1 = 1, X30 = 30, SP = 31, PC = 32 };

static bool call(lp_machine *m, uint64_t x0, uint64_t x1)
{
    uint64_t detail = 0;
    lp_machine_set(m, X0, x0);
    lp_machine_set(m, X1, x1);
    lp_machine_set(m, X30, RETURN);
    lp_machine_set(m, SP, RETURN - 8);
    lp_machine_set(m, PC, BASE);
    enum lp_machine_stop stop = lp_machine_run(m, 1000000, &detail);
    if (stop != LP_STOP_SVC) {
        fprintf(stderr, "it stopped at 0x%llx, not at its end (%d, %llu)\n", (unsigned long long)lp_machine_get(m, PC), (int)stop,
                (unsigned long long)detail);
        return false;
    }
    printf("%lld\n", (long long)lp_machine_get(m, X0));
    return true;
}

int main(int argc, char **argv)
{
    static uint32_t memory[MEMORY / 4];
    const uint32_t svc = 0xd4000001, mov_x0_0 = 0xd2800000, ret = 0xd65f03c0;
    struct lp_error err;
    lp_machine m;
    if (argc < 4) {
        fprintf(stderr, "usage: flat FUNCTION.bin X0 X1\n");
        return 2;
    }
    FILE *f = fopen(argv[1], "rb");
    if (!f || fread(memory, 1, sizeof memory - 4096, f) == 0) {
        perror(argv[1]);
        return 1;
    }
    fclose(f);
    memcpy(&memory[(RETURN - BASE) / 4], &svc, sizeof svc);
    if (lp_machine_init(&m, memory, sizeof memory, BASE, &err) != LP_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const uint64_t x0 = strtoull(argv[2], NULL, 0), x1 = strtoull(argv[3], NULL, 0);
    const uint32_t first = memory[0], second = memory[1];
    bool good = call(&m, x0, x1);
    memory[0] = mov_x0_0, memory[1] = ret; /* a buffer of ours: plain stores, and the machine is told */
    lp_machine_code_changed(memory, 8);
    good = good && call(&m, x0, x1);
    memory[0] = first, memory[1] = second;
    lp_machine_code_changed(memory, 8);
    good = good && call(&m, x0, x1);
    lp_machine_fini(&m);
    return good ? 0 : 1;
}
