/* live/frames.h - new bodies and the unwinder of the program itself. */
#ifndef LP_LIVE_FRAMES_H
#define LP_LIVE_FRAMES_H
#include <stdbool.h>
#include <stdint.h>

struct lp_live;
struct lp_cpu;

/* Part of lp_live_watched: the thread may be an unwinder that asks what is at an address. */
void lp_frame_watched(struct lp_live *live, struct lp_cpu *cpu);
/* With the engine's lock held, while the program runs: look for the unwinder in objects that are new. True: lp_frames_watch() has something to do. */
bool lp_frames_seek(struct lp_live *live);
void lp_frames_watch(struct lp_live *live); /* under the gate */
void lp_frames_arrive(struct lp_live *live); /* both, if there are new bodies that can be told of */
/* With the lock held: these addresses go. */
void lp_frames_unmapped(struct lp_live *live, uint64_t start, uint64_t end);
#endif
