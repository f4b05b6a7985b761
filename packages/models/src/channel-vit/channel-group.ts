import { recompute } from "@graticule/autodiff";
import { expectation } from "@graticule/core";
import { Module, Parameter } from "@graticule/nn";
import { gatherPatches, linear, mixChannelPatches, pickChannels } from "@graticule/ops";
import {
  add,
  addN,
  cast,
  gather,
  logicalAnd,
  matMul,
  mul,
  onesLike,
  reshape,
  slice,
  stack,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  unstack,
  where,
  zeros,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { ChannelAttention } from "./channel-attention.js";
import { rowsOfChannels, type SeenChannels } from "./channel-mask.js";
import { ChannelTokens } from "./channel-tokens.js";
import type { ChannelTree } from "./channel-tree.js";
import { AbsentGroup, enterGroups, type GroupSharing } from "./group-sharing.js";

export interface ChannelGroupOptions {
  readonly embedDim: number;
  readonly patchSize: number;
  readonly numHeads: number;
  readonly aggregationBias: boolean;
}

/** What all groups see of a batch. */
export interface ChannelInput {
  /** `[B, C, H, W]`. */
  readonly images: Tensor;
  /** Which patches of each image, B·K values. Default: all. */
  readonly keep?: Int32Array;
  readonly seen: SeenChannels;
  /** Where the images have some channels only: the place of each in them. */
  readonly places?: ReadonlyMap<number, number>;
  /** `[C, D]`, added to the channels' embeddings. */
  readonly condition?: Tensor;
}

/**
 * A group's token for each row, `[R, D]`, unless another process makes it; and, where rows differ in what they see, whether
 * a row sees any of it.
 */
export interface GroupToken {
  readonly token: Tensor | undefined;
  readonly any: Uint8Array | undefined;
}

/** Weights of a `Linear(n → 1)` over channels or groups: token = Σ weight_i · token_i + bias. */
class ChannelMix extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inputs: number) {
    super();
    this.weight = new Parameter([inputs]);
    this.bias = new Parameter([1]);
  }
}

/**
 * A node of a channel tree: makes one token out of its channels' patches or its groups' tokens. Tokens of single
 * channels never exist, since both reducers are folded into the patch embeddings. All cross-attentions of a group of the
 * root are one: a group's `attn` serves the groups below it.
 *
 * Missing channels and groups count as zero in a linear reducer and are not seen in a cross-attention.
 */
export class ChannelGroup extends Module {
  readonly tokens: ChannelTokens | undefined;
  readonly groups: (ChannelGroup | AbsentGroup)[];
  readonly mix: ChannelMix | undefined;
  readonly attn: ChannelAttention | undefined;
  readonly #attention: ChannelAttention | undefined;
  readonly #channels: readonly number[];
  readonly #options: ChannelGroupOptions;
  #sharing: GroupSharing | undefined;

  /** `shared` is the cross-attention of the group that this one is a part of. */
  constructor(
    tree: ChannelTree,
    options: ChannelGroupOptions,
    place: "root" | "group" | "part" = "root",
    shared?: ChannelAttention,
  ) {
    super();
    const isLeaf = "channels" in tree;
    const inputs = isLeaf ? tree.channels : tree.groups;
    this.#channels = isLeaf ? tree.channels : [];
    this.#options = options;
    const ownsAttention = place === "root" ? tree.reducer === "cross-attention" : place === "group" && attends(tree);
    this.attn = ownsAttention ? new ChannelAttention(options) : undefined;
    this.#attention = tree.reducer === "cross-attention" ? (this.attn ?? shared) : undefined;
    this.mix = tree.reducer === "linear" ? new ChannelMix(inputs.length) : undefined;
    this.tokens = isLeaf ? new ChannelTokens({ ...options, channels: inputs.length }) : undefined;
    const below = place === "root" ? "group" : "part";
    this.groups = isLeaf
      ? []
      : tree.groups.map((group) => new ChannelGroup(group, options, below, this.attn ?? shared));
  }

  /** The root's groups that this process makes, where processes share them. */
  get ownGroups(): readonly number[] | undefined {
    return this.#sharing?.own;
  }

