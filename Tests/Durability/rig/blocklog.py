"""Records every write and flush of a disk image, and builds from them what the disk could hold after a power cut.

The image is a file of a small FUSE file system below a loop device: what the file system on it writes, and when it asks
for a flush, passes here. Run as a program, this is that FUSE file system.
"""

from __future__ import annotations

import errno
import mmap
import os
import random
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ != "__main__":
    from .image import CannotRun, run

_RECORD = struct.Struct("<BQI")
_WRITE, _FLUSH = 1, 2
_SECTOR = 512


class BlockLog:
    """A copy of an image whose writes are recorded."""

    def __init__(self, base: Path, folder: Path):
        """`base` is copied and stays as it is, for `states` to start from."""
        self.base, self.folder = base, folder
        self.mount_point = folder / "fuse"
        self.mount_point.mkdir(parents=True)
        self._written, self._log, self._count = folder / "written.img", folder / "log", folder / "count"
        run("cp", "--reflink=auto", "--sparse=auto", str(base), str(self._written))
        self._count.write_bytes(bytes(8))
        if not Path("/dev/fuse").exists():
            raise CannotRun("this test records block writes through FUSE, and there is no /dev/fuse")
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._written), str(self.mount_point), str(self._log), str(self._count)],
            stderr=open(folder / "fuse.log", "wb"))
        for _ in range(200):
            if self.image.exists():
                break
            if self._process.poll() is not None:
                raise CannotRun(f"FUSE cannot be used here: {(folder / 'fuse.log').read_text()[-500:]}")
            time.sleep(0.05)
        with open(self._count, "r+b") as file:
            self._counter = mmap.mmap(file.fileno(), 8)

    @property
    def image(self) -> Path:
        """The image to mount."""
        return self.mount_point / "disk.img"

    @property
    def position(self) -> int:
        """How many writes and flushes were recorded so far."""
        return int.from_bytes(self._counter[:8], "little")

    def close(self) -> None:
        """Ends the recording; the image must not be mounted any more."""
        if self._process.poll() is None:
            subprocess.run(["fusermount3", "-u", str(self.mount_point)], check=False, capture_output=True)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def operations(self) -> list[tuple[int, int, bytes]]:
        """What was recorded: kind, offset and bytes."""
        data, found, at = self._log.read_bytes(), [], 0
        while at + _RECORD.size <= len(data):
            kind, offset, length = _RECORD.unpack_from(data, at)
            at += _RECORD.size
            found.append((kind, offset, data[at:at + length]))
            at += length
        return found


@dataclass(frozen=True)
class DiskState:
    """What a disk may hold after a cut: everything up to the last flush, and some of what came after it."""

    cut: int
    """How many operations were sent to the disk before the power went."""
    mode: str
    """`prefix` keeps all of them, `subset` some of those after the last flush, `torn` the same with one cut short."""

    def build(self, base: Path, operations: list[tuple[int, int, bytes]], target: Path, numbers: random.Random) -> None:
        """Writes the image."""
        run("cp", "--reflink=auto", "--sparse=auto", str(base), str(target))
        flushed = max((index for index in range(self.cut) if operations[index][0] == _FLUSH), default=-1)
        kept = [
            index for index in range(self.cut) if operations[index][0] == _WRITE
            and (index <= flushed or self.mode == "prefix" or numbers.random() < 0.5)]
        loose = [index for index in kept if index > flushed]
        torn = numbers.choice(loose) if self.mode == "torn" and loose else None
        descriptor = os.open(target, os.O_RDWR)
        try:
            for index in kept:
                _, offset, data = operations[index]
                length = len(data) if index != torn else numbers.randrange(0, len(data) + 1, _SECTOR)
                os.pwrite(descriptor, data[:length], offset)
        finally:
            os.close(descriptor)


def _serve(image: str, mount_point: str, log: str, count: str) -> None:
    """Serves the image as a file, and records what is written to it."""
    from mfusepy import FUSE, FuseOSError, Operations

    size = os.path.getsize(image)

    class Recorded(Operations):
        use_ns = True

        def __init__(self):
            self.file = os.open(image, os.O_RDWR)
            self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.lock = threading.Lock()
            with open(count, "r+b") as file:
                self.counter = mmap.mmap(file.fileno(), 8)
            self.recorded = 0

        def record(self, kind: int, offset: int, data: bytes) -> None:
            os.write(self.log, _RECORD.pack(kind, offset, len(data)) + data)
            self.recorded += 1
            self.counter[:8] = self.recorded.to_bytes(8, "little")

        def getattr(self, path, fh=None):
            if path == "/":
                return {"st_mode": 0o40700, "st_nlink": 2}
            if path == "/disk.img":
                return {"st_mode": 0o100600, "st_nlink": 1, "st_size": size}
            raise FuseOSError(errno.ENOENT)

        def readdir(self, path, fh):
            return [".", "..", "disk.img"]

        def open(self, path, flags):
            return 1

        def read(self, path, length, offset, fh):
            return os.pread(self.file, length, offset)

        def write(self, path, data, offset, fh):
            with self.lock:
                self.record(_WRITE, offset, data)
                return os.pwrite(self.file, data, offset)

        def fsync(self, path, datasync, fh):
            with self.lock:
                self.record(_FLUSH, 0, b"")
            return 0

        def flush(self, path, fh):
            return 0

        def truncate(self, path, length, fh=None):
            return 0

    FUSE(Recorded(), mount_point, foreground=True, nothreads=False, max_write=1 << 20)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
