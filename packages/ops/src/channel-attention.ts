import { recompute } from "@graticule/autodiff";
import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runFused, runKernel } from "./fused.js";

/** A one-query attention whose keys and values are affine functions of F numbers of each channel. */
export interface ChannelAttentionParameters {
  /** `[H, C·F]`: a head's score of a channel is its row times the channel's numbers; the scale is in it. */
  readonly scoreWeight: tf.Tensor;
  /** `[H, C]`. */
  readonly scoreBias: tf.Tensor;
  /** `[D, C·F]`: row h·headDim + j makes number j of head h's value. */
  readonly valueWeight: tf.Tensor;
  /** `[D, C]`. */
  readonly valueBias: tf.Tensor;
}

export interface ChannelAttentionOptions {
  /** H. */
  readonly numHeads: number;
  /** Bool `[R, C]`: which channels a row sees; a row that sees none gives zeros. A constant. */
  readonly mask?: tf.Tensor;
  /**
   * Most rows at a time where no kernel of the backend's does it all; the same numbers for any. Default: what 16 MiB hold, or
   * twice the value weight's size.
   */
  readonly chunkRows?: number;
}

/**
 * Reduces C channels to one token by attention with one learned query, without making the channels' tokens. Tokens that
 * are affine in their patch, t = W·x + b, have scores and values that are so, too, so the query, key and value matrices
 * are multiplied into W beforehand. What remains for a row is out_h = Σ_c softmax_c(s_h,c·x_c + s0_h,c)·(V_h,c·x_c + v0_h,c):
 * as many multiplications as making the tokens, and nothing of size R·C·D.
 *
 * Shape: patches `[..., C·F]` → `[..., D]`; R is the product of the leading dims.
 * Layout: column = channel·F + f; D = head·headDim + j.
 * Source: Nguyen et al. 2023 (ClimaX), §3.2, arXiv:2301.10343, for the attention; the folding is ours.
 *
 * @throws {ShapeError} if patches, parameters and mask don't fit each other and the heads.
 * @throws {RangeError} if `chunkRows` is not a positive whole number.
 */
export function channelAttention(
  patches: tf.Tensor,
  parameters: ChannelAttentionParameters,
  options: ChannelAttentionOptions,
): tf.Tensor {
  checkParameters(patches, parameters, options);
  const columns = patches.shape.at(-1) as number;
  const rows = patches.size / columns;
  const { scoreBias, valueBias } = parameters;
  const width = valueBias.shape[0] as number;
  return tf.tidy(() => {
    const flat = tf.reshape(patches, [rows, columns]);
    const isFused = hasKernel("FusedChannelAttention") && columns <= FUSED_VALUES * (scoreBias.shape[1] as number);
    const attend = isFused ? fusedChannelAttention : composedChannelAttention;
    const out = attend(flat, parameters, options);
    return tf.reshape(out, [...patches.shape.slice(0, -1), width]);
  });
}

function checkParameters(
  patches: tf.Tensor,
  { scoreWeight, scoreBias, valueWeight, valueBias }: ChannelAttentionParameters,
  { numHeads, mask, chunkRows }: ChannelAttentionOptions,
): void {
  const op = "channelAttention";
  checkShape(op, "scoreBias", scoreBias, [numHeads, "C"]);
  const channels = scoreBias.shape[1] as number;
  const columns = patches.shape.at(-1) as number;
  if (channels === 0 || columns % channels !== 0)
    throw new ShapeError(op, `patches of a last dim divisible by ${channels} channels`, `${columns}`);
  checkShape(op, "scoreWeight", scoreWeight, [numHeads, columns]);
  checkShape(op, "valueBias", valueBias, ["D", channels]);
  const width = valueBias.shape[0] as number;
  if (width % numHeads !== 0) throw new ShapeError(op, `valueBias of rows divisible by ${numHeads} heads`, `${width}`);
  checkShape(op, "valueWeight", valueWeight, [width, columns]);
  if (mask) checkShape(op, "mask", mask, [patches.size / columns, channels]);
  if (chunkRows !== undefined && !(Number.isSafeInteger(chunkRows) && chunkRows > 0))
    throw new RangeError(expectation(op, "chunkRows to be a positive whole number", `${chunkRows}`));
}

/** Of a channel with more numbers, products of whole chunks are as fast as the kernel. */
const FUSED_VALUES = 32;

