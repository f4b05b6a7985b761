import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRandom } from "@graticule/core";
import { openDataset, packDataset, packedShardsSpec } from "@graticule/data";
import { imageFolderSpec } from "@graticule/data-geotiff";
import { benchDataset, type DataCase } from "./data-case.js";
import { syntheticScene } from "./synthetic-scene.js";

const SIZE = 224;
const UCMERCED = fileURLToPath(new URL("../../../../shared/data/scene/ucmerced_jpg/train", import.meta.url));

/** 256 × 256 JPEG images: UC Merced where it lies beside the project, else synthetic ones. */
export async function writeJpegs(folder: string): Promise<DataCase> {
  const root = existsSync(UCMERCED) ? UCMERCED : await writeSyntheticJpegs(join(folder, "jpeg"));
  const ratio = [3 / 4, 4 / 3] as const;
  return {
    dataset: imageFolderSpec({ root }),
    transforms: [
      { kind: "randomResizedCrop", size: [SIZE, SIZE], scale: [0.2, 1], ratio, interpolation: "bicubic" },
      { kind: "horizontalFlip" },
      { kind: "normalize" },
    ],
    scale: [110, 50],
    batch: 32,
    sampleBytes: 256 * 256 * 3,
    peer: { name: "pil", script: "jpeg", options: { root, size: SIZE, mean: 110, std: 50 }, modules: ["PIL", "torch"] },
  };
}

async function writeSyntheticJpegs(root: string): Promise<string> {
  const { default: sharp } = await import("sharp");
  await mkdir(root, { recursive: true });
  const scene = syntheticScene({ bands: 3, height: 256, width: 256, levels: 255, seed: 1 });
  for (let index = 0; index < 1600; index++) {
    const shift = makeRandom(1, "jpeg", index).integer(256);
    const pixels = Uint8Array.from({ length: 3 * 65_536 }, (_, at) => {
      const pixel = (Math.floor(at / 3) + shift * 256) % 65_536;
      return scene[(at % 3) * 65_536 + pixel] as number;
    });
    const image = sharp(pixels, { raw: { width: 256, height: 256, channels: 3 } });
    await writeFile(join(root, `${index}.jpg`), await image.jpeg({ quality: 95 }).toBuffer());
  }
  return root;
}

const RECORDS = 512;

/** Float32 records of 3 × 224 × 224, so that the bytes read are the bytes of the batch. */
export async function writeShards(folder: string): Promise<DataCase> {
  const shards = join(folder, "shards");
  const shape = [3, SIZE, SIZE] as const;
  const noise = await openDataset(benchDataset("openNoise", { length: RECORDS, shape }));
  await packDataset(noise, shards, { dtype: "float32", onCorrupt: "fail" });
  const raw = join(folder, "records.f32");
  const sampleBytes = 4 * 3 * SIZE * SIZE;
  const copy = new Uint8Array(RECORDS * sampleBytes);
  for (let index = 0; index < RECORDS; index++)
    copy.set(new Uint8Array((await noise.read(index)).pixels.buffer), index * sampleBytes);
  await writeFile(raw, copy);
  return {
    dataset: packedShardsSpec({ folder: shards, verify: "never" }),
    batch: 32,
    repeats: 128,
    sampleBytes,
    peer: {
      name: "memmap",
      script: "memmap",
      options: { path: raw, dtype: "float32", shape: [RECORDS, ...shape], crop: null },
      modules: ["numpy"],
    },
    records: { folder: shards, recordBytes: sampleBytes },
  };
}
