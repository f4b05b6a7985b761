import { expect, test } from "vitest";
import { runStage } from "../run-stage.js";

const node = (code: string, seconds = 30) =>
  runStage({ name: "stage", command: process.execPath, args: ["--eval", code], seconds });

test("takes the last line of a stage's output", async () => {
  expect(await node(`console.log("hello"); console.log('{"a":1}')`)).toEqual({ value: { a: 1 } });
});

test("takes what a failed stage found", async () => {
  expect(await node(`console.log('{"failures":2}'); process.exitCode = 1`)).toEqual({ value: { failures: 2 } });
});

test("a stage that fails without a result is an error with its own words", async () => {
  expect(await node(`console.error("no such device"); process.exitCode = 3`)).toEqual({
    error: "stage: exit code 3. no such device",
  });
});

test("of a stack trace it keeps the line that names the error", async () => {
  expect(await node(`function deep() { throw new TypeError("no driver") }; deep()`)).toEqual({
    error: "stage: exit code 1. TypeError: no driver",
  });
});

test("a stage that can't start, or crashes, is an error", async () => {
  const missing = await runStage({ name: "stage", command: "no-such-program", args: [], seconds: 5 });
  expect(missing).toEqual({ error: "stage: spawn no-such-program ENOENT" });
  expect(await node("process.abort()")).toEqual({ error: expect.stringContaining("stage: SIGABRT") });
});

test("a stage is stopped at its limit", async () => {
  expect(await node("setInterval(() => {}, 1000)", 1)).toEqual({ error: "stage: stopped at its limit of 1 s." });
});

test("no stage begins without time", async () => {
  expect(await node("", 0.5)).toEqual({ error: "stage: not run, no time was left" });
});
