"""PyTorch's side of `bench gemm`: torch.mm into a matrix that is there already."""

import torch
from peer import read_settings, report, seconds_per_call

settings = read_settings()
torch.set_num_threads(settings["threads"])
dtype = torch.bfloat16 if settings["dtype"] == "bf16" else torch.float32
results = {}
for shape in settings["shapes"]:
    rows, inner, columns = shape["rows"], shape["inner"], shape["columns"]
    a = torch.randn((inner, rows) if shape["transposeA"] else (rows, inner)).to(dtype)
    b = torch.randn((columns, inner) if shape["transposeB"] else (inner, columns)).to(dtype)
    a, b = a.t() if shape["transposeA"] else a, b.t() if shape["transposeB"] else b
    out = torch.empty(rows, columns, dtype=dtype)
    seconds = seconds_per_call(lambda: torch.mm(a, b, out=out))
    gflops = 2 * rows * inner * columns / seconds / 1e9
    results[shape["name"]] = {"milliseconds": seconds * 1000, "gflops": gflops}
report(results)
