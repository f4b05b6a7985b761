import { type Linear, type Module, SelfAttention } from "@graticule/nn";
import { linearLayers, selectTargets, type TargetOptions } from "../select-layers.js";
import { QKV, type QkvName } from "./qkv-lora-part.js";

/** A linear layer that LoRA changes. */
export interface LoraTarget {
  readonly layer: Linear;
  /** Which of queries, keys and values, in their fused layer; the whole layer unless given. */
  readonly parts?: readonly QkvName[];
}

/**
 * The layers that patterns select, with their paths. Of a self-attention's fused layer `PATH.qkv` the parts `PATH.qkv.q`,
 * `.k` and `.v` can be selected too; one that is selected whole is changed whole.
 *
 * @throws {RangeError} if a pattern matches nothing, or no layer is in the given blocks.
 */
export function selectLoraTargets(model: Module, options: TargetOptions): ReadonlyMap<string, LoraTarget> {
  const linears = linearLayers(model);
  const fused = model
    .namedModules()
    .flatMap(([path, module]) => (module instanceof SelfAttention ? [`${path}.qkv`] : []));
  const parts = fused.flatMap((path) => QKV.map((part) => `${path}.${part}`));
  const selected = selectTargets([...linears.keys(), ...parts], options);
  const targets = new Map<string, LoraTarget>();
  for (const [path, layer] of linears) {
    const own = QKV.filter((part) => selected.has(`${path}.${part}`));
    if (selected.has(path)) targets.set(path, { layer });
    else if (own.length > 0) targets.set(path, { layer, parts: own });
  }
  return targets;
}
