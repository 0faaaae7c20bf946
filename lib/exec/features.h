/* exec/features.h - what this CPU has beyond Armv8.0: AT_HWCAP and the ID registers say the same (Linux uapi/asm/hwcap.h; Arm ARM D19.2). */
#ifndef LP_EXEC_FEATURES_H
#define LP_EXEC_FEATURES_H
#include <stdint.h>

/* FP ASIMD AES PMULL SHA1 SHA2 CRC32 ATOMICS FPHP ASIMDHP CPUID ASIMDRDM JSCVT LRCPC DCPOP SHA3 SM3 SM4 ASIMDDP SHA512 ILRCPC SB */
#define LP_HWCAP_BIT(n) (UINT64_C(1) << (n))
#define LP_HWCAP                                                                                                       \
    (LP_HWCAP_BIT(0) | LP_HWCAP_BIT(1) | LP_HWCAP_BIT(3) | LP_HWCAP_BIT(4) | LP_HWCAP_BIT(5) | LP_HWCAP_BIT(6) |       \
     LP_HWCAP_BIT(7) | LP_HWCAP_BIT(8) | LP_HWCAP_BIT(9) | LP_HWCAP_BIT(10) | LP_HWCAP_BIT(11) | LP_HWCAP_BIT(12) |    \
     LP_HWCAP_BIT(13) | LP_HWCAP_BIT(15) | LP_HWCAP_BIT(16) | LP_HWCAP_BIT(17) | LP_HWCAP_BIT(18) | LP_HWCAP_BIT(19) | \
     LP_HWCAP_BIT(20) | LP_HWCAP_BIT(21) | LP_HWCAP_BIT(26) | LP_HWCAP_BIT(29))
#define LP_HWCAP2 UINT64_C(0)

#define LP_ID_FIELD(lo, v) ((uint64_t)(v) << (lo))
/* EL0 and EL1 64-bit only; FP and AdvSIMD with half precision. */
#define LP_ID_PFR0 (LP_ID_FIELD(0, 1) | LP_ID_FIELD(4, 1) | LP_ID_FIELD(16, 1) | LP_ID_FIELD(20, 1))
/* AES+PMULL, SHA1, SHA256+512, CRC32, LSE, RDM, SHA3, SM3, SM4, DotProd */
#define LP_ID_ISAR0                                                                                                 \
    (LP_ID_FIELD(4, 2) | LP_ID_FIELD(8, 1) | LP_ID_FIELD(12, 2) | LP_ID_FIELD(16, 1) | LP_ID_FIELD(20, 2) |         \
     LP_ID_FIELD(28, 1) | LP_ID_FIELD(32, 1) | LP_ID_FIELD(36, 1) | LP_ID_FIELD(40, 1) | LP_ID_FIELD(44, 1))
/* DPB, JSCVT, LRCPC2, SB */
#define LP_ID_ISAR1 (LP_ID_FIELD(0, 1) | LP_ID_FIELD(12, 1) | LP_ID_FIELD(20, 2) | LP_ID_FIELD(36, 1))
#endif
