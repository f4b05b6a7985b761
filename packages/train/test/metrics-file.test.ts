import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openMetricsFile } from "../src/metrics-file.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";

async function continued(content: string, lastStep: number): Promise<string> {
  const path = join(await makeTemporaryFolder(), "run", "metrics.jsonl");
  const first = await openMetricsFile(path, 0);
  await first.close();
  await writeFile(path, content);
  const file = await openMetricsFile(path, lastStep);
  await file.write({ step: lastStep + 1, loss: 0.5 });
  await file.close();
  return readFile(path, "utf8");
}

const NEXT = '{"step":3,"loss":0.5}\n';

describe("openMetricsFile", () => {
  it.each([
    ["an empty file", "", NEXT],
    ["lines up to the step", '{"step":1}\n{"step":2}\n', `{"step":1}\n{"step":2}\n${NEXT}`],
    ["lines beyond the step", '{"step":2}\n{"step":3}\n{"step":4}\n', `{"step":2}\n${NEXT}`],
    ["a torn last line", '{"step":1}\n{"step":2,"lo', `{"step":1}\n${NEXT}`],
    ["a whole last line without its end", '{"step":1}\n{"step":2}', `{"step":1}\n${NEXT}`],
    ["zeros after a power cut", '{"step":1}\n\0\0\0\n', `{"step":1}\n${NEXT}`],
    ["a line without a step", '{"step":1}\nnull\n', `{"step":1}\n${NEXT}`],
  ])("goes on after %s", async (_name, content, expected) => {
    expect(await continued(content, 2)).toBe(expected);
  });

  it("finds its place in a file of many chunks", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"step":${index + 1},"note":"é"}\n`);
    expect(await continued(lines.join(""), 2)).toBe(lines.slice(0, 2).join("") + NEXT);
    expect((await continued(lines.join(""), 15_000)).length).toBe(lines.slice(0, 15_000).join("").length + 26);
  });
});
