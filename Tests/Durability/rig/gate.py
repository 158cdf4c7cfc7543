"""A gate that the server's system calls pass: counted over all threads, named by file, and failed or fatal at will.

It is seccomp's user notification: a filter hands chosen calls to this process, which lets them go on, answers in their
place, or ends the server before they happen. `strace -e inject` counts for each thread, so that the n-th call of a
server with threads is not one call; here the n-th is the n-th. Nothing of it is in the server.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

# Numbers and names of the calls that change files, and of those that answer a client.
_NUMBERS = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "writev": 20, "fsync": 74, "fdatasync": 75,
        "ftruncate": 77, "rename": 82, "mkdir": 83, "link": 86, "unlink": 87, "openat": 257, "mkdirat": 258,
        "unlinkat": 263,
        "renameat": 264, "linkat": 265, "utimensat": 280, "fallocate": 285, "pwritev": 296, "renameat2": 316,
    },
    "aarch64": {
        "mkdirat": 34, "unlinkat": 35, "linkat": 37, "renameat": 38, "ftruncate": 46, "fallocate": 47, "openat": 56,
        "write": 64, "writev": 66, "pwrite64": 68, "pwritev": 70, "fsync": 82, "fdatasync": 83, "utimensat": 88,
        "renameat2": 276,
    },
}
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

FLUSHES = ("fsync", "fdatasync")
FILE_CHANGES = (
    "openat", "pwrite64", "pwritev", "write", "ftruncate", "fallocate", "fsync", "fdatasync", "mkdir", "mkdirat",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "utimensat")
ANSWERS = ("write", "writev")

_BY_DESCRIPTOR = {
    "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "fallocate", "pwritev"}
_BY_PATH = {"rename", "mkdir", "link", "unlink"}

_SECCOMP_SET_MODE_FILTER, _FLAG_NEW_LISTENER = 1, 1 << 3
_SYSCALL_SECCOMP = {"x86_64": 317, "aarch64": 277}
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1


@dataclass(frozen=True)
class Call:
    """A system call that waits at the gate."""

    name: str
    path: str
    """The file of its descriptor, or the path that it names; `socket:[…]` for a connection."""
    creates: bool = False
    """Whether it is an `openat` that may make a file."""

    def __str__(self) -> str:
        return f"{self.name} {self.path}"


@dataclass(frozen=True)
class Verdict:
    """What becomes of a call."""

    kills: bool = False
    error: int = 0
    pretends: bool = False


GO_ON = Verdict()
KILL = Verdict(kills=True)
PRETEND = Verdict(pretends=True)
"""The call is not made, and the server is told that it went well."""


def fail_with(number: int) -> Verdict:
    """The call is not made and fails with this `errno`."""
    return Verdict(error=number)


class SystemCallGate:
    """The gate of one server; give it to `Gateway` as its launcher."""

    def __init__(self, *names: str):
        known = _NUMBERS[platform.machine()]
        self._names = {known[name]: name for name in names if name in known}
        self._decide: Callable[[Call], Verdict] = lambda _: GO_ON
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ours: socket.socket | None = None

    # What happens at the gate

    def watch(self, decide: Callable[[Call], Verdict]) -> None:
        """Asks `decide` about every call from now on; it is called by one thread at a time."""
        with self._lock:
            self._decide = decide

    def open(self) -> None:
        """Lets everything go on."""
        self.watch(lambda _: GO_ON)

    # The launcher of a server

    def command(self, command: list[str]) -> tuple[list[str], tuple[int, ...]]:
        """The command that starts another command behind the gate, and the descriptors that it needs."""
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._theirs = theirs
        numbers = ",".join(str(number) for number in self._names)
        return [sys.executable, "-I", __file__, str(theirs.fileno()), numbers, *command], (theirs.fileno(),)

    def attach(self) -> None:
        """Takes over the gate of the process that was just started."""
        assert self._ours is not None
        self._theirs.close()
        descriptors = array.array("i")
        _, ancillary, _, _ = self._ours.recvmsg(1, socket.CMSG_SPACE(descriptors.itemsize))
        self._ours.close()
        if not ancillary:
            raise RuntimeError("no gate for system calls: seccomp's user notification (Linux 5.5) cannot be used here")
        descriptors.frombytes(ancillary[0][2][:descriptors.itemsize])
        self._thread = threading.Thread(target=self._serve, args=(descriptors[0],), daemon=True)
        self._thread.start()

    def _serve(self, listener: int) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        try:
            while True:
                if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
                    return
                notice = bytearray(80)
                try:
                    fcntl.ioctl(listener, _RECEIVE, notice)
                except OSError:
                    continue  # the caller is gone
                self._answer(listener, notice)
        finally:
            os.close(listener)

    def _answer(self, listener: int, notice: bytearray) -> None:
        identifier, thread, _, number, _, _, *arguments = struct.unpack("<QIIiIQ6Q", notice)
        with self._lock:
            verdict = self._decide(self._call(number, thread, arguments))
        if verdict.kills:
            os.kill(_process_of(thread), signal.SIGKILL)
            return
        flags = 0 if verdict.error or verdict.pretends else _CONTINUE
        try:
            fcntl.ioctl(listener, _SEND, struct.pack("<QqiI", identifier, 0, -verdict.error, flags))
        except OSError:
            pass  # the caller is gone

    def _call(self, number: int, thread: int, arguments: list[int]) -> Call:
        name = self._names[number]
        try:
            if name in _BY_DESCRIPTOR:
                return Call(name, os.readlink(f"/proc/{thread}/fd/{arguments[0]}"))
            if name in _BY_PATH:
                return Call(name, _text(thread, arguments[0]))
            folder = ctypes.c_int(arguments[0] & 0xFFFFFFFF).value
            start = os.readlink(f"/proc/{thread}/cwd" if folder < 0 else f"/proc/{thread}/fd/{folder}")
            path = os.path.join(start, _text(thread, arguments[1]))
            return Call(name, path, creates=name == "openat" and bool(arguments[2] & os.O_CREAT))
        except (OSError, ValueError):
            return Call(name, "?")


def _text(thread: int, address: int) -> str:
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(4096).split(b"\0", 1)[0].decode("utf-8", "replace")


def _process_of(thread: int) -> int:
    for line in Path(f"/proc/{thread}/status").read_text().splitlines():
        if line.startswith("Tgid:"):
            return int(line.split()[1])
    return thread


@dataclass
class Recorder:
    """Notes the calls that a rule is interested in, and ends the server before the n-th of them."""

    interesting: Callable[[Call], bool]
    kill_at: int = 0
    """1 for the first; 0 for none."""
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Verdict:
        if not self.interesting(call):
            return GO_ON
        self.calls.append(call)
        return KILL if len(self.calls) == self.kill_at else GO_ON


def _launch(channel: int, numbers: list[int], command: list[str]) -> None:
    """Puts this process behind a gate, sends the gate away, and becomes the command."""
    machine = platform.machine()
    program = [
        struct.pack("HBBI", 0x20, 0, 0, 4),  # load the architecture
        struct.pack("HBBI", 0x15, 1, 0, _ARCHITECTURES[machine]),
        struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000),  # another one: allow
        struct.pack("HBBI", 0x20, 0, 0, 0),  # load the number
    ]
    for index, number in enumerate(numbers):
        program.append(struct.pack("HBBI", 0x15, len(numbers) - index, 0, number))
    program.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # allow
    program.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FC00000))  # ask the gate
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(38, 1, 0, 0, 0)  # no new privileges
    listener = library.syscall(
        ctypes.c_long(_SYSCALL_SECCOMP[machine]), _SECCOMP_SET_MODE_FILTER, _FLAG_NEW_LISTENER,
        ctypes.c_void_p(ctypes.addressof(header)))
    if listener < 0:
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
    # From here on nothing may be called that waits at the gate before the other side has it; sendmsg never does.
    socket.send_fds(socket.socket(fileno=channel), [b"."], [listener])
    os.execvp(command[0], command)


if __name__ == "__main__":
    _launch(int(sys.argv[1]), [int(number) for number in sys.argv[2].split(",")], sys.argv[3:])
