import { FormatError, makeRandom } from "@graticule/core";
import type { Dataset, Draw } from "../src/index.js";

/** Samples of one shape that carry a target and a lead time drawn at random; `direct` reads them in place. */
export async function openPaired({ length, corrupt = [], direct = true, misshapen }: PairedOptions): Promise<Dataset> {
  const shape = [2, 3, 4] as const;
  async function readInto(index: number, pixels: Float32Array, { seed, epoch }: Draw = { seed: 0, epoch: 0 }) {
    if (corrupt.includes(index)) throw new FormatError(`sample-${index}`, "an image", "noise");
    pixels.fill(index);
    const lead = 1 + makeRandom(seed, "lead", epoch, index).integer(100);
    const target = new Float32Array(index === misshapen ? 3 : 2).fill(-index);
    return {
      id: `sample-${index}`,
      arrays: { target: { data: target, shape: [target.length] }, lead: { data: Float32Array.of(lead), shape: [] } },
    };
  }
  async function read(index: number, draw?: Draw) {
    const pixels = new Float32Array(24);
    return { ...(await readInto(index, pixels, draw)), pixels, shape };
  }
  return {
    length,
    schema: [{ name: "first" }, { name: "second" }],
    read,
    ...(direct && { direct: { shape, readInto } }),
  };
}

interface PairedOptions {
  readonly length: number;
  readonly corrupt?: readonly number[];
  readonly direct?: boolean;
  readonly misshapen?: number;
}
