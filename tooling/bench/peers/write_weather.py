"""Writes the weather files of `bench data`: smooth fields with a little noise, rounded as reanalyses are packed."""

import json

import numpy
from peer import read_settings

settings = read_settings()
path, variables, shape = settings["path"], settings["variables"], settings["shape"]
random = numpy.random.default_rng(0)
rows, columns = numpy.meshgrid(*(numpy.linspace(0, 6, size) for size in shape[1:]), indexing="ij")


def field(step, variable):
    waves = 10 * numpy.sin(rows + step / 20) * numpy.cos(2 * columns + variable)
    noise = random.standard_normal(rows.shape)
    return numpy.round(280 + waves + 0.3 * noise, 2).astype(numpy.float32)


if settings["kind"] == "netcdf4":
    import netCDF4

    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in zip(("time", "lat", "lon"), shape):
            dataset.createDimension(name, size)
        arrays = [
            dataset.createVariable(
                name, "f4", ("time", "lat", "lon"), zlib=True, shuffle=True, complevel=4, chunksizes=(1, *shape[1:])
            )
            for name in variables
        ]
        for number, array in enumerate(arrays):
            for step in range(shape[0]):
                array[step] = field(step, number)
else:
    import zarr

    group = zarr.open_group(path, mode="w")
    for number, name in enumerate(variables):
        array = group.create_dataset(name, shape=shape, chunks=(1, *shape[1:]), dtype="f4")
        array.attrs["_ARRAY_DIMENSIONS"] = ["time", "lat", "lon"]
        for step in range(shape[0]):
            array[step] = field(step, number)
print(json.dumps({}))
