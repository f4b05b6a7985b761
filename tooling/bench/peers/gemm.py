"""PyTorch's side of `bench gemm`: torch.mm into matrices that are there already."""

import torch
from peer import read_settings, report, seconds_per_call

settings = read_settings()
torch.set_num_threads(settings["threads"])
dtype = torch.bfloat16 if settings["dtype"] == "bf16" else torch.float32
results = {}
for shape in settings["shapes"]:
    tokens, inputs, outputs = shape["tokens"], shape["inputs"], shape["outputs"]
    x, weight, dy = (torch.randn(size).to(dtype) for size in [(tokens, inputs), (outputs, inputs), (tokens, outputs)])
    y, dx, dweight = torch.empty_like(dy), torch.empty_like(x), torch.empty_like(weight)

    def forward():
        torch.mm(x, weight.t(), out=y)

    def backward():
        torch.mm(dy, weight, out=dx)
        torch.mm(dy.t(), x, out=dweight)

    is_forward = shape["pass"] == "forward"
    seconds = seconds_per_call(forward if is_forward else backward)
    gflops = (2 if is_forward else 4) * tokens * inputs * outputs / seconds / 1e9
    results[shape["name"]] = {"milliseconds": seconds * 1000, "gflops": gflops}
report(results)
