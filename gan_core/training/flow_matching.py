"""Flow matching on straight lines: Lipman et al. 2023, and as "rectified flow" Liu, Gong & Liu 2023.

Each example x is paired with noise z ~ N(0, I) by chance, and a point goes from one to the other on a straight line:

    x_t = (1 − t) z + t x,    t ~ U(0, 1),    its velocity d x_t/dt = x − z
    loss = E[(v(x_t, t) − (x − z))²], a mean over the numbers of an example too

Many lines cross at one place; the best v there is the mean of their velocities, v*(x, t) = E[x − z | x_t = x]. What
flows along v*, from z ~ N(0, I) at t = 0, is at each t distributed as x_t is, at t = 1 as the data are: though no point
stays on its line. The loss of v* is not 0 but what the place does not tell of the velocity.

No game, no second network: one regression. The price is paid later, since a sample takes many looks at v.
"""

from math import prod

import torch

from gan_core.training._fitting import of_two_examples
from gan_core.training.algorithm import descend


def flow_matching(run):
    """A step that fits the velocity: a value for `Model(step=…)` whose generator is a `networks.Flow`.

    Returns `early` and `late`, the loss over t < ½ and over t ≥ ½; half their sum is the loss that was descended.
    Early, x_t is mostly noise, and the loss says how much of an example is open still; late, the example is there, and
    the loss says how well noise is told from what belongs to it. (Each is twice the mean over the minibatch with the
    others counted as 0: right on average, and a number too where a small minibatch has none of one kind.)
    """
    x, _ = run.real()
    z, t = run.noise().reshape(x.shape), run.uniform()
    v = run.ask(run.generator, lambda flow: flow.velocity(torch.lerp(z, x, t), t.flatten()))
    error = (v - (x - z)).square().flatten(1).mean(1)
    descend(run.optimizer_g, error.mean())
    late = t.flatten() >= 0.5
    return tuple(2 * (error.detach() * half).mean() for half in (~late, late))


def _must_fit(run):
    """ValueError unless z is as long as an example, and the generator's velocity makes (n, *shape) of these."""
    flow, shape = run.generator, tuple(run.data.shape)
    if not hasattr(flow, "velocity"):
        raise ValueError(
            f"flow matching asks for a networks.Flow, with a velocity; the generator is {type(flow).__name__}"
        )
    if run.gan.z != prod(shape):
        raise ValueError(f"z must be {prod(shape)}, noise of the data's shape {shape}; given {run.gan.z}")
    given = tuple(of_two_examples(run, "velocity", lambda x: flow.velocity(x, x.new_zeros(2))).shape)
    if given != (2, *shape):
        raise ValueError(
            f"the velocity must make (n, *shape) of examples (n, *shape); of {(2, *shape)} it makes {given}"
        )


flow_matching.losses = ("early", "late")
flow_matching.must_fit = _must_fit
