/* kernel/remote.h - so that other processes under lprun find this guest's memory (remote.c). */
#ifndef LP_KERNEL_REMOTE_H
#define LP_KERNEL_REMOTE_H
#include "kernel/kernel.h"

void lp_remote_announce(const struct lp_mem *m);
#endif
