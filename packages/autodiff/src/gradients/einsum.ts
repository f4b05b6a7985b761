import * as tf from "@tensorflow/tfjs-core";

/**
 * Derivative of a sum of products by letters. An operand's gradient is the product of `dy` with the other operand,
 * summed to the operand's letters; along a letter that only it has, which was summed over, the gradient is constant.
 */
export const einsumGradient: tf.GradConfig = {
  kernelName: "Einsum",
  gradFunc: (dy, saved, attrs) => {
    const { equation } = attrs as unknown as { equation: string };
    const [left, output] = equation.replace(/\s/g, "").split("->") as [string, string];
    const terms = left.split(",");
    const gradientOf = (index: number): tf.Tensor => {
      const letters = terms[index] as string;
      const factors = [{ term: output, tensor: dy as tf.Tensor }];
      for (const [other, tensor] of saved.entries())
        if (other !== index) factors.push(withoutOwnLetters(terms[other] as string, tensor, letters + output));
      const known = [...letters].filter((letter) => factors.some(({ term }) => term.includes(letter))).join("");
      const equation = `${factors.map(({ term }) => term).join(",")}->${known}`;
      const product = tf.einsum(equation, ...factors.map(({ tensor }) => tensor));
      const { shape } = saved[index] as tf.Tensor;
      if (known === letters) return product;
      const open = [...letters].map((letter, dim) => (known.includes(letter) ? (shape[dim] as number) : 1));
      return tf.mul(tf.reshape(product, open), tf.ones(shape));
    };
    return Object.fromEntries(saved.map((_, index) => [`${index}`, () => gradientOf(index)]));
  },
  saveAllInputs: true,
};

/** Sums over the letters that nothing else has. */
function withoutOwnLetters(term: string, tensor: tf.Tensor, others: string): { term: string; tensor: tf.Tensor } {
  const own = [...term].flatMap((letter, dim) => (others.includes(letter) ? [] : [dim]));
  if (own.length === 0) return { term, tensor };
  return { term: [...term].filter((letter) => others.includes(letter)).join(""), tensor: tf.sum(tensor, own) };
}
