#!/bin/sh
# Each CPU of --cpu: HWCAP, the ID registers and what executes say the same; system registers and cache maintenance behave as under Linux;
# qemu's CPU of that name agrees, but for the differences below.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
arm64_cc cpu "$tests/e2e/cpu.c" -O1 2>cc.log || skip_all "the cross assembler does not know these extensions: $(grep -m 1 Error cc.log)"

# What every CPU has in common; the order of cpu.c.
cat >want.rest <<'E2'
other cntpct_el0 signal 4 code 1
other cntp_ctl_el0 signal 4 code 1
other cntv_ctl_el0 signal 4 code 1
other pmccntr_el0 signal 4 code 1
other pmuserenr_write signal 4 code 1
other daif signal 4 code 1
other daifset signal 4 code 1
other currentel signal 4 code 1
other spsel signal 4 code 1
other pan signal 4 code 1
other uao signal 4 code 1
other sp_el0 signal 4 code 1
other elr_el1 signal 4 code 1
other sctlr_el1 signal 4 code 1
other id_pfr0_el1 signal 4 code 1
other id_raz done
other id_next signal 4 code 1
other midr_write signal 4 code 1
other mpidr_el1 done
other id_crm0_op1 signal 4 code 1
other ccsidr_el1 signal 4 code 1
other tpidr_el1 signal 4 code 1
other tpidrro_write signal 4 code 1
other ctr_write signal 4 code 1
other dc_ivac signal 4 code 1
other dc_isw signal 4 code 1
other ic_iallu signal 4 code 1
other at_s1e0r signal 4 code 1
other tlbi signal 4 code 1
other eret signal 4 code 1
other hvc signal 4 code 1
other smc signal 4 code 1
other hlt_0 signal 4 code 1
other udf signal 4 code 1
other hint_127 done
other hint_csdb done
other hint_bti done
other hint_pacibsp_autibsp done
other wfe done
other wfi done
other yield done
other dsb_ssbb done
other isb done
other clrex done
fpsr f800009f
nzcv f0000000
tpidr 123456789abcdef0
tpidrro 0
cntvct rises
cntfrq high
ctr_res1 1 dic 0
dczid_dzp 0
dc_zva writable done
dc_cvac writable done
dc_cvau writable done
dc_civac writable done
ic_ivau writable done
dc_zva readable signal 11 code 2 offset 0 cm 0 wnr 1
dc_cvac readable done
dc_cvau readable done
dc_civac readable done
ic_ivau readable done
dc_zva none signal 11 code 2 offset 0 cm 0 wnr 1
dc_cvac none signal 11 code 2 offset 0 cm 1 wnr 1
dc_cvau none signal 11 code 2 offset 0 cm 1 wnr 1
dc_civac none signal 11 code 2 offset 0 cm 1 wnr 1
ic_ivau none signal 11 code 2 offset 0 cm 1 wnr 1
dc_zva unmapped signal 11 code 1 offset 0 cm 0 wnr 1
dc_cvac unmapped signal 11 code 1 offset 0 cm 1 wnr 1
dc_cvau unmapped signal 11 code 1 offset 0 cm 1 wnr 1
dc_civac unmapped signal 11 code 1 offset 0 cm 1 wnr 1
ic_ivau unmapped signal 11 code 1 offset 0 cm 1 wnr 1
E2

# Where qemu-user is not Linux on that CPU, and why: its lines are left out of the comparison.
#   hwcap          it never announces evtstrm and ssbs, nor (7.2) dit
#   dcpop, dcpodp  7.2 announces them, but keeps the instructions from programs
#   ssbs           it executes MRS of SSBS also where PFR1.SSBS = 1, which is PSTATE.SSBS without MRS and MSR (Arm ARM D19.2.70)
#   other          its SIGILL has si_code ILL_ILLOPN; reserved ID registers are undefined instead of zero
#   fpcr           it keeps trap enables, and Len and Stride, which only AArch32 has
#   caches         maintenance of an address that cannot be read does nothing
for_qemu() { sed -n -e '/^feature dcpop/d' -e '/^feature ssbs/d' -e 's/ hwcap [01]$//' -e '/^id /p' -e '/^feature /p' "$1"; }

# as_qemu CPU: what ./cpu says in qemu's, compared with `have`
as_qemu()
{
    have_qemu || { skip "$1: as qemu's" "no qemu-aarch64"; return; }
    "$QEMU_AARCH64" -cpu help | grep -qw "$1" || { skip "$1: as qemu's" "this qemu-aarch64 has no such CPU"; return; }
    "$QEMU_AARCH64" -cpu "$1" ./cpu >qemu 2>&1 </dev/null
    for_qemu have >ours
    for_qemu qemu >theirs
    same ours theirs "$1: as qemu's"
}

