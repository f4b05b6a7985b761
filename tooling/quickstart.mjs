import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * `npm run quickstart`: sets the project up, pretrains a small masked autoencoder on a Landsat-7 scene, scores it on
 * held-out tiles and writes a report. The commands it runs are printed, so that the next run is your own.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const runFolder = "runs/quickstart";

function step(label, script, args) {
  process.stdout.write(`\n${label}\n`);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const started = performance.now();
step("Setting up", "tooling/setup/main.mjs", []);
rmSync(`${root}/${runFolder}`, { recursive: true, force: true });
const hasTorch = existsSync(`${root}/packages/tfjs-backend-torch/build/graticule_torch.node`);
if (!hasTorch) process.stdout.write("\nWithout LibTorch this trains for 3 epochs instead of 40, on wasm.\n");
const training = ["run", "--preset", "quickstart", "--out", runFolder, ...(hasTorch ? [] : ["train.epochs=3"])];
step(`graticule-pretrain ${training.join(" ")}`, "apps/pretrain/bin/graticule-pretrain.js", training);
for (const method of ["knn", "probe"])
  step(`graticule-classify ${method} ${runFolder} compare=[random,pixels]`, "apps/classify/bin/graticule-classify.js", [
    ...[method, runFolder, "compare=[random,pixels]"],
  ]);
process.stdout.write(`
Done in ${Math.round((performance.now() - started) / 1000)} s. Open these:
  ${runFolder}/report.html          curves, reconstructions, probe and kNN scores
  ${runFolder}/reconstructions.png  held-out tiles: input, masked, reconstruction
  ${runFolder}/tensorboard          event files, for tensorboard --logdir ${runFolder}
`);
