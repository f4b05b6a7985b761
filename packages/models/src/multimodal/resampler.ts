import { expectation, ShapeError } from "@graticule/core";
import { LayerNorm, Linear, Module, Parameter, sinCosPositionEmbedding2d } from "@graticule/nn";
import { attention, linear } from "@graticule/ops";
import { add, expandDims, type Tensor, type Tensor3D, tensor, tidy, transpose } from "@tensorflow/tfjs-core";
import { checkDivides, checkPositive } from "../vit/config.js";
import { ownTokens, type VisionTokens } from "./vision-tower.js";

export interface ResamplerConfig {
  /** Q, tokens that an image becomes. */
  readonly numQueries: number;
  /** D, width of the language model. */
  readonly embedDim: number;
  /** Width of the vision tower. */
  readonly visionDim: number;
  readonly numHeads: number;
}

/** The four layers of a cross-attention. */
class CrossAttention extends Module {
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly proj: Linear;

  constructor(embedDim: number) {
    super();
    this.q = new Linear(embedDim, embedDim);
    this.k = new Linear(embedDim, embedDim);
    this.v = new Linear(embedDim, embedDim);
    this.proj = new Linear(embedDim, embedDim);
  }
}

/**
 * Makes the same few tokens of an image of any size: learned queries attend once to its tokens, whose keys carry fixed
 * sines and cosines of their place.
 *
 * Shape: tokens `[B, N, visionDim]` of grids → `[B, Q, D]`.
 * Source: Yao et al. 2024 (MiniCPM-V), §3.2, arXiv:2408.01800; order of norms and projections as in MiniCPM-V 2.6.
 *
 * @throws {ShapeError} if the tokens are not `[B, N, visionDim]`, or fewer than a grid's.
 */
export class Resampler extends Module {
  readonly config: ResamplerConfig;
  readonly query: Parameter;
  readonly kvProj: Linear;
  readonly attn: CrossAttention;
  readonly lnQ: LayerNorm;
  readonly lnKv: LayerNorm;
  readonly lnPost: LayerNorm;
  /** `[in, out]`, unlike a linear layer's. */
  readonly proj: Parameter;

  constructor(config: ResamplerConfig) {
    super();
    const { numQueries, embedDim, visionDim, numHeads } = config;
    for (const field of ["numQueries", "embedDim", "visionDim", "numHeads"] as const)
      checkPositive("Resampler", field, config[field]);
    checkDivides("Resampler", "numHeads", numHeads, "embedDim", embedDim);
    if (embedDim % 4 !== 0) throw new RangeError(expectation("Resampler", "embedDim divisible by 4", `${embedDim}`));
    this.config = config;
    this.query = new Parameter([numQueries, embedDim]);
    this.kvProj = new Linear(visionDim, embedDim, { bias: false });
    this.attn = new CrossAttention(embedDim);
    this.lnQ = new LayerNorm(embedDim);
    this.lnKv = new LayerNorm(embedDim);
    this.lnPost = new LayerNorm(embedDim);
    this.proj = new Parameter([embedDim, embedDim]);
  }

  forward({ tokens, grids }: VisionTokens): Tensor3D {
    const { visionDim, numHeads } = this.config;
    const [batch, length, width] = tokens.shape as [number, number, number];
    const longest = Math.max(...grids.map(([rows, columns]) => rows * columns));
    if (tokens.rank !== 3 || batch !== grids.length || width !== visionDim || longest > length)
      throw new ShapeError(
        "Resampler",
        `tokens [${grids.length}, ${longest} or more, ${visionDim}]`,
        `[${tokens.shape.join(", ")}]`,
      );
    return tidy(() => {
      const x = this.lnKv.forward(this.kvProj.forward(tokens)); // [B, N, D]
      const mask = ownTokens(grids, length);
      const mixed = attention(
        this.attn.q.forward(expandDims(this.lnQ.forward(this.query.variable), 0)), // [1, Q, D]
        this.attn.k.forward(add(x, this.#positions({ tokens, grids }))),
        this.attn.v.forward(x),
        { numHeads, ...(mask && { mask }) },
      );
      const normed = this.lnPost.forward(this.attn.proj.forward(mixed));
      return linear(normed, transpose(this.proj.variable)) as Tensor3D;
    });
  }

  /** `[B, N, D]`, zeros for padding. */
  #positions({ tokens, grids }: VisionTokens): Tensor {
    const { embedDim } = this.config;
    const length = tokens.shape[1] as number;
    const values = new Float32Array(grids.length * length * embedDim);
    for (const [index, grid] of grids.entries())
      values.set(sinCosPositionEmbedding2d({ embedDim, grid, clsToken: false }), index * length * embedDim);
    return tensor(values, [grids.length, length, embedDim]);
  }
}
