"""What torch keeps to itself and has to be asked for by its name."""


def spectral_norm(parametrisation):
    """Whether it is what torch's `spectral_norm` puts on a weight, whose class has no public name."""
    return type(parametrisation).__name__ == "_SpectralNorm"
