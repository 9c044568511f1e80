# The short names, for an editor that follows them; a test holds that they are those of __init__.py.
from gan_core import course as course
from gan_core import experiments as experiments
from gan_core import judgement as judgement
from gan_core import mathematics as mathematics
from gan_core import methods as methods
from gan_core import pieces as pieces
from gan_core import training as training
from gan_core.course import figures as figures
from gan_core.course import lessons as lessons
from gan_core.course import machine as machine
from gan_core.course import widgets as widgets
from gan_core.experiments import cli as cli
from gan_core.experiments import recipes as recipes
from gan_core.experiments import results as results
from gan_core.experiments import studies as studies
from gan_core.judgement import judges as judges
from gan_core.judgement import latent as latent
from gan_core.judgement import metrics as metrics
from gan_core.mathematics import divergences as divergences
from gan_core.mathematics import games as games
from gan_core.mathematics import transport as transport
from gan_core.pieces import datasets as datasets
from gan_core.pieces import devices as devices
from gan_core.pieces import heads as heads
from gan_core.pieces import lipschitz as lipschitz
from gan_core.pieces import networks as networks
from gan_core.pieces import objectives as objectives
from gan_core.training import algorithm as algorithm
from gan_core.training import checkpoints as checkpoints
from gan_core.training import elbo as elbo
from gan_core.training import flow_matching as flow_matching
from gan_core.training import growth as growth
from gan_core.training import loop as loop
from gan_core.training import processes as processes
from gan_core.training import replicates as replicates
from gan_core.training import runs as runs
from gan_core.training import unrolling as unrolling

__version__: str
ROOMS: dict[str, tuple[str, ...]]
