// `npm run numerics:browser`: the cases of `npm run numerics` in headless Chromium, on webgpu, webgl, wasm and cpu.
// Prints a table of the largest relative errors, or one line that says why there is none. Chromium is Debian's, or $CHROMIUM.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, stateFolder } from "../setup/project.mjs";
import { mustRun } from "../setup/run.mjs";
import { FP32_TOLERANCE } from "./measure-backend.ts";

const folder = join(stateFolder, "browser");
const packages = ["esbuild@0.25.12", "@tensorflow/tfjs-backend-webgpu@4.22.0", "@tensorflow/tfjs-backend-webgl@4.22.0"];
const TIMEOUT_MS = 240_000;
// No GPU is needed: SwiftShader, which comes with Chromium, runs WebGPU and WebGL on the CPU.
const flags = [
  ...["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"],
  ...["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"],
];

const chromium = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].find(
  (name) => name && spawnSync(name, ["--version"]).status === 0,
);
if (!chromium)
  console.log("numerics:browser: not run, expected Chromium, found none. `apt-get install chromium`, or set CHROMIUM.");
else printTable(await runInBrowser(await bundlePage()));

async function bundlePage() {
  if (!existsSync(join(folder, "node_modules/esbuild"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
    await mustRun("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], { cwd: folder });
  }
  const { build } = createRequire(join(folder, "package.json"))("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("browser-page.mjs", import.meta.url))],
    ...{ bundle: true, format: "esm", platform: "browser", target: "es2022", write: false, logLevel: "error" },
    conditions: ["@graticule/source"],
    loader: { ".safetensors": "binary" },
    nodePaths: [join(folder, "node_modules")],
    // One tfjs-core for all, else a backend registers itself with another one.
    alias: { "@tensorflow/tfjs-core": join(root, "node_modules/@tensorflow/tfjs-core") },
  });
  return outputFiles[0].text;
}

function runInBrowser(page) {
  const wasmFolder = dirname(createRequire(join(root, "package.json")).resolve("@tensorflow/tfjs-backend-wasm"));
  const profile = mkdtempSync(join(tmpdir(), "graticule-browser-"));
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      if (request.method === "POST") return receive(request, response);
      if (request.url === "/page.js") return send(response, "text/javascript", page);
      if (request.url.startsWith("/wasm/"))
        return send(response, "application/wasm", readFileSync(join(wasmFolder, basename(request.url))));
      return send(response, "text/html", '<!doctype html><script type="module" src="/page.js"></script>');
    });
    const receive = async (request, response) => {
      const chunks = await request.toArray();
      send(response, "text/plain", "");
      finish(() => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    };
    let browser;
    const finish = (settle) => {
      clearTimeout(timer);
      browser.kill();
      server.close();
      server.closeAllConnections();
      browser.on("close", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
      settle();
    };
    const timer = setTimeout(
      () =>
        finish(() => reject(new Error(`numerics:browser: expected results within ${TIMEOUT_MS / 1000} s, got none.`))),
      TIMEOUT_MS,
    );
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${server.address().port}/`;
      browser = spawn(chromium, [...flags, `--user-data-dir=${profile}`, url], { stdio: "ignore" });
    });
  });
}

function send(response, type, body) {
  response.writeHead(200, { "content-type": type }).end(body);
}

function printTable(results) {
  const found = Object.entries(results).filter(([, { errors }]) => errors);
  for (const [backend, { missing }] of Object.entries(results))
    if (missing) console.error(`${backend} was left out: ${missing}`);
  const worst = ({ output, gradient }) => Math.max(output.relative, gradient?.relative ?? 0);
  const names = Object.keys(found[0]?.[1].errors ?? {});
  console.log(`| largest relative error | ${found.map(([backend]) => backend).join(" | ")} |`);
  console.log(`|${" --- |".repeat(found.length + 1)}`);
  for (const name of names)
    console.log(`| ${name} | ${found.map(([, { errors }]) => worst(errors[name]).toExponential(1)).join(" | ")} |`);
  const isWithin = found.every(([, { errors }]) =>
    Object.values(errors).every((error) => worst(error) <= FP32_TOLERANCE),
  );
  if (isWithin && found.length > 0) return;
  console.error(`numerics:browser: expected relative errors up to ${FP32_TOLERANCE} on some backend, got those above.`);
  process.exitCode = 1;
}
