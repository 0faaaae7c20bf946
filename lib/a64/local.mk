lib_a64_liba64_la_SOURCES = \
	lib/a64/a64.c lib/a64/a64.h lib/a64/word.h \
	lib/a64/derive.c lib/a64/decode_bits.h \
	lib/a64/derive_simd.c \
	lib/a64/encode.c lib/a64/stack.c \
	lib/a64/regs.c lib/a64/regs.h lib/a64/access.c lib/a64/access.h \
	lib/a64/op.h
lib_a64_liba64_la_SOURCES += lib/a64/disasm.c lib/a64/disasm.h lib/a64/prefer.c lib/a64/spell.c lib/a64/spell_base.c lib/a64/spell_base.def \
    lib/a64/spell_system.c lib/a64/system.def lib/a64/capstone.c lib/a64/capstone.h lib/a64/proof.c lib/a64/proof.h lib/a64/proof.def lib/a64/index.c \
    lib/a64/index.h lib/a64/index.def

# The classes of instructions, in the order of the tables. Each has lib/a64/CLASS.decode and lib/exec/CLASS.c.
A64_CLASSES = \
	ldst \
	ldst_simd \
	exclusive \
	atomic \
	ldst_struct \
	dp_imm \
	dp_reg \
	branch \
	simd_copy simd_three simd_diff simd_misc simd_shift simd_elem crypto \
	fp_data fp_conv simd_fp simd_fp_misc simd_fp_scalar \
	fp_ext i8mm dp_ext sys_ext mops pauth \
	system

# Tables of what is only listed: no row of theirs is executed.
A64_LISTED = privileged mte sve sve2 sme

A64_TABLES  = $(A64_CLASSES:%=lib/a64/%.decode) $(A64_LISTED:%=lib/a64/%.decode)
A64_EXPORTS = $(A64_CLASSES:%=lib/a64/%.export.gen.h)
A64_GENERATED = lib/a64/rows.gen.h lib/a64/fields.gen.h lib/a64/derive.gen.h lib/a64/decode.gen.h lib/a64/fuse.gen.h lib/a64/dispatch.gen.h \
    lib/a64/regs.gen.h lib/a64/access.gen.h $(A64_EXPORTS)
EXTRA_DIST += lib/a64/fields.decode $(A64_TABLES) lib/exec/fuse.def $(MKDECODE_FILES)

# The table compiler runs on the build machine.
MKDECODE_FILES = lib/a64/mkdecode.c lib/a64/mkdecode_parse.c lib/a64/mkdecode_attr.c lib/a64/mkdecode_fuse.c lib/a64/mkdecode_tree.c \
	lib/a64/mkdecode_emit.c lib/a64/mkdecode_regs.c lib/a64/mkdecode_dispatch.c lib/a64/mkdecode.h
lib/a64/mkdecode: $(MKDECODE_FILES)
	$(AM_V_CC)$(MKDIR_P) lib/a64 && $(CC_FOR_BUILD) -std=c11 -O1 -o $@ \
	  `for f in $(MKDECODE_FILES); do case $$f in *.c) echo $(srcdir)/$$f;; esac; done`

# One run makes all headers; each is replaced only when its text changes.
lib/a64/decode.stamp: lib/a64/mkdecode lib/a64/fields.decode $(A64_TABLES) lib/exec/fuse.def
	$(AM_V_GEN)lib/a64/mkdecode lib/a64 $(srcdir)/lib/exec/fuse.def $(srcdir)/lib/a64/fields.decode \
	  $(A64_TABLES:%=$(srcdir)/%) && touch $@
$(A64_GENERATED): lib/a64/decode.stamp
	@test -f $@ || { rm -f lib/a64/decode.stamp && $(MAKE) $(AM_MAKEFLAGS) lib/a64/decode.stamp; }

BUILT_SOURCES += lib/a64/decode.stamp
CLEANFILES += lib/a64/mkdecode lib/a64/decode.stamp $(A64_GENERATED)
# Whatever includes a64/a64.h waits for the headers, also in "make some/target" from clean; afterwards the real dependencies are known.
$(lib_a64_liba64_la_OBJECTS) $(lib_exec_libexec_la_OBJECTS) $(lib_exec_libops_la_OBJECTS) $(lib_exec_libdispatch_la_OBJECTS) \
$(lib_exec_libsimd_la_OBJECTS) $(lib_mem_libmem_la_OBJECTS) $(lib_load_libload_la_OBJECTS) $(lib_kernel_libkernel_la_OBJECTS) \
$(lib_patch_libpatch_la_OBJECTS) $(lib_make_libmake_la_OBJECTS) $(lib_live_liblive_la_OBJECTS) $(lib_diff_libdiff_la_OBJECTS) \
$(lib_flow_libflow_la_OBJECTS) $(lib_control_libcontrol_la_OBJECTS) $(lib_vm_libvm_la_OBJECTS) $(lib_compat_libcompat_la_OBJECTS): | lib/a64/decode.stamp
