import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchDataset, type DataCase, type WriteCase } from "../data/data-case.js";
import { writeJpegs, writeShards } from "../data/write-images.js";
import { serveGeotiff, writeCube, writeGeotiff } from "../data/write-scenes.js";
import { writeNetcdf, writeZarr } from "../data/write-weather.js";
import { median, rounded } from "../harness/median.js";
import { choosePeers } from "../harness/peers.js";
import { compare, type Runs, runInTurn } from "../harness/run-in-turn.js";
import { ourSide, pythonSide } from "../harness/sides.js";

/** The ways by which samples come into training. */
export const dataPaths: Readonly<Record<string, WriteCase>> = {
  jpeg: writeJpegs,
  geotiff: writeGeotiff,
  "cog-http": serveGeotiff,
  netcdf4: writeNetcdf,
  zarr: writeZarr,
  shards: writeShards,
  envi: writeCube,
};

export interface DataOptions {
  readonly paths: readonly string[];
  readonly workers: readonly number[];
  readonly pairs: number;
  readonly peer?: true | string;
}

/**
 * Times the loader on files of each path, by numbers of workers, beside Python's readers behind a DataLoader. Files are
 * written to a temporary folder first. Yields a result a path; a path whose files can't be written says why.
 *
 * @throws {RangeError} for a path that doesn't exist.
 */
export async function* benchData({
  paths,
  workers,
  pairs,
  peer,
}: DataOptions): AsyncGenerator<Record<string, unknown>> {
  const unknown = paths.find((path) => !(path in dataPaths));
  if (unknown) throw new RangeError(`--paths: expected some of ${Object.keys(dataPaths).join(", ")}, got ${unknown}.`);
  const folder = await mkdtemp(join(tmpdir(), "graticule-bench-"));
  try {
    for (const path of paths) {
      const place = join(folder, path === "cog-http" ? "geotiff" : path); // The same file.
      await mkdir(place, { recursive: true });
      const heading = { bench: "data", path, pairs };
      let files: DataCase;
      try {
        files = await (dataPaths[path] as WriteCase)(place);
      } catch (error) {
        yield { ...heading, ours: null, notes: { ours: (error as Error).message } };
        continue;
      }
      const results: Record<string, unknown> = {};
      for (const count of workers) results[count] = await benchCase(files, count, pairs, peer);
      await files.close?.();
      yield { ...heading, batch: files.batch, workers: results };
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

const TRAIN_STEPS = 8;
const TRAIN_THREADS = 2;

/** How much of its time a step of ViT-Base pretraining (bf16) on the JPEG path waits on the loader. */
export async function benchDataTrain(options: {
  readonly workers: readonly number[];
  readonly pairs: number;
}): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "graticule-bench-"));
  try {
    const { dataset, transforms, scale, batch } = await writeJpegs(folder);
    const settings = { dataset, transforms, scale, batch, steps: TRAIN_STEPS, threads: TRAIN_THREADS };
    const results: Record<string, unknown> = {};
    for (const workers of options.workers) {
      const runs = await runInTurn([ourSide("data-train", { ...settings, workers })], options.pairs);
      results[workers] = compare(runs, [], "secondsPerStep");
    }
    return { bench: "data-train", model: "base", dtype: "bf16", batch, threads: TRAIN_THREADS, workers: results };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchCase(
  { peer, records, close, ...files }: DataCase,
  workers: number,
  pairs: number,
  asked: DataOptions["peer"],
): Promise<Record<string, unknown>> {
  const { batch, sampleBytes, repeats = 1 } = files;
  const dataset =
    repeats > 1 ? benchDataset("openRepeated", { dataset: { ...files.dataset }, repeats }) : files.dataset;
  const settings = { peer: peer.script, options: peer.options, batch, sampleBytes, repeats, workers };
  const known = { [peer.name]: () => pythonSide("data", peer.modules, settings, peer.name) };
  const peers = choosePeers(known, Object.keys(known), asked && true);
  const read = records ? [ourSide("data-read", { ...records, repeats, workers }, "read")] : [];
  const ours = ourSide("data", { transforms: [], ...files, dataset, workers });
  const runs = await runInTurn([ours, ...peers, ...read], pairs);
  const names = peers.map(({ name }) => name);
  return { ...compare(runs, names, "secondsPerSample"), ...(records && { shareOfRead: shareOfRead(runs) }) };
}

/** Our bytes a second ÷ those of plain `read`, the median over the pairs. */
function shareOfRead(runs: Runs): number {
  const rates = (name: string): number[] => (runs.of.get(name) ?? []).map((run) => run.gigabytesPerSecond as number);
  const read = rates("read");
  return rounded(median(rates("ours").map((rate, pair) => rate / (read[pair] as number))));
}
