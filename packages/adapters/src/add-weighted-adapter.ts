import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { adaptLinears } from "./adapted-linear.js";
import { LoraLayer } from "./lora/lora-layer.js";
import type { LoraOptions } from "./lora/lora-options.js";
import { LoraPart } from "./lora/lora-part.js";
import { QkvLoraPart } from "./lora/qkv-lora-part.js";
import { addAdapter, type ModelAdapters, modelAdapters } from "./model-adapters.js";
import { linearLayers } from "./select-layers.js";
import { findAdapter } from "./switch-adapters.js";

export interface WeightedAdapterOptions {
  readonly name: string;
  /** How often each adapter counts, by name. */
  readonly weights: Readonly<Record<string, number>>;
  /**
   * `cat`: the exact sum of the updates, of their joined rank. `linear`: factors are averaged apart, which keeps the rank,
   * that all must share, but is no sum of the updates. `cat` unless given.
   */
  readonly combination?: "cat" | "linear";
}

/**
 * Adds an adapter that is made of LoRA adapters; it waits for `activateAdapters`. It is one of its own from there on.
 *
 * Source: PEFT, `add_weighted_adapter`.
 *
 * @throws {RangeError} if one is not there, no plain LoRA, or of another rank for `linear`.
 */
export function addWeightedAdapter<M extends Module>(model: M, options: WeightedAdapterOptions): M {
  const { name, weights, combination = "cat" } = options;
  const state = modelAdapters("addWeightedAdapter", model);
  const sources = Object.keys(weights).map((each) => findLora(state, each));
  const ranks = sources.map(({ options: { loraRank } }) => loraRank);
  const [first] = ranks;
  if (first === undefined || (combination === "linear" && ranks.some((rank) => rank !== first)))
    throw new RangeError(
      expectation("addWeightedAdapter", "adapters of one rank, for 'linear'", ranks.join(", ") || "none", "Use 'cat'."),
    );
  const loraRank = combination === "cat" ? ranks.reduce((sum, rank) => sum + rank, 0) : first;
  const linears = linearLayers(model);
  const paths = new Set(sources.flatMap(({ places }) => places.map(({ path }) => path)));
  const targets = new Map([...linears].filter(([path]) => paths.has(path)));
  addAdapter("addWeightedAdapter", model, name, () => ({
    kind: "LORA",
    options: { name, loraRank, loraAlpha: loraRank, targets: [...paths] },
    owned: [],
    places: adaptLinears(LoraLayer, targets, name, (_path, { adapter }) => {
      const parts = Object.entries(weights).flatMap(([each, weight]): [LoraPart, number][] => {
        const part = (adapter as LoraLayer).part(each) as LoraPart | undefined;
        return part ? [[part, weight * part.scale]] : [];
      });
      return combination === "cat" ? concatenated(parts) : averaged(parts);
    }),
  }));
  return model;
}

function findLora(state: ModelAdapters, name: string) {
  const adapter = findAdapter("addWeightedAdapter", state, name);
  const options = adapter.options as LoraOptions;
  const isDivided = adapter.places.some((place) => place.part(name) instanceof QkvLoraPart);
  if (adapter.kind === "LORA" && !options.dora && !isDivided) return { ...adapter, options };
  const kind = isDivided ? "LoRA of parts of layers" : adapter.kind === "LORA" ? "DoRA" : adapter.kind;
  throw new RangeError(expectation("addWeightedAdapter", `'${name}' to be LoRA of whole layers`, kind));
}

/** Updates side by side; the factors are in loraA. */
function concatenated(parts: readonly (readonly [part: LoraPart, factor: number])[]): LoraPart {
  const rank = parts.reduce((sum, [{ loraA }]) => sum + (loraA.shape[0] as number), 0);
  const sum = emptyLike(parts[0]?.[0] as LoraPart, rank);
  const [outFeatures, inFeatures] = [sum.loraB.shape[0] as number, sum.loraA.shape[1] as number];
  const [a, b] = [new Float32Array(rank * inFeatures), new Float32Array(outFeatures * rank)];
  let first = 0;
  for (const [{ loraA, loraB }, factor] of parts) {
    const own = loraA.shape[0] as number;
    a.set(
      loraA.variable.dataSync<"float32">().map((value) => factor * value),
      first * inFeatures,
    );
    const values = loraB.variable.dataSync<"float32">();
    for (let row = 0; row < outFeatures; row++) b.set(values.subarray(row * own, (row + 1) * own), row * rank + first);
    first += own;
  }
  sum.loraA.assign(a);
  sum.loraB.assign(b);
  return sum;
}

/** Each factor the sum of the adapters', by the root of how often they count. */
function averaged(parts: readonly (readonly [part: LoraPart, factor: number])[]): LoraPart {
  const [[first]] = parts as [[LoraPart, number]];
  const sum = emptyLike(first, first.loraA.shape[0] as number);
  const [a, b] = [new Float32Array(sum.loraA.size), new Float32Array(sum.loraB.size)];
  for (const [{ loraA, loraB }, factor] of parts) {
    const root = Math.sqrt(Math.abs(factor));
    for (const [at, value] of loraA.variable.dataSync<"float32">().entries())
      a[at]! += Math.sign(factor) * root * value;
    for (const [at, value] of loraB.variable.dataSync<"float32">().entries()) b[at]! += root * value;
  }
  sum.loraA.assign(a);
  sum.loraB.assign(b);
  return sum;
}

function emptyLike({ loraA, loraB }: LoraPart, loraRank: number): LoraPart {
  const [outFeatures, inFeatures] = [loraB.shape[0] as number, loraA.shape[1] as number];
  return new LoraPart(outFeatures, inFeatures, { loraRank, scale: 1, loraDropout: 0, dora: false });
}
