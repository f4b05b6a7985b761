import * as tf from "@tensorflow/tfjs-core";
import { tfjsGradients } from "../tfjs-gradients.js";

type Shape4D = [number, number, number, number];

interface Conv2DAttrs {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dilations: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const undilated = tfjsGradients.find(({ kernelName }) => kernelName === "Conv2D") as tf.GradConfig;

/**
 * Derivative of a convolution, also of a dilated one, which tfjs leaves out (its stride is 1 then). The image's gradient
 * is the same dilated convolution with the filter turned by 180°; the filter's is one matrix product per tap.
 */
export const conv2dGradient: tf.GradConfig = {
  kernelName: "Conv2D",
  inputsToSave: ["x", "filter"],
  gradFunc: (dy, saved, attrs) => {
    const options = attrs as unknown as Conv2DAttrs;
    const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
    if ([options.dilations].flat().every((dilation) => dilation === 1)) return undilated.gradFunc(dy, saved, attrs);
    const isChannelsFirst = options.dataFormat === "NCHW";
    const last = (image: tf.Tensor4D) => (isChannelsFirst ? tf.transpose(image, [0, 2, 3, 1]) : image);
    const first = (image: tf.Tensor4D) => (isChannelsFirst ? tf.transpose(image, [0, 3, 1, 2]) : image);
    const slope = last(dy as tf.Tensor4D);
    const image = last(x);
    const window = windowOf(image.shape, filter.shape, options);
    return {
      x: () => first(imageGradient(slope, filter, image.shape, window)),
      filter: () => filterGradient(slope, image, filter.shape, window),
    };
  },
};

interface Window {
  readonly dilations: [number, number];
  /** Before and after, of rows and columns. */
  readonly padding: [[number, number], [number, number]];
}

function windowOf(image: Shape4D, filter: Shape4D, { strides, dilations, pad, dimRoundingMode }: Conv2DAttrs): Window {
  const info = tf.backend_util.computeConv2DInfo(image, filter, strides, dilations, pad, dimRoundingMode);
  const { padInfo, dilationHeight, dilationWidth, effectiveFilterHeight, effectiveFilterWidth } = info;
  const after = (size: number, out: number, reach: number, before: number) => out - 1 + reach - size - before;
  return {
    dilations: [dilationHeight, dilationWidth],
    padding: [
      [padInfo.top, after(info.inHeight, info.outHeight, effectiveFilterHeight, padInfo.top)],
      [padInfo.left, after(info.inWidth, info.outWidth, effectiveFilterWidth, padInfo.left)],
    ],
  };
}

function imageGradient(slope: tf.Tensor4D, filter: tf.Tensor4D, shape: Shape4D, window: Window): tf.Tensor4D {
  const { dilations, padding } = window;
  const reach = [0, 1].map((dim) => ((filter.shape[dim] as number) - 1) * (dilations[dim] as number)) as [
    number,
    number,
  ];
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
  const around = tf.pad(slope, [
    [0, 0],
    [reach[0], reach[0]],
    [reach[1], reach[1]],
    [0, 0],
  ]) as tf.Tensor4D;
  const padded = tf.conv2d(around, turned, 1, "valid", "NHWC", dilations); // of the padded image
  return tf.slice(padded, [0, padding[0][0], padding[1][0], 0], shape);
}

function filterGradient(slope: tf.Tensor4D, image: tf.Tensor4D, shape: Shape4D, window: Window): tf.Tensor4D {
  const { dilations, padding } = window;
  const [filterHeight, filterWidth, inChannels, outChannels] = shape;
  const [batch, height, width] = slope.shape;
  const padded = tf.pad(image, [[0, 0], ...padding, [0, 0]]) as tf.Tensor4D;
  const slopes = tf.reshape(slope, [batch * height * width, outChannels]);
  const taps: tf.Tensor[] = [];
  for (let row = 0; row < filterHeight; row++)
    for (let column = 0; column < filterWidth; column++) {
      const begin = [0, row * dilations[0], column * dilations[1], 0];
      const seen = tf.slice(padded, begin, [batch, height, width, inChannels]);
      const pixels = tf.reshape(seen, [batch * height * width, inChannels]);
      taps.push(tf.matMul(pixels, slopes, true)); // [inChannels, outChannels]
    }
  return tf.reshape(tf.stack(taps), shape);
}
