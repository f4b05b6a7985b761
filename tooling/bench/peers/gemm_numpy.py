"""numpy's side of `bench gemm`, in float32: whichever BLAS it brought along."""

import os

from peer import read_settings, report, seconds_per_call

settings = read_settings()
for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[variable] = str(settings["threads"])
import numpy  # noqa: E402  (it reads the number of threads when it is imported)

random = numpy.random.default_rng(0)
results = {}
for shape in settings["shapes"]:
    rows, inner, columns = shape["rows"], shape["inner"], shape["columns"]
    a = random.standard_normal((inner, rows) if shape["transposeA"] else (rows, inner), dtype=numpy.float32)
    b = random.standard_normal((columns, inner) if shape["transposeB"] else (inner, columns), dtype=numpy.float32)
    a, b = a.T if shape["transposeA"] else a, b.T if shape["transposeB"] else b
    out = numpy.empty((rows, columns), dtype=numpy.float32)
    seconds = seconds_per_call(lambda: numpy.matmul(a, b, out=out))
    gflops = 2 * rows * inner * columns / seconds / 1e9
    results[shape["name"]] = {"milliseconds": seconds * 1000, "gflops": gflops}
report(results)
