import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeTorch } from "./on-torch.js";

const seconds = Number(process.env.GRATICULE_FUZZ_SECONDS ?? 3);
const seed = Number(process.env.GRATICULE_FUZZ_SEED ?? 1);

describeTorch("hostile arguments", () => {
  it(
    `never crash the process (${seconds} s, GRATICULE_FUZZ_SECONDS for longer)`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "graticule-fuzz-"));
      const lastCall = join(folder, "last-call.json");
      const script = fileURLToPath(new URL("children/fuzz.ts", import.meta.url));
      const node = ["--conditions=@graticule/source", "--import", "tsx", script, seconds, seed, lastCall].map(String);
      const child = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "pipe"] });
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk) => {
        out += chunk;
      });
      child.stderr.on("data", (chunk) => {
        err += chunk;
      });
      const ended = await new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code)));
      const call = ended === 0 ? "" : readFileSync(lastCall, "utf8");
      rmSync(folder, { recursive: true });
      expect(ended, `last call: ${call}\n${err.slice(-2000)}`).toBe(0);
      const { calls, refused, worked, raw, sum, unexpected } = JSON.parse(out);
      expect(unexpected).toEqual([]);
      expect(sum).toBe(3);
      expect(Math.min(calls, refused, worked, raw)).toBeGreaterThan(20);
    },
    seconds * 1000 + 60_000,
  );
});
