const RADIANS = Math.PI / 180;
const MILLISECONDS_PER_DAY = 86_400_000;
/** 2000-01-01 12:00, from which the formulas count days. */
const J2000 = Date.UTC(2000, 0, 1, 12);

/** Where the Sun stands, seen from the Earth. */
export interface SunPosition {
  /** Radians north of the equator. */
  readonly declination: number;
  /** Local apparent solar time at Greenwich as an angle from noon. Units: radians. */
  readonly hourAngleAtGreenwich: number;
  readonly distanceAu: number;
}

/**
 * The Sun's declination, hour angle and distance.
 *
 * Good to about a minute of arc from 1800 to 2200.
 * Source: US Naval Observatory, Approximate Solar Coordinates, after the Astronomical Almanac.
 */
export function sunPosition(time: Date): SunPosition {
  const days = (time.getTime() - J2000) / MILLISECONDS_PER_DAY;
  const anomaly = (357.529 + 0.98560028 * days) * RADIANS;
  const meanLongitude = 280.459 + 0.98564736 * days;
  const longitude = (meanLongitude + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RADIANS;
  const obliquity = (23.439 - 0.00000036 * days) * RADIANS;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude));
  return {
    declination: Math.asin(Math.sin(obliquity) * Math.sin(longitude)),
    // Mean solar time from noon, plus the equation of time; only its sine and cosine matter.
    hourAngleAtGreenwich: 2 * Math.PI * days + meanLongitude * RADIANS - rightAscension,
    distanceAu: 1.00014 - 0.01671 * Math.cos(anomaly) - 0.00014 * Math.cos(2 * anomaly),
  };
}
