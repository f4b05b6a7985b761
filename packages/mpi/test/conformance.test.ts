import { expect, test } from "vitest";
import { soloCommunicator } from "../src/index.js";
import { communicatorCases, runCommunicatorCases } from "../src/testing.js";
import { describeEachMpi, runScript } from "./run-script.js";

test("a communicator without MPI does what every communicator does", async () => {
  expect(await runCommunicatorCases(soloCommunicator())).toEqual({});
});

describeEachMpi("conformance", (build) => {
  test.each([
    [1, []],
    [2, []],
    [3, []],
    [4, []],
    [3, ["--check"]],
  ])("%i ranks %j", async (ranks, args) => {
    const { exitCode, stdout, stderr } = await runScript(build, ranks, "conformance", args);
    expect(stderr).toBe("");
    const reports = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const cases = communicatorCases.length;
    expect(reports.sort((a, b) => a.rank - b.rank)).toEqual(
      Array.from({ length: ranks }, (_, rank) => ({ rank, cases, failures: {} })),
    );
    expect(exitCode).toBe(0);
  });
});
