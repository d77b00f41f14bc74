"""The idx files of MNIST and its relatives: a header of sizes, then bytes.

Source: http://yann.lecun.com/exdb/mnist/, "File formats for the MNIST database".
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from text_recognizer.errors import UserError

LARGEST = 1 << 31
"""Bytes that a file may unpack to."""

_UNSIGNED_BYTES = 8


def read_idx(path: Path, axes: int) -> np.ndarray:
    """Return the array of a gzipped idx file of unsigned bytes.

    Args:
        path: of the file.
        axes: that the array must have: 1 for labels, 3 for pictures.

    Raises:
        UserError: the file is damaged, cut off, or holds something else.
    """
    try:
        with gzip.open(path) as stream:
            header = stream.read(4 + 4 * axes)
            if len(header) < 4 + 4 * axes or header[:4] != bytes([0, 0, _UNSIGNED_BYTES, axes]):
                raise UserError(
                    f"{path}: it begins with {header[:4].hex()}, no idx file of bytes with {axes} axes; get another"
                )
            sizes = struct.unpack(f">{axes}I", header[4:])
            wanted = math.prod(sizes)
            if wanted > LARGEST:
                raise UserError(f"{path}: it claims {wanted:,} bytes, more than {LARGEST:,}; get another copy")
            content = stream.read(wanted + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: it cannot be unpacked ({error}); remove it and fetch it again") from error
    if len(content) != wanted:
        more = "more" if len(content) > wanted else f"{len(content):,}"
        raise UserError(f"{path}: it claims {wanted:,} bytes and holds {more}; remove it and fetch it again")
    return np.frombuffer(content, np.uint8).reshape(sizes)
