// Trains tiny models on one rank and divided among several, and reports how far they are apart.
import "@graticule/tfjs-backend-torch";
import { type Communicator, closeMpi, openMpi } from "@graticule/mpi";
import { deferInitialization } from "@graticule/nn";
import * as tf from "@tensorflow/tfjs-core";
import { type Difference, differenceOf, trainSteps } from "../fixtures/equal-training.js";
import { equalityCases } from "../fixtures/equality-cases.js";
import { onFirstRanks } from "../fixtures/rank-cases.js";
import { reportFromRanks } from "../fixtures/rank-reports.js";

export interface EqualityRow extends Difference {
  readonly model: string;
  readonly way: string;
  readonly ranks: number;
}

const STEPS = 3;
const rows: EqualityRow[] = [];

function runCases(group: Communicator, only: string | undefined): void {
  for (const [name, { make, lossOf, ways }] of Object.entries(equalityCases(group.size))) {
    if (only && name !== only) continue;
    const whole = make();
    const reference = trainSteps(whole, STEPS, (step) => lossOf(whole, step, undefined));
    for (const [way, divide] of Object.entries(ways)) {
      const model = deferInitialization(make);
      const channels = divide(model, group);
      const run = trainSteps(model, STEPS, (step) => lossOf(model, step, channels));
      rows.push({ model: name, way, ranks: group.size, ...differenceOf(reference, whole, run, model, group) });
      model.dispose();
    }
    whole.dispose();
  }
}

const world = openMpi({ timeoutSeconds: 60 });
await tf.setBackend("torch");
// Numbers of ranks, each by choice with one model, as in "8:ViT-MAE".
for (const [ranks, only] of process.argv.slice(2).map((each) => each.split(":")))
  await onFirstRanks(world, Number(ranks), (group) => tf.tidy(() => runCases(group, only)));
reportFromRanks(world, rows);
closeMpi();
