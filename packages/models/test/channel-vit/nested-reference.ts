import { attention, channelTokens, linear } from "@graticule/ops";
import { add, addN, gather, mul, reshape, slice, stack, type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import type { ChannelTree } from "../../src/index.js";

/**
 * A tree of reducers as its definition says: all channels' tokens at once, then each node by itself.
 *
 * Shape: images `[B, C, H, W]` → `[B·N, D]`.
 */
export function reduceNested(
  tree: ChannelTree,
  images: Tensor,
  options: { readonly state: ReadonlyMap<string, Tensor>; readonly numHeads: number; readonly condition?: Tensor },
): Tensor {
  const { state, numHeads, condition } = options;
  return reduce(tree, "channels");

  function reduce(node: ChannelTree, path: string): Tensor {
    const get = (name: string) => state.get(`${path}.${name}`) as Tensor;
    const tokens =
      "groups" in node ? node.groups.map((g, i) => reduce(g, `${path}.groups.${i}`)) : tokensOf(node.channels);
    const count = tokens.length;
    if (node.reducer === "linear") {
      const weighted = tokens.map((token, i) => mul(token, slice(get("mix.weight"), [i], [1])));
      return add(addN(weighted), get("mix.bias"));
    }
    const owner = state.has(`${path}.attn.query`) ? path : path.split(".").slice(0, 3).join("."); // channels.groups.g
    const own = (name: string) => state.get(`${owner}.attn.${name}`);
    const x = stack(tokens, 1); // [R, n, D]
    const project = (name: string, input: Tensor) =>
      linear(input, own(`${name}.weight`) as Tensor, own(`${name}.bias`));
    const mixed = attention(project("q", own("query") as Tensor), project("k", x), project("v", x), { numHeads });
    const [rows, , width] = x.shape as [number, number, number];
    if (x.shape[1] !== count) throw new Error("a token was lost");
    return project("proj", reshape(mixed, [rows, width]));

    function tokensOf(channels: readonly number[]): Tensor[] {
      const index = tensor1d([...channels], "int32");
      const base = add(get("tokens.bias"), get("tokens.channel_embed"));
      const bias = condition ? add(base, gather(condition, index)) : base;
      const made = channelTokens(gather(images, index, 1), get("tokens.weight"), bias); // [B, N, n, D]
      const [batch, patches, n, embedDim] = made.shape as [number, number, number, number];
      return Array.from({ length: n }, (_, i) =>
        reshape(slice(made, [0, 0, i, 0], [batch, patches, 1, embedDim]), [batch * patches, embedDim]),
      );
    }
  }
}
