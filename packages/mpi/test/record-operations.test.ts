import { expect, test } from "vitest";
import type { OperationRecord } from "../src/index.js";
import { describeEachMpi, runScript } from "./run-script.js";

interface Printed {
  readonly rank: number;
  readonly began: number;
  readonly blocked: number;
  readonly ended: number;
  readonly records: readonly [OperationRecord, OperationRecord];
  readonly after: readonly OperationRecord[];
}

describeEachMpi("recorded operations", (build) => {
  test("last from their call until they are done, and say for how long they blocked", async () => {
    const { stdout, stderr } = await runScript(build, 2, "records");
    expect(stderr).toBe("");
    const printed = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Printed);
    const { began, blocked, ended, records, after } = printed.find(({ rank }) => rank === 0) as Printed;
    const [sum, barrier] = records;
    expect(records).toHaveLength(2);
    expect(sum).toMatchObject({ name: "all-reduce #2 (sum of 1000 float32)", communicator: "world", bytes: 4000 });
    expect(sum.blockedFrom).toBeUndefined(); // it was awaited
    expect(sum.start).toBeGreaterThanOrEqual(began);
    expect(sum.end - sum.start).toBeGreaterThan(0.2);
    expect(sum.end).toBeLessThanOrEqual(blocked);
    expect(barrier).toMatchObject({ name: "barrier #3", bytes: 0, blockedFrom: barrier.start });
    expect(barrier.end - barrier.start).toBeGreaterThan(0.2);
    expect(barrier.end).toBeLessThanOrEqual(ended);
    expect(after).toEqual([]);
  });
});
