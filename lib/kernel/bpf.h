/* kernel/bpf.h - classic BPF as seccomp has it: a program that looks at a system call and says what becomes of it. Pure. */
#ifndef LP_KERNEL_BPF_H
#define LP_KERNEL_BPF_H
#include <stdbool.h>
#include <stdint.h>

struct lp_bpf { uint16_t code; uint8_t jt, jf; uint32_t k; }; /* struct sock_filter */
_Static_assert(sizeof(struct lp_bpf) == 8, "struct sock_filter");
#define LP_BPF_MAX 4096 /* BPF_MAXINSNS */
/* What it looks at: struct seccomp_data, as 32-bit words. */
struct lp_seccomp_data {
    int32_t nr;
    uint32_t arch;
    uint64_t pc, args[6];
};
_Static_assert(sizeof(struct lp_seccomp_data) == 64, "struct seccomp_data");

/* Would Linux take it? Known instructions, jumps and loads inside, no word of its memory read before it is written, a return at the end. */
bool lp_bpf_valid(const struct lp_bpf *p, unsigned n);
/* What a valid one returns. */
uint32_t lp_bpf_run(const struct lp_bpf *p, const struct lp_seccomp_data *data);
#endif
