import { runOperation } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { Tensor } from "@tensorflow/tfjs-core";
import type { Tracer } from "./tracer.js";

type Forward = (...inputs: unknown[]) => unknown;

/** A model whose units tell a tracer of their passes. */
export interface TracedModules {
  /** Ends the backward span of the unit that came last. */
  endBackward(): void;
  /** Gives the modules their own `forward` back. */
  restore(): void;
}

/** Direct children of the model, and members of its lists: `patch_embed`, `blocks.3`. */
const UNIT = /^[^.]+(\.\d+)?$/;

/**
 * Changes the `forward` of the model's units in place until `restore`. A unit's forward span is the time in its `forward`.
 * Its backward span begins when the gradient of its output is there, and ends when that of the next unit's is: where units
 * follow each other, it is the unit's backward pass.
 */
export function traceModules(model: Module, tracer: Tracer): TracedModules {
  const restores: (() => void)[] = [];
  let end = (): void => {};
  const endBackward = (): void => {
    end();
    end = () => {};
  };

  function markBackward(path: string, output: Tensor): Tensor {
    return runOperation({
      name: "TraceBackward",
      inputs: { output },
      run: () => output,
      gradients: (dy) => {
        endBackward();
        end = tracer.begin("compute", `backward ${path}`);
        return { output: dy };
      },
    });
  }

  for (const [path, module] of model.namedModules()) {
    const unit = module as Module & { forward?: Forward };
    if (!UNIT.test(path) || typeof unit.forward !== "function") continue;
    const own = Object.getOwnPropertyDescriptor(unit, "forward");
    const forward = unit.forward;
    unit.forward = (...inputs) => {
      const end = tracer.begin("compute", `forward ${path}`);
      const output = forward.apply(unit, inputs);
      end();
      return output instanceof Tensor ? markBackward(path, output) : output;
    };
    restores.push(() => {
      if (own) Object.defineProperty(unit, "forward", own);
      else delete unit.forward;
    });
  }
  return {
    endBackward,
    restore() {
      for (const restore of restores.splice(0)) restore();
    },
  };
}
