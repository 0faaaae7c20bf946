/* kernel/sockname.h - names of AF_UNIX sockets are names of files: looked up in the sysroot on the way in, without its prefix on the way out. */
#ifndef LP_KERNEL_SOCKNAME_H
#define LP_KERNEL_SOCKNAME_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

struct lp_thread;
struct lp_sockname {
    struct sockaddr_un addr;
    uint32_t len;
    int fd; /* of the folder, where the name does not fit: the address goes through it. -1 = none */
};
/* 1: *out is to be given to the host in place of the guest's address, then lp_sockname_done(); 0: the guest's own will do; -errno. */
int lp_sockname(struct lp_thread *t, uint64_t addr, uint64_t len, unsigned how, struct lp_sockname *out);
void lp_sockname_done(struct lp_kernel *k, const struct lp_sockname *n);
/* After the host has written an address to a guest buffer of `size` bytes: *len, that it gave, becomes the guest's. */
void lp_sockname_shown(struct lp_thread *t, uint64_t addr, uint32_t size, uint32_t *len);
#endif
