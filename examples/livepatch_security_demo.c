/* A security fix without a restart: a copy loop that trusts its length gets the check that it lacks, and loses it again. */
#include <arm64lp.h>
#include <livepatch.h>

#include <stdio.h>
#include <string.h>

enum { BASE = 0x10000, BUFFER = BASE + 0x100, ROOM = 16, SIZE = 0x200 };

/* copy(x0 = length): writes that many bytes at BUFFER; only 16 have room. */
static const uint32_t program[] = {
    /* 00 */ 0xd503201f, /* nop                     here the fix goes in */
    /* 04 */ 0xd2820001, /* mov  x1, #0x1000 */
    /* 08 */ 0xd37cec21, /* lsl  x1, x1, #4         0x10000 */
    /* 0c */ 0x91040021, /* add  x1, x1, #0x100     BUFFER */
    /* 10 */ 0x52800822, /* mov  w2, #'A' */
    /* 14 */ 0xb4000080, /* cbz  x0, 24 */
    /* 18 */ 0x38001422, /* strb w2, [x1], #1 */
    /* 1c */ 0xd1000400, /* sub  x0, x0, #1 */
    /* 20 */ 0x17fffffd, /* b    14 */
    /* 24 */ 0xd4000001, /* svc  #0 */
    /* 28 */ 0xf100401f, /* cmp  x0, #16            the fix: at most 16 */
    /* 2c */ 0xd2800203, /* mov  x3, #16 */
    /* 30 */ 0x9a839000, /* csel x0, x0, x3, ls     the length if it fits, else 16 */
    /* 34 */ 0x17fffff4, /* b    04 */
};

static size_t copied(lp_machine *m, uint64_t length)
{
    uint64_t detail;
    uint8_t *buffer = (uint8_t *)m->memory + (BUFFER - BASE);
    memset(buffer, 0, SIZE - (BUFFER - BASE));
    lp_machine_set(m, 32, BASE);
    lp_machine_set(m, 0, length);
    if (lp_machine_run(m, 10000, &detail) != LP_STOP_SVC) printf("(the program did not end)\n");
    size_t n = 0;
    while (n < SIZE - (BUFFER - BASE) && buffer[n]) n++;
    return n;
}

static void attack(lp_machine *m, const char *when, size_t *written)
{
    *written = copied(m, 40);
    printf("%-12s 40 bytes sent: %zu written into %d: %s\n", when, *written, ROOM, *written > ROOM ? "OVERFLOW" : "safe");
}

int main(void)
{
    static uint32_t memory[SIZE / 4];
    lp_machine m;
    struct lp_error err;
    size_t before, patched, after;
    memcpy(memory, program, sizeof program);
    if (lp_machine_init(&m, memory, sizeof memory, BASE, &err) != LP_OK) return puts(err.text), 1;
    LivePatchSystem *s = livepatch_init(m.memory, m.mem_size, m.base_addr);
    if (!s) return puts(livepatch_last_error()), 1;
    attack(&m, "vulnerable:", &before);
    if (livepatch_create_branch(s, BASE, BASE + 0x28, "bounds check before the copy") != 0) return puts(livepatch_last_error()), 1;
    attack(&m, "patched:", &patched);
    printf("%-12s 10 bytes sent: %zu written\n", "", copied(&m, 10));
    livepatch_list(s);
    livepatch_revert_all(s);
    attack(&m, "reverted:", &after);
    livepatch_cleanup(s);
    lp_machine_fini(&m);
    return before == 40 && patched == ROOM && after == 40 ? 0 : 1;
}
