"""PyTorch's side of `bench layernorm`: values in the compute dtype, scale and shift in float32."""

import torch
import torch.nn.functional as F
from peer import read_settings, report, seconds_per_call

settings = read_settings()
torch.set_num_threads(settings["threads"])
dtype = torch.bfloat16 if settings["dtype"] == "bf16" else torch.float32
rows, width = settings["rows"], settings["width"]
x, dy = torch.randn(rows, width).to(dtype), torch.randn(rows, width).to(dtype)
gamma, beta = torch.ones(width), torch.zeros(width)


def normalize():
    return F.layer_norm(x, (width,), gamma, beta, 1e-6)


def forward_and_backward():
    for leaf in (x, gamma, beta):
        leaf.grad = None
    normalize().backward(dy)


with torch.inference_mode():
    forward = 1000 * seconds_per_call(normalize)
for leaf in (x, gamma, beta):
    leaf.requires_grad_()
report({
    "forward": {"milliseconds": forward},
    "forward and backward": {"milliseconds": 1000 * seconds_per_call(forward_and_backward)},
})
