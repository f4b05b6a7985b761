import { Module, Parameter } from "@graticule/nn";
import { add, gather, reshape, type Tensor, tensor1d } from "@tensorflow/tfjs-core";

/** Patch embeddings of n channels, one each, and the embedding that tells which channel a token is of. */
export class ChannelTokens extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly channelEmbed: Parameter;

  constructor(options: { readonly embedDim: number; readonly patchSize: number; readonly channels: number }) {
    super();
    const { embedDim, patchSize, channels } = options;
    this.weight = new Parameter([embedDim, channels, patchSize, patchSize]);
    this.bias = new Parameter([channels, embedDim]);
    this.channelEmbed = new Parameter([channels, embedDim]);
  }

  /**
   * A channel's token is weight · patch + bias: `[D, n, P·P]` and `[n, D]` of all channels, or of the n at `places`.
   * `condition`, of the same n rows, is added to the bias.
   */
  affine(
    places: readonly number[] | undefined,
    condition?: Tensor,
  ): { readonly weight: Tensor; readonly bias: Tensor } {
    const [embedDim, channels, patchSize] = this.weight.shape as [number, number, number];
    const index = places && tensor1d([...places], "int32");
    const pick = (x: Tensor, dim: number): Tensor => (index ? gather(x, index, dim) : x);
    const weight = reshape(this.weight.variable, [embedDim, channels, patchSize * patchSize]);
    const bias = pick(add(this.bias.variable, this.channelEmbed.variable), 0);
    return { weight: pick(weight, 1), bias: condition ? add(bias, condition) : bias };
  }
}
