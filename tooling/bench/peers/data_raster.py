"""Random windows of a raster through rasterio."""

import os
import random

# As much as ours keeps of decoded tiles; GDAL's own 5 % of memory would hold the whole file.
os.environ["GDAL_CACHEMAX"] = "64"

import numpy  # noqa: E402
import rasterio  # noqa: E402  (GDAL reads the variable when it is loaded)
from rasterio.windows import Window  # noqa: E402


class Samples:
    def __init__(self, path, size, count, height, width):
        self.path, self.size, self.count = path, size, count
        self.height, self.width = height, width
        self.raster = None

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.raster = self.raster or rasterio.open(self.path)
        draw = random.Random(index)
        row, column = draw.randint(0, self.height - self.size), draw.randint(0, self.width - self.size)
        return self.raster.read(window=Window(column, row, self.size, self.size)).astype(numpy.float32)
