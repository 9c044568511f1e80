"""The mathematics of the game, in numpy and scipy, without torch: densities, piles of earth, vector fields."""
