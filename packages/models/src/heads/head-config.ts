import { expectation } from "@graticule/core";

/**
 * What reads a ViT's tokens. `pooled`: a linear layer on the mean of the patch tokens, outputs for each image. `linear`: a
 * linear layer on each patch token, its outputs resized to the image's pixels. `upernet`: a pyramid of maps of several
 * blocks, pooled, merged from coarse to fine, for each pixel.
 */
export type HeadConfig =
  | { readonly kind: "pooled"; readonly outputs: number }
  | { readonly kind: "linear"; readonly outputs: number }
  | {
      readonly kind: "upernet";
      readonly outputs: number;
      /** Width of its maps. */
      readonly width: number;
      /** The four blocks that are read, from 0, ascending; the last of each quarter unless given. */
      readonly blocks?: readonly [number, number, number, number];
    };

/** The blocks whose tokens a head reads: the last one but for a pyramid. */
export function headBlocks(config: HeadConfig, depth: number): readonly number[] {
  if (config.kind !== "upernet") return [depth - 1];
  return config.blocks ?? [1, 2, 3, 4].map((quarter) => Math.max(0, Math.ceil((quarter * depth) / 4) - 1));
}

/** @throws {RangeError} if there is no such head on so many blocks. */
export function checkHeadConfig(config: HeadConfig, depth: number): void {
  const fail = (expected: string, got: string): never => {
    throw new RangeError(expectation(`head ${config.kind}`, expected, got));
  };
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  if (!isCount(config.outputs)) fail("at least one output", `${config.outputs}`);
  if (config.kind === "upernet" && !isCount(config.width)) fail("a positive width", `${config.width}`);
  const blocks = headBlocks(config, depth);
  if (config.kind === "upernet" && blocks.length !== 4) fail("4 blocks", `${blocks.length}`);
  const isRising = blocks.every((block, index) => index === 0 || block >= (blocks[index - 1] as number));
  if (!isRising || !blocks.every((block) => Number.isInteger(block) && block >= 0 && block < depth))
    fail(`ascending blocks from 0 to ${depth - 1}`, `[${blocks.join(", ")}]`);
}
