/** Assembles `packages/data/src/resample-kernel.wat` into the TypeScript file beside it: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import makeWabt from "wabt";

const source = new URL("../../packages/data/src/resample-kernel.wat", import.meta.url);
const wabt = await makeWabt();
const parsed = wabt.parseWat("resample-kernel.wat", readFileSync(source, "utf8"), { simd: true });
const { buffer } = parsed.toBinary({});
const text = `/** \`resample-kernel.wat\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const RESAMPLE_KERNEL =
  "${Buffer.from(buffer).toString("base64")}";
`;
writeFileSync(new URL("resample-kernel.ts", source), text);
