"""Certificates for tests: an authority of the test's own, and what it signs, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def openssl(*arguments: str | Path) -> None:
    """Runs openssl, and insists that it did what it was told."""
    run = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


class Authority:
    """An authority that nobody knows, with an intermediate one below it, as most have."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._make("root", signer=None)
        self._make("below", signer="root")

    @property
    def certificate(self) -> Path:
        """What clients are told to trust."""
        return self.folder / "root.pem"

    def context(self) -> ssl.SSLContext:
        """A client's settings that trust this authority alone."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def issue(self, name: str, kind: str = "ec") -> tuple[Path, Path]:
        """Makes a certificate for this machine; its chain, and its key, mode 0600."""
        chain, key = self._make(name, signer="below", kind=kind)
        chain.write_text(chain.read_text() + (self.folder / "below.pem").read_text())
        return chain, key

    def _make(self, name: str, signer: str | None, kind: str = "ec") -> tuple[Path, Path]:
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        algorithm = ("EC", "ec_paramgen_curve:P-256") if kind == "ec" else ("RSA", "rsa_keygen_bits:2048")
        openssl("genpkey", "-algorithm", algorithm[0], "-pkeyopt", algorithm[1], "-out", key)
        key.chmod(0o600)
        is_authority = signer in (None, "root")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(
            "basicConstraints=critical,CA:TRUE\n" if is_authority
            else "subjectAltName=IP:127.0.0.1,IP:127.0.0.2,DNS:localhost\nbasicConstraints=CA:FALSE\n")
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        signing = ["-signkey", key] if signer is None else [
            "-CA", self.folder / f"{signer}.pem", "-CAkey", self.folder / f"{signer}.key", "-CAcreateserial"]
        openssl("x509", "-req", "-in", request, *signing, "-days", "30", "-extfile", extensions, "-out", chain)
        return chain, key
