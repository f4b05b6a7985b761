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
    tokens, inputs, outputs = shape["tokens"], shape["inputs"], shape["outputs"]
    sizes = [(tokens, inputs), (outputs, inputs), (tokens, outputs)]
    x, weight, dy = (random.standard_normal(size, dtype=numpy.float32) for size in sizes)
    y, dx, dweight = numpy.empty_like(dy), numpy.empty_like(x), numpy.empty_like(weight)

    def forward():
        numpy.matmul(x, weight.T, out=y)

    def backward():
        numpy.matmul(dy, weight, out=dx)
        numpy.matmul(dy.T, x, out=dweight)

    is_forward = shape["pass"] == "forward"
    seconds = seconds_per_call(forward if is_forward else backward)
    gflops = (2 if is_forward else 4) * tokens * inputs * outputs / seconds / 1e9
    results[shape["name"]] = {"milliseconds": seconds * 1000, "gflops": gflops}
report(results)
