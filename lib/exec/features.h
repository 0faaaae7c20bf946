/* exec/features.h - what this CPU has beyond Armv8.0: AT_HWCAP and the ID registers say the same, from one table
 * (Linux uapi/asm/hwcap.h; Arm ARM D19.2). A unit test holds the table against the decode tables. */
#ifndef LP_EXEC_FEATURES_H
#define LP_EXEC_FEATURES_H
#include <stdint.h>

#define LP_ID_FIELD(lo, v) (UINT64_C(v) << (lo))
/* X(HWCAP bit, feature column of the decode tables, bits in ID_AA64PFR0, ID_AA64ISAR0, ID_AA64ISAR1).
 * PMULL is executed but not here: ID_AA64ISAR0.AES can only announce it together with AES. */
#define LP_FEATURES(X)                                                                                             \
    X(0, "A64", 0, 0, 0)                                       /* FP */                                            \
    X(1, "A64", 0, 0, 0)                                       /* ASIMD */                                         \
    X(7, "CRC32", 0, LP_ID_FIELD(16, 1), 0)                    /* CRC32 */                                         \
    X(8, "LSE", 0, LP_ID_FIELD(20, 2), 0)                      /* ATOMICS */                                       \
    X(9, "FP16", LP_ID_FIELD(16, 1), 0, 0)                     /* FPHP */                                          \
    X(10, "FP16", LP_ID_FIELD(20, 1), 0, 0)                    /* ASIMDHP */                                       \
    X(11, "A64", 0, 0, 0)                                      /* CPUID: MRS of the ID registers */                \
    X(12, "RDM", 0, LP_ID_FIELD(28, 1), 0)                     /* ASIMDRDM */                                      \
    X(13, "JSCVT", 0, 0, LP_ID_FIELD(12, 1))                   /* JSCVT */                                         \
    X(15, "LRCPC", 0, 0, 0)                                    /* LRCPC: the field of ILRCPC implies it */          \
    X(16, "DPB", 0, 0, LP_ID_FIELD(0, 1))                      /* DCPOP */                                         \
    X(20, "DotProd", 0, LP_ID_FIELD(44, 1), 0)                 /* ASIMDDP */                                       \
    X(26, "LRCPC2", 0, 0, LP_ID_FIELD(20, 2))                  /* ILRCPC */                                        \
    X(29, "SB", 0, 0, LP_ID_FIELD(36, 1))                      /* SB */

#define LP_FEATURE_HWCAP(bit, feature, pfr0, isar0, isar1) | UINT64_C(1) << (bit)
#define LP_FEATURE_PFR0(bit, feature, pfr0, isar0, isar1) | (pfr0)
#define LP_FEATURE_ISAR0(bit, feature, pfr0, isar0, isar1) | (isar0)
#define LP_FEATURE_ISAR1(bit, feature, pfr0, isar0, isar1) | (isar1)
#define LP_HWCAP (UINT64_C(0) LP_FEATURES(LP_FEATURE_HWCAP))
#define LP_HWCAP2 UINT64_C(0)
/* EL0 and EL1 are 64-bit only. */
#define LP_ID_PFR0 (LP_ID_FIELD(0, 1) | LP_ID_FIELD(4, 1) LP_FEATURES(LP_FEATURE_PFR0))
#define LP_ID_ISAR0 (UINT64_C(0) LP_FEATURES(LP_FEATURE_ISAR0))
#define LP_ID_ISAR1 (UINT64_C(0) LP_FEATURES(LP_FEATURE_ISAR1))
#endif
