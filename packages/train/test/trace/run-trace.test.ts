import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { makeLoader } from "@graticule/data";
import { train } from "@graticule/train";
import { expect, it } from "vitest";
import { z } from "zod";
import { traceEvents } from "../../src/trace/trace-events.js";
import { makeTemporaryFolder } from "../fixtures/temporary-folder.js";
import { makeTinyRun, tinyLoaderOptions } from "../fixtures/tiny-run.js";

/** Complete events and metadata of the Trace Event Format, as Perfetto reads them. */
const traceFile = z.strictObject({
  displayTimeUnit: z.literal("ms"),
  traceEvents: z.array(
    z.union([
      z.strictObject({
        ph: z.literal("X"),
        name: z.string().min(1),
        cat: z.string(),
        pid: z.int(),
        tid: z.int(),
        ts: z.int().min(0),
        dur: z.int().min(0),
        args: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
      z.strictObject({
        ph: z.literal("M"),
        name: z.enum(["process_name", "thread_name"]),
        pid: z.int(),
        tid: z.int(),
        args: z.strictObject({ name: z.string() }),
      }),
      z.strictObject({
        ph: z.literal("M"),
        name: z.enum(["process_sort_index", "thread_sort_index"]),
        pid: z.int(),
        tid: z.int(),
        args: z.strictObject({ sort_index: z.int() }),
      }),
    ]),
  ),
});

type Span = Extract<z.output<typeof traceFile>["traceEvents"][number], { ph: "X" }>;

it("writes the timeline of the steps asked for, with each unit's passes, and leaves the result as it is", async () => {
  const lines: string[] = [];
  const runFolder = await makeTemporaryFolder();
  const options = await makeTinyRun({ runFolder });
  const forward = options.model.fc1.forward;
  const traced = await train({
    ...options,
    totalSteps: 8,
    traceSteps: [4, 5],
    evaluate: { everySteps: 5, run: async () => ({ score: 1 }) },
    logger: makeLogger((line) => lines.push(line)),
  });
  expect(options.model.fc1.forward).toBe(forward);
  const plain = await train(
    await makeTinyRun({ runFolder: await makeTemporaryFolder() }, { totalSteps: 8, saveEverySteps: 5 }),
  );
  expect(traced.loss).toBe(plain.loss);

  const { traceEvents } = traceFile.parse(JSON.parse(await readFile(join(runFolder, "trace/trace.json"), "utf8")));
  const spans = traceEvents.filter((event) => event.ph === "X");
  const step = ["step 4", "step 5"];
  expect(spans.filter(({ cat }) => cat === "step").map(({ name }) => name)).toEqual(step);
  const ofSecondStep = spans.filter(({ ts }) => ts >= spans.find(({ name }) => name === "step 5")!.ts);
  expect(ofSecondStep.filter(({ cat }) => cat === "compute").map(({ name }) => name)).toEqual([
    "forward",
    "forward fc1",
    "forward fc2",
    "backward",
    "backward fc2",
    "backward fc1",
    "gradient norms",
    "optimizer",
    "evaluation",
  ]);
  expect(ofSecondStep.filter(({ cat }) => cat === "checkpoint").map(({ name }) => name)).toEqual(["save step 5"]);
  const [whole, unit] = ["backward", "backward fc2"].map((name) => ofSecondStep.find((each) => each.name === name)!);
  expect(unit!.ts).toBeGreaterThanOrEqual(whole!.ts);
  expect(unit!.ts + unit!.dur).toBeLessThanOrEqual(whole!.ts + whole!.dur);
  expect(droppedSpans(spans)).toEqual([]);
  expect(lines.join("\n")).toMatch(
    /^steps 4 to 5 took \d+\.\d{3} s, in .*trace\.json\n {2}rank 0: compute \d+\.\d %, communication 0\.0 % \(0\.0 % of it behind compute\), waiting/m,
  );
});

it("shows what each loader thread makes, in rows of their own under the names of threads", async () => {
  const runFolder = await makeTemporaryFolder();
  const lines: string[] = [];
  const loader = await makeLoader({ ...tinyLoaderOptions({}), numWorkers: 2 });
  const logger = makeLogger((line) => lines.push(line));
  const options = await makeTinyRun({ runFolder }, { loader, logger });
  await train({ ...options, totalSteps: 12, traceSteps: [2, 11] });
  await loader.close();
  const { traceEvents } = traceFile.parse(JSON.parse(await readFile(join(runFolder, "trace/trace.json"), "utf8")));
  const spans = traceEvents.filter((event) => event.ph === "X" && event.cat === "loader thread") as Span[];
  const names = new Map(
    traceEvents.flatMap((event) => (event.name === "thread_name" ? [[event.tid, event.args]] : [])),
  );
  expect(new Set(spans.map(({ tid }) => names.get(tid)))).toEqual(
    new Set([{ name: "loader, worker 1" }, { name: "loader, worker 2" }]),
  );
  const batches = spans.filter(({ name }) => /^batch at \d+ of epoch \d+$/.test(name));
  expect(batches.length).toBeGreaterThan(3);
  for (const { args } of batches) expect(args).toEqual({ samples: 5 });
  expect(droppedSpans(spans)).toEqual([]);
  for (const inner of spans.filter(({ name }) => name.startsWith("transform sample ")))
    expect(
      batches.some(
        ({ tid, ts, dur }) => tid === inner.tid && ts <= inner.ts && inner.ts + inner.dur <= ts + dur + 5e-4,
      ),
    ).toBe(true);
  expect(spans.filter(({ name }) => name.startsWith("transform")).length).toBeGreaterThanOrEqual(batches.length);
  expect(lines.join("\n")).toMatch(/loader read 0 B, wait \d+\.\d % of the run/);
});

it("traces nothing unless asked, and refuses a window that ends before it begins", async () => {
  const runFolder = await makeTemporaryFolder();
  await train(await makeTinyRun({ runFolder }, { totalSteps: 2 }));
  expect(existsSync(join(runFolder, "trace"))).toBe(false);
  await expect(
    train(await makeTinyRun({ runFolder }, { totalSteps: 2, traceSteps: [3, 2] })),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RangeError: train: expected traceSteps [first, last] with 1 ≤ first ≤ last, got [3, 2].]`,
  );
});

it("says why it could not write, while training goes on", async () => {
  const lines: string[] = [];
  const runFolder = await makeTemporaryFolder();
  await writeFile(join(runFolder, "trace"), "in the way");
  const logger = makeLogger((line) => lines.push(line.replaceAll(runFolder, "RUN")), "warn");
  const { step } = await train(await makeTinyRun({ runFolder }, { totalSteps: 3, traceSteps: [1, 2], logger }));
  expect(step).toBe(3);
  expect(lines).toEqual(["warn: trace of steps 1 to 2 not written: EEXIST: file already exists, mkdir 'RUN/trace'"]);
});

/** Spans that Perfetto drops: of a thread, in the file's order where they begin together, those that overlap an open one in part. */
function droppedSpans(events: readonly Span[]): Span[] {
  const open = new Map<string, number[]>();
  return [...events]
    .sort((a, b) => a.ts - b.ts)
    .filter(({ pid, tid, ts, dur }) => {
      const ends = open.get(`${pid} ${tid}`) ?? [];
      open.set(`${pid} ${tid}`, ends);
      while (ends.length > 0 && (ends.at(-1) as number) <= ts) ends.pop();
      if (ends.length > 0 && ts + dur > (ends.at(-1) as number)) return true;
      ends.push(ts + dur);
      return false;
    });
}

it("rounds both ends of a span to whole microseconds, so that no viewer sees it stick out of another", () => {
  const spans = [
    { row: "compute", name: "outer", start: 0.0000004, end: 1.0000004 },
    { row: "compute", name: "inner", start: 0.5000007, end: 1.0000004 },
    { row: "compute", name: "next", start: 1.0000004, end: 1.0000016 },
  ] as const;
  const events = traceEvents(0, "rank 0", spans, 0).filter((event) => event.ph === "X") as Span[];
  expect(events.map(({ ts, dur }) => [ts, dur])).toEqual([
    [0, 1e6],
    [500_001, 499_999],
    [1e6, 2],
  ]);
  expect(droppedSpans(events)).toEqual([]);
  const [outer, inner, next] = events as [Span, Span, Span];
  expect(droppedSpans([outer, { ...inner, dur: 5e5 }, next]).map(({ name }) => name)).toEqual(["inner"]);
});

it("gives operations that overlap lines of their own, and keeps those within each other on one", () => {
  const line = (row: "communication" | "compute", spans: [number, number][]) =>
    traceEvents(
      1,
      "rank 1",
      spans.map(([start, end]) => ({ row, name: "x", start, end })),
      10,
    ).flatMap((event) => (event.ph === "X" ? [[event.ts, event.dur, event.tid % 100]] : []));
  expect(
    line("communication", [
      [0, 4],
      [1, 2],
      [3, 5],
      [4, 6],
    ]),
  ).toEqual([
    [10e6, 4e6, 0],
    [11e6, 1e6, 1],
    [13e6, 2e6, 1],
    [14e6, 2e6, 0],
  ]);
  expect(
    line("compute", [
      [0, 4],
      [1, 2],
      [2, 4],
    ]).map(([, , tid]) => tid),
  ).toEqual([0, 0, 0]);
});
