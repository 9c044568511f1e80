"""The known sets, fetched from this machine's own address: right to the pixel; what is broken is said, and not kept."""

import gzip
import hashlib
import io
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest
import torch
from mutants import assert_killed, faults
from PIL import Image
from published import (
    CIFAR_BATCHES,
    CIFAR_LABELS,
    MNIST,
    MNIST_LABELS,
    STL,
    archive,
    cifar_batch,
    expected,
    flower_files,
    idx_images,
    idx_labels,
    matlab,
    photograph,
    stl_images,
)

from gan_core import datasets
from gan_core.pieces import _progress
from gan_core.pieces.datasets import files
from gan_core.pieces.datasets.files import pictures, sets
from gan_core.pieces.datasets.files.fetch import File, fetch

# ---- a server on this machine


class Server(ThreadingHTTPServer):
    """Serves `contents` {name: bytes}; `faults` are what it does to the next requests, in turn."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.contents, self.faults, self.asked = {}, [], []
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path[1:]
        self.server.asked.append(name)
        fault = self.server.faults.pop(0) if self.server.faults else None
        data = self.server.contents.get(name)
        if data is None or fault == "unavailable":
            self.send_error(404 if data is None else 503)
            return
        self.send_response(200)
        if fault != "ends early, and says nothing":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if fault in ("breaks off", "ends early, and says nothing"):
            data = data[: len(data) // 2]
        if fault == "changes a byte":
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.wfile.write(data)
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)  # between two tries
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def file(name, contents, url="http://127.0.0.1:9/"):
    data = contents[name]
    return File(name, url + name, hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def publish(server, monkeypatch):
    """Publish other files of a known set: its names, its readers, but at our address, with our checksums."""

    def publish(known, contents, *, there=True):
        if there:
            server.contents |= contents
        parts = {
            name: replace(part, files=tuple(file(f.name, contents, server.url) for f in part.files))
            for name, part in known.parts.items()
        }
        ours = next(name for name, value in vars(sets).items() if value is known)
        monkeypatch.setattr(sets, ours, replace(known, parts=parts))

    return publish


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """No test reaches the user's own files."""
    monkeypatch.setenv("GAN_CORE_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


# ---- the sets, fetched and read


def test_mnist(publish, server):
    publish(sets.MNIST, MNIST)
    for part, n in ("train", 5), ("test", 2):
        data = files.mnist(part)
        np.testing.assert_array_equal(data.pixels, expected(n, 1, 4, 6))
        assert data.y.tolist() == MNIST_LABELS[part]
        assert data.y.dtype == torch.int64
    assert torch.equal(files.mnist().pixels, files.mnist("train").pixels)
    assert len(server.asked) == 4, "each file once"
    assert files.mnist(size=32).shape == (1, 32, 32)


def test_fashion_mnist(publish, cache):
    publish(sets.FASHION_MNIST, MNIST)
    np.testing.assert_array_equal(files.fashion_mnist("test").pixels, expected(2, 1, 4, 6))
    assert sorted(path.name for path in (cache / "fashion_mnist").iterdir()) == sorted(MNIST)[:2]


def oracle_cifar10(cifar10):
    data = cifar10("train")
    np.testing.assert_array_equal(data.pixels, expected(9, 3, 32, 32))
    assert data.y.tolist() == CIFAR_LABELS
    test = cifar10("test")
    np.testing.assert_array_equal(test.pixels, expected(3, 3, 32, 32))
    assert test.y.tolist() == [8, 0, 9]


def in_the_order_of_the_archive(part):
    names = [name for name in CIFAR_BATCHES if "data" in name]
    files.cifar10()  # fetched
    (at,) = [f for f in sets._cache().rglob("*") if f.is_file()]
    return sets._cifar10(at, None, names if part == "train" else ["cifar-10-batches-bin/test_batch.bin"])


@pytest.mark.parametrize(
    "mutant",
    [in_the_order_of_the_archive, lambda part: files.cifar10(), lambda part: files.cifar10(part)[1:]],
    ids=["batches in the archive's order", "no test part", "the first image lost"],
)
def test_cifar10(mutant, publish):
    publish(sets.CIFAR10, {"cifar-10-binary.tar.gz": archive(CIFAR_BATCHES)})
    oracle_cifar10(files.cifar10)
    assert_killed(oracle_cifar10, mutant)


def oracle_stl10(stl10):
    for part, n, y in ("train", 3, [1, 9, 0]), ("test", 2, [9, 0]), ("unlabeled", 5, None):
        data = stl10(part)
        np.testing.assert_array_equal(data.pixels, expected(n, 3, 96, 96))
        assert (None if data.y is None else data.y.tolist()) == y
        np.testing.assert_array_equal(stl10(part, size=48).pixels, pictures.resized(expected(n, 3, 96, 96), 48))
    assert len(stl10()) == 5


def stl10_mutant(pixels=lambda x: x, y=lambda y: y):
    def mutant(part="unlabeled", **options):
        data = files.stl10(part, **options)
        return datasets.Images(pixels(data.pixels), y(data.y) if part != "unlabeled" else None)

    return mutant


@faults(
    {
        "transposed": stl10_mutant(pixels=lambda x: x.mT),
        "blue, green, red": stl10_mutant(pixels=lambda x: x.flip(1)),
        "labels from 1": stl10_mutant(y=lambda y: y + 1),
        "train and test exchanged": lambda part="unlabeled", **options: files.stl10(
            {"train": "test", "test": "train"}.get(part, part), **options
        ),
    }
)
def test_stl10(mutant, publish, monkeypatch):
    monkeypatch.setattr(sets, "BLOCK", 2)  # so that five images take three reads
    publish(sets.STL10, {"stl10_binary.tar.gz": archive(STL)})
    oracle_stl10(files.stl10)
    assert_killed(oracle_stl10, mutant)


def oracle_flowers(flowers):
    data = flowers(size=64)
    assert data.y.tolist() == [76, 0, 101]
    for i, pixels in enumerate(data.pixels, 1):
        square = photograph(i)[:, 3:69]  # 72 × 66: the middle 66 × 66
        small = Image.fromarray(square).resize((64, 64), Image.Resampling.LANCZOS)
        assert np.abs(pixels.numpy().transpose(1, 2, 0).astype(int) - np.asarray(small)).max() <= 4


def flowers_mutant(order=(0, 1, 2), y=0, channels=(0, 1, 2)):
    def mutant(size):
        data = files.flowers(size=size)
        return datasets.Images(data.pixels[list(order)][:, list(channels)], data.y + y)

    return mutant


@faults(
    {
        "in the order of the archive": flowers_mutant(order=(2, 0, 1)),
        "labels from 1": flowers_mutant(y=1),
        "blue, green, red": flowers_mutant(channels=(2, 1, 0)),
    }
)
def test_flowers(mutant, publish):
    publish(sets.FLOWERS, flower_files())
    oracle_flowers(files.flowers)
    oracle_flowers(flowers_mutant())
    assert_killed(oracle_flowers, mutant)


def test_the_known_sets_are_well_formed():
    published = []
    for known in (sets.MNIST, sets.FASHION_MNIST, sets.CIFAR10, sets.STL10, sets.FLOWERS):
        of_set = {file for part in known.parts.values() for file in part.files}
        assert len({file.name for file in of_set}) == len(of_set), "two files of one name in one folder"
        published += of_set
    assert len(published) == 12
    for file in published:
        assert file.url.startswith("https://")
        assert file.url.endswith("/" + file.name)
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 500
    assert len({file.sha256 for file in published}) == 12


# ---- fetching


def oracle_fetch(server, folder):
    def oracle(fetch):
        server.contents = {"a.bin": bytes(range(256)) * 200, "other": b"x"}
        wanted = file("a.bin", server.contents, server.url)

        def fetch_into(name):
            (folder / name).mkdir(parents=True, exist_ok=True)
            return fetch(wanted, folder / name, "datasets.digits()")

        path = fetch_into("good")
        assert path == folder / "good" / "a.bin"
        assert path.read_bytes() == server.contents["a.bin"]
        server.asked.clear()
        assert fetch_into("good") == path
        assert not server.asked, "fetched again"

        server.faults = ["unavailable", "breaks off"]
        assert fetch_into("third try").read_bytes() == server.contents["a.bin"]
        for fault in ("changes a byte", "ends early, and says nothing"):
            server.faults = [fault] * 3
            with pytest.raises(ValueError, match="gave another file, or a broken one"):
                fetch_into("bad")
            assert not list((folder / "bad").iterdir()), "a broken file is kept"
        for fault in ("breaks off", "unavailable"):
            server.faults = [fault] * 3
            with pytest.raises(ConnectionError, match=r"a\.bin could not be fetched"):
                fetch_into("bad")
            assert not list((folder / "bad").iterdir()), "half a file is kept"
        assert fetch_into("bad").read_bytes() == server.contents["a.bin"], "the next call begins again"

        (folder / "mine").mkdir()
        mine = folder / "mine" / "a.bin"
        mine.write_bytes(b"something else")
        with pytest.raises(ValueError, match=r"given 14 .* move it away"):
            fetch_into("mine")
        assert mine.read_bytes() == b"something else", "a file of the user's is overwritten"

    return oracle


def fetch_without_checksum(wanted, folder, instead):
    if (folder / wanted.name).exists():
        return fetch(wanted, folder, instead)
    registry, urls = {wanted.name: None}, {wanted.name: wanted.url}
    pooch.create(folder, "", registry=registry, urls=urls, retry_if_failed=2).fetch(wanted.name)
    return folder / wanted.name


def fetch_in_place(wanted, folder, instead):
    """Writes to the name itself as the bytes come, and looks at them afterwards."""
    path = folder / wanted.name
    if path.exists():
        return fetch(wanted, folder, instead)
    for last in (False, False, True):
        try:
            pooch.HTTPDownloader(chunk_size=64)(wanted.url, str(path), None)
            break
        except OSError as error:
            if last:
                raise ConnectionError(f"{wanted.name} could not be fetched") from error
    if pooch.file_hash(path) != wanted.sha256:
        raise ValueError("gave another file, or a broken one")
    return path


def fetch_always(wanted, folder, instead):
    if (folder / wanted.name).exists():
        (folder / wanted.name).unlink()
    return fetch(wanted, folder, instead)


def fetch_trusts_what_is_there(wanted, folder, instead):
    path = folder / wanted.name
    return path if path.exists() else fetch(wanted, folder, instead)


def test_fetch(server, tmp_path):
    oracle_fetch(server, tmp_path / "ours")(fetch)


@pytest.mark.parametrize("mutant", [fetch_without_checksum, fetch_in_place, fetch_always, fetch_trusts_what_is_there])
def test_fetch_mutants(mutant, server, tmp_path):
    assert_killed(oracle_fetch(server, tmp_path), mutant)


def test_an_interrupted_fetch_leaves_nothing(server, tmp_path, monkeypatch):
    def half(self, url, into, _):
        with open(into, "wb") as out:
            out.write(MNIST[name][:10])
        raise KeyboardInterrupt

    name = "t10k-labels-idx1-ubyte.gz"
    server.contents = MNIST
    with monkeypatch.context() as patched:
        patched.setattr(pooch.HTTPDownloader, "__call__", half)
        with pytest.raises(KeyboardInterrupt):
            fetch(file(name, MNIST, server.url), tmp_path / "here", "datasets.digits()")
    assert not list((tmp_path / "here").iterdir())
    assert fetch(file(name, MNIST, server.url), tmp_path / "here", "").read_bytes() == MNIST[name]


def test_without_a_network_the_message_says_what_to_do(publish, cache):
    with socket.socket() as unused:  # a port where nobody listens
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    publish(sets.MNIST, MNIST)
    part = sets.MNIST.parts["train"]
    offline = replace(part, files=tuple(replace(f, url=nowhere + f.name) for f in part.files))
    known = replace(sets.MNIST, parts={"train": offline})
    with pytest.raises(ConnectionError) as caught:
        sets.load(known, "train", None, None)
    said = str(caught.value)
    for needed in ("train-images-idx3-ubyte.gz", nowhere, str(cache / "mnist"), "datasets.digits()", "MB"):
        assert needed in said
    for name, data in MNIST.items():  # and doing it helps
        (cache / "mnist" / name).write_bytes(data)
    assert len(sets.load(known, "train", None, None)) == 5


def test_the_folder_is_the_given_one_or_the_set_s_own(publish, server, tmp_path, cache, monkeypatch):
    publish(sets.MNIST, MNIST)
    files.mnist("test")
    assert sorted(p.name for p in (cache / "mnist").iterdir()) == sorted(MNIST)[:2]
    mine = tmp_path / "mine"
    mine.mkdir()
    files.mnist("test", folder=str(mine))
    assert sorted(p.name for p in mine.iterdir()) == sorted(MNIST)[:2]
    monkeypatch.delenv("GAN_CORE_DATA")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "system" / project)
    files.mnist("test")
    assert (tmp_path / "system" / "gan_core" / "mnist" / "t10k-images-idx3-ubyte.gz").exists()
    server.contents.clear()
    assert len(files.mnist("test", folder=mine)) == 2  # from the folder alone


