import { vitPresets } from "@graticule/models";

/** Shapes of the parameters of a ViT's blocks. */
export function adamwShapes(model: keyof typeof vitPresets): number[][] {
  const { embedDim: width, mlpDim, depth } = vitPresets[model];
  const norms = [[width], [width], [width], [width]];
  const attention = [[3 * width, width], [3 * width], [width, width], [width]];
  const mlp = [[mlpDim, width], [mlpDim], [width, mlpDim], [width]];
  return Array.from({ length: depth }, () => [...norms, ...attention, ...mlp]).flat();
}

/** Bytes that one AdamW step must move: parameter, gradient and two moments read, all but the gradient written, in float32. */
export const ADAMW_BYTES_PER_NUMBER = 7 * 4;
