import { ChannelVit, channelTree, channelVitConfig, Vit, vitConfig } from "@graticule/models";
import type { Communicator } from "@graticule/mpi";
import { deferInitialization, type Module } from "@graticule/nn";
import { describe, expect, it } from "vitest";
import {
  blockPlan,
  crossAttentionPlan,
  distributeChannels,
  outputPlan,
  shard,
  type TensorParallelPlan,
  tensorParallel,
} from "../src/index.js";

/** A place among ranks that are not there: models are divided without a word between them. */
const place = (rank: number, size: number): Communicator => ({ rank, size }) as Communicator;

const makeVit = () => new Vit(vitConfig("tiny", { imageSize: [32, 48], inChannels: 2, depth: 2 }));

const shapes = (model: Module, paths: string) =>
  Object.fromEntries(
    model.namedParameters().flatMap(([path, { shape }]) => (path.startsWith(paths) ? [[path, shape]] : [])),
  );

const message = (run: () => void): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("tensorParallel", () => {
  it("leaves each rank its heads, and its width of the MLP", () => {
    const model = tensorParallel(makeVit(), place(1, 3), [...blockPlan("blocks.*"), ...outputPlan("patch_embed.proj")]);
    expect(shapes(model, "blocks.1")).toEqual({
      "blocks.1.norm1.weight": [192],
      "blocks.1.norm1.bias": [192],
      "blocks.1.attn.qkv.weight": [192, 192],
      "blocks.1.attn.qkv.bias": [192],
      "blocks.1.attn.proj.weight": [192, 64],
      "blocks.1.attn.proj.bias": [192],
      "blocks.1.norm2.weight": [192],
      "blocks.1.norm2.bias": [192],
      "blocks.1.mlp.fc1.weight": [256, 192],
      "blocks.1.mlp.fc1.bias": [256],
      "blocks.1.mlp.fc2.weight": [192, 256],
      "blocks.1.mlp.fc2.bias": [192],
    });
    expect(shapes(model, "patch_embed")["patch_embed.proj.weight"]).toEqual([64, 2, 16, 16]);
    const qkv = new Map(model.namedParameters()).get("blocks.0.attn.qkv.weight");
    expect(qkv?.slice).toEqual({
      dim: 0,
      ranges: [
        [64, 128],
        [256, 320],
        [448, 512],
      ],
    });
  });

  it("leaves a model as it is on one rank", () => {
    const model = tensorParallel(makeVit(), place(0, 1), blockPlan("blocks.*"), { sequence: "blocks.*" });
    expect(model.namedParameters().every(([, { slice }]) => slice === undefined)).toBe(true);
  });

  it.each<[string, number, TensorParallelPlan, string | undefined]>([
    ["heads", 2, blockPlan("blocks.*"), undefined],
    ["a width", 5, [["blocks.0.mlp.fc1.{weight,bias}", shard(0)]], undefined],
    ["a pattern without a match", 3, blockPlan("layers.*"), undefined],
    ["a path in two patterns", 3, [...blockPlan("blocks.*"), ["blocks.1.mlp.fc2.weight", shard(1)]], undefined],
    ["a bias that is not cut", 3, [["blocks.0.mlp.fc1.weight", shard(0)]], undefined],
    ["a bias that is", 3, [["blocks.0.mlp.fc2.{weight,bias}", shard(1)]], undefined],
    ["what is no layer", 3, [["pos_embed", shard(1)]], undefined],
    ["a sequence of no list", 3, blockPlan("blocks.*"), "norm"],
  ])("names what does not fit and changes nothing: %s", (_, ranks, plan, sequence) => {
    const model = makeVit();
    const options = sequence === undefined ? {} : { sequence };
    expect(message(() => tensorParallel(model, place(0, ranks), plan, options))).toMatchSnapshot();
    expect(model.namedParameters().every(([, { slice }]) => slice === undefined)).toBe(true);
  });
});

describe("distributeChannels", () => {
  const make = (groups: number | undefined) =>
    new ChannelVit(
      channelVitConfig("tiny", {
        inChannels: 10,
        channelTree: groups
          ? channelTree("tree0", { inChannels: 10, groups, reducer: "linear" })
          : channelTree("flat", { inChannels: 10 }),
      }),
    );

  it("gives each rank its channels by their place among all, and frees the others' parameters", () => {
    const models = [0, 1].map((rank) => {
      const model = deferInitialization(() => make(4));
      return { model, channels: distributeChannels(model, place(rank, 2)) };
    });
    expect(models.map(({ channels }) => channels)).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9],
    ]);
    const groups = models.map(({ model }) =>
      Object.entries(shapes(model, "channels.groups")).filter(([path]) => path.endsWith("tokens.weight")),
    );
    expect(groups).toEqual([
      [
        ["channels.groups.0.tokens.weight", [64, 3, 4, 4]],
        ["channels.groups.1.tokens.weight", [64, 3, 4, 4]],
      ],
      [
        ["channels.groups.2.tokens.weight", [64, 2, 4, 4]],
        ["channels.groups.3.tokens.weight", [64, 2, 4, 4]],
      ],
    ]);
  });

  it("names what does not fit", () => {
    expect(message(() => distributeChannels(make(4), place(0, 3)))).toMatchInlineSnapshot(
      `"distributeChannels: expected 3 ranks to divide the groups of 'channels', got 4 groups. Build the model with one group of channels, or several, for each rank along tp."`,
    );
    expect(message(() => distributeChannels(make(undefined), place(0, 2)))).toMatchInlineSnapshot(
      `"distributeChannels: expected 2 ranks to divide the groups of 'channels', got 0 groups. Build the model with one group of channels, or several, for each rank along tp."`,
    );
    expect(message(() => distributeChannels(makeVit(), place(0, 2)))).toMatchInlineSnapshot(
      `"distributeChannels: expected a tree of channel groups at 'channels', got none."`,
    );
    const twice = make(4);
    distributeChannels(twice, place(0, 2));
    expect(message(() => distributeChannels(twice, place(0, 2)))).toMatchInlineSnapshot(
      `"shareGroups: expected a root with groups that are not shared yet, got shared ones."`,
    );
    expect(
      message(() => tensorParallel(twice, place(0, 3), crossAttentionPlan("channels.attn"))),
    ).toMatchInlineSnapshot(
      `"tensorParallel: expected 3 ranks to divide the heads of 'channels.attn', got 4 heads × 16 = 64. Choose tp among 1, 2, 4."`,
    );
  });
});