  /** Channels below this group that this process reads, rising. */
  get heldChannels(): number[] {
    const below = this.groups.flatMap((group) => (group instanceof ChannelGroup ? group.heldChannels : []));
    return [...this.#channels, ...below].sort((a, b) => a - b);
  }

  /**
   * Leaves the other groups of a root to other processes, and frees their parameters.
   *
   * @throws {RangeError} if the groups are shared already, or there are none.
   */
  shareGroups(sharing: GroupSharing): void {
    if (this.#sharing || this.groups.length === 0)
      throw new RangeError(
        expectation(
          "shareGroups",
          "a root with groups that are not shared yet",
          this.#sharing ? "shared ones" : "none",
        ),
      );
    this.#sharing = sharing;
    for (const [index, group] of this.groups.entries())
      if (group instanceof ChannelGroup && !sharing.own.includes(index)) {
        this.groups[index] = new AbsentGroup(group.heldChannels);
        group.dispose();
      }
  }

  /** `[B, C, H, W] → [R, D]`, R = B·K rows of kept patches; undefined if none of the group's channels is there. */
  forward(input: ChannelInput): GroupToken | undefined {
    return this.tokens ? this.#reduceChannels(this.tokens, input) : this.#reduceGroups(input);
  }

  #reduceChannels(tokens: ChannelTokens, input: ChannelInput): GroupToken | undefined {
    const { seen, images, keep, condition, places: placeOf } = input;
    const places = this.#channels.flatMap((channel, place) => (seen.present[channel] ? [place] : []));
    if (places.length === 0) return undefined;
    const channels = places.map((place) => this.#channels[place] as number);
    const chosen = places.length < this.#channels.length ? places : undefined;
    const found = seen.rows && rowsOfChannels(seen.rows, seen.present.length, channels);
    const at = placeOf ? channels.map((channel) => placeOf.get(channel) as number) : channels;
    const cut = { patchSize: this.#options.patchSize, ...(keep && { keep }) };
    const reduce = (images: Tensor, condition?: Tensor): Tensor => {
      const conditions = condition && gather(condition, tensor1d(channels, "int32"));
      const { weight, bias } = tokens.affine(chosen, conditions); // [D, n, F], [n, D]
      const [embedDim, , values] = weight.shape as [number, number, number];
      if (this.mix && !found) {
        const { weight: mix, bias: ofMix } = this.#mixOf(this.mix, chosen);
        const sum = reshape(matMul(reshape(mix, [1, channels.length]), bias), [embedDim]);
        return mixChannelPatches(images, { weight, mix, bias: add(sum, ofMix) }, { ...cut, channels: at });
      }
      const all = gatherPatches(pickChannels(images, at), cut);
      const patches = reshape(all, [-1, channels.length * values]); // [R, n·F]
      const mask = found && tensor2d(found.columns, [patches.shape[0] as number, channels.length], "bool");
      const visible = mask ? hideUnseen(patches, mask) : patches;
      if (this.mix) return mixSeen(visible, weight, bias, this.#mixOf(this.mix, chosen), mask as Tensor);
      const flat = { weight: reshape(weight, [embedDim, -1]), bias };
      return (this.#attention as ChannelAttention).reduceChannels(visible, flat, mask);
    };
    // Where rows differ in what they see, one product more in the backward pass, in place of keeping the patches and the
    // folded weights of all groups. The other ways have their own of computing again.
    const run = this.mix && found ? recompute((...inputs: Tensor[]) => reduce(inputs[0] as Tensor, inputs[1])) : reduce;
    // Frees the group's images before the next group's are cut.
    const token = tidy(() => run(images, ...(condition ? [condition] : [])));
    return { token, any: found?.any };
  }

  #reduceGroups(input: ChannelInput): GroupToken | undefined {
    const given = this.#sharing ? enterGroups(input, this.#sharing) : input;
    const made = this.groups.map((group) => group.forward(given));
    const found = made.flatMap((each, place) => (each ? [{ ...each, place }] : []));
    if (found.length === 0) return undefined;
    const all = this.#sharing && this.#exchange(made, input, this.#sharing); // [R, G, D]
    const own = found.flatMap(({ token }) => token ?? []);
    const seen = input.seen.rows && joinSeen(found.map(({ any }) => any as Uint8Array));
    if (this.#attention) return { token: this.#attention.forward(all ?? stack(own, 1), seen?.columns), any: seen?.any };
    const places = found.map(({ place }) => place);
    const { weight, bias } = this.#mixOf(
      this.mix as ChannelMix,
      places.length < this.groups.length ? places : undefined,
    );
    const sum = (all ? unstack(all, 1) : own).map((token, index) => {
      const scaled = mul(token, slice(weight, [index], [1]));
      const any = found[index]?.any;
      return any ? mul(scaled, tensor2d(Float32Array.from(any), [any.length, 1])) : scaled;
    });
    return { token: add(addN(sum), bias), any: seen?.any };
  }

  /** The tokens of all groups that are there, `[R, G, D]`, of which this process made its own. */
  #exchange(
    made: readonly (GroupToken | undefined)[],
    { images, keep }: ChannelInput,
    { own, gather: gatherGroups }: GroupSharing,
  ): Tensor {
    const { embedDim, patchSize } = this.#options;
    const [batch, , height, width] = images.shape as [number, number, number, number];
    const rows = keep?.length ?? (batch * height * width) / patchSize ** 2;
    // In place of a group that no row sees. It depends on a parameter, as all processes have to run the same derivatives.
    const blank = (): Tensor => {
      const anchor = this.#attention?.query.variable ?? (this.mix as ChannelMix).bias.variable;
      return mul(add(zeros([rows, embedDim]), reshape(anchor, [1, -1])), 0);
    };
    const tokens = own.map((place) => made[place]?.token ?? blank());
    const all = gatherGroups(stack(tokens, 1));
    const there = made.flatMap((each, place) => (each ? [place] : []));
    return there.length < made.length ? gather(all, tensor1d(there, "int32"), 1) : all;
  }

  #mixOf(mix: ChannelMix, places: readonly number[] | undefined): { readonly weight: Tensor; readonly bias: Tensor } {
    const { weight, bias } = mix;
    if (!places) return { weight: weight.variable, bias: bias.variable };
    return { weight: gather(weight.variable, tensor1d([...places], "int32")), bias: bias.variable };
  }
}

function attends(tree: ChannelTree): boolean {
  return tree.reducer === "cross-attention" || ("groups" in tree && tree.groups.some(attends));
}

/** Zeros in place of what a row doesn't see, whatever it was: `[R, n·F]` by `[R, n]`. */
function hideUnseen(patches: Tensor, mask: Tensor): Tensor {
  const [rows, channels] = mask.shape as [number, number];
  const byChannel = reshape(patches, [rows, channels, -1]);
  const each = logicalAnd(reshape(mask, [rows, channels, 1]), onesLike(cast(byChannel, "bool")));
  return reshape(where(each, byChannel, zerosLike(byChannel)), patches.shape);
}

/** Σ_c w_c · (W_c · x_c + b_c) + β over the channels that a row sees, as one linear layer of all channels' patches. */
function mixSeen(
  patches: Tensor,
  weight: Tensor,
  bias: Tensor,
  mix: { readonly weight: Tensor; readonly bias: Tensor },
  mask: Tensor,
): Tensor {
  const [embedDim, channels] = weight.shape as [number, number, number];
  const folded = reshape(mul(weight, reshape(mix.weight, [1, channels, 1])), [embedDim, -1]);
  const biases = mul(bias, reshape(mix.weight, [channels, 1]));
  const ofBiases = add(matMul(cast(mask, "float32"), biases), mix.bias); // [R, D]
  return linear(patches, folded, undefined, { residual: ofBiases });
}

/** G lists of R flags → R × G, and whether a row has any. */
function joinSeen(groups: readonly Uint8Array[]): { readonly columns: Uint8Array; readonly any: Uint8Array } {
  const rows = (groups[0] as Uint8Array).length;
  const columns = new Uint8Array(rows * groups.length);
  const any = new Uint8Array(rows);
  for (const [index, group] of groups.entries())
    for (const [row, value] of group.entries()) {
      columns[row * groups.length + index] = value;
      if (value !== 0) any[row] = 1;
    }
  return { columns, any };
}
