"""System calls of a program whose results a test decides (seccomp_unotify(2))."""

import collections
import ctypes
import os
import platform
import select
import socket
import struct
import threading

# By machine: how the kernel names it (AUDIT_ARCH_*), and the numbers of the calls.
Machine = collections.namedtuple("Machine", "audit seccomp fdatasync")
MACHINES = {"x86_64": Machine(0xC000003E, 317, 75), "aarch64": Machine(0xC00000B7, 277, 83)}
MACHINE = MACHINES.get(platform.machine())

# linux/seccomp.h, linux/prctl.h, linux/filter.h
SET_MODE_FILTER, NEW_LISTENER, NO_NEW_PRIVILEGES = 1, 1 << 3, 38
RECEIVE, ANSWER, CONTINUE = 0xC0502100, 0xC0182101, 1
ASK, ALLOW = 0x7FC00000, 0x7FFF0000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
CALL_AT, AUDIT_AT = 0, 4  # in struct seccomp_data


class Filter(ctypes.Structure):
    """struct sock_fprog"""
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def filter_of(call):
    """A program that asks about one call and allows all others."""
    steps = ((LOAD, 0, 0, AUDIT_AT), (EQUAL, 0, 3, MACHINE.audit), (LOAD, 0, 0, CALL_AT), (EQUAL, 0, 1, call),
             (RETURN, 0, 0, ASK), (RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


class WatchedSync:
    """Has `decide` called at each fdatasync() of the program that is started with prepare() in the
    child: it returns an error (errno), or 0 to let the call go on. The program waits meanwhile."""

    def __init__(self, decide):
        self.decide = decide
        self.ours, self.childs = socket.socketpair()
        self.thread = threading.Thread(target=self._answer, daemon=True)
        self.thread.start()

    def prepare(self):
        code = ctypes.create_string_buffer(filter_of(MACHINE.fdatasync))
        program = Filter(len(code.raw) // 8, ctypes.cast(code, ctypes.c_void_p))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        listener = libc.syscall(MACHINE.seccomp, SET_MODE_FILTER, NEW_LISTENER, ctypes.byref(program))
        if listener < 0:
            raise OSError(ctypes.get_errno(), "seccomp")
        socket.send_fds(self.childs, [b"."], [listener])

    def _answer(self):
        _, [listener], _, _ = socket.recv_fds(self.ours, 1, 1)
        libc = ctypes.CDLL(None)
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while not waiting.poll()[0][1] & select.POLLHUP:  # until the program has gone
            asked = ctypes.create_string_buffer(80)
            if libc.ioctl(listener, RECEIVE, asked) != 0:
                continue
            error = self.decide()
            answer = struct.pack("=QqiI", *struct.unpack_from("=Q", asked), 0, -error, 0 if error else CONTINUE)
            libc.ioctl(listener, ANSWER, answer)
        os.close(listener)

    def close(self):
        """Behind the end of the program."""
        self.childs.close()
        self.thread.join()
        self.ours.close()
