lib_kernel_libkernel_la_SOURCES = \
	lib/kernel/kernel.h lib/kernel/kernel.c lib/kernel/syscall.def lib/kernel/dispatch.c lib/kernel/pass.c \
	lib/kernel/copy.c lib/kernel/copy.h lib/kernel/path.c lib/kernel/sysroot.c lib/kernel/sysroot.h lib/kernel/root.c lib/kernel/sockname.c \
	lib/kernel/sockname.h lib/kernel/vdso.c lib/kernel/vdso.h lib/kernel/proc.c lib/kernel/procstat.c lib/kernel/procmaps.c lib/kernel/proc.h \
	lib/kernel/fd.c lib/kernel/file.c lib/kernel/flags.c lib/kernel/flags.h lib/kernel/ioctl.c lib/kernel/ioctl.h \
	lib/kernel/poll.c lib/kernel/socket.c lib/kernel/memory.c lib/kernel/limits.c lib/kernel/limits.h lib/kernel/misc.c lib/kernel/prctl.c lib/kernel/strace.c \
	lib/kernel/strace.h \
	lib/kernel/host.c lib/kernel/host.h lib/kernel/signal.h lib/kernel/sighost.c lib/kernel/sigheld.c lib/kernel/sigdeliver.c \
	lib/kernel/sigframe.c lib/kernel/sigframe.h lib/kernel/sigsys.c lib/kernel/process.c lib/kernel/process.h \
	lib/kernel/exec.c lib/kernel/ipc.c lib/kernel/keys.c lib/kernel/futexv.c lib/kernel/hostnr.h lib/kernel/bpf.c lib/kernel/bpf.h \
	lib/kernel/remote.c lib/kernel/remote.h lib/kernel/seccomp.c lib/kernel/seccomp.h lib/kernel/thread.c lib/kernel/robust.c
