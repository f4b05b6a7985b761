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
  /** Whether prefetches gather at most one unit ahead; all that follow in the pass otherwise. */
  readonly limitAllGathers: boolean;
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
    this.#upcoming(undefined)[0]?.fetchShards();
  }

  /** To be called when a unit has all its gradients. */
  leaveBackward(unit: ShardUnit): void {
    // Gradients of what lies before it may still need what is frozen.
    if (!unit.hasFrozen) unit.release();
    if (this.#options.backwardPrefetch === "BACKWARD_POST") this.#gatherAhead(this.#before(unit));
  }

  releaseAll(): void {
    this.#root?.release();
    for (const unit of this.#units.values()) unit.release();
  }

  #enterForward(unit: ShardUnit): void {
    unit.finishGather();
    if (!this.#order.includes(unit)) this.#order.push(unit);
    const next = this.#upcoming(unit);
    if (this.#options.forwardPrefetch) this.#gatherAhead(next);
    else next[0]?.fetchShards();
  }

  /** Units of the forward pass after one, or all, in the order of the pass before; until there was one, of the model. */
  #upcoming(unit: ShardUnit | undefined): readonly ShardUnit[] {
    const order = this.#lastOrder.length > 0 ? this.#lastOrder : [...this.#units.values()];
    return unit ? order.slice(order.indexOf(unit) + 1) : order;
  }

  /** Units of the backward pass after one. */
  #before(unit: ShardUnit): readonly ShardUnit[] {
    return this.#order.slice(0, this.#order.indexOf(unit)).reverse();
  }

  /** Starts to gather the next units, as many as may be, and to read the one behind them from the disk. */
  #gatherAhead(next: readonly ShardUnit[]): void {
    const count = this.#options.limitAllGathers ? 1 : next.length;
    for (const unit of next.slice(0, count)) unit.startGather();
    next[count]?.fetchShards();
  }

  /** Passes a unit's output on; its gradient passes only when the unit is gathered again. */
  #beforeBackward(output: Tensor, unit: ShardUnit): Tensor {
    return runOperation({
      name: "GatherBeforeBackward",
      inputs: { output },
      run: () => output,
      gradients: (dy) => {
        this.#leaveFrozen(unit);
        unit.finishGather();
        const next = this.#before(unit);
        if (this.#options.backwardPrefetch === "BACKWARD_PRE") this.#gatherAhead(next);
        else next[0]?.fetchShards();
        return { output: dy };
      },
    });
  }

  /** Frees what is frozen in the units behind one, with which the backward pass is through when it comes to this one. */
  #leaveFrozen(unit: ShardUnit): void {
    for (const later of this.#order.slice(this.#order.indexOf(unit) + 1)) if (later.hasFrozen) later.release();
  }
}
