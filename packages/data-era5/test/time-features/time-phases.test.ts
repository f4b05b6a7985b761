import { expect, test } from "vitest";
import { timeOfDay, timeOfYear } from "../../src/index.js";

function expectPhase([sine, cosine]: readonly [number, number], turns: number): void {
  expect(sine).toBeCloseTo(Math.sin(2 * Math.PI * turns), 9);
  expect(cosine).toBeCloseTo(Math.cos(2 * Math.PI * turns), 9);
}

test("the day turns once from midnight, earlier in the east", () => {
  expectPhase(timeOfDay(new Date("2020-02-29T06:00Z")), 0.25);
  expectPhase(timeOfDay(new Date("2020-02-29T06:00Z"), 90), 0.5);
  expectPhase(timeOfDay(new Date("1950-01-01T18:00Z"), -90), 0.5);
});

test("the year turns once, with 366 days in a leap year", () => {
  expectPhase(timeOfYear(new Date("2021-01-01T00:00Z")), 0);
  expectPhase(timeOfYear(new Date("2021-07-02T12:00Z")), 0.5);
  expectPhase(timeOfYear(new Date("2020-07-02T00:00Z")), 0.5);
});
