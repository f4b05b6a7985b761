import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * `npm run quickstart`: sets the project up, pretrains a small masked autoencoder on a Landsat-7 scene and scores it on
 * held-out tiles, then simulates weather, trains a forecaster on it and draws its forecast beside the truth. The commands
 * it runs are printed, so that the next run is your own.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const runs = { images: "runs/quickstart", weather: "runs/quickstart-weather", forecast: "runs/quickstart-forecast" };

function step(label, script, args) {
  process.stdout.write(`\n${label}\n`);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a command of an app, as `npx graticule-APP …` would. */
function command(app, ...args) {
  const shown = args.map((arg) => (/[*[]/.test(arg) ? `"${arg}"` : arg)).join(" ");
  step(`graticule-${app} ${shown}`, `apps/${app}/bin/graticule-${app}.js`, args);
}

const started = performance.now();
step("Setting up", "tooling/setup/main.mjs", []);
for (const folder of Object.values(runs)) rmSync(`${root}/${folder}`, { recursive: true, force: true });
const hasTorch = existsSync(`${root}/packages/tfjs-backend-torch/build/graticule_torch.node`);
if (!hasTorch) process.stdout.write("\nWithout LibTorch this trains on wasm, for a few epochs only.\n");
const shorter = (epochs) => (hasTorch ? [] : [`train.epochs=${epochs}`]);

command("pretrain", "run", "--preset", "quickstart", "--out", runs.images, ...shorter(3));
command("classify", "knn", runs.images, "compare=[random,pixels]");
command("classify", "probe", runs.images, "compare=[random,pixels]");

command("forecast", "simulate", "times.to=2004", "--out", `${runs.weather}/simulation`);
command("forecast", "prepare", "--preset", "quickstart-prepare", "--out", `${runs.weather}/store`);
command("forecast", "train", "--preset", "quickstart", "--out", runs.forecast, ...shorter(1));
command("forecast", "score", runs.forecast);
command("forecast", "plot", runs.forecast, "--from", "2003-11-15");

process.stdout.write(`
Done in ${Math.round((performance.now() - started) / 1000)} s. Open these:
  ${runs.images}/report.html             curves, reconstructions, probe and kNN scores
  ${runs.images}/reconstructions.png     held-out tiles: input, masked, reconstruction
  ${runs.images}/tensorboard             event files, for tensorboard --logdir ${runs.images}
  ${runs.forecast}/report.html    curves, scores beside baselines, forecast maps
  ${runs.forecast}/maps-vo500.png truth, forecast and error on held-out days
`);
