"""A file of a known set on this machine: found, or fetched once; its checksum is looked at each time."""

from dataclasses import dataclass

from gan_core.pieces import _progress


@dataclass(frozen=True)
class File:
    """A published file: its name, where it is, its SHA-256 in hexadecimal digits, and its size in bytes."""

    name: str
    url: str
    sha256: str
    size: int


def fetch(file, folder, instead):
    """The path of `file` in `folder`, fetched if it is not there. `instead` says what needs no fetching.

    A fetch that fails is tried three times in all; each goes to a temporary file that gets its name only when the
    checksum is right, so that a broken fetch leaves nothing behind. It begins again from the first byte (pooch cannot
    go on with half a file).
    Raises ConnectionError when it cannot be fetched; ValueError when it has another checksum, here or after fetching.
    """
    import pooch
    from requests import RequestException

    path = folder / file.name
    if path.exists():
        if (given := pooch.file_hash(path)) != file.sha256:
            raise ValueError(
                f"{path} must have {file.size:,} bytes and the SHA-256 {file.sha256}; given {path.stat().st_size:,} "
                f"and {given}. It is broken or another file: move it away, and call again to fetch it"
            )
        return path

    def download(url, into, _):
        with _progress.bar(file.size, what=f"fetching {file.name}") as bar:
            bar.unit, bar.unit_scale = "B", True
            pooch.HTTPDownloader(progressbar=bar, chunk_size=2**14)(url, into, None)

    pooch.get_logger().setLevel("WARNING")  # the bar says what is fetched
    files = pooch.create(folder, "", registry={file.name: file.sha256}, urls={file.name: file.url}, retry_if_failed=2)
    by_hand = (
        f"Nothing was kept. You can put {file.name} ({file.size / 1e6:.3g} MB, {file.url}) into the folder {folder} "
        f"yourself and call again, or use {instead}, which comes with the course"
    )
    try:
        files.fetch(file.name, downloader=download)
    except RequestException as error:
        raise ConnectionError(f"{file.name} could not be fetched: {error}. {by_hand}") from error
    except ValueError as error:
        raise ValueError(f"{file.url} gave another file, or a broken one: {error} {by_hand}") from error
    return path
