const TURN = 2 * Math.PI;
const MILLISECONDS_PER_DAY = 86_400_000;

/** Sine and cosine of a phase, so that its end meets its beginning. */
export type Phase = readonly [sine: number, cosine: number];

/** Phase of the day, 0 at midnight: UTC, or mean solar time at a longitude in degrees east. */
export function timeOfDay(time: Date, longitude = 0): Phase {
  return phase(time.getTime() / MILLISECONDS_PER_DAY + longitude / 360);
}

/** Phase of the year, 0 at its first moment in UTC; leap years take as many days as they have. */
export function timeOfYear(time: Date): Phase {
  const year = time.getUTCFullYear();
  const [start, end] = [Date.UTC(year, 0), Date.UTC(year + 1, 0)];
  return phase((time.getTime() - start) / (end - start));
}

function phase(turns: number): Phase {
  return [Math.sin(TURN * turns), Math.cos(TURN * turns)];
}
