/* exec/features.h - what this CPU has beyond Armv8.0: AT_HWCAP, AT_HWCAP2 and the ID registers say the same, from one table
 * (Linux uapi/asm/hwcap.h; Arm ARM D19.2). A unit test holds the table against the decode tables. */
#ifndef LP_EXEC_FEATURES_H
#define LP_EXEC_FEATURES_H
#include <stdint.h>

/* X(1 or 2: AT_HWCAP or AT_HWCAP2, bit, feature column of the decode tables, ID_AA64<reg>_EL1, lowest bit of its field, addend).
 * The field is the sum of its rows: SHA256 and SHA512 make SHA2 = 2, as the architecture counts. */
#define LP_FEATURES(X) \
    X(1, 0, "A64", PFR0, 16, 0)             /* FP */ \
    X(1, 1, "A64", PFR0, 20, 0)             /* ASIMD */ \
    X(1, 3, "AES", ISAR0, 4, 1)             /* AES */ \
    X(1, 4, "PMULL", ISAR0, 4, 1)           /* PMULL */ \
    X(1, 5, "SHA1", ISAR0, 8, 1)            /* SHA1 */ \
    X(1, 6, "SHA256", ISAR0, 12, 1)         /* SHA2 */ \
    X(1, 7, "CRC32", ISAR0, 16, 1)          /* CRC32 */ \
    X(1, 8, "LSE", ISAR0, 20, 2)            /* ATOMICS */ \
    X(1, 9, "FP16", PFR0, 16, 1)            /* FPHP */ \
    X(1, 10, "FP16", PFR0, 20, 1)           /* ASIMDHP */ \
    X(1, 11, "A64", PFR0, 0, 0)             /* CPUID: MRS of the ID registers */ \
    X(1, 12, "RDM", ISAR0, 28, 1)           /* ASIMDRDM */ \
    X(1, 13, "JSCVT", ISAR1, 12, 1)         /* JSCVT */ \
    X(1, 14, "FCMA", ISAR1, 16, 1)          /* FCMA */ \
    X(1, 15, "LRCPC", ISAR1, 20, 1)         /* LRCPC */ \
    X(1, 16, "DPB", ISAR1, 0, 1)            /* DCPOP */ \
    X(1, 17, "SHA3", ISAR0, 32, 1)          /* SHA3 */ \
    X(1, 18, "SM3", ISAR0, 36, 1)           /* SM3 */ \
    X(1, 19, "SM4", ISAR0, 40, 1)           /* SM4 */ \
    X(1, 20, "DotProd", ISAR0, 44, 1)       /* ASIMDDP */ \
    X(1, 21, "SHA512", ISAR0, 12, 1)        /* SHA512 */ \
    X(1, 23, "FHM", ISAR0, 48, 1)           /* ASIMDFHM */ \
    X(1, 24, "DIT", PFR0, 48, 1)            /* DIT */ \
    X(1, 26, "LRCPC2", ISAR1, 20, 1)        /* ILRCPC */ \
    X(1, 27, "FlagM", ISAR0, 52, 1)         /* FLAGM */ \
    X(1, 28, "SSBS", PFR1, 4, 2)            /* SSBS */ \
    X(1, 29, "SB", ISAR1, 36, 1)            /* SB */ \
    X(1, 30, "PAuth", ISAR1, 8, 1)          /* PACA: an implementation defined algorithm */ \
    X(1, 31, "PAuth", ISAR1, 28, 1)         /* PACG */ \
    X(2, 7, "FlagM2", ISAR0, 52, 1)         /* FLAGM2 */ \
    X(2, 8, "FRINTTS", ISAR1, 32, 1)        /* FRINT */ \
    X(2, 13, "I8MM", ISAR1, 52, 1)          /* I8MM */ \
    X(2, 14, "BF16", ISAR1, 44, 1)          /* BF16 */ \
    X(2, 16, "RNG", ISAR0, 60, 1)           /* RNG */ \
    X(2, 31, "WFxT", ISAR2, 0, 2)           /* WFXT */ \
    X(2, 34, "CSSC", ISAR2, 52, 1)          /* CSSC */ \
    X(2, 43, "MOPS", ISAR2, 16, 1)          /* MOPS */

enum { LP_REG_PFR0, LP_REG_PFR1, LP_REG_ISAR0, LP_REG_ISAR1, LP_REG_ISAR2 };
#define LP_FEATURE_HWCAP(word, bit, feature, reg, lo, add) | (word == 1 ? UINT64_C(1) << (bit) : 0)
#define LP_FEATURE_HWCAP2(word, bit, feature, reg, lo, add) | (word == 2 ? UINT64_C(1) << (bit) : 0)
#define LP_FEATURE_PFR0(word, bit, feature, reg, lo, add) +(LP_REG_##reg == LP_REG_PFR0 ? UINT64_C(add) << (lo) : 0)
#define LP_FEATURE_PFR1(word, bit, feature, reg, lo, add) +(LP_REG_##reg == LP_REG_PFR1 ? UINT64_C(add) << (lo) : 0)
#define LP_FEATURE_ISAR0(word, bit, feature, reg, lo, add) +(LP_REG_##reg == LP_REG_ISAR0 ? UINT64_C(add) << (lo) : 0)
#define LP_FEATURE_ISAR1(word, bit, feature, reg, lo, add) +(LP_REG_##reg == LP_REG_ISAR1 ? UINT64_C(add) << (lo) : 0)
#define LP_FEATURE_ISAR2(word, bit, feature, reg, lo, add) +(LP_REG_##reg == LP_REG_ISAR2 ? UINT64_C(add) << (lo) : 0)
#define LP_HWCAP (UINT64_C(0) LP_FEATURES(LP_FEATURE_HWCAP))
#define LP_HWCAP2 (UINT64_C(0) LP_FEATURES(LP_FEATURE_HWCAP2))
/* EL0 and EL1 are 64-bit only: fields 0 and 4 of ID_AA64PFR0 are 1. */
#define LP_ID_PFR0 (UINT64_C(0x11) LP_FEATURES(LP_FEATURE_PFR0))
#define LP_ID_PFR1 (UINT64_C(0) LP_FEATURES(LP_FEATURE_PFR1))
#define LP_ID_ISAR0 (UINT64_C(0) LP_FEATURES(LP_FEATURE_ISAR0))
#define LP_ID_ISAR1 (UINT64_C(0) LP_FEATURES(LP_FEATURE_ISAR1))
#define LP_ID_ISAR2 (UINT64_C(0) LP_FEATURES(LP_FEATURE_ISAR2))
#endif
