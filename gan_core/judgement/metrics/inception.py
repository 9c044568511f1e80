"""The network that FID, KID and the Inception Score are named after, from a weights file that you provide."""

import hashlib
import pathlib
import re


def inception(path):
    """Inception-v3 as the TensorFlow FID network has it: a function images -> `Seen(features, probabilities)`.

    With it, and only with it, these measures bear the published names:

        network = metrics.inception("pt_inception-2015-12-05-6726825d.pth")
        metrics.frechet_distance(network(fake).features, network(real).features)    FID
        metrics.kernel_distance(network(fake).features, network(real).features)     KID, of all samples at once
        metrics.inception_score(network(fake).probabilities)                        Inception Score

    It takes a tensor of floats (n, 3, height, width) in [−1, 1], rounds it to the 256 levels of a picture file, resizes
    it to 299 × 299 as TensorFlow 1 did, and works in float32, 32 images at a time, without gradients, on the device it
    was moved to (`network.to("cuda")`). `features` (n, 2048) are the last averages, `probabilities` (n, 1008) the
    softmax of the last layer without its bias, as in the published score; both are on the CPU.
    Published values are of 50,000 samples, or 10,000: compare only what was measured with as many.

    Parameters: `path`, a file of `torch.save` or safetensors with the state dict of this network, its parameters named
    as in torchvision's `inception_v3`; the project pytorch-fid publishes the usual one under the name above. Code in it
    is not run. Where the name ends in eight hexadecimal digits, they must begin the file's SHA-256.
    Raises FileNotFoundError without the file, ValueError for a damaged one and for one of another network. What it
    returns raises TypeError for what is not a tensor of floats, ValueError for other shapes, values out of range, NaN.
    Sources: Szegedy et al. 2016 (the network); Salimans et al. 2016; Heusel et al. 2017; Bińkowski et al. 2018.
    """
    from gan_core.judgement.metrics._inception_v3 import Inception, mismatch  # torch is loaded for those who need it

    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}. It should hold {_EXPECTED}")
    weights, network = _weights(path), Inception()
    wrong = mismatch(network, weights)
    if wrong:
        raise ValueError(f"{path} is of another network: {wrong}. It should hold {_EXPECTED}")
    network.load_state_dict(weights, strict=False)  # all are there; the counts of batches of training may not be
    return network


_EXPECTED = (
    "the weights of Inception-v3 for FID, 1,008 classes and no auxiliary classifier, 23,885,392 numbers in all: "
    "pt_inception-2015-12-05-6726825d.pth of the project pytorch-fid"
)


def _weights(path):
    """{name: tensor} from a file of torch.save or safetensors."""
    from pickle import UnpicklingError

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    digits = re.search(r"-([0-9a-f]{8})$", path.stem)
    if digits and _sha256(path)[:8] != digits[1]:
        raise ValueError(f"{path} is damaged: its SHA-256 begins with {_sha256(path)[:8]}. Fetch it again")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, ValueError, EOFError, KeyError, UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} cannot be read ({reason}). It should hold {_EXPECTED}") from error


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
