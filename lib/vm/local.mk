lib_vm_libvm_la_SOURCES = lib/vm/process.c lib/vm/flat.c
