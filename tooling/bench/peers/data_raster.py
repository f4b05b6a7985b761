"""Random windows of a raster through rasterio."""

import random

import numpy
import rasterio
from rasterio.windows import Window


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
