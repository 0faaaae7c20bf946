/* ucontext: makecontext and swapcontext. */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
static ucontext_t m, c[3];
static void body(int id) { double d = id + .5; for (int i = 0; i < 4; i++) { printf("co %d step %d %g\n", id, i, d); d *= 2; swapcontext(&c[id], &m); } }
int main(void)
{
    for (int i = 0; i < 3; i++) { getcontext(&c[i]); c[i].uc_stack.ss_sp = malloc(65536); c[i].uc_stack.ss_size = 65536; c[i].uc_link = &m; makecontext(&c[i], (void (*)(void))body, 1, i); }
    for (int r = 0; r < 5; r++) for (int i = 0; i < 3; i++) if (r < 5) swapcontext(&m, &c[i]);
    puts("done"); return 0;
}
