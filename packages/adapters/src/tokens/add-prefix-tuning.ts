import { expectation, selectPaths } from "@graticule/core";
import { type Module, SelfAttention } from "@graticule/nn";
import { addAdapter } from "../model-adapters.js";
import { type OwnedOptions, selectOwned } from "../owned-parameters.js";
import { PrefixAttention, PrefixPart } from "./prefix-attention.js";

export interface PrefixTuningOptions extends Pick<OwnedOptions, "modulesToSave"> {
  /** `default` unless given. */
  readonly name?: string;
  /** Path patterns of self-attentions, such as `blocks.*.attn`. */
  readonly targets: readonly string[];
  /** n, learned keys and values of each. */
  readonly numVirtualTokens: number;
  /** Draws the first values, standard normal as PEFT's, together with each attention's path. */
  readonly seed: number;
}

/**
 * Freezes a model and lets attentions see learned keys and values. Unlike other adapters it changes the output from the
 * start. Changes the model in place and returns it.
 *
 * Source: Li and Liang 2021, arXiv:2101.00190.
 *
 * @throws {RangeError} if a pattern matches no self-attention, the number is none, or the name is taken.
 */
export function addPrefixTuning<M extends Module>(model: M, options: PrefixTuningOptions): M {
  const { name = "default", targets, numVirtualTokens, seed } = options;
  if (!(Number.isSafeInteger(numVirtualTokens) && numVirtualTokens > 0))
    throw new RangeError(
      expectation("addPrefixTuning", "numVirtualTokens to be a positive whole number", `${numVirtualTokens}`),
    );
  const attentions = new Map(
    model.namedModules().filter((entry): entry is [string, SelfAttention] => entry[1] instanceof SelfAttention),
  );
  const paths = new Set(targets.flatMap((pattern) => selectPaths(pattern, attentions.keys())));
  const owned = selectOwned(model, options, []);
  addAdapter("addPrefixTuning", model, name, () => ({
    kind: "PREFIX_TUNING",
    options: { ...options, name },
    owned,
    places: Array.from(paths, (path) => {
      const attention = attentions.get(path) as SelfAttention;
      const { adapter } = attention;
      const place = adapter instanceof PrefixAttention ? adapter : new PrefixAttention(path, attention);
      const embedDim = attention.proj.weight.shape[0] as number;
      place.add(name, new PrefixPart(numVirtualTokens, embedDim, seed, `${path}.${name}`));
      return place;
    }),
  }));
  return model;
}
