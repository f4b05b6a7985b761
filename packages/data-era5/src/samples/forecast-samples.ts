import { ConfigError } from "@graticule/core";
import type {
  Channel,
  ChannelSchema,
  Dataset,
  DatasetSpec,
  DirectReads,
  Draw,
  JsonValue,
  PackedShardsOptions,
  Sample,
} from "@graticule/data";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import { type ChannelScale, readStatistics } from "../store/store-statistics.js";
import { formatHours } from "../store/store-time.js";
import { openWeatherStore } from "../store/weather-store.js";
import { drawLeadTime, type LeadTimes, listLeadTimes } from "./lead-times.js";
import { assertScales, maskOf, normalizePlanes } from "./normalize-planes.js";
import { describeInputs, normalizeStatic, pickChannels, scalesOfTarget, withScale } from "./sample-channels.js";
import { findStarts } from "./sample-starts.js";
import { makeStateReader } from "./state-reader.js";
import { fillTimeFeatures, TIME_FEATURES, type TimeFeature } from "./time-features.js";

export interface ForecastSamplesOptions {
  /** Folder of the store. */
  readonly store: string;
  readonly split: string;
  readonly leadTimeHours: LeadTimes;
  /** Earlier states that are inputs too, as hours before the start, e.g. [6, 12]; none if absent. */
  readonly historyHours?: readonly number[];
  /** Names of channels in the order of the input; all of the store if absent. */
  readonly inputChannels?: readonly string[];
  /** Names of channels to predict; those of the input if absent. */
  readonly targetChannels?: readonly string[];
  /** The state itself, or its change since the start, scaled by changes over some hours; "state" if absent. */
  readonly target?: "state" | { readonly tendencyHours: number };
  /** Fields of time and place, behind the static ones; none if absent. */
  readonly features?: readonly TimeFeature[];
  /**
   * Channels of `schema`, by place and rising, that samples have: a part of the input for one of several processes. States of
   * which none is among them are not read. All if absent; targets, `readState` and `fillForcings` are whole anyway.
   */
  readonly heldChannels?: readonly number[];
  readonly verify?: PackedShardsOptions["verify"];
}

/**
 * Samples for forecasting: inputs are `pixels`, normalized, missing values 0; `arrays` holds
 *
 * - `target` `[V', H, W]`, normalized by `targetSchema`, missing values 0;
 * - `targetMask` `[V', H, W]`, 1 where the target is known;
 * - `leadTimeHours` and `startHours` (since 1970 in the store's calendar), scalars.
 */
export interface ForecastSamples extends Dataset {
  /** Channels of the input, held or not: the state, earlier states, static fields, features. */
  readonly schema: ChannelSchema;
  readonly targetSchema: ChannelSchema;
  readonly grid: LatLonGrid;
  readonly leadTimeHours: readonly number[];
  /** Start of each sample. Units: hours since 1970-01-01 00:00 in the store's calendar. */
  readonly startHours: Float64Array;
  /** Of the statistics that normalize. */
  readonly statisticsId: string;
  readonly direct: DirectReads;
  /** Channels of one state: what of the input comes first, once for the start and once for each `historyHours`. */
  readonly stateChannels: number;
  /** Reads one normalized state of the store at any of its times. Shape: `[stateChannels, H, W]`. */
  readState(hours: number, pixels: Float32Array): Promise<void>;
  /** Fills the input's channels behind the states, for any start and target. Units: hours since 1970. */
  fillForcings(pixels: Float32Array, times: { readonly startHours: number; readonly targetHours: number }): void;
  close(): Promise<void>;
}

/**
 * Opens a store as samples of one split. Starts are those whose whole window, from history to the longest lead time,
 * lies within the split without a gap in time; a split ends early enough before the next one that no state that it
 * predicts is as near to the next one's inputs as history and lead time together.
 *
 * @throws {ConfigError} for channels, splits or tendencies that the store lacks, and if no start is left.
 * @throws {FormatError} if the store or its statistics are incomplete or damaged.
 */
