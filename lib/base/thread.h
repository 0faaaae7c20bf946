/* base/thread.h - threads of the engine's own, beside those that run guest code. */
#ifndef LP_BASE_THREAD_H
#define LP_BASE_THREAD_H
#include <pthread.h>

/* pthread_create() of a thread on which every signal is blocked, since they are the guest's, but SIGSEGV and SIGBUS: whoever reads guest memory may
 * fault (a file that ends before its mapping, a page that is unmapped just now), and a fault that is blocked ends the process. An errno, or 0. */
int lp_engine_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg);
#endif
