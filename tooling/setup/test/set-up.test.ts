import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runSteps } from "../progress.mjs";
import { run } from "../run.mjs";
import { hashFiles } from "../stamps.mjs";

const steps = [
  { title: "Node", run: async () => "20.0.0" },
  { title: "LibTorch", run: async () => ({ warning: "none" }) },
];

async function printed(quiet: boolean): Promise<string> {
  let text = "";
  await runSteps(steps, {
    quiet,
    write: (part: string) => {
      text += part;
    },
  });
  return text;
}

test("each step prints one line, and only warnings when quiet", async () => {
  expect(await printed(false)).toBe("setup 1/2 Node … 20.0.0\nsetup 2/2 LibTorch … none\n");
  expect(await printed(true)).toBe("setup 2/2 LibTorch … none\n");
});

test("a program that is missing, fails or runs out of time is a result and not an exception", async () => {
  expect((await run("graticule-no-such-program", [])).ok).toBe(false);
  expect(await run(process.execPath, ["-e", "console.log('said'); process.exit(3)"])).toEqual({
    ok: false,
    output: "said\n",
  });
  const slow = await run(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { timeoutSeconds: 0.2 });
  expect(slow.ok).toBe(false);
  expect(slow.output).toContain("was stopped (SIGTERM)");
});

test("a hash follows names and bytes, and a missing file is no error", () => {
  const folder = mkdtempSync(join(tmpdir(), "graticule-hash-"));
  try {
    const empty = hashFiles([folder]);
    writeFileSync(join(folder, "a"), "1");
    const one = hashFiles([folder]);
    writeFileSync(join(folder, "a"), "2");
    expect(new Set([empty, one, hashFiles([folder]), hashFiles([join(folder, "missing")])]).size).toBe(4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
