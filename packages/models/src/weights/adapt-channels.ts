import { expectation } from "@graticule/core";

/**
 * How a patch projection of C channels becomes one of C' others. Each keeps the tokens of an image whose channels are all
 * equal, but for `wavelength` with unequal gaps:
 *
 * - `repeat`: channel j takes the weights of channel j mod C, times C/C'; to fewer channels than C it is `average`.
 *   Source: timm, `adapt_input_conv`.
 * - `average`: each takes the mean of all, times C/C'.
 * - `wavelength`: each takes those of its neighbors in wavelength, by linear interpolation and beyond the ends those of the
 *   end, times C/C'. Units: nm.
 */
export type ChannelAdaption =
  | { readonly method: "repeat" | "average"; readonly inChannels: number }
  | { readonly method: "wavelength"; readonly fromNm: readonly number[]; readonly toNm: readonly number[] };

/**
 * Adapts the weights of a patch projection to other channels.
 *
 * Shape: `[D, C, P, P]` → `[D, C', P, P]`.
 *
 * @throws {RangeError} if wavelengths are not positive, or not one for each of the C channels.
 */
export function adaptChannels(
  values: Float32Array,
  shape: readonly number[],
  adaption: ChannelAdaption,
): { readonly values: Float32Array; readonly shape: readonly number[] } {
  const [embedDim, channels, height, width] = shape as [number, number, number, number];
  const shares = channelShares(channels, adaption);
  const plane = height * width;
  const adapted = new Float32Array(embedDim * shares.length * plane);
  for (let dim = 0; dim < embedDim; dim++)
    for (const [channel, row] of shares.entries())
      for (let pixel = 0; pixel < plane; pixel++) {
        let sum = 0;
        for (const [from, share] of row) sum += share * (values[(dim * channels + from) * plane + pixel] as number);
        adapted[(dim * shares.length + channel) * plane + pixel] = sum;
      }
  return { values: adapted, shape: [embedDim, shares.length, height, width] };
}

/** C' after adaption. */
export function adaptedChannels(adaption: ChannelAdaption): number {
  return adaption.method === "wavelength" ? adaption.toNm.length : adaption.inChannels;
}

/** Old channels with their shares in a new one. */
type Shares = [from: number, share: number][];

function channelShares(channels: number, adaption: ChannelAdaption): Shares[] {
  const count = adaptedChannels(adaption);
  const scale = channels / count;
  if (adaption.method === "wavelength") return wavelengthShares(channels, adaption, scale);
  return Array.from({ length: count }, (_, channel): Shares => {
    if (adaption.method === "repeat" && count >= channels) return [[channel % channels, scale]];
    return Array.from({ length: channels }, (_, from) => [from, 1 / count]);
  });
}

function wavelengthShares(
  channels: number,
  { fromNm, toNm }: Extract<ChannelAdaption, { method: "wavelength" }>,
  scale: number,
): Shares[] {
  if (fromNm.length !== channels || ![...fromNm, ...toNm].every((value) => Number.isFinite(value) && value > 0))
    throw new RangeError(
      expectation(
        "adaptChannels",
        `a positive wavelength for each of ${channels} channels`,
        `[${fromNm}] to [${toNm}]`,
      ),
    );
  const rising = Array.from(fromNm.entries()).sort(([, a], [, b]) => a - b);
  return toNm.map((wavelength): Shares => {
    const above = rising.findIndex(([, other]) => other >= wavelength);
    const [high, highNm] = rising[above < 0 ? channels - 1 : above] as [number, number];
    if (above <= 0 || highNm === wavelength) return [[high, scale]];
    const [low, lowNm] = rising[above - 1] as [number, number];
    const share = (wavelength - lowNm) / (highNm - lowNm);
    return [
      [low, (1 - share) * scale],
      [high, share * scale],
    ];
  });
}
