import { Module, type ParameterSlice } from "@graticule/nn";
import type { LowRankUpdate } from "@graticule/ops";
import { pad, type Tensor } from "@tensorflow/tfjs-core";
import { joinUpdates } from "./join-updates.js";
import { LoraPart, type LoraPartOptions } from "./lora-part.js";

/** What a fused layer of self-attention computes, in the order of its rows. */
export const QKV = ["q", "k", "v"] as const;

export type QkvName = (typeof QKV)[number];

/**
 * Low-rank updates of queries, keys or values alone, in the layer that computes all three: its update has zeros in the rows
 * of the others. Without DoRA.
 */
export class QkvLoraPart extends Module {
  readonly q: LoraPart | undefined;
  readonly k: LoraPart | undefined;
  readonly v: LoraPart | undefined;
  readonly loraMagnitudeVector: undefined;

  /** `outFeatures` of the whole layer. */
  constructor(
    outFeatures: number,
    inFeatures: number,
    options: Readonly<Partial<Record<QkvName, Omit<LoraPartOptions, "dora">>>>,
  ) {
    super();
    const make = (name: QkvName): LoraPart | undefined =>
      options[name] && new LoraPart(outFeatures / 3, inFeatures, { ...options[name], dora: false });
    this.q = make("q");
    this.k = make("k");
    this.v = make("v");
  }

  /** The parts that there are. */
  get parts(): readonly (readonly [name: QkvName, part: LoraPart])[] {
    return QKV.flatMap((name) => (this[name] ? [[name, this[name]] as const] : []));
  }

  get loraRank(): number {
    return this.#first.loraRank;
  }

  get scale(): number {
    return this.#first.scale;
  }

  get loraDropout(): number {
    return this.#first.loraDropout;
  }

  get #first(): LoraPart {
    return (this.q ?? this.k ?? this.v) as LoraPart;
  }

  /** As `LoraPart.initialize`. */
  initialize(seed: number, name: string, path: string): void {
    for (const [which, part] of this.parts) part.initialize(seed, name, `${path}.${which}`);
  }

  /** Of the whole layer, of the parts' joined rank. */
  update(): LowRankUpdate {
    const updates = this.parts.map(([name, part]): LowRankUpdate => {
      const { down, up } = part.update();
      const rows = up.shape[0] as number;
      const before = QKV.indexOf(name) * rows;
      const others: [number, number] = [before, 2 * rows - before];
      return { down, up: pad(up, [others, [0, 0]]) };
    });
    return joinUpdates(updates);
  }

  /** As `LinearAdapter.divide`: each part keeps its rows of the slice. @throws {TypeError} as `LoraPart.divide`. */
  divide(cut: ParameterSlice, share: (x: Tensor) => Tensor, path: string): void {
    for (const [name, part] of this.parts) {
      const rows = part.loraB.globalShape[0] as number;
      const first = QKV.indexOf(name) * rows;
      const ranges = cut.ranges
        .map(([from, end]) => [Math.max(from - first, 0), Math.min(end - first, rows)] as const)
        .filter(([from, end]) => end > from);
      part.divide(cut.dim === 0 ? { dim: 0, ranges } : cut, share, path);
    }
  }
}
