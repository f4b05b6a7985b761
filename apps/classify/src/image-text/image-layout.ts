import { ConfigError } from "@graticule/core";
import { cutSlices, defaultSlices, type PatchGrid, sliceSizes, type VisionConfig } from "@graticule/models";
import { type Tensor, type Tensor4D, image as tfImage, tidy, transpose, unstack } from "@tensorflow/tfjs-core";

/** How images are shown to a model. Units: pixels, [H, W]. */
export interface ImageLayout {
  /** What images are resized to when they are read. */
  readonly size: readonly [number, number];
  /** The whole image, small, before the slices of `size`; undefined where nothing is sliced. */
  readonly sliced: { readonly overview: readonly [number, number]; readonly grid: PatchGrid } | undefined;
}

/**
 * The layout of images of one size: as they are, or where `maxSlices` is more than 0 in slices of the area of 448 × 448
 * pixels, as many as that or fewer, behind an overview.
 *
 * @throws {ConfigError} if patches don't divide an image that is shown as it is.
 */
export function imageLayout(
  size: readonly [number, number],
  maxSlices: number,
  { patchSize }: Pick<VisionConfig, "patchSize">,
): ImageLayout {
  if (maxSlices === 0) {
    if (size.some((length) => length % patchSize !== 0))
      throw new ConfigError(
        `image.size: expected sides that patches of ${patchSize} pixels divide, got [${size}]. Choose another size.`,
      );
    return { size, sliced: undefined };
  }
  const { overview, sliced } = sliceSizes(size, { ...defaultSlices, maxSlices, patchSize });
  return sliced
    ? { size: sliced.size, sliced: { overview, grid: sliced.grid } }
    : { size: overview, sliced: undefined };
}

/** Images of a layout's size `[B, C, H, W]` as the model takes them: of each the overview, then its slices. */
export function imageParts(images: Tensor4D, { sliced }: ImageLayout): Tensor[] {
  return tidy(() => {
    const whole = unstack(images);
    if (!sliced) return whole;
    const { overview, grid } = sliced;
    const last = transpose(images, [0, 2, 3, 1]) as Tensor4D;
    const small = tfImage.resizeBilinear(last, [...overview], false, true);
    const overviews = unstack(transpose(small, [0, 3, 1, 2]));
    return overviews.flatMap((each, index) => [each, ...cutSlices(whole[index] as Tensor, grid)]);
  });
}
