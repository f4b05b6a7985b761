"""Time steps of a NetCDF-4 file through xarray and netCDF4."""

import numpy
import xarray


class Samples:
    def __init__(self, path, variables):
        self.path, self.variables = path, variables
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            self.length = dataset.sizes["time"]
        self.dataset = None

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if self.dataset is None:
            self.dataset = xarray.open_dataset(self.path, engine="netcdf4")
        return numpy.stack([self.dataset[name][index].values for name in self.variables])
