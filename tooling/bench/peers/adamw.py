"""PyTorch's side of `bench adamw`: torch.optim.AdamW, fused."""

import torch
from peer import read_settings, report, seconds_per_call

settings = read_settings()
torch.set_num_threads(settings["threads"])
parameters = [torch.nn.Parameter(torch.randn(shape)) for shape in settings["shapes"]]
for parameter in parameters:
    parameter.grad = torch.randn(parameter.shape)
optimizer = torch.optim.AdamW(parameters, 1e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
seconds = seconds_per_call(optimizer.step)
bytes_moved = 28 * sum(parameter.numel() for parameter in parameters)
report({"milliseconds": seconds * 1000, "gigabytesPerSecond": bytes_moved / seconds / 1e9})
