"""Growing by the step: the schedule of Progressive GAN, Karras et al. 2018, as a value.

Both networks begin with images of 4 × 4 pixels, fade the next level in, stay there for a while, fade in the next, until
the last:

    step     0 … hold     … hold + fade     … 2 hold + fade     … 2 (hold + fade)     …     end = levels · (hold + fade)
    stage    0            0 to 1            1                   1 to 2                …     levels, from here on

gan = replace(gan, schedule=Growth(levels=3, hold=500, fade=500))     networks of `networks.progressive`, to 32 × 32
"""

from dataclasses import dataclass

from gan_core.mathematics._counts import whole


@dataclass(frozen=True)
class Growth:
    """`hold` steps at each level, then `fade` steps to the next, until the last: a value for `GAN(schedule=…)`.

    `levels` is how often the sides double, 3 from 4 × 4 to 32 × 32. Called with a run, it sets the `stage` of G, of D
    and of the moving average of G. The stage is a function of the step alone, so a run that is resumed within a fade
    goes on where it was. With hold = fade = 0 the networks are whole from the beginning.
    Raises ValueError for a number below zero, TypeError for one that is not whole.
    """

    levels: int
    hold: int
    fade: int

    def __post_init__(self):
        for name in ("levels", "hold", "fade"):
            whole(name, getattr(self, name), least=0)

    @property
    def end(self):
        """The first step with the whole of the networks."""
        return self.levels * (self.hold + self.fade)

    @property
    def grown(self):
        """The schedule of the same networks that are whole from the beginning."""
        return Growth(self.levels, 0, 0)

    def stage(self, step):
        """s = l + α in iteration `step`, counted from 0: level l, and α of the way to the next.

        >>> [Growth(levels=2, hold=2, fade=4).stage(step) for step in (0, 2, 3, 6, 8, 9, 12, 99)]
        [0.0, 0.0, 0.25, 1.0, 1.0, 1.25, 2.0, 2.0]
        """
        if whole("step", step, least=0) >= self.end:
            return float(self.levels)
        level, since = divmod(step, self.hold + self.fade)
        return float(level) if since <= self.hold else level + (since - self.hold) / self.fade

    def __call__(self, run):
        s = self.stage(run.step)
        for each in (run, *run.runs):  # runs that move as one have networks of their own, too
            for network in (each.generator, each.discriminator, each.generator_ema):
                for part in growing(network):
                    part.stage = s

    def must_fit(self, run):
        """ValueError unless both networks grow, and by as many levels as this schedule."""
        for name in ("generator", "discriminator"):
            network = getattr(run, name)
            parts = growing(network)
            if network is not None and not parts:
                raise ValueError(
                    f"the schedule grows both networks, and the {name} has no stage to set; build it with "
                    f"networks.progressive_{name}"
                )
            for part in parts:
                if part.levels != self.levels:
                    raise ValueError(
                        f"the schedule grows from 4 × 4 to {_side(self.levels)} pixels, the {name} to "
                        f"{_side(part.levels)}; give Growth(levels={part.levels}, …)"
                    )


def growing(network):
    """The parts of `network` that have a `stage` and `levels`, itself among them; of None, none."""
    parts = () if network is None else network.modules()
    return [part for part in parts if hasattr(part, "stage") and hasattr(part, "levels")]


def _side(levels):
    return f"{4 << levels} × {4 << levels}"
