"""The parsers of the published layouts, pixel by pixel."""

import struct
import tarfile
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutants import assert_killed, faults
from published import archive, cifar_batch, expected, idx_images, idx_labels, matlab, stl_images

from gan_core.pieces.datasets.files import formats


def oracle_idx(idx):
    values = idx(idx_images(5, 4, 6), "images")
    np.testing.assert_array_equal(values, expected(5, 1, 4, 6)[:, 0])
    assert values.dtype == np.uint8
    assert idx(idx_labels([7, 0, 255]), "labels").tolist() == [7, 0, 255]
    long = idx(struct.pack(">BBBBII", 0, 0, 8, 2, 300, 2) + bytes(600), "long")
    assert long.shape == (300, 2)
    with pytest.raises(ValueError, match="5 × 4 × 6 bytes after its header; given 119"):
        idx(idx_images(5, 4, 6)[:-1], "images")


def idx_mutant(endian=">", skip=4, order="C", check=True):
    def mutant(data, name):
        shape = struct.unpack_from(f"{endian}{data[3]}I", data, 4)
        values = np.frombuffer(data, np.uint8, offset=skip + 4 * data[3])
        if not check:
            values = np.resize(values, shape)
        if values.size != np.prod(shape):
            raise ValueError(f"{name} must hold {' × '.join(map(str, shape))} bytes after its header; given 119")
        return values.reshape(shape, order=order)

    return mutant


def test_idx():
    oracle_idx(formats.idx)
    oracle_idx(idx_mutant())


@faults(
    {
        "little-endian": idx_mutant(endian="<"),
        "the first four bytes counted twice": idx_mutant(skip=8),
        "rows and columns swapped": idx_mutant(order="F"),
        "cut short and filled up": idx_mutant(check=False),
    }
)
def test_idx_mutants(mutant):
    assert_killed(oracle_idx, mutant)


@given(st.lists(st.integers(0, 6), max_size=4), st.data())
def test_every_idx_file_of_bytes_comes_back(shape, data):
    values = data.draw(st.binary(min_size=prod(shape), max_size=prod(shape)))
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
    read = formats.idx(header + values, "file")
    assert (read.shape, read.tobytes()) == (tuple(shape), values)


@given(st.binary(max_size=40))
def test_other_bytes_are_refused_in_words(data):
    with pytest.raises(ValueError, match=r"^file must begin with 00 00 08"):
        formats.idx(b"\1" + data, "file")
    with pytest.raises(ValueError, match=r"^file must (tell|hold)"):  # no 8 axes fit into so few bytes
        formats.idx(b"\0\0\x08\x08" + bytes(3) + b"\1" * 29 + data, "file")


def oracle_cifar(cifar):
    pixels, y = cifar(cifar_batch([9, 0, 4]), "batch")
    np.testing.assert_array_equal(pixels, expected(3, 3, 32, 32))
    assert y.tolist() == [9, 0, 4]
    assert y.dtype == np.int64
    with pytest.raises(ValueError, match=r"batch must hold labels 0 … 9; label 1 \(from 0\) is 10"):
        cifar(cifar_batch([9, 10, 4]), "batch")


def cifar_mutant(pixels=lambda x: x, y=lambda y: y):
    def mutant(data, name):
        given = formats.cifar(data, name)
        return pixels(given[0]), y(given[1])

    return mutant


@faults(
    {
        "blue, green, red": cifar_mutant(pixels=lambda x: x[:, ::-1]),
        "column by column": cifar_mutant(pixels=lambda x: x.swapaxes(2, 3)),
        "channels last": cifar_mutant(pixels=lambda x: x.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)),
        "labels off by one": cifar_mutant(y=lambda y: y + 1),
        "the label behind its image": lambda data, name: formats.cifar(data[1:] + data[:1], name),
    }
)
def test_cifar_mutants(mutant):
    oracle_cifar(formats.cifar)
    assert_killed(oracle_cifar, mutant)


def oracle_stl(stl):
    np.testing.assert_array_equal(stl(stl_images(2), "images"), expected(2, 3, 96, 96))


