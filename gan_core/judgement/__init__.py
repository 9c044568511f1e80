"""How good are the samples? Measures, small networks that look at pictures, and walks in the space of z."""
