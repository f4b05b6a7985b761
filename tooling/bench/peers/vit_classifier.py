"""A ViT classifier of plain modules, as timm builds it."""

import torch
import torch.nn as nn
from block import Block

SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16)}
IMAGE, PATCH, CHANNELS, CLASSES = 224, 16, 3, 1000


class Classifier(nn.Module):
    def __init__(self, width, depth, heads):
        super().__init__()
        self.patches = (IMAGE // PATCH) ** 2
        self.embed = nn.Conv2d(CHANNELS, width, PATCH, PATCH)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, self.patches + 1, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, CLASSES)

    def forward(self, images):
        x = self.embed(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1).to(x.dtype), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])
