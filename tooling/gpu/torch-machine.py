"""Prints one JSON line: PyTorch, its folder, the device, and the rate of a large matrix product in bf16 and float32."""
import json, os, sys, time

import torch

device = torch.device(sys.argv[1])
side = 8192 if device.type == "cuda" else 512


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


def tflops(dtype):
    """Mean of ten products of random matrices after three to warm up: zeros would draw less power and run faster."""
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b
    wait()
    start = time.perf_counter()
    for _ in range(10):
        a @ b
    wait()
    return round(10 * 2 * side**3 / (time.perf_counter() - start) / 1e12, 3)


print(json.dumps({
    "torch": torch.__version__,
    "root": os.path.dirname(torch.__file__),
    "cuda": torch.version.cuda if device.type == "cuda" else None,
    "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
    "tf32": torch.backends.cuda.matmul.allow_tf32,
    "gemm": {"side": side, "bf16": tflops(torch.bfloat16), "fp32": tflops(torch.float32)},
}))
