"""PyTorch's side of `bench finetune-step` and `bench inference`: a ViT classifier of plain modules, as timm builds it.

Autocast for bf16, scaled_dot_product_attention, fused AdamW, optionally torch.compile. `bf16Weights` stores the weights
themselves in bf16, which only inference can afford.
"""

import statistics
import time

import torch
import torch.nn.functional as F
from peer import read_settings, report
from vit_classifier import CHANNELS, CLASSES, IMAGE, PATCH, SIZES, Classifier

def flops(width, depth):
    """As classifierFlops in ours/classifier-step.ts: one image's forward pass."""
    patches = (IMAGE // PATCH) ** 2
    tokens = patches + 1
    block = 24 * tokens * width**2 + 4 * tokens**2 * width
    return 2 * patches * CHANNELS * PATCH**2 * width + depth * block + 2 * width * CLASSES


settings = read_settings()
torch.manual_seed(0)
torch.set_num_threads(settings["threads"])
width, depth, heads = SIZES[settings["model"]]
batch, training = settings["batch"], settings["task"] == "finetune-step"
model = Classifier(width, depth, heads)
images = torch.randn(batch, CHANNELS, IMAGE, IMAGE)
labels = torch.arange(batch) * 37 % CLASSES
bf16_weights = settings.get("bf16Weights", False)
if bf16_weights:
    model, images = model.bfloat16(), images.bfloat16()
run = torch.compile(model) if settings.get("compile") else model
autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings["dtype"] == "bf16" and not bf16_weights)
if training:
    optimizer = torch.optim.AdamW(model.parameters(), 1.5e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
else:
    model.eval()


def finetune_step():
    optimizer.zero_grad(set_to_none=True)
    with autocast:
        loss = F.cross_entropy(run(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def classify():
    with torch.inference_mode(), autocast:
        return run(images).float().numpy()


step = finetune_step if training else classify
for _ in range(settings["warmupSteps"]):
    step()
times = []
for _ in range(settings["steps"]):
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
seconds = statistics.median(times)
total_flops = batch * flops(width, depth) * (3 if training else 1)
report({"imagesPerSecond": batch / seconds, "secondsPerStep": seconds, "gflops": total_flops / seconds / 1e9})
