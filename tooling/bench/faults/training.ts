// A rank of a small run that faults are done to; its settings are JSON. It goes on from what the run folder holds, and notes
// what it is about to do in a file of its own.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { makeLogger } from "@graticule/core";
import { makeLoader } from "@graticule/data";
import { maeLoss, makeMaeMask, numPatches } from "@graticule/models";
import { openMpi } from "@graticule/mpi";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import { dataParallel, fullyShard, makeMesh, shardingSizes } from "@graticule/parallel";
import { openBackend, type Strategy, train } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import type { JobSettings, Phase } from "./job.js";
import { makeSmallModel, smallMae } from "./small-model.js";

const settings = JSON.parse(process.argv[2] as string) as JobSettings;
const { runFolder, notes, layout, totalSteps, saveEverySteps, evaluateEverySteps, deadlineSeconds } = settings;
const world = openMpi({ timeoutSeconds: deadlineSeconds });
const { rank, size } = world;
await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 });

function note(phase: Phase, step: number): void {
  appendFileSync(join(notes, `${rank}`), `${phase} ${step} ${process.pid}\n`);
}

/** Long enough for faults to strike in it. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const model = makeSmallModel();
const isSharded = layout === "fsdp";
const mesh = makeMesh(world, isSharded ? shardingSizes("FULL_SHARD", size) : {});
const strategy: Strategy = isSharded
  ? fullyShard(model, mesh, { units: ["blocks.*", "decoder_blocks.*"] })
  : dataParallel(model, mesh, { bucketMegabytes: 0.02 });
const groups = weightDecayGroups(model, 0.05).map((group) => ({
  ...group,
  parameters: strategy.ownParameters(group.parameters),
}));
const optimizer = makeAdamW({ groups, epsilon: 1e-4 });
const loader = await makeLoader({
  dataset: { module: new URL("./noise-dataset.ts", import.meta.url).href, export: "openNoise", options: {} },
  batchSize: 12 / size,
  seed: 42,
  shuffle: true,
  dropLast: true,
  transforms: [{ kind: "horizontalFlip" }],
  numWorkers: 0,
  prefetchBatches: 1,
  onCorrupt: "fail",
  shard: { rank, worldSize: size },
});
let lastStep = 0;
const lossOf: Parameters<typeof train>[0]["loss"] = ({ images, shape, indices }, { epoch, step }) => {
  lastStep = step;
  note("step", step);
  pause(5);
  const numTokens = numPatches(smallMae);
  const mask = makeMaeMask({ seed: 1, epoch, indices, numTokens, maskRatio: 0.75 });
  return maeLoss(model, tensor4d(images, [...shape]), mask, { normPix: true });
};

note("load", 0);
const { step, stopped } = await train({
  runFolder,
  model,
  strategy,
  loader,
  loss: lossOf,
  optimizer: {
    ...optimizer,
    stateDict() {
      note("save", lastStep);
      return optimizer.stateDict();
    },
  },
  evaluate: {
    everySteps: evaluateEverySteps,
    async run(step) {
      note("eval", step);
      pause(10);
      return { score: 1 };
    },
  },
  learningRate: (step) => 1e-2 / (1 + step / 20),
  seed: 42,
  config: {},
  resume: true,
  totalSteps,
  saveEverySteps,
  keepCheckpoints: 3,
  logEverySteps: 1,
  logger: makeLogger((line) => process.stderr.write(`rank ${rank}: ${line}\n`)),
  progressStream: new Writable({ write: (_chunk, _encoding, done) => done() }),
});
if (rank === 0) process.stdout.write(`${stopped ? "stopped" : "finished"} at step ${step}\n`);
