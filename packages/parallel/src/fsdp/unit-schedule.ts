import { runOperation } from "@graticule/autodiff";
import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ShardUnit } from "./shard-unit.js";

/**
 * When the parameters of the next unit of the backward pass are gathered: as it is needed; once the unit before it has
 * given its gradients; or before that unit computes them, at the price of two units in memory.
 */
export type BackwardPrefetch = "NONE" | "BACKWARD_POST" | "BACKWARD_PRE";

export interface ScheduleOptions {
  readonly reshardAfterForward: boolean;
  readonly backwardPrefetch: BackwardPrefetch;
  /** Gathers the next unit while one computes its forward pass; the order is that of the step before. */
  readonly forwardPrefetch: boolean;
}

type Forward = (...inputs: Tensor[]) => Tensor;

/** Gathers units before their use in either pass and frees them after it. */
export class UnitSchedule {
  readonly #root: ShardUnit | undefined;
  readonly #units: ReadonlyMap<string, ShardUnit>;
  readonly #options: ScheduleOptions;
  /** Units in the order of their first use in the forward pass; and in that of the pass before. */
  #order: ShardUnit[] = [];
  #lastOrder: readonly ShardUnit[] = [];

  /** @param units by the path of their module. */
  constructor(root: ShardUnit | undefined, units: ReadonlyMap<string, ShardUnit>, options: ScheduleOptions) {
    this.#root = root;
    this.#units = units;
    this.#options = options;
  }

  /** Changes the modules' `forward` in place. */
  hook(modules: ReadonlyMap<string, Module>): void {
    for (const [path, unit] of this.#units) {
      const module = modules.get(path) as Module & { forward?: Forward };
      if (typeof module.forward !== "function")
        throw new TypeError(expectation("fullyShard", `a module with a forward at '${path}'`, "one without"));
      const forward = module.forward.bind(module);
      module.forward = (...inputs) => {
        this.#enterForward(unit);
        const output = forward(...inputs);
        if (this.#options.reshardAfterForward) unit.release();
        return this.#beforeBackward(output, unit);
      };
    }
  }

  /** To be called before each forward pass: gathers what belongs to no unit. */
  begin(): void {
    this.releaseAll();
    this.#lastOrder = this.#order;
    this.#order = [];
    this.#root?.finishGather();
  }

  /** To be called when a unit has all its gradients. */
  leaveBackward(unit: ShardUnit): void {
    unit.release();
    if (this.#options.backwardPrefetch === "BACKWARD_POST") this.#before(unit)?.startGather();
  }

  releaseAll(): void {
    this.#root?.release();
    for (const unit of this.#units.values()) unit.release();
  }

  #enterForward(unit: ShardUnit): void {
    unit.finishGather();
    if (!this.#order.includes(unit)) this.#order.push(unit);
    if (this.#options.forwardPrefetch) this.#lastOrder[this.#lastOrder.indexOf(unit) + 1]?.startGather();
  }

  #before(unit: ShardUnit): ShardUnit | undefined {
    return this.#order[this.#order.indexOf(unit) - 1];
  }

  /** Passes a unit's output on; its gradient passes only when the unit is gathered again. */
  #beforeBackward(output: Tensor, unit: ShardUnit): Tensor {
    return runOperation({
      name: "GatherBeforeBackward",
      inputs: { output },
      run: () => output,
      gradients: (dy) => {
        unit.finishGather();
        if (this.#options.backwardPrefetch === "BACKWARD_PRE") this.#before(unit)?.startGather();
        return { output: dy };
      },
    });
  }
}
