"""GDAL's `/vsioss/`: rasters are written to the store and read from it, where Debian's python3-gdal is installed."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest

from kit.gateway import clean_environment
from kit.signing import Request

# The bindings belong to the system's Python, not to the one that runs the tests.
PYTHON = "/usr/bin/python3"
PROBE = [PYTHON, "-c", "from osgeo import gdal"]
WORK = """
import sys
from osgeo import gdal
gdal.UseExceptions()
bucket = sys.argv[1]
root = f"/vsioss/{bucket}/"

def write(path, body):
    opened = gdal.VSIFOpenL(path, "wb")
    assert opened, path
    assert gdal.VSIFWriteL(body, 1, len(body), opened) == len(body)
    assert gdal.VSIFCloseL(opened) == 0

write(root + "folder/plain.bin", bytes(range(256)) * 64)
assert gdal.VSIStatL(root + "folder/plain.bin").size == 16384
opened = gdal.VSIFOpenL(root + "folder/plain.bin", "rb")
gdal.VSIFSeekL(opened, 1000, 0)
assert bytes(gdal.VSIFReadL(1, 16, opened)) == bytes((1000 + n) % 256 for n in range(16))
gdal.VSIFCloseL(opened)
assert gdal.ReadDir(root + "folder") == ["plain.bin"], gdal.ReadDir(root + "folder")

local = gdal.GetDriverByName("GTiff").Create("/vsimem/raster.tif", 64, 64, 1, gdal.GDT_Byte)
local.GetRasterBand(1).Fill(7)
local = None
size = gdal.VSIStatL("/vsimem/raster.tif").size
memory = gdal.VSIFOpenL("/vsimem/raster.tif", "rb")
write(root + "raster.tif", bytes(gdal.VSIFReadL(1, size, memory)))
found = gdal.Open(root + "raster.tif")
assert (found.RasterXSize, found.GetRasterBand(1).Checksum() > 0) == (64, True)
assert found.GetRasterBand(1).ReadRaster(0, 0, 2, 2) == bytes([7] * 4)
found = None
assert gdal.Unlink(root + "folder/plain.bin") == 0
assert gdal.VSIStatL(root + "folder/plain.bin") is None
print("done")
"""


def is_there() -> bool:
    """Whether the system's Python has GDAL."""
    return Path(PYTHON).exists() and subprocess.run(PROBE, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not is_there(), reason="python3-gdal is not installed; scripts/setup --tests installs it")
def test_gdal_works_on_a_bucket(gateway, credentials, store, tmp_path):
    bucket = f"gdal-{uuid.uuid4().hex[:12]}"
    assert store.send(Request("PUT", bucket)).status == 200
    told = subprocess.run(
        [PYTHON, "-c", WORK, bucket], capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path,
        env=clean_environment({
            "OSS_ACCESS_KEY_ID": credentials.access_key_id, "OSS_SECRET_ACCESS_KEY": credentials.secret,
            "OSS_ENDPOINT": gateway.oss.removeprefix("http://"), "OSS_HTTPS": "NO", "OSS_VIRTUAL_HOSTING": "FALSE"}))
    assert told.stdout.strip() == "done", told.stderr
