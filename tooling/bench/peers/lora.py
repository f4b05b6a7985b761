"""peft's side of `bench lora`: a ViT classifier with LoRA. Autocast for bf16, scaled_dot_product_attention, fused AdamW."""

import resource
import statistics
import time

import torch
import torch.nn.functional as F
from peer import read_settings, report
from peft import LoraConfig, get_peft_model
from vit_classifier import CHANNELS, CLASSES, IMAGE, SIZES, Classifier

settings = read_settings()
torch.manual_seed(0)
torch.set_num_threads(settings["threads"])
batch, rank = settings["batch"], settings["loraRank"]
config = LoraConfig(
    r=rank, lora_alpha=2 * rank, target_modules=settings["targets"].split(","), modules_to_save=["head"]
)
model = get_peft_model(Classifier(*SIZES[settings["model"]]), config)
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, 1.5e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
images = torch.randn(batch, CHANNELS, IMAGE, IMAGE)
labels = torch.arange(batch) * 37 % CLASSES
autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings["dtype"] == "bf16")


def step():
    optimizer.zero_grad(set_to_none=True)
    with autocast:
        loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


for _ in range(settings["warmupSteps"]):
    step()
times, processor_times = [], []
for _ in range(settings["steps"]):
    start, before = time.perf_counter(), processor_seconds()
    step()
    times.append(time.perf_counter() - start)
    processor_times.append(processor_seconds() - before)
seconds = statistics.median(times)
report(
    {
        "imagesPerSecond": batch / seconds,
        "secondsPerStep": seconds,
        "cpuSecondsPerStep": statistics.median(processor_times),
        "trainedParameters": sum(parameter.numel() for parameter in trained),
    }
)
