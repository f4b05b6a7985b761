import {
  constantValues,
  type Initializer,
  type InitRules,
  ones,
  sinCosPositionEmbedding1d,
  sinCosPositionEmbedding2d,
  truncNormal,
  zeros,
} from "@graticule/nn";
import { patchGrid } from "../vit/config.js";
import type { ChannelTree } from "./channel-tree.js";
import type { ChannelEncoderConfig } from "./config.js";

/**
 * First values of models of many channels: weights truncated normal 0.02 unless given, biases and queries 0, LayerNorm 1 and 0,
 * channel embeddings sines and cosines of the channel's place among all, positions sines and cosines in two dimensions.
 *
 * Source: Nguyen et al. 2023 (ClimaX), arXiv:2301.10343, and its code; D-CHAG's are the same.
 */
export function channelEncoderInitRules(
  config: ChannelEncoderConfig,
  weights: Initializer = truncNormal(0.02),
): InitRules {
  const { embedDim, channelTree } = config;
  const positions = sinCosPositionEmbedding2d({ embedDim, grid: patchGrid(config), clsToken: false });
  return [
    ...channelEmbedRules(channelTree, "channels", embedDim),
    ["pos_embed", constantValues(positions)],
    ["**.bias", zeros],
    ...(hasQuery(channelTree) ? ([["**.query", zeros]] as const) : []),
    ["**norm*.weight", ones],
    ["**.weight", weights],
  ];
}

function channelEmbedRules(tree: ChannelTree, path: string, embedDim: number): InitRules {
  if ("groups" in tree)
    return tree.groups.flatMap((group, index) => channelEmbedRules(group, `${path}.groups.${index}`, embedDim));
  const values = sinCosPositionEmbedding1d({ embedDim, positions: tree.channels });
  return [[`${path}.tokens.channel_embed`, constantValues(values)]];
}

function hasQuery(tree: ChannelTree): boolean {
  return tree.reducer === "cross-attention" || ("groups" in tree && tree.groups.some(hasQuery));
}
