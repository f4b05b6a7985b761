import { expectation, selectPaths } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { addAdapter } from "../model-adapters.js";
import { type OwnedOptions, selectOwned } from "../owned-parameters.js";
import { type Block, PromptedBlocks, PromptPart } from "./prompted-blocks.js";

export interface PromptTuningOptions extends Pick<OwnedOptions, "modulesToSave"> {
  /** `default` unless given. */
  readonly name?: string;
  /** Pattern of successive blocks, such as `blocks.*`; through all of them the tokens pass. */
  readonly blocks: string;
  /** n, learned tokens. */
  readonly numVirtualTokens: number;
  /** D of the blocks. */
  readonly embedDim: number;
  /** Draws the first values, standard normal as PEFT's. */
  readonly seed: number;
}

/**
 * Freezes a model and puts learned tokens before the others in its blocks; positions are not added to them. In a ViT this
 * is VPT-shallow. Unlike other adapters it changes the output from the start. Changes the model in place and returns it;
 * after `applyRecompute`.
 *
 * Source: Lester et al. 2021, arXiv:2104.08691; Jia et al. 2022 (VPT), §3.2, arXiv:2203.12119.
 *
 * @throws {RangeError} if the pattern matches no module, a number is none, or the name is taken.
 */
export function addPromptTuning<M extends Module>(model: M, options: PromptTuningOptions): M {
  const { name = "default", blocks, numVirtualTokens, embedDim, seed } = options;
  for (const [field, value] of Object.entries({ numVirtualTokens, embedDim }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new RangeError(expectation("addPromptTuning", `${field} to be a positive whole number`, `${value}`));
  const modules = new Map(model.namedModules());
  const paths = selectPaths(blocks, modules.keys());
  const [first, last] = [paths[0] as string, paths.at(-1) as string];
  const owned = selectOwned(model, options, []);
  addAdapter("addPromptTuning", model, name, ({ adapters }) => {
    const there = [...adapters.values()].flatMap(({ places }) => places).find(({ path }) => path === first);
    const place =
      there instanceof PromptedBlocks
        ? there
        : new PromptedBlocks(first, modules.get(first) as Block, modules.get(last) as Block);
    place.add(name, new PromptPart(numVirtualTokens, embedDim, seed, `${first}.${name}`));
    return { kind: "PROMPT_TUNING", options: { ...options, name }, owned, places: [place] };
  });
  return model;
}
