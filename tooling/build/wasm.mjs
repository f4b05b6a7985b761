/** Compiles the WebAssembly kernels into the TypeScript files beside their sources: `node tooling/build/wasm.mjs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import asc from "assemblyscript/asc";
import makeWabt from "wabt";

const packages = new URL("../../packages/", import.meta.url);
await writeKernel("data/src/resample-kernel.wat", "RESAMPLE_KERNEL", assembleText);
await writeKernel("data-geotiff/src/kernel/block-kernel.as", "BLOCK_KERNEL", compileScript);

async function writeKernel(path, name, compile) {
  const source = new URL(path, packages);
  const file = basename(path);
  const bytes = await compile(file, readFileSync(source, "utf8"));
  const text = `/** \`${file}\` as WebAssembly, in base64; made by \`node tooling/build/wasm.mjs\`. */
export const ${name} =
  "${Buffer.from(bytes).toString("base64")}";
`;
  writeFileSync(new URL(file.replace(/\.\w+$/, ".ts"), source), text);
}

async function assembleText(file, text) {
  const wabt = await makeWabt();
  return wabt.parseWat(file, text, { simd: true }).toBinary({}).buffer;
}

/** AssemblyScript without its runtime: functions on memory alone. */
async function compileScript(_file, text) {
  let bytes;
  const { error, stderr } = await asc.main(
    ["main.ts", "--outFile", "main.wasm", "--runtime", "stub", "--noAssert", "-O3", "--enable", "simd"],
    {
      readFile: (name) => (name === "main.ts" ? text : null),
      writeFile: (_name, contents) => {
        bytes = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString());
  return bytes;
}
