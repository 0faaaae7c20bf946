lib_control_libcontrol_la_SOURCES = \
	lib/control/client.c lib/control/client.h \
	lib/control/creds.c lib/control/creds.h \
	lib/control/listen.c lib/control/listen.h \
	lib/control/path.c \
	lib/control/request.c \
	lib/control/protocol.c lib/control/protocol.h \
	lib/control/server.c lib/control/server.h \
	lib/control/session.c lib/control/session.h
