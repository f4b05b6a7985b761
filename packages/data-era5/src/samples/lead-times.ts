import { ConfigError, makeRandom } from "@graticule/core";
import type { Draw } from "@graticule/data";

/** How far ahead a sample's target lies: always the same, or drawn from a list, or from `from` to `to` in steps. */
export type LeadTimes =
  | number
  | readonly number[]
  | { readonly from: number; readonly to: number; readonly step: number };

/** The hours that may be drawn, ascending. @throws {ConfigError} if there is none, or one is not above 0. */
export function listLeadTimes(leadTimeHours: LeadTimes): readonly number[] {
  const hours = isRange(leadTimeHours) ? listRange(leadTimeHours) : [leadTimeHours].flat();
  if (hours.length === 0 || hours.some((lead) => !(lead > 0 && Number.isFinite(lead))))
    throw new ConfigError(
      `leadTimeHours: expected hours above 0, a list of them, or {from, to, step}, got ${JSON.stringify(leadTimeHours)}.`,
    );
  return hours.sort((a, b) => a - b);
}

function listRange({ from, to, step }: Extract<LeadTimes, { from: number }>): number[] {
  const count = step > 0 ? Math.max(0, Math.floor((to - from) / step) + 1) : 0;
  return Array.from({ length: count }, (_, index) => from + index * step);
}

function isRange(leadTimeHours: LeadTimes): leadTimeHours is Extract<LeadTimes, { from: number }> {
  return typeof leadTimeHours === "object" && "from" in leadTimeHours;
}

/** Draws a sample's lead time, uniform over the list: a function of seed, epoch and the sample's index alone. */
export function drawLeadTime(leads: readonly number[], { seed, epoch }: Draw, index: number): number {
  const place = leads.length === 1 ? 0 : makeRandom(seed, "lead time", epoch, index).integer(leads.length);
  return leads[place] as number;
}
