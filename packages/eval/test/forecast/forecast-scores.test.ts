import { MismatchError } from "@graticule/core";
import { describe, expect, it } from "vitest";
import {
  compareForecasts,
  describeMetric,
  type ForecastScoresOptions,
  globalRegion,
  type Interval,
  makeForecastScores,
  makeMeanField,
  medianImprovements,
  type ProtocolName,
  protocols,
  type Region,
  type ScoreRecord,
  weatherBench2Regions,
} from "../../src/index.js";
import { field, reference } from "./reference.js";

const [times, , height, width] = reference.shape;
const channels = [{ name: "t850", unit: "K", levelHpa: 850 }, { name: "q" }];
const size = channels.length * height * width;
const regions = [globalRegion, weatherBench2Regions[1] as Region];
const provenance = { source: "model", checkpoint: "ab12", climatology: "years 1990-2019", truth: "era5" };
const base: ForecastScoresOptions = { ...provenance, protocol: "weatherbench2", grid: reference, channels, regions };

function meanTruth(): Float32Array {
  const mean = makeMeanField(size);
  for (let time = 0; time < times; time++) mean.add(field("truth", time, size));
  return mean.mean();
}

function scoreAll(options: ForecastScoresOptions, name: "forecast" | "climatology" = "forecast") {
  const scores = makeForecastScores(options);
  const mean = meanTruth();
  for (let time = 0; time < times; time++)
    scores.add({
      startHours: 24 * time,
      leadTimeHours: 72,
      forecast: field(name, time, size),
      truth: field("truth", time, size),
      climatology: options.protocol === "weatherbench2" ? field("climatology", time, size) : mean,
    });
  return scores;
}

