/* scenes/twice.h - of programs that are compiled twice: as they are, and with NEW for the new bodies, which give 100 where the old ones give 1. What the
 * program has, the new bodies only refer to. */
#define PART __attribute__((noinline, used))
#ifdef NEW
#define GIVES 100
#define HERE extern
#else
#define GIVES 1
#define HERE
#endif
