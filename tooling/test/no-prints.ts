import { afterEach, beforeEach, expect, vi } from "vitest";

/** A test that prints fails: what a library says belongs to its logger, not to the console. */
const methods = ["log", "info", "warn", "error"] as const;

beforeEach(() => {
  for (const method of methods) vi.spyOn(console, method);
});

afterEach(() => {
  const printed = methods.flatMap((method) => vi.mocked(console[method]).mock.calls.map((call) => [method, ...call]));
  vi.restoreAllMocks();
  expect(printed, "console output during the test").toEqual([]);
});
