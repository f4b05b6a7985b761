import { vitPresets } from "@graticule/models";

/** The products of a linear layer `x [tokens, inputs] · weightᵀ`, weight `[outputs, inputs]`. */
export interface LinearShape {
  readonly name: string;
  readonly tokens: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Forward is one product; backward two, for the gradients of x and of the weight. */
  readonly pass: "forward" | "backward";
}

/** Large products, of which the fastest is taken for the machine's best rate. */
export const peakShapes: readonly LinearShape[] = [
  ...bothPasses("2048 × 2048 × 2048", 2048, 2048, 2048),
  ...bothPasses("6304 × 768 × 3072", 6304, 768, 3072),
  ...bothPasses("6304 × 3072 × 768", 6304, 3072, 768),
];

/** The linear layers of a transformer block on all tokens of a batch of 224² images. */
export function blockShapes(model: keyof typeof vitPresets, batch: number): readonly LinearShape[] {
  const { embedDim: width, mlpDim, patchSize } = vitPresets[model];
  const tokens = batch * ((224 / patchSize) ** 2 + 1);
  return [
    ...bothPasses("qkv", tokens, width, 3 * width),
    ...bothPasses("proj", tokens, width, width),
    ...bothPasses("fc1", tokens, width, mlpDim),
    ...bothPasses("fc2", tokens, mlpDim, width),
  ];
}

function bothPasses(name: string, tokens: number, inputs: number, outputs: number): LinearShape[] {
  return (["forward", "backward"] as const).map((pass) => ({ name: `${name} ${pass}`, tokens, inputs, outputs, pass }));
}
