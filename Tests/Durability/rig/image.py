"""A file system in a file, mounted through a loop device, whose power can be cut."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

# The file system goes down at once and forgets whatever it did not flush, its own journal included.
_SHUTDOWN, _WITHOUT_FLUSHING_THE_LOG = 0x8004587D, 2


class CannotRun(Exception):
    """This machine cannot do what the test needs; a failure, so that a promise is never taken for tested."""


def run(*command: str) -> str:
    """Runs a command and returns what it said; its own words are in the exception when it fails."""
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except FileNotFoundError as error:
        raise CannotRun(f"{command[0]} is missing; scripts/setup --tests installs it") from error
    if outcome.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {outcome.stderr.strip() or outcome.stdout.strip()}")
    return outcome.stdout.strip()


def require_root() -> None:
    """Loop devices, mounts and power cuts need root."""
    if os.geteuid() != 0:
        raise CannotRun("this test mounts disk images through loop devices, for which it must run as root")


class Image:
    """One image of one file system."""

    def __init__(self, folder: Path, file_system: str = "ext4", mebibytes: int = 2048, make_options: tuple = ()):
        """Describes an image in a folder; `make()` makes it. It is sparse, so that its size costs nothing."""
        require_root()
        self.folder = folder
        self.file_system = file_system
        self.mebibytes = mebibytes
        self.make_options = make_options
        self.file = folder / "disk.img"
        self.mount_point = folder / "mounted"
        self._device: str | None = None
        self._is_mounted = False

    def make(self) -> Image:
        """Makes an empty file system."""
        self.mount_point.mkdir(parents=True, exist_ok=True)
        with open(self.file, "wb") as file:
            file.truncate(self.mebibytes << 20)
        run(f"mkfs.{self.file_system}", "-q", *self.make_options, str(self.file))
        return self

    def copy_of(self, other: Image) -> Image:
        """Makes the image a copy of another one, which is not mounted."""
        assert not other._is_mounted and not self._is_mounted
        self.mount_point.mkdir(parents=True, exist_ok=True)
        run("cp", "--reflink=auto", "--sparse=auto", str(other.file), str(self.file))
        return self

    def mount(self, source: Path | None = None) -> Path:
        """Mounts the image, or another file that stands for it, and returns where."""
        assert not self._is_mounted
        self._device = run("losetup", "--find", "--show", str(source or self.file))
        run("mount", self._device, str(self.mount_point))
        self._is_mounted = True
        return self.mount_point

    def cut_power(self) -> None:
        """What is not flushed is lost from here on, and nothing more is written."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSHING_THE_LOG))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Unmounts the image and gives the loop device back; does nothing when it is not mounted."""
        if self._is_mounted:
            _again_while_busy("umount", str(self.mount_point))
            self._is_mounted = False
        if self._device is not None:
            run("losetup", "--detach", self._device)
            self._device = None

    def remove(self) -> None:
        """Takes everything away."""
        self.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)


def _again_while_busy(*command: str) -> None:
    """A process that was just killed may hold its files for a moment."""
    for _ in range(100):
        try:
            run(*command)
            return
        except RuntimeError as error:
            if "busy" not in str(error):
                raise
            time.sleep(0.05)
    run(*command)
