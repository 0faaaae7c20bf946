/* kernel/vdso.c - the vDSO: an ELF image of one page, made here from tables.
 *
 * Its clock functions are `svc #number-of-the-call; ret`. Linux ignores the immediate; here an SVC with one, in this page, means: read
 * the host's clock, which the host's own vDSO does without a system call. So the clocks are the host's in every namespace, and neither
 * lprun -S nor a seccomp filter sees the call, as on arm64. What is not so simple (a CPU-time clock, a bad pointer) becomes the system call.
 *
 * There is no CFI for __kernel_rt_sigreturn, as in Linux since 5.8: unwinders know the two instructions, and find all registers in the frame. */
#include <config.h>
#include <elf.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include "kernel/copy.h"
#include "kernel/kernel.h"
#include "kernel/vdso.h"

enum { CLOCK_GETTIME = 113, CLOCK_GETRES = 114, RT_SIGRETURN = 139, GETTIMEOFDAY = 169 };
#define MOVZ_X8(n) (0xd2800008u | (n) << 5)
#define SVC(n) (0xd4000001u | (n) << 5)
#define RET 0xd65f03c0u
#define NOP 0xd503201fu

/* A NOP before the way back: an unwinder may look at the instruction before a return address. */
static const uint32_t text[] = {NOP, MOVZ_X8(RT_SIGRETURN), SVC(0), NOP, SVC(GETTIMEOFDAY), RET, SVC(CLOCK_GETTIME), RET, SVC(CLOCK_GETRES), RET};
static const struct { const char *name; unsigned at, words; } functions[] = { /* words of text */
    {"__kernel_rt_sigreturn", 1, 2}, {"__kernel_gettimeofday", 4, 2}, {"__kernel_clock_gettime", 6, 2}, {"__kernel_clock_getres", 8, 2}};
enum { FUNCTIONS = sizeof functions / sizeof functions[0], SYMBOLS = FUNCTIONS + 1, CLOCKS_AT = 4, CLOCK_WORDS = 6 };
static const char soname[] = "linux-vdso.so.1", version[] = "LINUX_2.6.39";

/* .eh_frame of the clock functions: CFA = SP, the return address in X30 (DWARF for the Arm 64-bit Architecture: 31, 30). */
struct eh_frame {
    uint32_t cie_len, cie_id;
    uint8_t cie_version, augmentation[3], code_align, data_align, return_column, augmentation_len, fde_encoding, cie_program[7];
    uint32_t fde_len, fde_cie;
    int32_t begin;
    uint32_t range;
    uint8_t fde_augmentation_len, fde_program[3];
    uint32_t end;
};
struct eh_frame_hdr { uint8_t version, frame_encoding, count_encoding, table_encoding; int32_t frame; uint32_t count; int32_t begin, fde; };
enum { PCREL_SDATA4 = 0x1b, DATAREL_SDATA4 = 0x3b, UDATA4 = 0x03, DW_CFA_def_cfa = 0x0c };

struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segment[3];
    Elf64_Sym symbol[SYMBOLS];
    Elf64_Dyn dynamic[10];
    uint32_t hash[2 + 1 + SYMBOLS]; /* one bucket */
    Elf64_Half versym[SYMBOLS];
    struct { Elf64_Verdef def; Elf64_Verdaux aux; } verdef[2];
    char strings[160];
    struct eh_frame_hdr frame_hdr;
    struct eh_frame frame;
    _Alignas(16) uint32_t text[sizeof text / sizeof text[0]];
};
_Static_assert(sizeof(struct image) <= LP_PAGE, "one page");
_Static_assert(offsetof(struct eh_frame, fde_len) == 24 && offsetof(struct eh_frame, end) == 44, "CIE and FDE without padding");
#define AT(member) offsetof(struct image, member)

static uint32_t add_string(struct image *im, size_t *used, const char *s)
{
    size_t at = *used;
    *used += strlen(s) + 1;
    memcpy(im->strings + at, s, strlen(s) + 1);
    return (uint32_t)at;
}

/* gABI 5.3 "Hash Table" */
static uint32_t elf_hash(const char *s)
{
    uint32_t h = 0;
    for (; *s; s++) {
        h = (h << 4) + (uint8_t)*s;
        h = (h ^ (h >> 24 & 0xf0)) & 0x0fffffff;
    }
    return h;
}

static void make_header(struct image *im)
{
    im->header = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN, .e_machine = EM_AARCH64,
                              .e_version = EV_CURRENT, .e_phoff = AT(segment), .e_ehsize = sizeof(Elf64_Ehdr),
                              .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3};
    im->segment[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof *im, sizeof *im, LP_PAGE};
    im->segment[1] = (Elf64_Phdr){PT_DYNAMIC, PF_R, AT(dynamic), AT(dynamic), AT(dynamic), sizeof im->dynamic, sizeof im->dynamic, 8};
    im->segment[2] = (Elf64_Phdr){PT_GNU_EH_FRAME, PF_R, AT(frame_hdr), AT(frame_hdr), AT(frame_hdr), sizeof im->frame_hdr, sizeof im->frame_hdr, 4};
}

static void make_symbols(struct image *im, size_t *used)
{
    im->hash[0] = 1;
    im->hash[1] = SYMBOLS;
    im->hash[2] = 1; /* the bucket begins with symbol 1, each leads to the next, the last to 0 */
    for (unsigned i = 1; i < SYMBOLS; i++) {
        im->symbol[i] = (Elf64_Sym){.st_name = add_string(im, used, functions[i - 1].name), .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                    .st_shndx = 1, .st_value = AT(text) + 4 * functions[i - 1].at, .st_size = 4 * functions[i - 1].words};
        im->hash[3 + i] = i + 1 < SYMBOLS ? i + 1 : 0;
        im->versym[i] = 2;
    }
}

