import type { DropoutStreams, Module } from "@graticule/nn";
import type { PublishedParameters } from "./files/published-parameters.js";

/** A module of the model and what adapters add to it. */
export interface AdaptedPlace {
  /** Path of the module. */
  readonly path: string;
  /** What the adapter of a name has here. */
  part(name: string): Module | undefined;
  /** Computes with the parts of these adapters, in this order, from here on. */
  activate(names: readonly string[]): void;
  /**
   * Adds what the active parts do to the module's own weights; with `keep` these are kept for `unmerge`.
   *
   * @throws {TypeError} if this kind of adapter is no change of weights.
   */
  merge(keep: boolean): void;
  /** Gives the module the weights from before `merge`. */
  unmerge(): void;
  /** Frees an adapter's part; the module is as it was before when none is left. */
  remove(name: string): void;
  /** Drops by these streams from here on; kinds without dropout have no such method. */
  drop?(streams: DropoutStreams | undefined): void;
}

/** The kinds of adapters, by PEFT's names where it has them. */
export type AdapterKind = "LORA" | "IA3" | "PREFIX_TUNING" | "PROMPT_TUNING" | "BOTTLENECK" | "PARAMETERS";

/** An adapter of a model. */
export interface Adapter {
  readonly name: string;
  readonly kind: AdapterKind;
  /** What it was made with, plain data. */
  readonly options: object;
  /** Where it has a part. */
  readonly places: readonly AdaptedPlace[];
  /** Paths of the model's own parameters of which it has values of its own. */
  readonly owned: readonly string[];
  /** Names of a published model that its file had. */
  readonly published?: PublishedParameters;
}