describe("makeForecastScores", () => {
  it.each<ProtocolName>(["weatherbench1", "weatherbench2", "climax"])("equals NumPy after %s", (protocol) => {
    const records = scoreAll({ ...base, protocol }).records();
    expect(records).toHaveLength(2 * 2 * 5);
    for (const { definition, value, channel, region } of records) {
      const metric = definition.split(".")[1] as "rmse";
      const expected = reference.scores[protocol][region as "global"][metric][channel === "q" ? 1 : 0] as number;
      // float32 fields of some 270 carry 1.5e-5; their anomalies' correlation 1e-6
      expect(Math.abs(value - expected), definition).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
    }
  });

  it("takes the square root where each benchmark does: 1 and 7 give 5 or 4", () => {
    const rmse = (protocol: ProtocolName) => {
      const grid = { latitudes: [-30, 30], longitudes: [0, 180] };
      const scores = makeForecastScores({
        ...provenance,
        climatology: null,
        protocol,
        grid,
        channels: [{ name: "z" }],
      });
      for (const [time, error] of [1, 7].entries())
        scores.add({
          startHours: time,
          leadTimeHours: 6,
          forecast: new Float32Array(4).fill(error),
          truth: new Float32Array(4),
        });
      return scores.records()[0]?.value;
    };
    expect([rmse("weatherbench1"), rmse("weatherbench2"), rmse("climax")]).toEqual([5, 5, 4]);
  });

  it("says with every number what it stands on", () => {
    const record = scoreAll(base).records({ seed: 3, blockHours: 48, resamples: 200 })[0] as ScoreRecord;
    expect({ ...record, value: 0, interval: 0 }).toMatchInlineSnapshot(`
      {
        "bootstrap": {
          "blockLength": 2,
          "level": 0.95,
          "resamples": 200,
          "seed": 3,
        },
        "channel": "t850",
        "checkpoint": "ab12",
        "climatology": "years 1990-2019",
        "dates": [
          "1970-01-01T00:00Z",
          "1970-01-05T00:00Z",
        ],
        "definition": "weatherbench2.rmse",
        "grid": "7x8, 90…-90 N, 0…315 E",
        "interval": 0,
        "leadTimeHours": 72,
        "levelHpa": 850,
        "region": "global",
        "samples": 5,
        "source": "model",
        "truth": "era5",
        "unit": "K",
        "value": 0,
        "weights": "cell area, mean 1",
      }
    `);
    const [low, high] = record.interval as Interval;
    expect(low).toBeLessThan(record.value);
    expect(high).toBeGreaterThan(record.value);
  });

  it("leaves cells without truth out, and keeps a forecast that is not finite visible", () => {
    const grid = { latitudes: [-45, 45], longitudes: [0, 180] };
    const score = (forecast: number[], truth: number[]) => {
      const scores = makeForecastScores({
        ...base,
        climatology: null,
        grid,
        channels: [{ name: "z" }],
        regions: [globalRegion],
      });
      const start = { startHours: 0, leadTimeHours: 6 };
      scores.add({ ...start, forecast: Float32Array.from(forecast), truth: Float32Array.from(truth) });
      return scores.records().map(({ definition, value }) => [definition.split(".")[1], value]);
    };
    const known = score([1, 5, 3, 3], [0, Number.NaN, 0, 0]);
    expect(known[1]).toEqual(["mse", expect.closeTo((1 + 9 + 9) / 3, 10)]);
    expect(known.map(([metric]) => metric)).not.toContain("acc");
    expect(score([1, Number.NaN, 3, 3], [0, 0, 0, 0])[0]).toEqual(["rmse", Number.NaN]);
  });

  it("says what is wrong", () => {
    const scores = makeForecastScores(base);
    const sample = { startHours: 0, leadTimeHours: 6, forecast: new Float32Array(3), truth: new Float32Array(size) };
    expect(() => scores.add(sample)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: forecast scores 'forecast': expected [2, 7, 8], got 3 values. Give all channels on the grid of the scores.]`,
    );
    expect(() => scores.add({ ...sample, forecast: sample.truth })).toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: forecast scores: expected climatology years 1990-2019, got none. Name the climatology in the options, and give its field at the valid time of every sample.]`,
    );
    const unordered = makeForecastScores({ ...base, climatology: null });
    for (const startHours of [6, 0, 12])
      unordered.add({ startHours, leadTimeHours: 6, forecast: sample.truth, truth: sample.truth });
    expect(() => unordered.records({ seed: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: forecast scores: expected samples in order of their starts, got starts that don't rise at 6 h. Add them in order of time, each once.]`,
    );
  });
});

describe("compareForecasts", () => {
  it("gives difference and improvement over the same samples", () => {
    const [ours, theirs] = [scoreAll(base), scoreAll({ ...base, source: "climatology" }, "climatology")];
    const [rmse, , acc] = compareForecasts(ours, theirs, { seed: 1, blockHours: 24, resamples: 300 });
    const [a, b] = [ours.records()[0]?.value as number, theirs.records()[0]?.value as number];
    expect(rmse?.value).toBeCloseTo(a - b, 10);
    expect(rmse?.improvement).toBeCloseTo(1 - a / b, 10);
    expect(rmse?.baseline).toBe("climatology");
    expect(rmse?.significant).toBe((rmse?.interval?.[0] as number) > 0 || (rmse?.interval?.[1] as number) < 0);
    expect(acc?.value).toBeNaN(); // the climatology has no anomalies to correlate
  });

  it("finds no difference of a source from itself, and a sure one of a shift that is always there", () => {
    const grid = { latitudes: [-30, 30], longitudes: [0, 180] };
    const shifted = (shift: number) => {
      const scores = makeForecastScores({
        ...provenance,
        climatology: null,
        protocol: "climax",
        grid,
        channels: [{ name: "z" }],
      });
      for (let time = 0; time < 40; time++) {
        const error = 1 + Math.sin(time) ** 2 + shift;
        scores.add({
          startHours: time,
          leadTimeHours: 6,
          forecast: new Float32Array(4).fill(error),
          truth: new Float32Array(4),
        });
      }
      return scores;
    };
    const same = compareForecasts(shifted(0), shifted(0), { seed: 0, blockHours: 4 })[0];
    expect([same?.value, same?.interval, same?.improvement, same?.significant]).toEqual([0, [0, 0], 0, false]);
    const better = compareForecasts(shifted(0), shifted(0.25), { seed: 0, blockHours: 4 })[0];
    expect(better?.value).toBeCloseTo(-0.25, 6);
    expect(better?.interval?.[1]).toBeCloseTo(-0.25, 6); // paired: what varies from time to time cancels out
    expect(better?.significant).toBe(true);
  });

  it("refuses other samples", () => {
    const other = makeForecastScores(base);
    expect(() => compareForecasts(scoreAll(base), other, { seed: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: compareForecasts 'model' with 'model': expected the same lead times: 72, got . Score both over the same samples.]`,
    );
  });
});

it("says in words what each protocol computes", () => {
  const names = Object.keys(protocols) as ProtocolName[];
  expect(names.flatMap((name) => [describeMetric(name, "rmse"), describeMetric(name, "acc")])).toMatchInlineSnapshot(`
    [
      "square root of the cos-latitude weighted squared error, averaged over space and time",
      "correlation over all times and cells of anomalies against the time mean of the truth that is scored, unweighted means removed; cos-latitude weights",
      "square root of the cell-area weighted squared error, averaged over space and time",
      "correlation of anomalies against the climatology by day of the year and hour of the day, for each time, then averaged; cell-area weights",
      "mean over samples of the square root of the cos-latitude weighted squared error",
      "correlation over all times and cells of anomalies against the time mean of the split that is scored, unweighted means removed; cos-latitude weights",
    ]
  `);
  expect(describeMetric("weatherbench2", "mae")).toBe("mean absolute error; cell-area weights");
});

describe("medianImprovements", () => {
  it("is one less the median of the channels' ratios, by region", () => {
    const [ours, theirs] = [scoreAll(base), scoreAll({ ...base, source: "climatology" }, "climatology")];
    const intervals = { seed: 1, blockHours: 24, resamples: 300 };
    const rmse = compareForecasts(ours, theirs, intervals).filter(({ definition }) => definition.endsWith(".rmse"));
    const means = medianImprovements(ours, theirs, intervals);
    expect(means.map(({ region, leadTimeHours, channels }) => [region, leadTimeHours, channels])).toEqual(
      regions.map(({ name }) => [name, 72, 2]),
    );
    for (const { region, improvement, interval, baseline } of means) {
      const [a, b] = rmse.filter((record) => record.region === region).map((record) => 1 - record.improvement);
      expect(improvement).toBeCloseTo(1 - ((a as number) + (b as number)) / 2, 10);
      expect(interval[0]).toBeLessThanOrEqual(improvement);
      expect(interval[1]).toBeGreaterThanOrEqual(improvement);
      expect(baseline).toBe("climatology");
    }
  });

  it("leaves out channels without an error, and refuses other samples", () => {
    const truth = scoreAll(base);
    expect(medianImprovements(truth, truth, { seed: 0, blockHours: 24 })[0]?.improvement).toBeCloseTo(0, 12);
    expect(() => medianImprovements(truth, makeForecastScores(base), { seed: 0 })).toThrow(MismatchError);
  });
});
