/* livepatch.h - the original livepatch API, name for name: single-word patches of a flat AArch64 code memory that may be running.
 *
 * Every function may be called from any thread at any time, except that livepatch_cleanup() must be the last call on its system.
 * Functions that can fail return -1 (NULL) and write nothing; livepatch_last_error() says why.
 * A patch is one 32-bit instruction word at an address that is a multiple of 4. Machines of arm64lp/vm.h that run on the
 * memory see each change as a whole, at the next instruction that they fetch there.
 */
#ifndef LIVEPATCH_H
#define LIVEPATCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LIVEPATCH_API __attribute__((visibility("default")))
#else
#define LIVEPATCH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct LivePatchSystem LivePatchSystem;

/* Bytes of a description with its final 0; longer ones are cut at a character. */
#define LIVEPATCH_MAX_DESCRIPTION 256

/* Patches for the `mem_size` bytes at `memory`, whose first byte has the address `base_addr`. The memory stays the caller's and
 * must live until livepatch_cleanup(), which takes every patch out again whose word nobody else has changed since. */
LIVEPATCH_API LivePatchSystem *livepatch_init(void *memory, size_t mem_size, uint64_t base_addr);
LIVEPATCH_API void livepatch_cleanup(LivePatchSystem *system);

/* 0, or -1: out of bounds, misaligned, no valid A64 instruction, patched already, disabled, out of memory. description may be NULL.
 * Patches of several systems at one place lie on one another. */
LIVEPATCH_API int livepatch_apply(LivePatchSystem *system, uint64_t target_addr, uint32_t new_instr, const char *description);
/* 0, or -1: no patch there, or the word is not the patch's any more: somebody else has changed it since, and the patch stays. In which order systems
 * revert does not matter. */
LIVEPATCH_API int livepatch_revert(LivePatchSystem *system, uint64_t target_addr);
/* In one step; returns how many. Those whose word was changed since stay. */
LIVEPATCH_API int livepatch_revert_all(LivePatchSystem *system);

LIVEPATCH_API int livepatch_create_nop(LivePatchSystem *system, uint64_t addr, const char *description);
/* A `b` from one address to another: multiples of 4, at most 128 MiB apart. */
LIVEPATCH_API int livepatch_create_branch(LivePatchSystem *system, uint64_t from_addr, uint64_t to_addr, const char *description);
/* The same from the entry of a function to that of another, which must be code inside the memory. */
LIVEPATCH_API int livepatch_redirect_function(LivePatchSystem *system, uint64_t old_addr, uint64_t new_addr,
                                              const char *description);

/* Lines "ADDRESS WORD description" (see lpatch(5)); save returns how many, load how many were applied: it goes on after a line
 * that fails, and what is good is applied in one step. -1: the file cannot be read or written. Saving replaces a file as a whole or not at all. */
LIVEPATCH_API int livepatch_save_to_file(LivePatchSystem *system, const char *filename);
LIVEPATCH_API int livepatch_load_from_file(LivePatchSystem *system, const char *filename);
/* An array of {"address": "0x...", "instruction": "0x...", "description": "..."}, or {"patches": [...]}. Numbers may also be JSON
 * numbers; "addr", "instr" and "word" are accepted too. A file that is no such JSON changes nothing: -1. */
LIVEPATCH_API int livepatch_load_from_json(LivePatchSystem *system, const char *filename);
/* Take out all patches and load the file (is_json: as JSON) in one step: between two instructions of every machine. -1, and nothing is changed: the file
 * cannot be read, or a patched word was changed since. */
LIVEPATCH_API int livepatch_reload_patches(LivePatchSystem *system, const char *filename, int is_json);

/* These three print to standard output. */
LIVEPATCH_API void livepatch_list(LivePatchSystem *system);
LIVEPATCH_API void livepatch_stats(LivePatchSystem *system);
LIVEPATCH_API void livepatch_demo(LivePatchSystem *system);

/* A disabled system refuses new patches; those that are applied stay and can be reverted. */
LIVEPATCH_API void livepatch_set_enabled(LivePatchSystem *system, int enabled);
/* One system for a whole program; NULL until it is set, and after the cleanup of that system. */
LIVEPATCH_API LivePatchSystem *livepatch_get_system(void);
LIVEPATCH_API void livepatch_set_system(LivePatchSystem *system);

LIVEPATCH_API int is_nop_instruction(uint32_t instr);

/* ---- beyond the original ---- */
/* Why the last call of this thread failed, or what a load left out; "" if nothing. Valid until the thread's next call. */
LIVEPATCH_API const char *livepatch_last_error(void);
/* How many patches are applied. */
LIVEPATCH_API size_t livepatch_count(LivePatchSystem *system);
/* Trace every change and refusal on standard error: also with the environment variable LIVEPATCH_DEBUG=1, or for a program that
 * defines LIVEPATCH_DEBUG as 1 before it includes this header. */
LIVEPATCH_API void livepatch_set_debug(int on);

#if defined(LIVEPATCH_DEBUG) && LIVEPATCH_DEBUG + 0
#define livepatch_init(memory, mem_size, base_addr) \
    (livepatch_set_debug(1), (livepatch_init)((memory), (mem_size), (base_addr)))
#endif

#ifdef __cplusplus
}
#endif
#endif
