"""PyTorch's side of `bench channels`: the same model of plain modules, as ClimaX and D-CHAG build it.

All channels' tokens are made, then reduced: by nn.Linear over the channels, or by scaled_dot_product_attention of one learned
query. `convs` tokenizes with a convolution a channel, as the published code does; otherwise one batched product does, which is
faster. Autocast for bf16, fused AdamW.
"""

import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from block import Block
from peer import read_settings, report

SIZES = {
    "tiny": ((32, 64), 4, 64, 4, 4),
    "small": ((32, 64), 4, 192, 6, 6),
    "era5": ((32, 64), 4, 512, 16, 16),
    "climax": ((32, 64), 2, 1024, 8, 16),
}


class CrossAttention(nn.Module):
    """[R, n, D] -> [R, D]"""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Parameter(torch.zeros(1, 1, width))
        self.q, self.kv = nn.Linear(width, width, bias=False), nn.Linear(width, 2 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        rows, count, width = x.shape
        q = self.q(self.query).reshape(1, 1, self.heads, width // self.heads).transpose(1, 2).expand(rows, -1, -1, -1)
        k, v = self.kv(x).reshape(rows, count, 2, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, width))


class Mix(nn.Linear):
    """[R, n, D] -> [R, D]"""

    def __init__(self, count):
        super().__init__(count, 1)

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).squeeze(2)


class Group(nn.Module):
    def __init__(self, channels, parts, reducer, width, heads):
        super().__init__()
        self.sizes = [len(part) for part in torch.arange(channels).tensor_split(parts)] if parts > 1 else []
        counts = [*self.sizes, parts if parts > 1 else channels]
        attention = CrossAttention(width, heads) if reducer == "cross-attention" else None
        self.reducers = nn.ModuleList(attention or Mix(count) for count in counts)

    def forward(self, x):
        if self.sizes:
            x = torch.stack([reduce(part) for reduce, part in zip(self.reducers, x.split(self.sizes, 1))], 1)
        return self.reducers[-1](x)


class ChannelVit(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.size, self.patch, width, depth, heads = SIZES[settings["model"]]
        self.channels, self.outputs, self.convs = settings["channels"], settings["outputs"], settings.get("convs", False)
        self.grid = [side // self.patch for side in self.size]
        values = self.patch**2
        if self.convs:
            self.embeds = nn.ModuleList(nn.Conv2d(1, width, self.patch, self.patch) for _ in range(self.channels))
        else:
            self.weight = nn.Parameter(torch.randn(self.channels, values, width) * 0.02)
            self.bias = nn.Parameter(torch.zeros(self.channels, 1, width))
        self.channel_embed = nn.Parameter(torch.randn(self.channels, width))
        groups, parts = settings.get("groups", 0), int(settings["shape"].removeprefix("tree") if settings["shape"] != "flat" else 0)
        self.sizes = [len(part) for part in torch.arange(self.channels).tensor_split(groups)] if groups else []
        self.groups = nn.ModuleList(Group(size, parts, settings["reducer"], width, heads) for size in self.sizes)
        self.aggregate = CrossAttention(width, heads)
        self.positions = nn.Parameter(torch.randn(1, self.grid[0] * self.grid[1], width) * 0.02)
        self.lead_time = nn.Linear(1, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, self.outputs * values)
        )

    def tokens(self, x):
        """[B, C, H, W] -> [B·L, C, D]"""
        batch, (rows, columns), p = len(x), self.grid, self.patch
        if self.convs:
            made = torch.stack([embed(x[:, i : i + 1]).flatten(2) for i, embed in enumerate(self.embeds)], 1)
            tokens = made.permute(0, 3, 1, 2).flatten(0, 1)
        else:
            cut = x.reshape(batch, self.channels, rows, p, columns, p).permute(1, 0, 2, 4, 3, 5)
            patches = cut.reshape(self.channels, batch * rows * columns, p * p)
            tokens = (torch.bmm(patches, self.weight) + self.bias).transpose(0, 1)
        return tokens + self.channel_embed

    def forward(self, x, lead_times):
        batch, (rows, columns), p = len(x), self.grid, self.patch
        tokens = self.tokens(x)
        if self.sizes:
            tokens = torch.stack([group(part) for group, part in zip(self.groups, tokens.split(self.sizes, 1))], 1)
        x = self.aggregate(tokens).reshape(batch, rows * columns, -1)
        x = x + self.positions + self.lead_time(lead_times[:, None]).unsqueeze(1)
        for block in self.blocks:
            x = block(x)
        x = self.head(self.norm(x)).reshape(batch, rows, columns, p, p, self.outputs)
        return torch.einsum("nhwpqc->nchpwq", x).reshape(batch, self.outputs, *self.size)


settings = read_settings()
torch.manual_seed(0)
torch.set_num_threads(settings["threads"])
batch, channels = settings["batch"], settings["channels"]
model = ChannelVit(settings)
images, targets = (torch.randn(batch, count, *model.size) for count in (channels, settings["outputs"]))
weights, lead_times = torch.ones(model.size[0], 1), torch.full((batch,), 0.24)
autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings["dtype"] == "bf16")
optimizer = torch.optim.AdamW(model.parameters(), 1.5e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)


def step():
    optimizer.zero_grad(set_to_none=True)
    with autocast:
        prediction = model(images, lead_times)
    loss = (weights * (prediction.float() - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


for _ in range(settings["warmupSteps"]):
    step()
times = []
for _ in range(settings["steps"]):
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
seconds = statistics.median(times)
report({"samplesPerSecond": batch / seconds, "secondsPerStep": seconds})
