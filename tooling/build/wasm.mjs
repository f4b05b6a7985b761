/** Assembles each kernel's `.wat` into the TypeScript file beside it: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import makeWabt from "wabt";

const kernels = ["data/src/resample-kernel", "data-hyperspectral/src/strided/widen-kernel"];
const wabt = await makeWabt();
for (const kernel of kernels) {
  const source = new URL(`../../packages/${kernel}.wat`, import.meta.url);
  const name = kernel.split("/").at(-1);
  const { buffer } = wabt.parseWat(`${name}.wat`, readFileSync(source, "utf8"), { simd: true }).toBinary({});
  const text = `/** \`${name}.wat\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name.replace("-", "_").toUpperCase()} =
  "${Buffer.from(buffer).toString("base64")}";
`;
  writeFileSync(new URL(`${name}.ts`, source), text);
}
