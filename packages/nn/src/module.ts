import type { Variable } from "@tensorflow/tfjs-core";
import { type LoadOptions, type LoadReport, loadParameters, type StateSource } from "./load-state.js";
import { Parameter } from "./parameter.js";

/**
 * A part of a model. Its fields that are a `Parameter`, a `Module` or an array of modules are its children; a child's path
 * is the field name in snake_case, so paths are the tensor names of timm and MAE:
 * `patchEmbed.proj.weight → patch_embed.proj.weight`, `blocks[0].attn.qkv.bias → blocks.0.attn.qkv.bias`.
 */
export abstract class Module {
  /** Every parameter below this module with its path, in field order. */
  namedParameters(prefix = ""): [path: string, parameter: Parameter][] {
    return children(this, prefix).flatMap(([path, child]): [string, Parameter][] =>
      child instanceof Parameter ? [[path, child]] : child.namedParameters(`${path}.`),
    );
  }

  /** Every module below this one with its path, parents first; the module itself is not listed. */
  namedModules(prefix = ""): [path: string, module: Module][] {
    return children(this, prefix).flatMap(([path, child]): [string, Module][] =>
      child instanceof Parameter ? [] : [[path, child], ...child.namedModules(`${path}.`)],
    );
  }

  /** The live variables by path, fixed ones included; clone what has to outlive a change. */
  stateDict(): Map<string, Variable> {
    return new Map(this.namedParameters().map(([path, parameter]) => [path, parameter.variable]));
  }

  /**
   * Sets the parameters from named tensors or from a source that is read one tensor at a time.
   *
   * @throws {MismatchError} that lists every missing, unexpected and mismatched tensor; with `strict: false` only a
   * tensor of another shape is an error, and the two lists are returned. Nothing is changed if it throws.
   */
  loadStateDict(source: StateSource, options: LoadOptions = {}): Promise<LoadReport> {
    return loadParameters(this.namedParameters(), source, options);
  }

  /** Frees all parameters. */
  dispose(): void {
    for (const [, parameter] of this.namedParameters()) parameter.dispose();
  }
}

function children(module: Module, prefix: string): [path: string, child: Parameter | Module][] {
  const found: [string, Parameter | Module][] = [];
  for (const [field, value] of Object.entries(module)) {
    const path = prefix + field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (value instanceof Parameter || value instanceof Module) found.push([path, value]);
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) if (item instanceof Module) found.push([`${path}.${index}`, item]);
  }
  return found;
}
