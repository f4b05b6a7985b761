import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeTorch } from "./on-torch.js";

/** In a process of its own: a crash there is a failure here. */
function run(name: string): unknown {
  const script = fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url));
  const node = ["--conditions=@graticule/source", "--import", "tsx", script];
  return JSON.parse(execFileSync(process.execPath, node, { encoding: "utf8" }));
}

describeTorch("several at once", () => {
  it("worker threads have tensors of their own and share the precision; what a terminated one held is given back", () => {
    const found = { precision: "bf16", value: 171 }; // 170.67 lies between 170 and 171 in bf16
    expect(run("workers")).toEqual({ results: [found, found, found], sum: 6, leftBytes: 0 });
  });

  it("two copies of the addon in one process keep apart; two copies of the package share one", () => {
    expect(run("two-addons")).toEqual({
      values: [4, 4],
      stranger: expect.stringContaining("the tensor was disposed or never existed"),
      left: 2,
      storages: [0, 0],
      sameArray: 1024,
    });
  });
});
