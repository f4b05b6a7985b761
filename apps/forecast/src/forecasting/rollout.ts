import { tasksInOrder } from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import { formatHours, openWeatherStore, parseHours } from "@graticule/data-era5";
import type { Communicator } from "@graticule/mpi";
import { assertClosed, type ForecastRun } from "./open-run.js";

/** Lead times, forecast each directly from the start, or by steps that go on from the forecast before. */
export type RolloutPlan =
  | { readonly leadTimesHours: readonly number[] }
  | { readonly steps: number; readonly stepHours: number };

/** One field of one forecast, in the channels' own units. Shape: `[V, H, W]`. */
export interface ForecastField {
  readonly startHours: number;
  readonly leadTimeHours: number;
  readonly fields: Float32Array;
}

/** Lead times of a plan, rising. */
export function leadTimesOf(plan: RolloutPlan): readonly number[] {
  if ("leadTimesHours" in plan) return [...plan.leadTimesHours].sort((a, b) => a - b);
  return Array.from({ length: plan.steps }, (_, step) => (step + 1) * plan.stepHours);
}

/**
 * Forecasts from each start, start after start and lead after lead; one forecast's states are in memory. Same weights,
 * backend and store give the same bits.
 *
 * @throws {MismatchError} if steps are asked of a run that doesn't predict all of its inputs.
 * @throws {RangeError} if the store lacks a start or its history.
 */
export async function* rollout(
  run: ForecastRun,
  startsHours: readonly number[],
  plan: RolloutPlan,
): AsyncGenerator<ForecastField> {
  if ("steps" in plan) assertClosed(run);
  const longestHistory = Math.max(0, ...run.config.data.historyHours);
  for (const start of startsHours) {
    const known = new Map<number, Float32Array>();
    for (const lead of leadTimesOf(plan)) {
      const iterates = "steps" in plan;
      const from = iterates ? start + lead - plan.stepHours : start;
      const prediction = await run.predict(from, start + lead - from, iterates ? known : undefined);
      if (iterates) {
        known.set(start + lead, prediction);
        for (const time of known.keys()) if (time < start + lead - longestHistory) known.delete(time);
      }
      yield { startHours: start, leadTimeHours: lead, fields: run.denormalize(prediction) };
    }
  }
}

/**
 * The forecasts of `rollout`, in its order and with the same bits, made by all ranks: each makes some of the forecasts, or with
 * steps some of the starts. Rank 0 gets all of them, the others none. Collective.
 *
 * @throws as `rollout`.
 */
export async function* rolloutOnRanks(
  world: Communicator,
  run: ForecastRun,
  startsHours: readonly number[],
  plan: RolloutPlan,
): AsyncGenerator<ForecastField> {
  if (world.size === 1) return yield* rollout(run, startsHours, plan);
  const shares = startsHours.flatMap((start): { readonly start: number; readonly plan: RolloutPlan }[] =>
    "steps" in plan
      ? [{ start, plan }]
      : leadTimesOf(plan).map((lead) => ({ start, plan: { leadTimesHours: [lead] } })),
  );
  const { latitudes, longitudes } = run.samples.grid;
  const size = run.channels.length * latitudes.length * longitudes.length;
  const made = tasksInOrder(
    world,
    { count: shares.length, parts: "steps" in plan ? plan.steps : 1, size },
    async (task) => {
      const { start, plan } = shares[task] as (typeof shares)[number];
      const fieldsOfLeads: Float32Array[] = [];
      for await (const { fields } of rollout(run, [start], plan)) fieldsOfLeads.push(fields);
      return fieldsOfLeads;
    },
  );
  let task = 0;
  for await (const fieldsOfLeads of made) {
    const { start, plan } = shares[task++] as (typeof shares)[number];
    for (const [place, leadTimeHours] of leadTimesOf(plan).entries())
      yield { startHours: start, leadTimeHours, fields: fieldsOfLeads[place] as Float32Array };
  }
}

/**
 * Starts from `from` to `to` (left out; one start if absent) that are times of the store, `everyHours` apart.
 *
 * @throws {ConfigError} if there is none.
 */
export async function chooseStarts(
  folder: string,
  { from, to, everyHours }: { readonly from: string; readonly to?: string; readonly everyHours: number },
): Promise<number[]> {
  const store = await openWeatherStore(folder);
  await store.close();
  const first = parseHours(store.calendar, from);
  const end = to === undefined ? first + 1e-6 : parseHours(store.calendar, to);
  const starts = Array.from(store.hours).filter(
    (time) => time >= first && time < end && (time - first) % everyHours === 0,
  );
  if (starts.length > 0) return starts;
  const [oldest, newest] = [store.hours[0], store.hours.at(-1)].map((time) =>
    formatHours(store.calendar, time as number),
  );
  throw new ConfigError(
    `--from: expected times of ${folder} (${oldest} to ${newest}), got '${from}'. See graticule-forecast inspect.`,
  );
}
