"""One MAE training step of PyTorch's DistributedDataParallel or FSDP2 over gloo, on processes of this machine."""

import importlib.util
import json
import os
import statistics
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from peer import read_settings
from torch.distributed.fsdp import fully_shard


def load_mae(script):
    spec = importlib.util.spec_from_file_location("mae_step", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def divide(model, layout):
    """DDP, or FSDP with a unit for each block, whose parameters FULL_SHARD frees after the forward pass."""
    if layout == "DDP":
        return torch.nn.parallel.DistributedDataParallel(model)
    for block in [*model.blocks, *model.dblocks]:
        fully_shard(block, reshard_after_forward=layout == "FULL_SHARD")
    return fully_shard(model, reshard_after_forward=False)


def run(rank, settings, port, seconds):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=settings["ranks"])
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(0)
    mae = load_mae(settings["script"])
    model = divide(mae.MAE(*mae.SIZES[settings["model"]]), settings["layout"])
    optimizer = torch.optim.AdamW(model.parameters(), 1.5e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
    images = torch.randn(settings["batch"], 3, 224, 224)
    times = []
    for step in range(settings["warmupSteps"] + settings["steps"]):
        dist.barrier()
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings["dtype"] == "bf16"):
            loss = model(images)
        loss.backward()
        optimizer.step()
        loss.item()
        dist.barrier()
        if step >= settings["warmupSteps"]:
            times.append(time.perf_counter() - start)
    if rank == 0:
        seconds.value = statistics.median(times)
    dist.destroy_process_group()


if __name__ == "__main__":
    settings = read_settings()
    seconds = mp.get_context("spawn").Value("d", 0)
    store = dist.TCPStore("127.0.0.1", 0, is_master=True)
    port = store.port
    del store
    mp.spawn(run, (settings, port, seconds), nprocs=settings["ranks"])
    print(json.dumps({"secondsPerStep": seconds.value}))
