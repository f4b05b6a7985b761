import { vitPresets } from "@graticule/models";

/** One matrix product: `[rows, inner] · [inner, columns]`, either factor read transposed. */
export interface GemmShape {
  readonly name: string;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Large products, of which the fastest is taken for the machine's best rate. */
export const peakShapes: readonly GemmShape[] = [
  { name: "2048 × 2048 × 2048", ...forward(2048, 2048, 2048) },
  { name: "6304 × 768 × 3072", ...forward(6304, 768, 3072) },
  { name: "6304 × 3072 × 768", ...forward(6304, 3072, 768) },
  { name: "768 × 6304 × 3072", ...weightGradient(6304, 768, 3072) },
];

/** The products of a transformer block's linear layers, forward and backward, on all tokens of a batch of 224² images. */
export function blockShapes(model: keyof typeof vitPresets, batch: number): readonly GemmShape[] {
  const { embedDim: width, mlpDim, patchSize } = vitPresets[model];
  const tokens = batch * ((224 / patchSize) ** 2 + 1);
  const layers = { qkv: [width, 3 * width], proj: [width, width], fc1: [width, mlpDim], fc2: [mlpDim, width] } as const;
  return Object.entries(layers).flatMap(([layer, [inputs, outputs]]) => [
    { name: `${layer} forward`, ...forward(tokens, inputs, outputs) },
    { name: `${layer} input gradient`, ...inputGradient(tokens, inputs, outputs) },
    { name: `${layer} weight gradient`, ...weightGradient(tokens, inputs, outputs) },
  ]);
}

type Product = Omit<GemmShape, "name">;

/** x · weightᵀ with weight `[outputs, inputs]`. */
function forward(tokens: number, inputs: number, outputs: number): Product {
  return { rows: tokens, inner: inputs, columns: outputs, transposeA: false, transposeB: true };
}

/** dy · weight. */
function inputGradient(tokens: number, inputs: number, outputs: number): Product {
  return { rows: tokens, inner: outputs, columns: inputs, transposeA: false, transposeB: false };
}

/** dyᵀ · x. */
function weightGradient(tokens: number, inputs: number, outputs: number): Product {
  return { rows: outputs, inner: tokens, columns: inputs, transposeA: true, transposeB: false };
}
