import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";

let seed = 0;
const spread = (stddev: number) => layers.initializers.randomNormal({ stddev, seed: ++seed });
const around = (low: number, high: number) =>
  layers.initializers.randomUniform({ minval: low, maxval: high, seed: ++seed });

/** Every weight that a layer makes is random, so that none of them can be mixed up without a trace. */
const random = () => ({ kernelInitializer: spread(0.3), biasInitializer: spread(0.2) });
const depthwise = () => ({ depthwiseInitializer: spread(0.4), biasInitializer: spread(0.2) });
const recurrent = () => ({ ...random(), recurrentInitializer: spread(0.3) });
const batchNorm = () =>
  layers.layers.batchNormalization({
    gammaInitializer: around(0.5, 1.5),
    betaInitializer: spread(0.2),
    movingMeanInitializer: spread(0.2),
    movingVarianceInitializer: around(0.5, 1.5),
  });

function imageTokens(image: layers.SymbolicTensor): layers.SymbolicTensor {
  const { conv2d, depthwiseConv2d, maxPooling2d, reshape, separableConv2d, upSampling2d, zeroPadding2d } =
    layers.layers;
  const stem = conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "relu", ...random() });
  const deep = depthwiseConv2d({ kernelSize: 3, padding: "same", depthMultiplier: 2, ...depthwise() });
  const separable = separableConv2d({
    filters: 6,
    kernelSize: [3, 2],
    activation: "elu",
    ...depthwise(),
    pointwiseInitializer: spread(0.4),
  });
  const chain = [
    zeroPadding2d({
      padding: [
        [1, 0],
        [0, 1],
      ],
    }),
    stem,
    batchNorm(),
    deep,
    maxPooling2d({ poolSize: 2, padding: "same" }),
    upSampling2d({ size: [2, 2] }),
    separable,
    reshape({ targetShape: [-1, 6] }),
  ];
  return chain.reduce((x, layer) => layer.apply(x) as layers.SymbolicTensor, image);
}

/** One head of attention: softmax(x·W·xᵀ)·x. */
function attend(x: layers.SymbolicTensor): layers.SymbolicTensor {
  const { activation, dense, dot } = layers.layers;
  const queries = dense({ units: 6, ...random() }).apply(x) as layers.SymbolicTensor;
  const scores = dot({ axes: 2 }).apply([queries, x]);
  const shares = activation({ activation: "softmax" }).apply(scores) as layers.SymbolicTensor;
  return dot({ axes: [2, 1] }).apply([shares, x]) as layers.SymbolicTensor;
}

/** A small Keras model with two inputs: image `[13, 9, 2]` and words `[7]` of 11; four classes. */
export function makeLayersModel(): layers.LayersModel {
  const { add, bidirectional, concatenate, dense, embedding, globalAveragePooling1d, gru, layerNormalization, lstm } =
    layers.layers;
  seed = 0;
  const image = layers.input({ shape: [13, 9, 2], name: "image" });
  const words = layers.input({ shape: [7], name: "words", dtype: "int32" });
  const tokens = imageTokens(image);
  const mixed = add().apply([tokens, attend(tokens)]) as layers.SymbolicTensor;
  const normalized = layerNormalization({ gammaInitializer: around(0.5, 1.5) }).apply(mixed) as layers.SymbolicTensor;
  const pooled = globalAveragePooling1d().apply(normalized) as layers.SymbolicTensor;
  const vectors = embedding({ inputDim: 11, outputDim: 5, embeddingsInitializer: spread(1) }).apply(words);
  const states = lstm({ units: 4, returnSequences: true, ...recurrent() }).apply(vectors) as layers.SymbolicTensor;
  const both = bidirectional({
    layer: gru({ units: 3, ...recurrent() }) as layers.RNN,
    mergeMode: "concat",
  });
  const joined = concatenate().apply([pooled, both.apply(states) as layers.SymbolicTensor]);
  const classes = dense({ units: 4, activation: "softmax", ...random() }).apply(joined) as layers.SymbolicTensor;
  return layers.model({ inputs: [image, words], outputs: classes });
}

/** Inputs of both models: two images, and two sentences. */
export function makeInputs(image: (shape: number[]) => tf.Tensor): [tf.Tensor, tf.Tensor] {
  const words = tf.tensor2d([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 10], [2, 7], "int32");
  return [image([2, 13, 9, 2]), words];
}