@faults(
    {
        "row by row": lambda data, name: np.frombuffer(data, np.uint8).reshape(-1, 3, 96, 96),
        "blue, green, red": lambda data, name: formats.stl(data, name)[:, ::-1],
        "channels last": lambda data, name: np.frombuffer(data, np.uint8).reshape(-1, 96, 96, 3).transpose(0, 3, 2, 1),
    }
)
def test_stl_mutants(mutant):
    oracle_stl(formats.stl)
    assert_killed(oracle_stl, mutant)


def oracle_labels(labels):
    given = labels(np.array([10, 1, 5], np.uint8), "y", first=1, last=10)
    assert given.tolist() == [9, 0, 4]
    assert given.dtype == np.int64
    for wrong, which in ([1, 11], "label 1 .* is 11"), ([0, 1], "label 0 .* is 0"):
        with pytest.raises(ValueError, match=f"y must hold labels 1 … 10; {which}"):
            labels(np.array(wrong, np.uint8), "y", first=1, last=10)


@faults(
    {
        "off by one": lambda values, name, first, last: formats.labels(values, name, first, last) + 1,
        "still bytes": lambda values, name, first, last: formats.labels(values, name, first, last).astype(np.uint8),
        "not looked at": lambda values, name, first, last: values.astype(np.int64) - first,
        "the last one refused": lambda values, name, first, last: formats.labels(values, name, first, last - 1),
    }
)
def test_labels_mutants(mutant):
    oracle_labels(formats.labels)
    assert_killed(oracle_labels, mutant)


def oracle_matlab(matlab_):
    data = matlab(labels=np.array([[3, 1, 2]], np.uint8), others=np.array([[9.0]]))
    assert matlab_(data, "file", "labels").tolist() == [3, 1, 2]
    for wrong in (data[:100], b"", b"<html>"):
        with pytest.raises(ValueError, match="file must be a MATLAB file with a variable 'labels'; given"):
            matlab_(wrong, "file", "labels")
    with pytest.raises(ValueError, match="a variable 'nothing'"):
        matlab_(data, "file", "nothing")


@pytest.mark.parametrize(
    "mutant",
    [
        lambda data, name, variable: np.sort(formats.matlab(data, name, variable)),
        lambda data, name, variable: np.frombuffer(data[-3:], np.uint8),
    ],
    ids=["sorted", "no file format"],
)
def test_matlab_mutants(mutant):
    oracle_matlab(formats.matlab)
    assert_killed(oracle_matlab, mutant)


def oracle_members(tmp_path):
    def oracle(members):
        path = tmp_path / "a.tar.gz"
        path.write_bytes(archive({"x/b": b"bbb", "../x/a": b"evil", "x/c": b"c", "x/a": b"a"}))
        read = [(member.name, stream.read()) for member, stream in members(path, ["x/a", "x/b"])]
        assert read == [("x/b", b"bbb"), ("x/a", b"a")]
        assert list(tmp_path.iterdir()) == [path], "nothing is unpacked"
        with pytest.raises(ValueError, match=r"must hold x/d; it is not there \(1 of 2 missing\)"):
            list(members(path, ["x/a", "x/d"]))
        with tarfile.open(path, "w:gz") as tar:
            link = tarfile.TarInfo("x/a")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            tar.addfile(link)
        with pytest.raises(ValueError, match=r"x/a in .* must be a plain file"):
            list(members(path, ["x/a"]))

    return oracle


def unpacked(path, names):
    (path.parent / "out").mkdir()
    with tarfile.open(path) as tar:
        tar.extractall(path.parent / "out", filter="fully_trusted")
    return formats.members(path, names)


def by_last_name(path, names):
    last_names = {name.rpartition("/")[2] for name in names}
    with tarfile.open(path) as tar:
        yield from ((m, tar.extractfile(m)) for m in tar if m.name.rpartition("/")[2] in last_names)


@pytest.mark.parametrize("mutant", [unpacked, by_last_name])
def test_members_mutants(mutant, tmp_path):
    oracle_members(tmp_path)(formats.members)
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "deep").mkdir()
    assert_killed(oracle_members(tmp_path / "deep"), mutant)