lprun --cpu help >list 2>err
is "$?" 0 '--cpu help succeeds'
is "$(cat err)" '' 'and writes to standard output'
like "$(cat list)" '^cortex-a53 ' 'it lists cortex-a53'
is "$(head -n 1 list | cut -d' ' -f1)" max 'max is the first'
while read -r name features; do
    lprun --no-control --cpu "$name" ./cpu >have 2>err </dev/null
    is "$?" 0 "$name: runs to the end"
    is "$(sed -n 's/^feature \(.*\)/\1/p' have | awk '$3 != $5 || $3 != $7')" '' "$name: what executes is announced, what is announced executes"
    for f in $features; do
        case $f in evtstrm | cpuid) ;; *) echo "$f" ;; esac
    done | sort >listed
    sed -n 's/^feature \([a-z0-9]*\) .* hwcap 1$/\1/p' have | sort >announced
    # BTI and DGH have no instruction that would be undefined without them
    grep -vx -e bti -e dgh listed | diff - announced >diffs
    is "$(cat diffs)" '' "$name: --cpu help lists what is announced"
    case " $features " in *" fphp "*) fpcr=7c80000 ;; *) fpcr=7c00000 ;; esac
    is "$(grep '^fpcr' have)" "fpcr $fpcr" "$name: FPCR keeps the bits that are there"
    case " $features " in *" ssbs "*) is "$(grep '^ssbs' have)" "ssbs 1000" "$name: PSTATE.SSBS is set" ;; esac
    grep -v -e '^hwcap' -e '^platform' -e '^id ' -e '^feature ' -e '^fpcr ' -e '^ssbs ' have >rest
    same rest want.rest "$name: system registers, cache maintenance and what is kept from programs"
    [ "$name" = max ] || as_qemu "$name"
done <list
complete='max has all that qemu has, but SVE and MTE'
if have_qemu; then
    lprun --no-control ./cpu >have
    "$QEMU_AARCH64" -cpu max ./cpu >qemu 2>&1
    more=$(sed -n 's/^feature \([a-z0-9]*\) runs 1 id 1 .*/\1/p' qemu | while read -r f; do
        grep -q "^feature $f runs 1" have || case " sve mte " in *" $f "*) ;; *) echo "$f" ;; esac
    done)
    is "$more" '' "$complete"
else
    skip "$complete" "no qemu-aarch64"
fi

lprun --no-control --cpu neoverse-n1 ./cpu print /proc/cpuinfo >have
is "$(grep -c '^processor' have)" "$(getconf _NPROCESSORS_ONLN)" '/proc/cpuinfo has as many CPUs as there are'
is "$(sed -n '3,8p' have)" "Features	: $(sed -n 's/^neoverse-n1 *//p' list)
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0c
CPU revision	: 1" '/proc/cpuinfo shows this CPU'

sums() { grep -e '^hwcap' -e '^id' "$1"; }
lprun --no-control --cpu cortex-a72 ./cpu >want
lprun --no-control --cpu cortex-a72 ./cpu ./cpu ./cpu >have
is "$(sums have)" "$(sums want)" 'programs that the program starts have the same CPU'
LPRUN_CPU=cortex-a72 lprun --no-control ./cpu ./cpu >have
is "$(sums have)" "$(sums want)" 'LPRUN_CPU'
LPRUN_CPU=neoverse-n1 lprun --no-control --cpu cortex-a72 ./cpu >have
is "$(sums have)" "$(sums want)" '--cpu goes before LPRUN_CPU'
like "$(sed -n 's/^id 0 0 //p' want)" '410fd083$' 'MIDR_EL1 is that of the CPU'
lprun --cpu cortex-z80 ./cpu >have 2>err
is "$? $(cat have)" '125 ' 'an unknown CPU is a usage error'
like "$(cat err)" "no CPU is called 'cortex-z80'; --cpu help lists them" 'which says where the names are'
LPRUN_CPU=z80 lprun ./cpu >have 2>err
like "$? $(cat err)" "125 lprun: LPRUN_CPU: no CPU is called 'z80'" 'also that of LPRUN_CPU'
cat >lse.c <<'E2'
int main(void) { long x = 1; __asm__ volatile(".arch armv8.1-a\nldadd %0, %0, [%1]" : "+r"(x) : "r"(&x) : "memory"); return 0; }
E2
arm64_cc lse lse.c -O1
sh -c 'lprun --no-control --cpu cortex-a53 ./lse; exit $?' >have 2>err
is "$?" 132 'an instruction that the CPU lacks is illegal'
like "$(cat err)" 'illegal instruction 0xf8' 'and named'
tap_done
