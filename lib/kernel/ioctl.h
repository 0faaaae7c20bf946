/* kernel/ioctl.h - what the argument of an ioctl request is. */
#ifndef LP_KERNEL_IOCTL_H
#define LP_KERNEL_IOCTL_H
#include <stdint.h>

/* The address of so many bytes; or a number, a descriptor, of something with descriptors inside; or unknown: perhaps there are addresses in what it
 * points to, so the host never sees it. */
enum { LP_IOCTL_VALUE = -1, LP_IOCTL_FD = -2, LP_IOCTL_UNKNOWN = -3, LP_IOCTL_FD_INSIDE = -4 };
int lp_ioctl_size(uint32_t request);
#endif
