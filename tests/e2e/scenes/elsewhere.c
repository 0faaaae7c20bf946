/* Another file with a function of the same name. */
static __attribute__((noinline, used)) int local(int v) { __asm__ volatile("" : "+r"(v)); return v + 4; }
int elsewhere(int v) { return local(v); }
