"""The Python side of `bench data`: one epoch of a path, timed as ours/data.ts times it."""

import copy
import importlib
import time

from data_loader import PREFETCH_BATCHES, load
from peer import read_settings, report

settings = read_settings()
workers, batch = settings["workers"], settings["batch"]


class Repeated:
    """A dataset several times over, as ours/data-datasets.ts repeats it."""

    def __init__(self, samples, repeats):
        self.samples, self.repeats = samples, repeats

    def __copy__(self):
        return Repeated(copy.copy(self.samples), self.repeats)

    def __len__(self):
        return self.repeats * len(self.samples)

    def __getitem__(self, index):
        return self.samples[index % len(self.samples)]


samples = importlib.import_module(f"data_{settings['peer']}").Samples(**settings["options"])
dataset = Repeated(samples, settings["repeats"]) if settings["repeats"] > 1 else samples

samples, started = 0, 0.0
for seen, size in enumerate(load(dataset, batch, workers), 1):
    if seen > max(1, PREFETCH_BATCHES * workers):
        samples += size
    else:
        started = time.perf_counter()
seconds = (time.perf_counter() - started) / samples
report(
    {
        "samplesPerSecond": 1 / seconds,
        "gigabytesPerSecond": settings["sampleBytes"] / seconds / 1e9,
        "secondsPerSample": seconds,
    }
)
