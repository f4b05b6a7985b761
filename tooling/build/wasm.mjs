/** Assembles each kernel's `.wat` into the TypeScript file beside it: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import makeWabt from "wabt";

const kernels = ["data/src/resample-kernel", "data-hyperspectral/src/strided/widen-kernel"];
const wabt = await makeWabt();
for (const kernel of kernels) {
  const source = new URL(`../../packages/${kernel}.wat`, import.meta.url);
  const name = kernel.split("/").at(-1);
  const { buffer } = wabt.parseWat(`${name}.wat`, readFileSync(source, "utf8"), { simd: true }).toBinary({});
  const text = `/** \`${name}.wat\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name.replace("-", "_").toUpperCase()} =
const KERNELS = ["packages/data/src/resample-kernel.wat", "packages/data-era5/src/codecs/chunk-kernel.wat"];

const wabt = await makeWabt();
for (const path of KERNELS) {
  const source = new URL(`../../${path}`, import.meta.url);
  const name = basename(path, ".wat");
  const parsed = wabt.parseWat(`${name}.wat`, readFileSync(source, "utf8"), { simd: true });
  const { buffer } = parsed.toBinary({});
  const text = `/** \`${name}.wat\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name.toUpperCase().replaceAll("-", "_")} =
  "${Buffer.from(buffer).toString("base64")}";
`;
  writeFileSync(new URL(`${name}.ts`, source), text);
}
