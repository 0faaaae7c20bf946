lib_vm_libvm_la_SOURCES = lib/vm/process.c lib/vm/control.c lib/vm/stored.c lib/vm/watch.c lib/vm/objects.c lib/vm/machine.h lib/vm/flat.c
lib_vm_libvm_la_CPPFLAGS = $(AM_CPPFLAGS) -DLP_SYSCONFDIR='"$(sysconfdir)"'
