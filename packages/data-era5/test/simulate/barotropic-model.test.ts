import { makeRandom } from "@graticule/core";
import { describe, expect, test } from "vitest";
import { makeBarotropicModel, makeRossbyHaurwitzWave, makeSphericalTransform } from "../../src/index.js";

const DAY = 86_400;

/** Largest error of a coefficient, as a share of the largest coefficient. */
function relativeError(found: Float64Array, expected: Float64Array): number {
  const [errors, sizes] = [
    found.map((value, at) => Math.abs(value - (expected[at] as number))),
    expected.map(Math.abs),
  ];
  return Math.max(...errors) / Math.max(...sizes);
}

/** Vorticity with energy in all degrees, and winds of some 50 m/s at most. */
function turbulence({ size, degrees, orders }: ReturnType<typeof makeSphericalTransform>): Float64Array {
  const random = makeRandom(3, "turbulence");
  return Float64Array.from({ length: size }, (_, at) => {
    const n = degrees[at] as number;
    return n === 0 || (orders[at] === 0 && at % 2 === 1) ? 0 : (5e-6 * random.normal()) / (1 + n);
  });
}

describe("a Rossby-Haurwitz wave of T21", () => {
  const transform = makeSphericalTransform(21);
  const model = makeBarotropicModel(transform);
  // Williamson et al. 1992, §3.6.
  const williamson = { order: 4, rotation: 7.848e-6, amplitude: 7.848e-6 };

  function errorAfter(days: number, stepSeconds: number, options = williamson): number {
    const wave = makeRossbyHaurwitzWave(transform, options);
    const vorticity = wave.vorticity(0);
    for (let step = 0; step < (days * DAY) / stepSeconds; step += 1) model.step(vorticity, stepSeconds);
    return relativeError(vorticity, wave.vorticity(days * DAY));
  }

  test("of order 4 travels 12.2 degrees a day eastward, as worked out by hand", () => {
    // (4 · 7 · 7.848e-6 - 2 · 7.292e-5) / 30 = 2.46347e-6 radians a second.
    const { angularSpeed } = makeRossbyHaurwitzWave(transform, williamson);
    expect(angularSpeed).toBeCloseTo(2.463_467e-6, 12);
    expect((angularSpeed * DAY * 180) / Math.PI).toBeCloseTo(12.195, 3);
  });

  test("follows the exact solution for five days, to the fourth power of the step", () => {
    const [coarse, middle, fine] = [14_400, 7200, 3600].map((seconds) => errorAfter(5, seconds)) as [
      number,
      number,
      number,
    ];
    expect(fine).toBeLessThan(1e-7);
    expect(Math.log2(coarse / middle)).toBeGreaterThan(3.9);
    expect(Math.log2(middle / fine)).toBeGreaterThan(3.9);
  });

  test.each([
    { order: 1, rotation: 0, amplitude: 2e-6 },
    { order: 6, rotation: 5e-6, amplitude: 3e-6 },
    { order: 20, rotation: 7e-6, amplitude: 1e-6 },
  ])("of order $order errs no more than the method does on an oscillation", (options) => {
    // Order 20 and degree 21 is the shortest wave that T21 holds. Runge-Kutta's error of a step is (angle)^5 / 5!.
    const { angularSpeed } = makeRossbyHaurwitzWave(transform, options);
    const anglePerStep = Math.abs(options.order * angularSpeed * 1800);
    expect(errorAfter(2, 1800, options)).toBeLessThan(1.1 * 96 * (anglePerStep ** 5 / 120) + 1e-12);
  });

  test("has a tendency that is its own rotation, to rounding", () => {
    const wave = makeRossbyHaurwitzWave(transform, williamson);
    const vorticity = wave.vorticity(12_345);
    const turning = vorticity.map((_, at) => {
      const other = vorticity[at % 2 === 0 ? at + 1 : at - 1] as number;
      return (at % 2 === 0 ? 1 : -1) * (transform.orders[at] as number) * wave.angularSpeed * other;
    });
    expect(relativeError(model.tendency(vorticity), turning)).toBeLessThan(1e-11);
  });
});

