"""Where a run computes is decided by a look at the machine, and can be named."""

from functools import partial

import pytest
import torch
from mutants import assert_killed, faults
from torch import nn

from gan_core import datasets, devices, methods, training

CONV, DENSE = nn.Sequential(nn.Conv2d(1, 4, 3)), nn.Sequential(nn.Linear(4, 4))
CPU = torch.device("cpu")


def machine(monkeypatch, cuda=False, mps=False, bf16=True, cpu=()):
    """A machine with these devices; `cpu`: what its processor can do. Nothing is computed on it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or bf16)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(cpu, True), raising=False)


def oracle_place(place, monkeypatch):
    """(the machine, the networks' numbers, fast) -> (device, bf16, channels_last) for convolutions."""
    table = [
        ({"cpu": ["avx512_bf16"]}, torch.float32, True, (CPU, True, True)),
        ({"cpu": ["amx_bf16"]}, torch.float32, True, (CPU, True, True)),
        ({"cpu": ["avx2"]}, torch.float32, True, (CPU, False, True)),
        ({"cpu": ["avx512_bf16"]}, torch.float32, False, (CPU, False, False)),
        ({"cpu": ["avx512_bf16"]}, torch.float64, True, (CPU, False, False)),
        ({"cuda": True}, torch.float32, True, (torch.device("cuda", 0), True, True)),
        ({"cuda": True, "bf16": False}, torch.float32, True, (torch.device("cuda", 0), False, True)),
        ({"cuda": True}, torch.float32, False, (torch.device("cuda", 0), False, False)),
        ({"cuda": True}, torch.float64, True, (CPU, False, False)),
        ({"mps": True}, torch.float32, True, (torch.device("mps"), False, False)),
        ({"cuda": True, "mps": True}, torch.float32, True, (torch.device("cuda", 0), True, True)),
    ]
    for here, numbers, fast, expected in table:
        with monkeypatch.context() as patch:
            machine(patch, **here)
            networks = nn.Conv2d(1, 4, 3, dtype=numbers), nn.Linear(2, 2, dtype=numbers)
            assert tuple(place(networks, fast=fast)) == expected, f"{here}, {numbers}, fast={fast}"
            dense = tuple(place([nn.Linear(2, 2, dtype=numbers)], fast=fast))
            assert dense == (expected[0], False, False), "dense layers gain nothing"


def test_place(monkeypatch):
    oracle_place(devices.place, monkeypatch)


def broken_place(heeds_fast=True, heeds_numbers=True, dense=False, has_bf16=devices._has_bf16):
    def mutant(networks, fast=True):
        layers = [layer for network in networks for layer in network.modules()]
        single = all(p.dtype == torch.float32 for network in networks for p in network.parameters())
        single = single or not heeds_numbers
        device = devices._best() if single else CPU
        gains = (fast or not heeds_fast) and single
        gains = gains and (dense or any(isinstance(layer, devices.CONVOLUTIONS) for layer in layers))
        return devices.Place(device, gains and has_bf16(device), gains and device.type in ("cpu", "cuda"))

    return mutant


def without_amx(device):
    return "avx512_bf16" in torch.cpu.get_capabilities() if device.type == "cpu" else devices._has_bf16(device)


def test_place_of_the_mutants(monkeypatch):
    oracle_place(broken_place(), monkeypatch)


@faults(
    {
        "fast=False ignored": broken_place(heeds_fast=False),
        "64 bits on the accelerator": broken_place(heeds_numbers=False),
        "dense layers too": broken_place(dense=True),
        "bf16 emulated": broken_place(has_bf16=lambda device: device.type != "mps"),
        "bf16 never": broken_place(has_bf16=lambda device: False),
        "AMX forgotten": broken_place(has_bf16=without_amx),
    }
)
def test_place_mutants(monkeypatch, mutant):
    assert_killed(lambda place: oracle_place(place, monkeypatch), mutant)


def test_a_device_by_its_name(monkeypatch):
    absent = ["tpu", "cuda:99", "meta", "", 3, *["cuda"] * (not torch.cuda.is_available())]
    machine(monkeypatch, cuda=False)
    for name in ("cpu", torch.device("cpu")):
        assert devices.place([DENSE], name).device == CPU
        assert devices.here(name) == CPU
    for name in absent:
        with pytest.raises(ValueError, match=rf"device {name!r} is not to be had; this machine has cpu\. torch says: "):
            devices.place([DENSE], name)
        assert devices.here(name) is None
    with pytest.raises(ValueError, match="device 'cuda:99' is not to be had"):
        training.fit(methods.gan((2,)), datasets.ring(), steps=1, device="cuda:99")


def test_a_processor_that_does_not_say_what_it_can(monkeypatch):
    machine(monkeypatch)
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert devices.place([CONV]) == devices.Place(CPU, bf16=False, channels_last=True)


class Dtypes(nn.Conv2d):
    """A layer that keeps the kind of numbers that came out of it."""

    seen = None

    def forward(self, x):
        y = super().forward(x)
        Dtypes.seen = y.dtype, y.is_contiguous(memory_format=torch.channels_last)
        return y


@pytest.mark.parametrize("fast", [True, False])
def test_the_products_are_in_bf16_and_all_else_is_not(monkeypatch, fast):
    machine(monkeypatch, cpu=["avx512_bf16"])
    discriminator = partial(nn.Sequential, Dtypes(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 1))
    gan = training.GAN(methods.gan((1, 8, 8), z=4, width=8).generator, discriminator, z=4)
    run = training.fit(gan, datasets.digits(), steps=2, fast=fast)
    assert Dtypes.seen == (torch.bfloat16, True) if fast else Dtypes.seen[0] == torch.float32
    kept = [*run.discriminator.parameters(), *run.generator.parameters(), run.losses, run.samples(2)]
    kept += [value for each in run.optimizer_d.state.values() for value in each.values()]
    assert {each.dtype for each in kept} == {torch.float32}
    assert run.D(run.real()[0]).dtype == torch.float32  # the loss is made of full logits
    assert run.logits(run.real()[0]).dtype == torch.float32
    assert Dtypes.seen[0] == torch.float32  # samples and logits that people ask for are in plain arithmetic
