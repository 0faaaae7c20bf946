/* kernel/vdso.h - the page of code that the kernel lends to every program: the way back from signal handlers, clocks without a system call. */
#ifndef LP_KERNEL_VDSO_H
#define LP_KERNEL_VDSO_H
#include <stdbool.h>
#include <stdint.h>

struct lp_kernel;
struct lp_thread;
/* The page's guest address (AT_SYSINFO_EHDR); mapped on the first call. 0 = no memory. */
uint64_t lp_vdso(struct lp_kernel *k);
/* Where a signal handler returns to; 0 = no memory. */
uint64_t lp_vdso_sigreturn(struct lp_kernel *k);
/* An SVC with an immediate: is it one of the page's, and has it been done? If it is one and has not, X8 is the system call to be made. */
bool lp_vdso_call(struct lp_thread *t, uint32_t imm16);
#endif