def test_progress_is_shown_in_a_terminal_and_silent_elsewhere(publish, capfd, monkeypatch):
    publish(sets.CIFAR10, {"cifar-10-binary.tar.gz": archive(CIFAR_BATCHES)})
    log = io.StringIO()
    monkeypatch.setattr(pooch.get_logger(), "level", 0)
    monkeypatch.setattr(pooch.get_logger().handlers[0], "stream", log)
    files.cifar10()
    assert (*capfd.readouterr(), log.getvalue()) == ("", "", "")
    from tqdm import tqdm

    screen = io.StringIO()
    monkeypatch.setattr(_progress, "bar", lambda total, *, what: tqdm(total=total, desc=what, file=screen))
    publish(sets.STL10, {"stl10_binary.tar.gz": archive(STL)})
    files.stl10("train")
    for line in ("fetching stl10_binary.tar.gz: 100%", "B/s", "reading STL-10: "):
        assert line in screen.getvalue()


# ---- what is wrong is said


def cut(contents, name, keep=0.5):
    return contents | {name: contents[name][: int(len(contents[name]) * keep)]}


IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"


def mnist_with(**changed):
    names = {"images": IMAGES, "labels": LABELS}
    return MNIST | {names[key]: gzip.compress(data) for key, data in changed.items()}


