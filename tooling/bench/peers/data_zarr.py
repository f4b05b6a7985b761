"""Time steps of a Zarr store through zarr-python."""

import numpy
import zarr


class Samples:
    def __init__(self, path, variables):
        self.group, self.variables = zarr.open(path, mode="r"), variables

    def __len__(self):
        return len(self.group[self.variables[0]])

    def __getitem__(self, index):
        return numpy.stack([self.group[name][index] for name in self.variables])
