import type { ChannelVit } from "@graticule/models";
import type { Communicator } from "@graticule/mpi";
import { channelTokens } from "@graticule/ops";
import { gatherFromGroup } from "@graticule/parallel";
import { add, reshape, tidy } from "@tensorflow/tfjs-core";

/**
 * Distributed tokenization alone, the paper's comparison: each rank makes the tokens of its channels, and all ranks gather
 * the tokens of all, for the one cross-attention of a flat model.
 *
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411, "Distributed tokenization".
 *
 * @returns this rank's channels: its images need to have only these.
 */
export function gatherAllTokens({ channels: root, config }: ChannelVit, group: Communicator): number[] {
  const { tokens, attn } = root;
  const { inChannels, embedDim } = config;
  const count = inChannels / group.size;
  if (!tokens || !attn || !Number.isInteger(count))
    throw new RangeError(`gatherAllTokens: expected a flat tree of channels that ${group.size} ranks divide.`);
  const first = group.rank * count;
  const ranges = [[first, first + count]] as const;
  tokens.weight.keepSlice({ dim: 1, ranges });
  for (const parameter of [tokens.bias, tokens.channelEmbed]) parameter.keepSlice({ dim: 0, ranges });
  const held = Array.from({ length: count }, (_, index) => first + index);
  Object.defineProperty(root, "heldChannels", { value: held });
  root.forward = ({ images }) => {
    const token = tidy(() => {
      const bias = add(tokens.bias.variable, tokens.channelEmbed.variable);
      const own = channelTokens(images, tokens.weight.variable, bias); // [B, N, C / ranks, D]
      const counts = new Array<number>(group.size).fill(count);
      return attn.forward(gatherFromGroup(reshape(own, [-1, count, embedDim]), group, { dim: 1, counts }));
    });
    return { token, any: undefined };
  };
  return held;
}
