/* arm64lp.h - everything that libarm64lp offers, except the original livepatch.h API. */
#ifndef ARM64LP_H
#define ARM64LP_H
#include <arm64lp/error.h>
#include <arm64lp/elf.h>
#include <arm64lp/patch.h>
#include <arm64lp/control.h>
#include <arm64lp/store.h>
#include <arm64lp/dis.h>
#include <arm64lp/vm.h>
#include <arm64lp/diff.h>
#endif
