import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";

interface DroppingBlock extends Module {
  readonly rates: { readonly dropRate: number; readonly dropPathRate: number };
  forward(...inputs: unknown[]): unknown;
}

/**
 * Makes a divided block throw where it is to drop what would depend on the number of ranks: values inside it, as each rank
 * has a part of them, and anything where tokens are cut. Branches of whole images are dropped alike on all ranks.
 */
export function refuseDropout(path: string, module: Module, isInSequence: boolean): void {
  if (!isDropping(module)) return;
  const { dropRate, dropPathRate } = module.rates;
  if (dropRate === 0 && !(isInSequence && dropPathRate > 0)) return;
  const { forward } = module;
  module.forward = (x, streams, ...rest) => {
    if (streams !== undefined)
      throw new RangeError(
        expectation(
          "tensorParallel",
          `'${path}' to drop ${isInSequence ? "nothing, as its tokens are divided" : "no values, as they are divided"}`,
          `dropRate ${dropRate}, dropPathRate ${dropPathRate}`,
          "Set the rate to 0, or leave the blocks out of the plan.",
        ),
      );
    return forward.call(module, x, streams, ...rest);
  };
}

function isDropping(module: Module): module is DroppingBlock {
  return "rates" in module && "forward" in module;
}
