"""Hosts beside this one: network namespaces with addresses and names of their own, and a way between them that takes
as long as it is told to. They are made on a host of the test's own, with which all of them and all that runs there
end."""

import collections
import fcntl
import functools
import os
import pathlib
import select
import signal
import socket
import struct
import sys
import threading
import time

import rig

# Of the test itself.
SERVER = "10.0.0.1"
# Set on the test's own host.
MARK = "MILLRACE_AMONG_HOSTS"
UNSHARE = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
# What stands for ssh: runs a command on a host. 255: the host has gone.
SHELL = """#!/bin/sh
host=$1
shift
status=0
ip netns exec "$host" unshare --uts sh -c "hostname $host; $*" || status=$?
[ "$status" -lt 128 ] || status=255
exit "$status"
"""
# linux/if_tun.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def can_be_had():
    return os.geteuid() == 0 and rig.run([*UNSHARE, "true"]).returncode == 0


def can_delay():
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError:
        return False
    return True


def on_own_host(check):
    """Has a test run on a host of its own, where Hosts can be made."""
    @functools.wraps(check)
    def test(self):
        if MARK in os.environ:
            return check(self)
        rig.need(can_be_had(), "needs root for network namespaces")
        # What it leaves when it is killed goes with this one.
        done = rig.run([*UNSHARE, sys.executable, "-B", "-m", "unittest", self.id()], timeout=6 * rig.PATIENCE,
                       cwd=pathlib.Path(__file__).parent, environment={MARK: "1", "TMPDIR": str(self.scratch)})
        return self.assertEqual(done.returncode, 0, done.stderr.decode())

    return test


def ip(*words):
    done = rig.run(["ip", *words])
    if done.returncode != 0:
        raise AssertionError((words, done.stderr))
    return done.stdout.decode()


class Host:
    def __init__(self, number):
        self.name, self.address = f"load{number}", f"10.0.{number}.2"

    def processes(self):
        return [int(pid) for pid in ip("netns", "pids", self.name).split()]

    def kill(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    def unplug(self):
        ip("link", "set", self.name, "down")


class Hosts(list):
    """So many of them. They reach each other and SERVER, and are known by name. `delay_s`: so long each packet takes
    that leaves one of them. `shell`: what runs a command on one."""

    def __init__(self, scratch, count, delay_s=0):
        super().__init__(map(Host, range(1, count + 1)))
        rig.run(["mount", "-t", "tmpfs", "none", "/run"])  # where they are listed
        socket.sethostname("head")
        ip("link", "set", "lo", "up")
        ip("address", "add", f"{SERVER}/32", "dev", "lo")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        links = []
        for number, host in enumerate(self, 1):
            ip("netns", "add", host.name)
            if delay_s:
                links.append((open_tun(host.name), open_tun("there")))
                ip("link", "set", "there", "netns", host.name, "name", "eth0")
            else:
                ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
            ip("address", "add", f"10.0.{number}.1/24", "dev", host.name)
            ip("link", "set", host.name, "up")
            ip("-n", host.name, "link", "set", "lo", "up")
            ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
            ip("-n", host.name, "link", "set", "eth0", "up")
            way = () if delay_s else ("via", f"10.0.{number}.1")
            ip("-n", host.name, "route", "add", "default", *way, "dev", "eth0")
        if delay_s:
            threading.Thread(target=carry, args=(links, delay_s), daemon=True).start()
        names = scratch / "hosts"
        names.write_text("".join(f"{address} {name}\n" for address, name in (
            ("127.0.0.1", "localhost"), (SERVER, "head"), *((host.address, host.name) for host in self))))
        rig.run(["mount", "--bind", names, "/etc/hosts"])
        self.shell = scratch / "shell"
        self.shell.write_text(SHELL)
        self.shell.chmod(0o755)


def open_tun(name):
    """An end of a link, whose other end is what reads and writes it."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def carry(links, delay_s):
    """Between the ends of each link, to the first one after a while. (Few kernels that tests run on have netem.)"""
    there = {far: near for near, far in links}
    back = {near: far for near, far in links}
    under_way = collections.deque()
    while True:
        # poll() knows milliseconds only.
        left_s = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for descriptor in select.select([*there, *back], [], [], left_s)[0]:
            for packet in packets(descriptor):
                if descriptor in there:
                    under_way.append((time.monotonic() + delay_s, there[descriptor], packet))
                else:
                    put(back[descriptor], packet)
        while under_way and under_way[0][0] <= time.monotonic():
            put(*under_way.popleft()[1:])


def packets(descriptor):
    try:
        while True:
            yield os.read(descriptor, 65536)
    except OSError:  # that is all, or it is unplugged
        return


def put(descriptor, packet):
    try:
        os.write(descriptor, packet)
    except OSError:  # lost, as on any link
        pass
