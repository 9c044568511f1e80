"""What a GAN is put together from: pairs of losses, heads, bounds for D, architectures, data, and where to compute."""
