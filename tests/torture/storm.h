/* storm.h - a function's version: a number in its code, which a patch changes (storm.sh). */
#define PART __attribute__((noipa, used))
#define VERSION() ({ register unsigned v_ __asm__("w9"); __asm__ volatile("mov %w0, #0x7700" : "=r"(v_)); v_; })
PART unsigned h(void);
