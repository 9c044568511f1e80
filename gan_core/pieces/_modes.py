"""A look at a network that leaves it as it is."""

from contextlib import contextmanager

import torch


@contextmanager
def at_rest(module):
    """Within, `module` is in eval mode and no gradient is recorded; after, each of its parts is in the mode it was."""
    with eval_mode(module), torch.no_grad():
        yield


@contextmanager
def eval_mode(module):
    """Within, `module` is in eval mode; after, each of its parts is in the mode it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, was_training in modes:
            part.training = was_training
