"""The GAN that learns while one watches: pictures a second, as the widget plays, without the browser."""

import platform
import time

import matplotlib
import torch

from gan_core.course.widgets import player, playing

SECONDS = 5


def played(data, knobs, seconds=SECONDS):
    """Pictures and steps a second while a GAN plays, and how large a picture is, in bytes."""
    run = playing.moved(playing.begun(data), knobs, playing.at(1))
    playing.draw(run)  # what stands still is drawn once
    first, pictures, start = run.step, 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        run = playing.moved(run, knobs, playing.after(player.TRAIN))
        png, _ = playing.draw(run)
        pictures += 1
        time.sleep(player.REST)
    gone = time.perf_counter() - start
    return pictures / gone, (run.step - first) / gone, len(png)


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}, Matplotlib {matplotlib.__version__}")
    print(f"For each picture {player.TRAIN:g} s of training and {player.REST:g} s of rest.\n")
    print(f"  {'data':>20}{'loss':>16}{'k':>4}{'pictures/s':>14}{'steps/s':>12}{'KiB a picture':>16}")
    for data in playing.DATA:
        for knobs in (playing.Knobs(), playing.Knobs("relativistic"), playing.Knobs(n_dis=10)):
            pictures, steps, size = played(data, knobs)
            print(f"  {data:>20}{knobs.loss:>16}{knobs.n_dis:>4}{pictures:>14.1f}{steps:>12,.0f}{size / 1024:>16.0f}")
    print()


if __name__ == "__main__":
    main()
