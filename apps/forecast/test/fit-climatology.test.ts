import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { fitClimatology } from "../src/training/fit-climatology.js";

const [height, width] = [2, 4];
const plane = height * width;

/** Fits the climatology of one channel's states by time, a day of two hours. */
async function fit(days: number, state: (hours: number) => (cell: number) => number): Promise<number[]> {
  const timesHours = Array.from({ length: 2 * days }, (_, index) => 12 * index);
  const { climatology } = await fitClimatology({
    timesHours,
    hoursOfDay: [0, 12],
    stateChannels: 1,
    imageSize: [height, width],
    latitudeWeights: [0.8, 1.2],
    readState: async (hours, into) => {
      const value = state(hours);
      for (let cell = 0; cell < plane; cell++) into[cell] = value(cell);
    },
  });
  return [...climatology];
}

/** Row means 5 and 6, an eddy of 2 along each latitude, 1 more at noon. */
const mean = (hours: number, cell: number): number =>
  5 + Math.floor(cell / width) + 2 * (cell % 2 === 0 ? 1 : -1) + (hours % 24 === 12 ? 0.5 : -0.5);

test("a mean field that every stretch of time has is kept as it is", async () => {
  const found = await fit(20, (hours) => (cell) => mean(hours, cell));
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(mean(at < plane ? 0 : 12, at % plane), 5);
});

test("what varies along the latitude and with the hour shrinks where it is noise, the mean along the latitude stays", async () => {
  const random = makeRandom(4, "noise");
  const noise = new Map<string, number>();
  const draw = (hours: number, cell: number): number => {
    const key = `${hours} ${cell}`;
    if (!noise.has(key)) noise.set(key, 3 * random.normal());
    return noise.get(key) as number;
  };
  const days = 15;
  const found = await fit(days, (hours) => (cell) => 5 + Math.floor(cell / width) + draw(hours, cell));
  const plain = (place: number, cell: number): number => {
    let sum = 0;
    for (let day = 0; day < days; day++) sum += 5 + Math.floor(cell / width) + draw(24 * day + 12 * place, cell);
    return sum / days;
  };
  const errorOf = (value: (place: number, cell: number) => number): number => {
    let sum = 0;
    for (const place of [0, 1])
      for (let cell = 0; cell < plane; cell++) sum += (value(place, cell) - 5 - Math.floor(cell / width)) ** 2;
    return sum;
  };
  const shrunk = errorOf((place, cell) => found[place * plane + cell] as number);
  expect(shrunk).toBeLessThan(0.5 * errorOf(plain));
  for (let row = 0; row < height; row++) {
    const cells = Array.from({ length: width }, (_, column) => row * width + column);
    const both = (value: (place: number, cell: number) => number): number =>
      cells.reduce((sum, cell) => sum + (value(0, cell) + value(1, cell)) / 2, 0) / width;
    expect(both((place, cell) => found[place * plane + cell] as number)).toBeCloseTo(both(plain), 4);
  }
});

test("the share that is kept is that which predicts the times left out, in numbers worked by hand", async () => {
  // Five stretches of two days; an eddy of a times ±1 in each: 1, 1, 1, 1, 0. Leave-one-out means: ¾ four times, then 1.
  // Share: Σ mean · value ÷ Σ mean² = (4 · ¾ · 1 + 1 · 0) ÷ (4 · 9/16 + 1) = 12/13; the mean of all is 0.8.
  const found = await fit(10, (hours) => (cell) => (hours < 24 * 8 ? 1 : 0) * (cell % 2 === 0 ? 1 : -1));
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(0.8 * (12 / 13) * (at % 2 === 0 ? 1 : -1), 5);
});

test("a single time is its own climatology", async () => {
  const { climatology, stretches } = await fitClimatology({
    timesHours: [36],
    hoursOfDay: [0, 12],
    stateChannels: 1,
    imageSize: [height, width],
    latitudeWeights: [1, 1],
    readState: async (_, into) => into.set([1, 2, 3, 4, 5, 6, 7, 8]),
  });
  expect([...climatology]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(stretches).toMatchObject([{ fromHours: 36, toHours: Number.POSITIVE_INFINITY }]);
});

test("each stretch of time has the climatology of all others", async () => {
  const timesHours = Array.from({ length: 10 }, (_, index) => 24 * index);
  const { climatology, stretches } = await fitClimatology({
    timesHours,
    hoursOfDay: [0],
    stateChannels: 1,
    imageSize: [height, width],
    latitudeWeights: [1, 1],
    readState: async (hours, into) => void into.fill(hours / 24),
  });
  expect(climatology[0]).toBeCloseTo(4.5, 5);
  expect(stretches.map(({ fromHours, toHours }) => [fromHours / 24, toHours / 24])).toEqual([
    [0, 2],
    [2, 4],
    [4, 6],
    [6, 8],
    [8, Number.POSITIVE_INFINITY],
  ]);
  // Days 2 to 9 without the first two; days 0 to 7 without the last two.
  expect(stretches[0]?.climatologyOfOthers()[3]).toBeCloseTo(5.5, 5);
  expect(stretches[4]?.climatologyOfOthers()[7]).toBeCloseTo(3.5, 5);
});
