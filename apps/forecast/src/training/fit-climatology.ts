/** Stretches of time that are left out in turn to see how much of a mean field holds elsewhere. */
const NUM_BLOCKS = 5;

/** States by time, and how they are summed: K hours of the day, planes of `[H, W]`, S of them a state. */
export interface ClimatologyOptions {
  /** Rising. Units: hours since a midnight. */
  readonly timesHours: readonly number[];
  /** K, rising. */
  readonly hoursOfDay: readonly number[];
  readonly stateChannels: number;
  readonly imageSize: readonly [number, number];
  /** H values. */
  readonly latitudeWeights: readonly number[];
  readState(hours: number, state: Float32Array): Promise<void>;
}

/** Mean states by hour of the day: `[K, S, H, W]`. */
export interface FittedClimatology {
  readonly climatology: Float32Array;
  /** Stretches of time, in their order, each with the climatology of all other times; made when asked for. */
  readonly stretches: readonly {
    readonly fromHours: number;
    readonly toHours: number;
    climatologyOfOthers(): Float32Array;
  }[];
}

/**
 * Mean state by hour of the day, of which each channel keeps as much as holds for times that were left out. A mean field
 * is its mean along each latitude, and two parts that few months know badly: what varies along the latitude, and what
 * varies with the hour of the day. Each is multiplied by the factor, 0 to 1, that it would have had to predict stretches
 * of the times from the others.
 *
 * Source: shrinkage as Copas 1983, "Regression, prediction and shrinkage", by cross-validation.
 */
export async function fitClimatology(options: ClimatologyOptions): Promise<FittedClimatology> {
  const { timesHours, hoursOfDay, stateChannels, imageSize, latitudeWeights, readState } = options;
  const plane = imageSize[0] * imageSize[1];
  const size = stateChannels * plane;
  const blocks = Math.min(NUM_BLOCKS, timesHours.length);
  const sums = Array.from({ length: blocks }, () => hoursOfDay.map(() => new Float64Array(size)));
  const counts = sums.map((hours) => hours.map(() => 0));
  const state = new Float32Array(size);
  for (const [index, time] of timesHours.entries()) {
    const block = Math.floor((index * blocks) / timesHours.length);
    const place = hoursOfDay.indexOf(((time % 24) + 24) % 24);
    await readState(time, state);
    const sum = (sums[block] as Float64Array[])[place] as Float64Array;
    for (let at = 0; at < size; at++) sum[at] = (sum[at] as number) + (state[at] as number);
    (counts[block] as number[])[place] = (counts[block]?.[place] ?? 0) + 1;
  }
  const sumsOf = (block: number, channel: number): HourlySums =>
    hoursOfDay.map((_, place) => ({
      sum: ((sums[block] as Float64Array[])[place] as Float64Array).subarray(channel * plane, (channel + 1) * plane),
      count: (counts[block] as number[])[place] as number,
    }));
  const numbers = sums.map((_, block) => block);
  const kept = Array.from({ length: stateChannels }, (_, channel) =>
    shares(
      numbers.map((block) => sumsOf(block, channel)),
      imageSize[1],
      latitudeWeights,
    ),
  );
  function compose(blocks: readonly number[]): Float32Array {
    const climatology = new Float32Array(hoursOfDay.length * size);
    for (const [channel, { along, daily }] of kept.entries()) {
      const parts = splitMean(addSums(blocks.map((block) => sumsOf(block, channel))), imageSize[1]);
      for (const [place, deviation] of parts.daily.entries())
        for (let cell = 0; cell < plane; cell++)
          climatology[place * size + channel * plane + cell] =
            (parts.zonal[cell] as number) + along * (parts.along[cell] as number) + daily * (deviation[cell] as number);
    }
    return climatology;
  }
  const firstOf = (block: number): number =>
    timesHours[Math.ceil((block * timesHours.length) / blocks)] ?? Number.POSITIVE_INFINITY;
  return {
    climatology: compose(numbers),
    stretches: numbers.map((block) => ({
      fromHours: firstOf(block),
      toHours: firstOf(block + 1),
      climatologyOfOthers: () => compose(blocks === 1 ? numbers : numbers.filter((other) => other !== block)),
    })),
  };
}

/** Sums of one channel's states by hour of the day. */
type HourlySums = readonly { readonly sum: Float64Array; readonly count: number }[];

interface MeanParts {
  /** Mean along the latitude, of all hours. `[H·W]` each. */
  readonly zonal: Float64Array;
  /** What varies along the latitude. */
  readonly along: Float64Array;
  /** What varies with the hour of the day, for each of them. */
  readonly daily: readonly Float64Array[];
}

function addSums(blocks: readonly HourlySums[]): HourlySums {
  return (blocks[0] as HourlySums).map((_, place) => {
    const parts = blocks.map((hours) => hours[place] as HourlySums[number]);
    return {
      sum: parts[0]?.sum.map((_, cell) =>
        parts.reduce((total, { sum }) => total + (sum[cell] as number), 0),
      ) as Float64Array,
      count: parts.reduce((total, { count }) => total + count, 0),
    };
  });
}

function splitMean(hours: HourlySums, width: number): MeanParts {
  const known = hours.filter(({ count }) => count > 0);
  const means = hours.map(({ sum, count }) => (count > 0 ? sum.map((value) => value / count) : undefined));
  const overall = (known[0] as HourlySums[number]).sum.map(
    (_, cell) => means.reduce((total, mean) => total + (mean?.[cell] ?? 0), 0) / known.length,
  );
  const zonal = overall.map((_, cell) => {
    const row = Math.floor(cell / width) * width;
    return overall.subarray(row, row + width).reduce((total, value) => total + value, 0) / width;
  });
  return {
    zonal,
    along: overall.map((value, cell) => value - (zonal[cell] as number)),
    daily: means.map((mean) => overall.map((value, cell) => (mean ? (mean[cell] as number) - value : 0))),
  };
}

/** How much of a mean's two parts holds for blocks of time that it doesn't know: latitude-weighted least squares. */
function shares(
  blocks: readonly HourlySums[],
  width: number,
  latitudeWeights: readonly number[],
): { readonly along: number; readonly daily: number } {
  const [products, squares] = [
    [0, 0],
    [0, 0],
  ] as [[number, number], [number, number]];
  for (const [left, hours] of blocks.entries()) {
    const others = blocks.filter((_, block) => block !== left);
    if (others.length === 0) return { along: 1, daily: 1 };
    const { zonal, along, daily } = splitMean(addSums(others), width);
    for (const [place, { sum, count }] of hours.entries())
      for (let cell = 0; cell < zonal.length; cell++) {
        const weight = latitudeWeights[Math.floor(cell / width)] as number;
        const missing = (sum[cell] as number) - count * (zonal[cell] as number);
        const [stays, varies] = [along[cell] as number, daily[place]?.[cell] as number];
        products[0] += weight * stays * missing;
        squares[0] += weight * stays * stays * count;
        products[1] += weight * varies * (missing - count * stays);
        squares[1] += weight * varies * varies * count;
      }
  }
  const share = (part: 0 | 1): number =>
    squares[part] > 0 ? Math.min(1, Math.max(0, products[part] / squares[part])) : 1;
  return { along: share(0), daily: share(1) };
}
