/* base/sanitize.h - what is built for a sanitizer, and what ThreadSanitizer is not to look at. */
#ifndef LP_BASE_SANITIZE_H
#define LP_BASE_SANITIZE_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LP_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define LP_ASAN 1
#endif
#if __has_feature(undefined_behavior_sanitizer)
#define LP_UBSAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define LP_TSAN 1
#endif
#ifdef __SANITIZE_ADDRESS__
#define LP_ASAN 1
#endif

/* On functions that touch the guest's memory, whose races are the guest's, and on signal handlers with all that they call: a handler may interrupt
 * ThreadSanitizer's own code, which cannot be entered twice. Not inlined into others, who would be looked at. The op handlers
 * are exempt as files (exec/local.mk). */
#ifdef LP_TSAN
#define LP_NO_TSAN __attribute__((no_sanitize("thread"), noinline))
#else
#define LP_NO_TSAN
#endif
#endif
