"""Do the data and the two networks fit each other? Asked before the first step; ValueError says what does not."""

from dataclasses import replace

import torch
from torch import nn

from gan_core.pieces._modes import at_rest, eval_mode
from gan_core.training._batch import Batch


def one_look(generator, discriminator, z, shape, classes):
    """Let lazy layers (nn.LazyLinear …) see what their inputs are like, so that they have weights to train."""
    y = () if classes is None else (torch.zeros(2, dtype=torch.long),)
    looks = (("generator", generator, torch.zeros(2, z)), ("discriminator", discriminator, torch.zeros(2, *shape)))
    for name, network, x in looks:
        if network is None:
            continue
        if _lazy(network):
            job = f"inputs {tuple(x.shape)}, which its lazy layers must see first (or give these their sizes)"
            with at_rest(network):
                _tried(name, job, lambda: network(x, *y))  # noqa: B023
        if left := _lazy(network):
            raise ValueError(f"the {name} does not use its lazy {left[0]} when it is in eval mode; give it its sizes")


def _lazy(network):
    """The names of what has no shape yet."""
    tensors = (*network.named_parameters(), *network.named_buffers())
    return [name for name, tensor in tensors if nn.parameter.is_lazy(tensor)]


def networks_must_fit(run):
    """G makes examples like the data's, D gives each a logit or more, both take labels where there are classes."""
    shape, classes = tuple(run.data.shape), run.gan.classes
    y, labels = None, ""
    if classes is not None:
        y, labels = torch.tensor((0, classes - 1)), f" and labels (n,) from 0 to {classes - 1}"
    fake = _tried("generator", f"noise (n, {run.gan.z}){labels}", lambda: run.samples(2, y=y))
    if tuple(fake.shape[1:]) != shape:
        given = tuple(fake.shape[1:])
        raise ValueError(f"the generator makes examples of shape {given}; the data's have shape {shape}")
    if run.discriminator is not None:
        _discriminator_must_fit(run, fake, y, f"the data's examples of shape {shape}{labels}")
    parts = (getattr(run.gan, name, None) for name in ("opponent", "schedule", "step"))
    for part in (*run.gan.penalties, *run.gan.constraints, *parts):
        if hasattr(part, "must_fit"):
            part.must_fit(run)


def _discriminator_must_fit(run, fake, y, job):
    logits, *further = _tried("discriminator", job, lambda: run.outputs(fake, y))
    if len(logits) != 2 or not logits.numel():
        given = tuple(logits.shape)
        raise ValueError(f"the discriminator must give each example a logit or more, (n, …); of two it makes {given}")
    if len(further) != len(run.gan.heads):
        raise ValueError(
            f"the discriminator gives {len(further)} outputs besides the logits, and the method has "
            f"{len(run.gan.heads)} heads for them: it takes one for each, see gan_core.heads"
        )
    if further:
        _heads_must_fit(run, y)


def _heads_must_fit(run, y):
    """Each head makes its two losses of what D says of two fakes, through which gradients go as in training."""
    device, labels = run.place.device, "no labels"
    if y is not None:
        y, labels = y.to(device), f"labels from 0 to {run.gan.classes - 1}"
    with eval_mode(run.generator), eval_mode(run.discriminator):
        z = torch.zeros(2, run.gan.z, device=device)
        fake = Batch(run.G(z, y), y, z)
        _, *further = run.look(fake)
    for head, said in zip(run.gan.heads, further, strict=True):
        job = f"what the discriminator says of two examples with {labels}, {tuple(said.shape)}"
        _tried(f"head {head.name}", job, lambda: head.discriminator(said, said, fake, fake))  # noqa: B023
        _tried(f"head {head.name}", job, lambda: head.generator(said, fake))  # noqa: B023


def of_two_examples(run, name, part):
    """part(x) of two examples x such as the data's, with the generator at rest; ValueError where it takes none."""
    shape = tuple(run.data.shape)
    x = torch.zeros(2, *shape, dtype=run.losses.dtype, device=run.place.device)
    with at_rest(run.generator):
        return _tried(name, f"the data's examples of shape {shape}", lambda: part(x))


def data_must_fit(run):
    """A minibatch is of the shape that the data say, of the networks' numbers and range, with labels of the classes."""
    device, shape, classes = run.place.device, tuple(run.data.shape), run.gan.classes
    if classes is not None and not hasattr(run.data, "labelled"):
        raise ValueError(f"the method has {classes} classes and the data have no labels; give a pair (x, y)")
    real, y = replace(run, data=on(device, run.data), rng=torch.Generator(device)).real()  # the run's streams stay put
    if tuple(real.shape) != (run.batch, *shape):
        raise ValueError(f"the data are of shape {shape}; a minibatch of {run.batch} has shape {tuple(real.shape)}")
    if real.dtype != run.losses.dtype:
        raise ValueError(
            f"the data are of {real.dtype}, the networks of {run.losses.dtype}; convert the data, or build both under "
            "one torch.set_default_dtype"
        )
    if len(shape) == 3 and real.min() >= 0 and real.max() > 0.99 and run.samples(2).min() < 0:
        raise ValueError("the images lie in [0, 1], the generator's go below 0; use all of [−1, 1]: give 2 * x - 1")
    if classes is not None:
        y = getattr(run.data, "y", y)  # all of them, where there is an end
        if y.dtype != torch.int64 or not 0 <= y.min() <= y.max() < classes:
            given = f"{y.dtype} from {y.min()} to {y.max()}"
            raise ValueError(f"labels must be of torch.int64, from 0 to {classes - 1}; those of the data are {given}")


def on(device, data):
    """`data` on `device`, where they can be moved; a stream of minibatches is at its beginning there."""
    return data.to(device) if hasattr(data, "to") else data


def _tried(name, job, call):
    try:
        return call()
    except Exception as error:  # whatever a network of one's own may raise
        raise ValueError(f"the {name} does not take {job}: {error}") from error
