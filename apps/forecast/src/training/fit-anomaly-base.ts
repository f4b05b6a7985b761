import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyBase, AnomalyForecasterConfig } from "@graticule/models";
import { latitudeWeights } from "@graticule/ops";
import { fitClimatology } from "./fit-climatology.js";

/** Most starts that a base is measured on, evenly spread over the training split. */
const MOST_STARTS = 2000;

/** Starts whose errors are weighed together. */
const BLOCK_HOURS = 48;

/** Where so few blocks of the split hold the changes, as the days of frost of one winter, each block counts by its own. */
const FEW_BLOCKS = 4;

/** Such a block counts as if the field changed in it by at least this part of its mean square change. */
const LEAST_CHANGE = 0.01;

/**
 * Measures, over the samples of given splits alone, what an `AnomalyForecaster` adds to: for `damped-persistence` the
 * climatology and, for each lead time and target, the share that remains of an anomaly from the climatology of other
 * stretches of time, and the deviation from that; for `persistence` the deviation of the change alone; for `none` nothing.
 * The share has the least mean error. Where a few blocks of time hold all changes, each block's error is in units of
 * persistence's own there: else the few days of frost in a winter would say how much of an albedo remains on all others.
 */
export async function fitAnomalyBase(
  splits: readonly [ForecastSamples, ...ForecastSamples[]],
  residual: "damped-persistence" | "persistence" | "none",
  { stateHours, stateChannels, targets, hoursOfDay, leadTimesHours, imageSize }: AnomalyForecasterConfig,
): Promise<AnomalyBase> {
  const [height, width] = imageSize;
  const plane = height * width;
  const size = stateChannels * plane;
  const climatology = new Float32Array(hoursOfDay.length * size);
  const persistence = new Float32Array(leadTimesHours.length * targets.length).fill(residual === "persistence" ? 1 : 0);
  const scale = new Float32Array(persistence.length).fill(1);
  if (residual === "none") return { climatology, persistence, scale };

  const all = splits.flatMap(({ startHours }) => Array.from(startHours)).sort((a, b) => a - b);
  let every = Math.ceil(all.length / MOST_STARTS);
  while (every % 2 === 0 || every % 3 === 0) every++; // else some hours of the day would be left out
  const starts = all.filter((_, index) => index % every === 0);
  const [samples] = splits;
  const weights = latitudeWeights(Array.from(samples.grid.latitudes));
  const blocks: BlockSums[] = [];
  const [state, later] = [new Float32Array(size), new Float32Array(size)];
  async function addPairs(from: number, to: number, normal: Float32Array): Promise<void> {
    const placeOf = (hours: number): number => hoursOfDay.indexOf(((hours % 24) + 24) % 24);
    let blockEnd = Number.NEGATIVE_INFINITY;
    for (const start of starts.filter((hours) => hours >= from && hours < to)) {
      if (start >= blockEnd) {
        blocks.push(makeBlockSums(persistence.length));
        blockEnd = start + BLOCK_HOURS;
      }
      const block = blocks.at(-1) as BlockSums;
      block.starts++;
      const { products, squares, changes } = block;
      await samples.readState(start, state);
      for (const [row, lead] of leadTimesHours.entries()) {
        await samples.readState(start + lead, later);
        const [before, after] = [placeOf(start) * size, placeOf(start + lead) * size];
        for (const [column, channel] of targets.entries()) {
          const place = row * targets.length + column;
          for (let at = channel * plane; at < (channel + 1) * plane; at++) {
            const weight = weights[Math.floor((at % plane) / width)] as number;
            const a = (state[at] as number) - (normal[before + at] as number);
            const b = (later[at] as number) - (normal[after + at] as number);
            products[place] = (products[place] as number) + weight * a * b;
            squares[place] = (squares[place] as number) + weight * a * a;
            changes[place] = (changes[place] as number) + weight * (b - a) * (b - a);
          }
        }
      }
    }
  }

  if (residual === "persistence") {
    await addPairs(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, climatology);
  } else {
    const offsets = [...stateHours.map((hours) => -hours), ...leadTimesHours];
    const timesHours = [...new Set(starts.flatMap((start) => offsets.map((offset) => start + offset)))];
    timesHours.sort((a, b) => a - b);
    const { readState } = samples;
    const grid = { hoursOfDay, stateChannels, imageSize, latitudeWeights: weights };
    const fitted = await fitClimatology({ timesHours, readState, ...grid });
    climatology.set(fitted.climatology);
    // Anomalies from a mean that knows them sum to zero, and seem to last less than they will on other dates.
    for (const { fromHours, toHours, climatologyOfOthers } of fitted.stretches)
      await addPairs(fromHours, toHours, climatologyOfOthers());
  }
  for (const place of persistence.keys()) {
    const share = residual === "persistence" ? 1 : fitShare(blocks, place);
    persistence[place] = share;
    scale[place] = Math.sqrt(Math.max(squareError(blocks, place, share) / (starts.length * plane), 1e-12));
  }
  return { climatology, persistence, scale };
}

/** Sums over the starts of one block of time, for each lead time and target, of anomalies a before and b after. */
interface BlockSums {
  starts: number;
  /** Of a·b. */
  readonly products: Float64Array;
  /** Of a². */
  readonly squares: Float64Array;
  /** Of (b − a)². */
  readonly changes: Float64Array;
}

function makeBlockSums(length: number): BlockSums {
  const [products, squares, changes] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  return { starts: 0, products, squares, changes };
}

/**
 * The share s, at most 1, with the least mean of (b − s·a)²; where the changes lie in a few blocks, of those errors in units
 * of each block's own mean of (b − a)².
 */
function fitShare(blocks: readonly BlockSums[], place: number): number {
  const total = (pick: (block: BlockSums) => number): number => blocks.reduce((sum, block) => sum + pick(block), 0);
  const changeOf = ({ changes }: BlockSums): number => changes[place] as number;
  const change = total(changeOf);
  if (change === 0) return 1;
  const meanChange = change / total(({ starts }) => starts);
  // As many as would hold these changes if each held as much.
  const effectiveBlocks = change ** 2 / total((block) => changeOf(block) ** 2);
  const weightOf = (block: BlockSums): number =>
    effectiveBlocks < FEW_BLOCKS ? 1 / Math.max(changeOf(block) / block.starts, LEAST_CHANGE * meanChange) : 1;
  const square = total((block) => weightOf(block) * (block.squares[place] as number));
  return square > 0 ? Math.min(1, total((block) => weightOf(block) * (block.products[place] as number)) / square) : 0;
}

/** Sum of (b − s·a)²: with b = a + (b − a), (b − a)² + 2(1 − s)(ab − a²) + (1 − s)²a². */
function squareError(blocks: readonly BlockSums[], place: number, share: number): number {
  const lost = 1 - share;
  return blocks.reduce((sum, { products, squares, changes }) => {
    const [product, square, change] = [products[place], squares[place], changes[place]] as [number, number, number];
    return sum + change + 2 * lost * (product - square) + lost * lost * square;
  }, 0);
}
