"""How the judges are taught: on disturbed images, all factors at once; marked on images that were held back."""

from dataclasses import replace

import torch

from gan_core import __version__
from gan_core.judgement.judges import weights
from gan_core.judgement.judges.judge import Judge
from gan_core.judgement.judges.network import fold
from gan_core.judgement.judges.subjects import SUBJECTS, subject_of
from gan_core.mathematics._counts import whole
from gan_core.pieces import _progress
from gan_core.pieces.devices import place

NAMES = tuple(SUBJECTS)
_BATCH = 128


def train_all(*, seed=0, folder=None):
    """`train` for each judge, into `folder`, or where the course keeps the judges: {name: Judge}."""
    return {name: train(name, seed=seed, path=weights.place(name, folder)) for name in NAMES}


def train(name, *, seed=0, steps=None, path=None):
    """Teach the judge `name` anew, print its marks on held-out images, write it to `path` and return it.

    Left out, `path` is where `judges.digits()` and `judges.faces()` read, and `steps`, minibatches of 128, are enough.
    Adam with a learning rate that rises to 4·10⁻³ and falls to nothing (one cycle); the loss is the mean over the
    factors of cross-entropies and squared errors, each divided by what the best constant answer costs. What is marked
    and returned is what is written: batch normalisation folded in, weights rounded to float16. The same seed gives the
    same file on the same machine with the same number of threads.
    Interrupted (Ctrl-C), it leaves the old file. Raises ValueError for another name, steps < 1 and a negative seed,
    TypeError for what is not a whole number, OSError when the file cannot be written.
    """
    subject, path = subject_of(name), weights.checked(path or weights.place(name))
    seed, steps = whole("seed", seed, least=0), whole("steps", subject.steps if steps is None else steps)
    network = fold(_taught(name, subject, seed, steps)).half().float().requires_grad_(False)
    made = {"gan_core": __version__, "seed": seed, "steps": steps}
    held_out, judge = subject.held_out(), Judge(name, subject.factors, network, {}, made)
    judge = replace(judge, accuracy=judge.score(held_out))
    print(f"The judge of {name} on {len(held_out):,} held-out images:\n{table(judge)}")
    weights.write(path, network.state_dict(), _record(judge, subject))
    return judge


def table(judge):
    """The marks of `judge` as text, one factor a line."""
    wide = max(map(len, judge.factors))
    what = {"range": "R²"}
    return "\n".join(
        f"  {name:<{wide}}  {mark:.4f}  {what.get(judge.factors[name].kind, 'right')}"
        for name, mark in judge.accuracy.items()
    )


def _record(judge, subject):
    return {"name": judge.name, "factors": subject.described(), "made": judge.made, "accuracy": judge.accuracy}


def _taught(name, subject, seed, steps):
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = subject.network(normed=True)
    here = place([network])
    here.put(network).train()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=max(steps, 2))
    data = subject.learn()
    with _progress.bar(steps, f"the judge of {name}: {steps:,} training steps") as bar:
        for step in range(steps):
            some = data[torch.randint(len(data), (_BATCH,), generator=rng)]
            x = subject.disturb(some.x.float(), rng).to(here.device)
            with here.precision():
                out = network(x)
            losses = _losses(subject, out.float(), subject.truth(some))
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            rate.step()
            bar.update()
            if step % 20 == 0 and not bar.disable:
                bar.set_postfix_str(f"loss {losses.mean():.3f}, of 1 for a guess")
    return network.to("cpu", memory_format=torch.contiguous_format)


def _losses(subject, out, truth):
    """The loss of each factor: (factors,)."""
    parts = subject.split(out)
    return torch.stack([
        rule.loss(parts[name], truth[name].to(out.device)).mean() for name, rule in subject.rules.items()
    ])  # fmt: skip
