"""Where a run computes, and how: which device, which precision, which layout in memory, by a look at the machine."""

from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


class Place(NamedTuple):
    """`device`; `bf16`: the networks' products in bfloat16; `channels_last`: images as (n, h, w, c) in memory."""

    device: torch.device
    bf16: bool = False
    channels_last: bool = False

    def put(self, module):
        """`module` on the device, its 4-axis weights in the layout."""
        module.to(self.device)
        return module.to(memory_format=torch.channels_last) if self.channels_last else module

    def precision(self):
        """A context: within, products of matrices and convolutions are made in bfloat16, if this is the place for it.

        The weights, the losses and the optimizer stay in float32 (mixed precision, Micikevicius et al. 2018).
        """
        return torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()


def place(networks, device=None, fast=True):
    """The place to train `networks`, modules, on this machine.

    Without a `device` it is the accelerator (CUDA, then Apple's MPS) when the networks are of float32, else the CPU:
    64-bit numbers are for runs that repeat on every machine. `fast` allows bf16 and channels_last where they gain time:
    for convolutions in float32, on a CPU with bf16 units and on CUDA. `fast=False` is plain arithmetic everywhere.
    Raises ValueError for a device that torch does not know or that is not here.
    """
    layers = [layer for network in networks for layer in network.modules()]
    single = all(p.dtype == torch.float32 for network in networks for p in network.parameters())
    device = _named(device) if device is not None else _best() if single else torch.device("cpu")
    gains = fast and single and any(isinstance(layer, CONVOLUTIONS) for layer in layers)
    return Place(device, bf16=gains and _has_bf16(device), channels_last=gains and device.type in ("cpu", "cuda"))


def here(name):
    """`name` where this machine has such a device, else None, which leaves the choice to `place`."""
    try:
        return _named(name)
    except ValueError:
        return None


def _best():
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _named(name):
    try:
        probe = torch.zeros(1, device=name)
        probe.cpu()
        return probe.device  # with its number: "cuda" is "cuda:0"
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        best = _best()
        found = "cpu" if best.type == "cpu" else f"cpu and {best.type}"
        raise ValueError(f"device {name!r} is not to be had; this machine has {found}. torch says: {error}") from None


def _has_bf16(device):
    """Units for bfloat16. Without them a CPU emulates it, at a loss."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return False
