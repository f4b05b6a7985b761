"""SciPy's side of `bench regrid`: float64 weights in compressed rows, applied to one float32 field after the other.

That is xESMF's own product, a sparse matrix times fields, in the layout in which SciPy is fastest; the weights are those
of grids between parallels and meridians, as many as ours.
"""

import numpy
import scipy.sparse
from peer import read_settings, report, seconds_per_call

settings = read_settings()


def overlaps(source, target):
    """Share of each source interval in each target interval; both rise."""
    low = numpy.maximum(source[None, :-1], target[:-1, None])
    high = numpy.minimum(source[None, 1:], target[1:, None])
    shared = numpy.clip(high - low, 0, None)
    return scipy.sparse.csr_matrix(shared / shared.sum(axis=1, keepdims=True))


def hats(source, target):
    """Weights of linear interpolation; the last interval of a circle is left out, which costs no work less."""
    return scipy.sparse.csr_matrix([numpy.interp(target, source, unit) for unit in numpy.eye(len(source))]).T


def weights(method, shape):
    rows, columns = shape
    latitudes = numpy.linspace(-90, 90, 721)
    edges = numpy.concatenate([[-90], (latitudes[1:] + latitudes[:-1]) / 2, [90]])
    if method == "conservative":
        sines = [numpy.sin(numpy.radians(bounds)) for bounds in (edges, numpy.linspace(-90, 90, rows + 1))]
        east = overlaps(numpy.linspace(0, 360, 1441), numpy.linspace(0, 360, columns + 1))
        return scipy.sparse.kron(overlaps(*sines), east, format="csr")
    north = hats(latitudes, -90 + (numpy.arange(rows) + 0.5) * 180 / rows)
    # Half a step aside, so that four points matter as between most grids.
    return scipy.sparse.kron(north, hats(numpy.arange(1440) * 0.25, (numpy.arange(columns) + 0.3) * 360 / columns), "csr")


fields = numpy.sin(numpy.arange(settings["fields"] * 721 * 1440, dtype=numpy.float32)).reshape(settings["fields"], -1)
results = {}
for shape in settings["targets"]:
    for method in ("bilinear", "conservative"):
        matrix = weights(method, shape)
        seconds = seconds_per_call(lambda: numpy.stack([matrix @ field for field in fields]).astype(numpy.float32))
        results[f"{method} to {shape[0]} x {shape[1]}"] = {
            "milliseconds": seconds * 1000,
            "gigabytesPerSecond": fields.nbytes / seconds / 1e9,
        }
report(results)
