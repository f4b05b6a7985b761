"""Runs the peer's training step on a device: `pytorch-step.py SCRIPT --device cuda …`; prints its JSON line.

The script draws its mask with torch.rand and torch.ones where it stands, on the CPU, and indexes the device's tensors with
it, which only works there. Both are made on the device instead; nothing else is changed. Adds the device's peak memory.
"""
import contextlib, functools, io, json, runpy, sys

import torch

script = sys.argv[1]
sys.argv = sys.argv[1:]
device = sys.argv[sys.argv.index("--device") + 1]
torch.rand = functools.partial(torch.rand, device=device)
torch.ones = functools.partial(torch.ones, device=device)

printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    runpy.run_path(script, run_name="__main__")
result = json.loads(printed.getvalue().strip().splitlines()[-1])
if device.startswith("cuda"):
    result["peak_device_mb"] = round(torch.cuda.max_memory_allocated(device) / 2**20)
print(json.dumps(result))
