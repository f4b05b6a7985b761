import { Module, Parameter } from "@graticule/nn";
import { add, mul, type Tensor, tidy } from "@tensorflow/tfjs-core";

/**
 * A model with a moving average of what is trained of it, as one state: the averages are parameters that aren't trained, at
 * `average.PATH`, so that checkpoints hold them.
 *
 * Source: Polyak and Juditsky 1992; the warm-up of the decay, (1 + n) / (10 + n) after n updates, is TensorFlow's.
 */
export class AveragedModel extends Module {
  // Private, since a module's fields are its children, and paths are to stay the model's own.
  readonly #model: Module;
  readonly #averages: readonly (readonly [path: string, own: Parameter, average: Parameter])[];
  readonly #decay: number;

  /** Averages begin at the values that the model has. */
  constructor(model: Module, decay: number) {
    super();
    this.#model = model;
    this.#decay = decay;
    this.#averages = model.namedParameters().flatMap(([path, own]) => {
      if (!own.trainable) return [];
      const average = new Parameter(own.globalShape, { trainable: false });
      assignCopy(average, own.variable);
      return [[path, own, average] as const];
    });
  }

  override namedParameters(prefix = ""): [path: string, parameter: Parameter][] {
    const averages = this.#averages.map(([path, , average]): [string, Parameter] => [
      `${prefix}average.${path}`,
      average,
    ]);
    return [...this.#model.namedParameters(prefix), ...averages];
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return this.#model.namedModules(prefix);
  }

  /** Takes the model's weights in, after so many updates. */
  update(updates: number): void {
    const decay = Math.min(this.#decay, (1 + updates) / (10 + updates));
    for (const [, own, average] of this.#averages) {
      const next = tidy(() => add(mul(average.variable, decay), mul(own.variable, 1 - decay)));
      average.variable.assign(next);
      next.dispose();
    }
  }

  /** Exchanges the model's weights with the averages; once more, and all is as it was. */
  exchange(): void {
    for (const [, own, average] of this.#averages) {
      const before = tidy(() => mul(own.variable, 1));
      assignCopy(own, average.variable);
      average.variable.assign(before);
      before.dispose();
    }
  }

  /** Frees the averages; the model stays. */
  disposeAverages(): void {
    for (const [, , average] of this.#averages) average.dispose();
  }
}

/** In memory of its own: weights are updated in place. */
function assignCopy(parameter: Parameter, values: Tensor): void {
  const copy = tidy(() => mul(values, 1));
  parameter.variable.assign(copy);
  copy.dispose();
}
