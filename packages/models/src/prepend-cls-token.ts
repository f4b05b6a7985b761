import { add, concat, type Tensor, type Tensor3D, zeros } from "@tensorflow/tfjs-core";

/**
 * Puts one class token `[1, 1, D]` before each image's tokens: `[B, N, D] → [B, 1 + N, D]`.
 * Repeats it by adding to zeros, whose gradient is one sum (that of tfjs's tile is one slice per copy).
 */
export function prependClsToken(tokens: Tensor, clsToken: Tensor): Tensor3D {
  const [batchSize = 0, , embedDim = 0] = tokens.shape;
  return concat([add<Tensor3D>(zeros([batchSize, 1, embedDim]), clsToken), tokens as Tensor3D], 1);
}
