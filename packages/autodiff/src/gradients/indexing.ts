import * as tf from "@tensorflow/tfjs-core";

/** Each gathered slice gives its gradient back to where it came from; slices gathered twice add up. */
export const gatherNdGradient: tf.GradConfig = {
  kernelName: "GatherNd",
  inputsToSave: ["params", "indices"],
  gradFunc: (dy, saved) => {
    const [params, indices] = saved as [tf.Tensor, tf.Tensor];
    return { params: () => tf.scatterND(indices, dy as tf.Tensor, params.shape as never) };
  },
};

/** The inverse of `gatherND`: what was added up gets the gradient of its sum. */
export const scatterNdGradient: tf.GradConfig = {
  kernelName: "ScatterNd",
  inputsToSave: ["indices"],
  gradFunc: (dy, saved) => ({ updates: () => tf.gatherND(dy as tf.Tensor, saved[0] as tf.Tensor) }),
};

/** Overwritten places give no gradient to the tensor, and of updates to one place only the last gets it. */
export const tensorScatterUpdateGradient: tf.GradConfig = {
  kernelName: "TensorScatterUpdate",
  inputsToSave: ["indices", "updates"],
  gradFunc: (dy, saved) => {
    const [indices, updates] = saved as [tf.Tensor, tf.Tensor];
    const slope = dy as tf.Tensor;
    return {
      // Of a copy: tfjs's cpu kernel writes into the tensor that it updates.
      tensor: () => tf.tensorScatterUpdate(tf.add(slope, 0), indices, tf.zerosLike(updates)),
      updates: () => tf.mul(tf.gatherND(slope, indices), survives(indices, updates, slope.shape)),
    };
  },
};

/** 1 for each update that is in the result, 0 for those that a later one of the same place overwrote. */
function survives(indices: tf.Tensor, updates: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const depth = indices.shape.at(-1) ?? 0;
  const places = indices.shape.slice(0, -1);
  const count = tf.util.sizeFromShape(places);
  const order = tf.reshape(tf.range(1, count + 1, 1, "int32"), places);
  const last = tf.tensorScatterUpdate(tf.zeros(shape.slice(0, depth), "int32"), indices, order);
  const isLast = tf.cast(tf.equal(tf.gatherND(last, indices), order), "float32");
  return tf.reshape(isLast, [...places, ...new Array<number>(updates.rank - places.length).fill(1)]);
}

/** The k largest values give their gradients back to where they stood; their positions are constants. */
export const topKGradient: tf.GradConfig = {
  kernelName: "TopK",
  inputsToSave: ["x"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    const dy = Array.isArray(dys) ? (dys[0] as tf.Tensor) : dys;
    return {
      x: () => {
        const [length, k] = [x.shape.at(-1) as number, indices.shape.at(-1) as number];
        const rows = x.size / length;
        const row = tf.mul(tf.range(0, rows, 1, "int32"), tf.scalar(length, "int32"));
        const places = tf.add(tf.reshape(indices, [rows, k]), tf.expandDims(row, 1)); // [rows, k]
        const flat = tf.scatterND(tf.reshape(places, [rows * k, 1]), tf.reshape(dy, [rows * k]), [x.size]);
        return tf.reshape(flat, x.shape);
      },
    };
  },
};
