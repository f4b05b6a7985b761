// Loads the addon a second time from another path: two instances, each with its own allocator, tables and settings.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Addon } from "../../src/addon.js";

const require = createRequire(import.meta.url);
const path = fileURLToPath(new URL("../../build/graticule_torch.node", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "graticule-two-"));
const copy = join(folder, "other.node");
copyFileSync(path, copy);

function use(file: string) {
  const addon = require(file) as Addon;
  const shared = addon.bind(new Float64Array(1024));
  const add = addon.kernelNames().indexOf("Add");
  const make = (value: number) =>
    addon.write(new Float32Array(1 << 18).fill(value), 0, Float64Array.of(1, 1 << 18), false);
  const sum = (a: number, b: number): number => {
    shared.set([a, 1, 1 << 18, b, 1, 1 << 18]);
    addon.run(add, 6);
    return shared[0] as number;
  };
  return { addon, make, sum };
}

const one = use(path);
const first = one.make(1);
const two = use(copy);
const [second, third] = [two.make(2), one.make(3)];
const sums = [one.sum(first, third), two.sum(second, second)];
one.addon.setPrecision(1);
const values = [one.addon.read(sums[0] as number)[7], two.addon.read(sums[1] as number)[7]];
let stranger = "";
try {
  two.addon.read(2 ** 30 + 5);
} catch (error) {
  stranger = (error as Error).message;
}
for (const handle of [first, third, sums[0] as number]) one.addon.dispose(handle);
const left = two.addon.memory().storages;
for (const handle of [second, sums[1] as number]) two.addon.dispose(handle);
rmSync(folder, { recursive: true });
const again = createRequire(import.meta.url)(path) as Addon;
const sameArray = again.bind(new Float64Array(8)).length;
process.stdout.write(
  JSON.stringify({
    values,
    stranger,
    left,
    storages: [one.addon.memory().storages, two.addon.memory().storages],
    sameArray,
  }),
);
