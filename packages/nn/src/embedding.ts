import { expectation } from "@graticule/core";
import { reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { gatherRows } from "./gather-rows.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * A learned vector for each number below `count`.
 *
 * Shape: rows of numbers of one length N → `[rows, N, D]`; weight `[count, D]`.
 *
 * @throws {RangeError} if rows differ in length or a number is not a whole one from 0 to below `count`.
 */
export class Embedding extends Module {
  readonly weight: Parameter;

  constructor(count: number, embedDim: number) {
    super();
    this.weight = new Parameter([count, embedDim]);
  }

  forward(rows: readonly ArrayLike<number>[]): Tensor {
    const length = rows[0]?.length ?? 0;
    const count = this.weight.globalShape[0] as number;
    const flat = new Int32Array(rows.length * length);
    for (const [index, row] of rows.entries()) {
      if (row.length !== length || length === 0)
        throw new RangeError(
          expectation(
            "Embedding",
            `rows of ${length || "1 or more"} numbers`,
            `${row.length}`,
            "Pad the shorter ones.",
          ),
        );
      for (let at = 0; at < length; at++) {
        const number = row[at] as number;
        if (!(Number.isInteger(number) && number >= 0 && number < count))
          throw new RangeError(expectation("Embedding", `whole numbers from 0 to below ${count}`, `${number}`));
        flat[index * length + at] = number;
      }
    }
    return tidy(() => reshape(gatherRows(this.weight.variable, flat), [rows.length, length, -1]));
  }
}
