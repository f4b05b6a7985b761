"""Records of a file of numbers, or random crops over all bands of a cube [lines, bands, samples], through numpy.memmap."""

import random

import numpy


class Samples:
    def __init__(self, path, dtype, shape, crop):
        self.values = numpy.memmap(path, dtype, "r", shape=tuple(shape))
        self.crop, self.length = crop if crop else (None, shape[0])

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if self.crop is None:
            return numpy.array(self.values[index])
        draw = random.Random(index)
        lines, _, samples = self.values.shape
        row, column = draw.randint(0, lines - self.crop), draw.randint(0, samples - self.crop)
        window = self.values[row : row + self.crop, :, column : column + self.crop]
        return numpy.ascontiguousarray(window.transpose(1, 0, 2), numpy.float32)
