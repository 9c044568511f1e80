"""The loop, once, for every method: the method is a value, and the loop never asks which.

gan = methods.gan(data.shape)
run = training.fit(gan, data, steps=2_000, seed=0)
run.samples(64); run.history; run.save("run.pt")
run = training.resume("run.pt", gan, data); training.train(run, 2_000)
"""

from gan_core.training.algorithm import (
    algorithm_1,
    descend,
    discriminator_loss,
    discriminator_step,
    generator_loss,
    generator_step,
)
from gan_core.training.loop import DivergedError, fit, iteration, replicate, resume, start, train
from gan_core.training.runs import GAN, Batch, Model, Run, adam

__all__ = [
    "GAN", "Batch", "DivergedError", "Model", "Run", "adam", "algorithm_1", "descend", "discriminator_loss",
    "discriminator_step", "fit", "generator_loss", "generator_step", "iteration", "replicate", "resume", "start",
    "train",
]  # fmt: skip
