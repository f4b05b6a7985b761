import { makeRandom } from "@graticule/core";
import { describe, expect, it } from "vitest";
import { type EnsembleScoresOptions, makeEnsembleScores } from "../../src/index.js";
import { field, reference } from "./reference.js";

const [times, , height, width] = reference.shape;
const plane = height * width;
const options: EnsembleScoresOptions = {
  source: "ensemble",
  checkpoint: null,
  climatology: null,
  truth: "era5",
  protocol: "weatherbench2",
  grid: reference,
  channels: [{ name: "t850", unit: "K" }],
  numMembers: reference.numMembers,
};

describe("makeEnsembleScores", () => {
  it("equals NumPy, which sums over all pairs of members", () => {
    const scores = makeEnsembleScores(options);
    for (let time = 0; time < times; time++)
      scores.add({
        startHours: 6 * time,
        leadTimeHours: 24,
        members: Array.from({ length: reference.numMembers }, (_, member) =>
          field("members", time * reference.numMembers + member, plane),
        ),
        truth: field("truth", 2 * time, plane),
      });
    const records = scores.records();
    expect(records.map(({ definition }) => definition)).toEqual([
      "ensemble.crps",
      "ensemble.crps-fair",
      "ensemble.spread",
      "ensemble.mean-rmse",
      "ensemble.spread-skill",
    ]);
    for (const { definition, value } of records)
      expect(Math.abs(value - (reference.ensemble[definition.slice(9)] as number)), definition).toBeLessThan(2e-5);
    scores.rankHistograms()[0]?.shares.forEach((share, rank) => {
      expect(share).toBeCloseTo(reference.ensemble.ranks[rank] as number, 6);
    });
  });

  const point = { ...options, grid: { latitudes: [0], longitudes: [0] }, protocol: "climax" as const };

  it("scores members 0 and 2 around 1 by hand, a tie in equal parts", () => {
    const scores = makeEnsembleScores({ ...point, numMembers: 2 });
    const sample = (truth: number) => ({
      startHours: 0,
      leadTimeHours: 6,
      members: [Float32Array.of(2), Float32Array.of(0)],
      truth: Float32Array.of(truth),
    });
    scores.add(sample(1));
    // |2-1| + |0-1| over 2 is 1; pairs: 2·2 / (2·4) = 0.5, fair 2·2 / (2·2) = 1; variance 2, mean exact
    expect(scores.records().map(({ value }) => value)).toEqual([0.5, 0, Math.sqrt(2), 0, Number.POSITIVE_INFINITY]);
    scores.add({ ...sample(2), startHours: 6 });
    expect(scores.rankHistograms()[0]?.shares).toEqual([0, 0.75, 0.25]);
  });

  it("finds a reliable ensemble reliable: fair CRPS, spread-skill of 1, flat ranks", () => {
    const random = makeRandom(11, "reliable");
    const numMembers = 3;
    const scores = makeEnsembleScores({ ...point, numMembers });
    for (let time = 0; time < 20_000; time++) {
      const draw = () => Float32Array.of(random.normal());
      scores.add({ startHours: time, leadTimeHours: 6, members: [draw(), draw(), draw()], truth: draw() });
    }
    const [crps, fair, , , ratio] = scores.records().map(({ value }) => value);
    // E|X−Y| − E|X−X'|/2 = 1/√π for standard normal values; sampling error 0.005
    expect(Math.abs((fair as number) - 1 / Math.sqrt(Math.PI))).toBeLessThan(0.012);
    expect(Math.abs((crps as number) - (1 + 1 / numMembers) / Math.sqrt(Math.PI))).toBeLessThan(0.012);
    expect(Math.abs((ratio as number) - 1)).toBeLessThan(0.015);
    for (const share of scores.rankHistograms()[0]?.shares ?? []) expect(Math.abs(share - 0.25)).toBeLessThan(0.01);
  });

  it("says what is wrong", () => {
    expect(() => makeEnsembleScores({ ...point, numMembers: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: makeEnsembleScores: expected two or more members, got 1. Score one with makeForecastScores.]`,
    );
    const truth = Float32Array.of(0);
    expect(() =>
      makeEnsembleScores(point).add({ startHours: 0, leadTimeHours: 6, members: [truth], truth }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ensemble scores: expected 4 members, got 1. Give all of each sample.]`,
    );
  });
});
