"""The published layouts, from bytes to arrays. Each parser takes its counts from the bytes and refuses what disagrees.

Every function raises ValueError naming the file, what it must hold and what was given.
"""

import io
import tarfile
from math import prod

import numpy as np

STL_BYTES = 3 * 96 * 96  # one image of STL-10


def idx(data, name):
    """An IDX file of bytes: two zeros, the type 8, the number of axes, each length as big-endian uint32, the values.

    Source: LeCun, Cortes & Burges, The MNIST database of handwritten digits, "File formats".
    """
    if data[:3] != b"\0\0\x08" or len(data) < 4:
        raise ValueError(f"{name} must begin with 00 00 08, the sign of an IDX file of bytes; given {_start(data)}")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise ValueError(f"{name} must tell {data[3]} lengths in its first {start} bytes; given {len(data)} bytes")
    shape = np.frombuffer(data[4:start], ">u4").tolist()
    if len(data) - start != prod(shape):
        lengths = " × ".join(map(str, shape))
        raise ValueError(f"{name} must hold {lengths} bytes after its header; given {len(data) - start}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def cifar(data, name):
    """Images (N, 3, 32, 32) and labels (N,) of a batch of CIFAR-10's binary version.

    A record is its label 0 … 9, then 1024 bytes each of red, green and blue, row by row. Source: Krizhevsky 2009.
    """
    records = _records(data, 1 + 3 * 32 * 32, name)
    return records[:, 1:].reshape(-1, 3, 32, 32), labels(records[:, 0], name, first=0, last=9)


def stl(data, name):
    """Images (N, 3, 96, 96) of STL-10's binary version: red, green and blue, each column by column.

    Source: Coates, Ng & Lee 2011.
    """
    return _records(data, STL_BYTES, name).reshape(-1, 3, 96, 96).swapaxes(2, 3)


def matlab(data, name, variable):
    """The numbers of one `variable` of a MATLAB file (version 4 to 7.2), as one row."""
    from scipy.io import loadmat

    try:
        return loadmat(io.BytesIO(data), variable_names=[variable])[variable].ravel()
    except Exception as error:  # scipy says in many ways that bytes are not a .mat file
        raise ValueError(f"{name} must be a MATLAB file with a variable {variable!r}; given {_start(data)}") from error


def labels(values, name, first, last):
    """Labels `first` … `last` as int64 from 0."""
    values = np.asarray(values)
    wrong = (values < first) | (values > last)
    if wrong.any():
        where = int(wrong.argmax())
        raise ValueError(f"{name} must hold labels {first} … {last}; label {where} (from 0) is {values[where]}")
    return values.astype(np.int64) - first


def members(path, names):
    """(member, stream) for each of `names` in a tar archive, in the archive's order; the others are passed over.

    Nothing is unpacked to the disk, so no name in the archive can lead anywhere.
    """
    left = set(names)
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if member.name in left:
                if not member.isreg():
                    raise ValueError(f"{member.name} in {path} must be a plain file, not a link or a folder")
                left.remove(member.name)
                yield member, archive.extractfile(member)
            if not left:
                return
    raise ValueError(f"{path} must hold {min(left)}; it is not there ({len(left)} of {len(set(names))} missing)")


def _records(data, length, name):
    if not data or len(data) % length:
        raise ValueError(f"{name} must hold whole records of {length:,} bytes; given {len(data):,} bytes")
    return np.frombuffer(data, np.uint8).reshape(-1, length)


def _start(data):
    return f"{len(data):,} bytes that begin with {data[:4].hex(' ')}" if data else "an empty file"
