import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeTorch } from "./on-torch.js";

const cpuInfo = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
const hasOwnKernels = process.arch === "x64" && / avx512_bf16 /.test(cpuInfo);

describeTorch("the choice between own kernels and the library's", () => {
  it.skipIf(!hasOwnKernels)("is noted once for each kind of work, and kept to", () => {
    const folder = mkdtempSync(join(tmpdir(), "graticule-choice-"));
    const file = join(folder, "graticule-own-or-library.txt");
    const script = fileURLToPath(new URL("./children/multiply-and-attend.ts", import.meta.url));
    const run = () => {
      const env = { ...process.env, GRATICULE_CACHE_DIR: folder, GRATICULE_MATRIX_PRODUCT: "" };
      execFileSync(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", script], { env });
      return readFileSync(file, "utf8");
    };
    try {
      const notes = run();
      const kinds = notes.matchAll(/^.+ \| \S+ \| (\w+ \| \w+) \| (?:own|library)$/gm);
      const expected = ["fp32 | product", "fp32 | attention", "bf16 | product", "bf16 | attention"];
      expect(Array.from(kinds, ([, kind]) => kind).sort()).toEqual(
        notes.includes("attention") ? expected.sort() : ["bf16 | product", "fp32 | product"], // an old LibTorch has no other
      );
      const turned = notes.replaceAll(/own$/gm, "library");
      writeFileSync(file, turned);
      expect(run()).toBe(turned);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
