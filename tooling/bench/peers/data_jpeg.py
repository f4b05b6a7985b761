"""JPEG files through PIL: random resized crop, flip, normalize; by torchvision's own transforms where it is there."""

import math
import random
from pathlib import Path

import numpy
from PIL import Image

try:
    from torchvision import transforms
except ImportError:
    transforms = None


class Samples:
    def __init__(self, root, size, mean, std):
        self.paths = sorted(str(path) for path in Path(root).rglob("*.jpg"))
        self.size, self.mean, self.std = size, mean, std
        self.transform = transforms and transforms.Compose(
            [
                transforms.RandomResizedCrop(size, scale=(0.2, 1), interpolation=Image.Resampling.BICUBIC),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([mean / 255] * 3, [std / 255] * 3),
            ]
        )

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        image = Image.open(self.paths[index]).convert("RGB")
        if self.transform:
            return self.transform(image)
        box = crop_box(image.width, image.height)
        image = image.resize((self.size, self.size), Image.Resampling.BICUBIC, box=box)
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = numpy.ascontiguousarray(numpy.asarray(image).transpose(2, 0, 1)).astype(numpy.float32)
        pixels -= self.mean
        pixels /= self.std
        return pixels


def crop_box(width, height, scale=(0.2, 1), ratio=(3 / 4, 4 / 3)):
    """torchvision's RandomResizedCrop.get_params."""
    for _ in range(10):
        area = width * height * random.uniform(*scale)
        aspect = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        crop_width, crop_height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < crop_width <= width and 0 < crop_height <= height:
            left, top = random.randint(0, width - crop_width), random.randint(0, height - crop_height)
            return left, top, left + crop_width, top + crop_height
    return 0, 0, width, height