describe("without forcing", () => {
  const transform = makeSphericalTransform(21);
  const model = makeBarotropicModel(transform);
  const start = turbulence(transform);

  test("energy and enstrophy have no tendency, to rounding", () => {
    const tendency = model.tendency(start);
    // d/dt of a quadratic form is the form of sum minus the form of difference, by half.
    const change = (form: (vorticity: Float64Array) => number): number => {
      const [plus, minus] = [1, -1].map((sign) =>
        form(start.map((value, at) => value + sign * 3600 * (tendency[at] as number))),
      ) as [number, number];
      return (plus - minus) / (2 * form(start));
    };
    expect(Math.abs(change(model.energy))).toBeLessThan(1e-13);
    expect(Math.abs(change(model.enstrophy))).toBeLessThan(1e-13);
  });

  test("ten days of turbulence keep energy and enstrophy to the error of the steps, which falls with their fifth power", () => {
    const drift = (stepSeconds: number): readonly [number, number] => {
      const vorticity = start.slice();
      for (let step = 0; step < (10 * DAY) / stepSeconds; step += 1) model.step(vorticity, stepSeconds);
      return [
        Math.abs(model.energy(vorticity) / model.energy(start) - 1),
        Math.abs(model.enstrophy(vorticity) / model.enstrophy(start) - 1),
      ];
    };
    const [coarse, fine] = [drift(3600), drift(1800)];
    expect(fine[0]).toBeLessThan(1e-4);
    expect(fine[1]).toBeLessThan(1e-3);
    expect(Math.log2(coarse[0] / fine[0])).toBeGreaterThan(4);
    expect(Math.log2(coarse[1] / fine[1])).toBeGreaterThan(4);
  });

  test("angular momentum, the coefficient of degree 1 and order 0, stays", () => {
    const vorticity = start.slice();
    for (let step = 0; step < 48; step += 1) model.step(vorticity, 3600);
    expect(vorticity[2]).toBeCloseTo(start[2] as number, 18);
  });

  test("winds have the vorticity and the energy that they came from", () => {
    const [u, v] = [model.eastwardWind(start), model.northwardWind(start)];
    const columns = transform.grid.longitudes.length;
    const cosine = (at: number): number =>
      Math.cos(((transform.grid.latitudes[Math.floor(at / columns)] as number) * Math.PI) / 180);
    // Vorticity is the divergence of (v, -u).
    const back = transform.divergence(
      v.map((value, at) => value * cosine(at)),
      u.map((value, at) => -value * cosine(at)),
    );
    expect(
      relativeError(
        back.map((value) => value / 6_371_229),
        start,
      ),
    ).toBeLessThan(1e-12);
    const speed = transform.toSpectrum(u.map((value, at) => (value * value + (v[at] as number) ** 2) / 2));
    expect((speed[0] as number) / model.energy(start)).toBeCloseTo(1, 11);
  });
});

test("a flow that relaxes comes to rest at the target; diffusion damps degree T in its time", () => {
  const transform = makeSphericalTransform(10);
  const target = new Float64Array(transform.size);
  target[4] = 1e-5; // A zonal flow is steady.
  const relaxed = makeBarotropicModel(transform, { relaxation: { vorticity: target, seconds: DAY } });
  const vorticity = new Float64Array(transform.size);
  for (let step = 0; step < 48; step += 1) relaxed.step(vorticity, 3600);
  expect((vorticity[4] as number) / 1e-5).toBeCloseTo(1 - Math.exp(-2), 6);
  const damped = makeBarotropicModel(transform, { diffusion: { order: 2, seconds: DAY } });
  const shortest = new Float64Array(transform.size);
  const last = 20; // Order 0, degree 10.
  shortest[last] = 1e-5;
  for (let step = 0; step < 24; step += 1) damped.step(shortest, 3600);
  expect((shortest[last] as number) / 1e-5).toBeCloseTo(Math.exp(-1), 6);
});

test("says what does not fit", () => {
  const transform = makeSphericalTransform(5);
  expect(() =>
    makeRossbyHaurwitzWave(transform, { order: 5, rotation: 0, amplitude: 1e-6 }),
  ).toThrowErrorMatchingInlineSnapshot(`[ConfigError: order: expected from 1 to 4, one below the truncation, got 5.]`);
});
