import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeTorch } from "./on-torch.js";

const node = ["--conditions=@graticule/source", "--import", "tsx"];
const script = (name: string) => fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url));

describeTorch("tensors that a script forgets", () => {
  it("are given back once they are collected, and those disposed of are not given back twice", () => {
    const out = execFileSync(process.execPath, ["--expose-gc", ...node, script("forget")], { encoding: "utf8" });
    expect(JSON.parse(out)).toEqual({ forgotten: 2000, left: 0, kept: [7, 7, 7] });
  });

  it("are given back without being asked for when they are many bytes", () => {
    const out = execFileSync(process.execPath, [...node, script("forget-many")], { encoding: "utf8" });
    const { made, peak } = JSON.parse(out) as { made: number; peak: number };
    expect(made).toBe(16 * 2 ** 30);
    expect(peak).toBeLessThan(2 * 2 ** 30);
  });
});