function fusedChannelAttention(
  patches: tf.Tensor,
  { scoreWeight, scoreBias, valueWeight, valueBias }: ChannelAttentionParameters,
  { numHeads, mask }: ChannelAttentionOptions,
): tf.Tensor {
  const inputs = { patches, scoreWeight, scoreBias, valueWeight, valueBias };
  const constants = mask ? { mask } : {};
  return runFused(
    "FusedChannelAttention",
    inputs,
    {},
    {
      constants,
      saves: () => [patches, scoreWeight, scoreBias, valueWeight, valueBias, ...(mask ? [mask] : [])],
      gradients: (dy, [patches, scoreWeight, scoreBias, valueWeight, valueBias, mask], wanted) => {
        const parameters = { scoreWeight, scoreBias, valueWeight, valueBias } as unknown as ChannelAttentionParameters;
        const given = { dy, patches, ...parameters, ...(mask && { mask }) } as tf.NamedTensorMap;
        const compose = (x: tf.Tensor) => composedChannelAttention(x, parameters, { numHeads, ...(mask && { mask }) });
        // Patches are data nearly always.
        const ofPatches = wanted.has("patches") ? tf.grad(compose)(patches as tf.Tensor, dy) : undefined;
        return [ofPatches, ...runKernel("FusedChannelAttentionGrad", given)];
      },
    },
  );
}

/** Numbers of the largest tensor of a chunk, `[H, R, C·F]`. */
const CHUNK_VALUES = 2 ** 22;
/** Each chunk has a gradient of the value weight, `[D, C·F]`; a chunk is at least so many times larger. */
const LEAST_WEIGHTS = 2;
/** Stands for −∞ inside the softmax, so that a row that sees nothing gives no NaN. */
const UNSEEN = -1e30;

/** In chunks of rows, each computed again in the backward pass. */
export function composedChannelAttention(
  patches: tf.Tensor,
  parameters: ChannelAttentionParameters,
  { numHeads, mask, chunkRows }: ChannelAttentionOptions,
): tf.Tensor {
  const [rows, columns] = patches.shape as [number, number];
  const headDim = (parameters.valueBias.shape[0] as number) / numHeads;
  const most = chunkRows ?? Math.max(LEAST_WEIGHTS * headDim, Math.floor(CHUNK_VALUES / (numHeads * columns)));
  const { scoreWeight, scoreBias, valueWeight, valueBias } = parameters;
  const weights = [scoreWeight, scoreBias, valueWeight, valueBias];
  const attend = recompute((...inputs: tf.Tensor[]) => attendRows(inputs, numHeads));
  return tf.tidy(() => {
    const parts: tf.Tensor[] = [];
    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first);
      const part = (x: tf.Tensor) => tf.slice(x, [first, 0], [count, -1]);
      parts.push(attend(part(patches), ...weights, ...(mask ? [part(mask)] : [])));
    }
    return tf.concat(parts, 0);
  });
}

function attendRows(inputs: tf.Tensor[], heads: number): tf.Tensor {
  const [patches, scoreWeight, scoreBias, valueWeight, valueBias, mask] = inputs as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor?,
  ];
  const [rows, columns] = patches.shape as [number, number];
  const [width, channels] = valueBias.shape as [number, number];
  const [values, headDim] = [columns / channels, width / heads];
  const byChannel = tf.transpose(tf.reshape(patches, [rows, channels, values]), [1, 0, 2]); // [C, R, F]
  const scorers = tf.transpose(tf.reshape(scoreWeight, [heads, channels, values]), [1, 2, 0]); // [C, F, H]
  const products = tf.transpose(tf.matMul(byChannel, scorers), [2, 1, 0]); // [H, R, C]
  const scores = tf.add(products, tf.reshape(scoreBias, [heads, 1, channels]));
  const weights = softmaxOfSeen(scores, mask);
  const weighted = tf.mul(
    tf.reshape(weights, [heads, rows, channels, 1]),
    tf.reshape(patches, [1, rows, channels, values]),
  );
  const ofPatches = tf.matMul(
    tf.reshape(weighted, [heads, rows, columns]),
    tf.reshape(valueWeight, [heads, headDim, columns]),
    false,
    true,
  ); // [H, R, headDim]
  const ofBias = tf.matMul(weights, tf.reshape(valueBias, [heads, headDim, channels]), false, true);
  return tf.reshape(tf.transpose(tf.add(ofPatches, ofBias), [1, 0, 2]), [rows, width]);
}

function softmaxOfSeen(scores: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  if (!mask) return tf.softmax(scores);
  const seen = tf.cast(mask, "float32"); // [R, C]
  return tf.mul(tf.softmax(tf.add(scores, tf.mul(tf.sub(1, seen), UNSEEN))), seen);
}
