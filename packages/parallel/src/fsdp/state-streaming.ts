import { awaitEvictions } from "@graticule/tfjs-backend-torch";
import type { ShardUnit } from "./shard-unit.js";

/**
 * Brings offloaded state from the disk, if it is there, unit by unit, as the optimizer goes through them: while one is updated the next is being read
 * and the one before written, each in a thread of its own. What is in no unit stays until the end.
 */
export class StateStreaming {
  readonly #root: ShardUnit | undefined;
  readonly #units: readonly ShardUnit[];
  #current: ShardUnit | undefined;

  /** @param units in the order of the model, which is the optimizer's. */
  constructor(root: ShardUnit | undefined, units: readonly ShardUnit[]) {
    this.#root = root;
    this.#units = units;
  }

  /** Before the first update: begins to read. */
  begin(): void {
    this.#root?.fetchState();
    this.#units[0]?.fetchState();
  }

  /** Before a parameter of a unit is updated, or its moments are set. */
  enter(unit: ShardUnit): void {
    if (unit === this.#current || unit === this.#root) return;
    this.#current?.evictState();
    // Where the disk is slower than the updates, memory would fill with what is to be written.
    awaitEvictions(1);
    this.#current = unit;
    this.#units[this.#units.indexOf(unit) + 1]?.fetchState();
  }

  /** After the last: writes what is left. */
  end(): void {
    this.#current?.evictState();
    this.#root?.evictState();
    this.#current = undefined;
  }
}
