"""PyTorch's side of `bench attention`: scaled_dot_product_attention between joined q, k, v and joined heads."""

import torch
import torch.nn.functional as F
from peer import read_settings, report, seconds_per_call

settings = read_settings()
torch.set_num_threads(settings["threads"])
dtype = torch.bfloat16 if settings["dtype"] == "bf16" else torch.float32
batch, width, heads = settings["batch"], settings["width"], settings["numHeads"]
results = {}


def attend(qkv):
    tokens = qkv.shape[1]
    q, k, v = qkv.reshape(batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)


def forward_and_backward(qkv, dy):
    qkv.grad = None
    attend(qkv).backward(dy)


def add(name, flops, call):
    seconds = seconds_per_call(call)
    results[name] = {"milliseconds": seconds * 1000, "gflops": flops / seconds / 1e9}


for tokens in settings["tokens"]:
    qkv = torch.randn(batch, tokens, 3 * width).to(dtype)
    dy = torch.randn(batch, tokens, width).to(dtype)
    flops = 4 * batch * tokens * tokens * width
    with torch.inference_mode():
        add(f"forward, {tokens} tokens", flops, lambda: attend(qkv))
    leaf = qkv.clone().requires_grad_()
    add(f"forward and backward, {tokens} tokens", 3.5 * flops, lambda: forward_and_backward(leaf, dy))
report(results)
