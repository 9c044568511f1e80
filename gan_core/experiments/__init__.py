"""Experiments too long for a notebook: what may be trained, the folder of a run, studies, and the command line."""