static uint32_t make_versions(struct image *im, size_t *used)
{
    uint32_t name[2] = {add_string(im, used, soname), add_string(im, used, version)};
    for (unsigned i = 0; i < 2; i++) {
        im->verdef[i].def = (Elf64_Verdef){.vd_version = VER_DEF_CURRENT, .vd_flags = i ? 0 : VER_FLG_BASE, .vd_ndx = (Elf64_Half)(i + 1), .vd_cnt = 1,
                                           .vd_hash = elf_hash(i ? version : soname), .vd_aux = sizeof(Elf64_Verdef),
                                           .vd_next = i ? 0 : sizeof im->verdef[0]};
        im->verdef[i].aux = (Elf64_Verdaux){name[i], 0};
    }
    return name[0];
}

static void make_dynamic(struct image *im, uint32_t name, size_t strings)
{
    const Elf64_Dyn d[] = {{DT_SONAME, {name}}, {DT_HASH, {AT(hash)}}, {DT_STRTAB, {AT(strings)}}, {DT_SYMTAB, {AT(symbol)}}, {DT_STRSZ, {strings}},
                           {DT_SYMENT, {sizeof(Elf64_Sym)}}, {DT_VERSYM, {AT(versym)}}, {DT_VERDEF, {AT(verdef)}}, {DT_VERDEFNUM, {2}}, {DT_NULL, {0}}};
    _Static_assert(sizeof d == sizeof im->dynamic, "all entries");
    memcpy(im->dynamic, d, sizeof d);
}

static void make_frames(struct image *im)
{
    const int32_t clocks = (int32_t)(AT(text) + 4 * CLOCKS_AT);
    im->frame = (struct eh_frame){
        .cie_len = 20, .cie_version = 1, .augmentation = "zR", .code_align = 4, .data_align = 0x78 /* -8 */, .return_column = 30, .augmentation_len = 1,
        .fde_encoding = PCREL_SDATA4, .cie_program = {DW_CFA_def_cfa, 31, 0}, .fde_len = 16, .fde_cie = offsetof(struct eh_frame, fde_cie),
        .begin = clocks - (int32_t)AT(frame.begin), .range = 4 * CLOCK_WORDS};
    im->frame_hdr = (struct eh_frame_hdr){1, PCREL_SDATA4, UDATA4, DATAREL_SDATA4, (int32_t)(AT(frame) - AT(frame_hdr.frame)), 1,
                                          clocks - (int32_t)AT(frame_hdr), (int32_t)(AT(frame.fde_len) - AT(frame_hdr))};
}

static void make(struct image *im)
{
    size_t used = 1; /* string 0 is "" */
    memset(im, 0, sizeof *im);
    make_header(im);
    make_symbols(im, &used);
    uint32_t name = make_versions(im, &used);
    make_dynamic(im, name, used);
    make_frames(im);
    memcpy(im->text, text, sizeof text);
}

static uint64_t map(struct lp_mem *m)
{
    struct image im;
    int64_t at = lp_mem_mmap(m, 0, LP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | LP_MAP_ANONYMOUS, -1, 0);
    if (at < 0)
        return 0;
    make(&im);
    if (lp_mem_write(m, (uint64_t)at, &im, sizeof im) || lp_mem_mprotect(m, (uint64_t)at, LP_PAGE, PROT_READ | PROT_EXEC)) {
        lp_mem_munmap(m, (uint64_t)at, LP_PAGE);
        return 0;
    }
    lp_mem_name(m, (uint64_t)at, LP_PAGE, "[vdso]", 0);
    return (uint64_t)at;
}

uint64_t lp_vdso(struct lp_kernel *k)
{
    pthread_mutex_lock(&k->heap->lock);
    if (!k->heap->vdso)
        k->heap->vdso = map(k->mem);
    uint64_t at = k->heap->vdso;
    pthread_mutex_unlock(&k->heap->lock);
    return at;
}

uint64_t lp_vdso_sigreturn(struct lp_kernel *k)
{
    uint64_t at = lp_vdso(k);
    return at ? at + AT(text) + 4 * functions[0].at : 0;
}

/* Those that the host reads without a system call, mostly. */
static bool is_simple(uint64_t clock)
{
    switch ((int)clock) {
    case CLOCK_REALTIME: case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_RAW: case CLOCK_REALTIME_COARSE: case CLOCK_MONOTONIC_COARSE: case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return true;
    default:
        return false;
    }
}

static bool do_call(struct lp_thread *t, uint32_t nr)
{
    const uint64_t *x = t->cpu.x;
    struct timespec ts;
    struct timeval tv;
    switch (nr) {
    case CLOCK_GETTIME:
        return is_simple(x[0]) && !clock_gettime((clockid_t)x[0], &ts) && !lp_put(t, x[1], &ts, sizeof ts);
    case CLOCK_GETRES:
        return is_simple(x[0]) && !clock_getres((clockid_t)x[0], &ts) && (!x[1] || !lp_put(t, x[1], &ts, sizeof ts));
    case GETTIMEOFDAY:
        return !x[1] && !gettimeofday(&tv, NULL) && (!x[0] || !lp_put(t, x[0], &tv, sizeof tv));
    default:
        return false;
    }
}

bool lp_vdso_call(struct lp_thread *t, uint32_t imm16)
{
    if (t->cpu.pc - t->k->heap->vdso >= LP_PAGE)
        return false;
    if (do_call(t, imm16)) {
        t->cpu.x[0] = 0;
        return true;
    }
    t->cpu.x[8] = imm16;
    return false;
}