export async function openForecastSamples(options: ForecastSamplesOptions): Promise<ForecastSamples> {
  const { split, historyHours = [], features = [], target = "state" } = options;
  const store = await openWeatherStore(options.store, options.verify);
  const statistics = await readStatistics(store);
  const leads = listLeadTimes(options.leadTimeHours);
  assertHistory(historyHours);
  const unknown = features.find((feature) => !TIME_FEATURES.includes(feature));
  if (unknown !== undefined) throw new ConfigError(`features: expected ${TIME_FEATURES.join(", ")}, got '${unknown}'.`);
  const inputs = pickChannels(store, "inputChannels", options.inputChannels);
  const targets = pickChannels(store, "targetChannels", options.targetChannels ?? options.inputChannels);
  const inputScales = inputs.map((channel) => statistics.channels[channel] as ChannelScale);
  const targetScales = scalesOfTarget(statistics, target, targets);
  assertScales([...inputScales, ...targetScales]);
  const fixed = normalizeStatic(store);
  const starts = findStarts(store, statistics, split, historyHours, leads);
  const schema = describeInputs(store, inputs, inputScales, historyHours, fixed.scales, features);
  const targetSchema = targets.map((channel, place) =>
    withScale(
      store.schema[channel] as Channel,
      targetScales[place] as ChannelScale,
      target === "state" ? "" : " change",
    ),
  );

  const [, height, width] = store.fields.shape;
  const plane = height * width;
  const held = options.heldChannels ?? schema.map((_, place) => place);
  assertHeld(held, schema.length);
  const allInputs = inputs.map((_, place) => place);
  const statesHeld = [0, ...historyHours].map((_, state) =>
    held.map((place) => place - state * inputs.length).filter((place) => place >= 0 && place < inputs.length),
  );
  const firstForcing = (1 + historyHours.length) * inputs.length;
  const forcingsHeld = held.filter((place) => place >= firstForcing);
  const shape = [held.length, height, width] as const;
  const targetShape = [targets.length, height, width];
  const reader = makeStateReader(store, inputs, inputScales);

  async function readTarget(start: number, lead: number): Promise<Float32Array> {
    const values = new Float32Array(targets.length * plane);
    await reader.readChannels(start + lead, targets, values);
    if (target === "state") return values;
    const before = new Float32Array(values.length);
    await reader.readChannels(start, targets, before);
    for (let position = 0; position < values.length; position++)
      values[position] = (values[position] as number) - (before[position] as number);
    return values;
  }

  /** Fills what lies behind the states; `forcings` begins there. */
  function fillForcings(forcings: Float32Array, times: Parameters<ForecastSamples["fillForcings"]>[1]): void {
    forcings.set(fixed.pixels);
    fillTimeFeatures(forcings.subarray(fixed.pixels.length), features, store.grid, store.calendar, times);
  }

  /** As `fillForcings`, of those that samples have. */
  function fillHeldForcings(forcings: Float32Array, times: Parameters<typeof fillForcings>[1]): void {
    const count = schema.length - firstForcing;
    const isWhole = forcingsHeld.length === count;
    if (forcingsHeld.length === 0) return;
    const all = isWhole ? forcings : new Float32Array(count * plane);
    fillForcings(all, times);
    if (isWhole) return;
    for (const [at, place] of forcingsHeld.entries()) {
      const from = (place - firstForcing) * plane;
      forcings.set(all.subarray(from, from + plane), at * plane);
    }
  }

  async function readInto(
    index: number,
    pixels: Float32Array,
    draw: Draw = { seed: 0, epoch: 0 },
  ): Promise<Omit<Sample, "pixels" | "shape">> {
    if (!(Number.isInteger(index) && index >= 0 && index < starts.length))
      throw new RangeError(`forecast samples: expected an index from 0 to ${starts.length - 1}, got ${index}.`);
    const start = store.hours[starts[index] as number] as number;
    const lead = drawLeadTime(leads, draw, index);
    let first = 0;
    for (const [state, offset] of [0, ...historyHours].entries()) {
      const places = statesHeld[state] as number[];
      const end = first + places.length * plane;
      if (places.length > 0) await reader.readState(start - offset, places, pixels.subarray(first, end));
      first = end;
    }
    fillHeldForcings(pixels.subarray(first), { startHours: start, targetHours: start + lead });
    const values = await readTarget(start, lead);
    const targetMask = maskOf(values);
    normalizePlanes(values, targetScales, plane);
    return {
      id: `${formatHours(store.calendar, start)} + ${lead} h`,
      arrays: {
        target: { data: values, shape: targetShape },
        targetMask: { data: targetMask, shape: targetShape },
        leadTimeHours: { data: Float32Array.of(lead), shape: [] },
        startHours: { data: Float32Array.of(start), shape: [] },
      },
    };
  }

  async function read(index: number, draw?: Draw): Promise<Sample> {
    const pixels = new Float32Array(held.length * plane);
    return { ...(await readInto(index, pixels, draw)), pixels, shape };
  }

  return {
    length: starts.length,
    schema,
    targetSchema,
    grid: store.grid,
    leadTimeHours: leads,
    startHours: Float64Array.from(starts, (start) => store.hours[start] as number),
    statisticsId: statistics.id,
    read,
    direct: { shape, readInto },
    stateChannels: inputs.length,
    readState: (hours, pixels) => reader.readState(hours, allInputs, pixels),
    fillForcings: (pixels, times) => fillForcings(pixels.subarray(firstForcing * plane), times),
    close: () => store.close(),
  };
}

/** How worker threads open the same samples. */
export function forecastSamplesSpec(options: ForecastSamplesOptions): DatasetSpec {
  return { module: import.meta.url, export: "openForecastSamples", options: options as unknown as JsonValue };
}

function assertHistory(historyHours: readonly number[]): void {
  if (historyHours.some((hours) => !(hours > 0 && Number.isFinite(hours))))
    throw new ConfigError(`historyHours: expected hours above 0, got ${historyHours.join(", ")}.`);
}

function assertHeld(held: readonly number[], channels: number): void {
  const isRising = held.every(
    (place, at) => Number.isInteger(place) && place > (held[at - 1] ?? -1) && place < channels,
  );
  if (!isRising || held.length === 0)
    throw new RangeError(
      `heldChannels: expected rising places from 0 to ${channels - 1}, got ${held.join(", ") || "none"}.`,
    );
}