def cifar_with(**changed):
    batches = CIFAR_BATCHES | {f"cifar-10-batches-bin/{name}.bin": data for name, data in changed.items()}
    return {"cifar-10-binary.tar.gz": archive({name: data for name, data in batches.items() if data is not None})}


def stl_with(**changed):
    return {"stl10_binary.tar.gz": archive(STL | {f"stl10_binary/{name}.bin": data for name, data in changed.items()})}


# These files have the checksum that is asked of them: the fault lies in what they hold.
@pytest.mark.parametrize(
    ("known", "contents", "says"),
    [
        ("MNIST", cut(MNIST, IMAGES), "train-images-idx3-ubyte.gz or .* cannot be unpacked"),
        ("MNIST", MNIST | {IMAGES: b"<html>not found</html>"}, "cannot be unpacked"),
        ("MNIST", mnist_with(images=b"\0\0\x0d" + idx_images()[3:]), r"must begin with 00 00 08.* with 00 00 0d 03"),
        ("MNIST", mnist_with(images=b""), "must begin with 00 00 08.*given an empty file"),
        ("MNIST", mnist_with(images=idx_images()[:9]), "must tell 3 lengths in its first 16 bytes; given 9 bytes"),
        ("MNIST", mnist_with(images=idx_images()[:-7]), "must hold 5 × 4 × 6 bytes after its header; given 113"),
        ("MNIST", mnist_with(images=idx_images() + b"0"), "must hold 5 × 4 × 6 bytes after its header; given 121"),
        ("MNIST", mnist_with(images=idx_images(endian="<")), "must hold 83886080 × 67108864 × 100663296 bytes"),
        ("MNIST", mnist_with(images=idx_labels([1, 2])), "must have 3 axes and .* one; given 1 and 1"),
        ("MNIST", mnist_with(labels=idx_labels([1, 2])), "an image for each of 2 labels; given 5 images"),
        ("MNIST", mnist_with(labels=idx_labels([1, 2, 10, 1, 1])), r"labels 0 … 9; label 2 \(from 0\) is 10"),
        ("CIFAR10", cut(cifar_with(), "cifar-10-binary.tar.gz"), "cannot be unpacked"),
        ("CIFAR10", {"cifar-10-binary.tar.gz": b"<html>"}, "cannot be unpacked"),
        ("CIFAR10", cifar_with(data_batch_3=None), r"must hold .*data_batch_3.bin; it is not there \(1 of 5"),
        ("CIFAR10", cifar_with(data_batch_3=cifar_batch([1])[:-1]), "data_batch_3.bin .*3,073 bytes; given 3,072"),
        ("CIFAR10", cifar_with(data_batch_3=b""), "whole records of 3,073 bytes; given 0 bytes"),
        ("CIFAR10", cifar_with(data_batch_3=cifar_batch([11])), "data_batch_3.bin must hold labels 0 … 9.* is 11"),
        ("STL10", stl_with(train_X=stl_images(1) + b"0"), "train_X.bin .*whole records of 27,648 bytes; given 27,649"),
        ("STL10", stl_with(train_y=bytes([1, 2])), "an image for each of 2 labels; given 3 images"),
        ("STL10", stl_with(train_y=bytes([1, 0, 3])), "train_y.bin must hold labels 1 … 10; label 1 .* is 0"),
        ("STL10", cut(stl_with(), "stl10_binary.tar.gz", 0.4), "cannot be unpacked"),
        ("FLOWERS", flower_files(labels=[1, 2, 103]), "must hold labels 1 … 102; label 2 .* is 103"),
        ("FLOWERS", flower_files(labels=[1, 2, 3, 4]), r"must hold jpg/image_00004.jpg; it is not there \(1 of 4"),
        ("FLOWERS", flower_files() | {"imagelabels.mat": matlab(y=[1.0])}, "a MATLAB file with a variable 'labels'"),
        (
            "FLOWERS",
            flower_files(labels=[1]) | {"102flowers.tgz": archive({"jpg/image_00001.jpg": b"text"})},
            "jpg/image_00001.jpg is not a picture that can be read",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_is_said(known, contents, says, publish):
    publish(getattr(sets, known), contents)
    read = {"MNIST": files.mnist, "CIFAR10": files.cifar10, "STL10": files.stl10, "FLOWERS": files.flowers}[known]
    with pytest.raises(ValueError, match=says):
        read("train") if known == "STL10" else read()


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda root: files.mnist("validation"), ValueError, "part must be one of 'train', 'test'; given 'validation'"),
        (lambda root: files.stl10("all"), ValueError, "one of 'train', 'test', 'unlabeled'; given 'all'"),
        (lambda root: files.mnist(size=0), ValueError, "size must be at least 1; given 0"),
        (lambda root: files.flowers(size=None), TypeError, "size must be a whole number; given None"),
        (lambda root: files.cifar10(size=16.0), TypeError, "size must be a whole number; given 16.0"),
        (lambda root: files.mnist(folder=root / "none"), FileNotFoundError, "there is no folder .*none; make it"),
    ],
)
def test_bad_input(wrong, error, says, tmp_path):
    with pytest.raises(error, match=says):
        wrong(tmp_path)


def test_importing_the_data_is_light():
    heavy = "{'pooch', 'requests', 'PIL', 'scipy.io', 'sklearn'}"
    code = f"import sys, gan_core.pieces.datasets; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
