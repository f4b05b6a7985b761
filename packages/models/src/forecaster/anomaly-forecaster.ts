import { expectation, ShapeError } from "@graticule/core";
import { type DropoutStreams, Module, Parameter } from "@graticule/nn";
import { fairCrps, latitudeWeightedMeanSquaredError, pickChannels } from "@graticule/ops";
import {
  add,
  addN,
  concat,
  div,
  gather,
  mul,
  reshape,
  type Scalar,
  slice,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  tensor1d,
  tensor4d,
  tidy,
} from "@tensorflow/tfjs-core";
import { ChannelVit } from "../channel-vit/channel-vit.js";
import { type ChannelVitConfig, checkChannelVitConfig } from "../channel-vit/config.js";
import { checkPositive } from "../vit/config.js";
import { type EnsembleOptions, ensembleInputs } from "./ensemble.js";
import type { ForecastWeights } from "./forecast-loss.js";
import { turnGlobe } from "./turn-globe.js";

/** What an `AnomalyForecaster` is built of, beside its network. */
export interface AnomalyForecasterConfig extends ChannelVitConfig {
  /** The states at the head of the input: hours before the start, 0 for the start itself, which comes first. */
  readonly stateHours: readonly number[];
  /** S, channels of each state. */
  readonly stateChannels: number;
  /** Channels of the state that are predicted, V of them. */
  readonly targets: readonly number[];
  /** Hours of the day that the climatology knows, rising. */
  readonly hoursOfDay: readonly number[];
  /** Lead times whose persistence and scale are known, rising; what lies between is interpolated. */
  readonly leadTimesHours: readonly number[];
  /** Networks that start apart, learn by themselves, and whose mean is the forecast. */
  readonly numNetworks: number;
}

/** Fixed values of an `AnomalyForecaster`, all in the units of its input. */
export interface AnomalyBase {
  /** Mean state by hour of the day: `[K, S, H, W]`. */
  readonly climatology: Float32Array;
  /** Part of an anomaly that remains: `[L, V]`. */
  readonly persistence: Float32Array;
  /** Size of what remains to be predicted: `[L, V]`. */
  readonly scale: Float32Array;
}

export interface AnomalyForwardOptions {
  /** Units: hours, one for each image. */
  readonly leadTimeHours: ArrayLike<number>;
  /** Units: hours since a midnight, one for each image. */
  readonly startHours: ArrayLike<number>;
  /** Columns by which the networks see the globe turned; 0 if absent. */
  readonly turn?: number;
  /** `[B, noiseDim]`, standard normal; for networks with noise. */
  readonly noise?: Tensor;
  /** Drops at the networks' rates, for training; nothing is dropped if absent. */
  readonly dropout?: DropoutStreams;
}

/**
 * Predicts what damped persistence leaves open: climatology at the target's time, plus what remains of the anomaly at
 * the start, plus gate times scale times the mean output of its networks. They read anomalies of all states and the other channels
 * as they are. Their last layers start at zero, so that the untrained model is damped persistence.
 *
 * Shape: images `[B, C, H, W]`, the states first → `[B, V, H, W]`. Where processes share the groups of channels, images may
 * have the `heldChannels` only.
 * Source: the base is the AR(1) forecast of Lorenz 1973, "On the existence of extended range predictability"; several
 * networks as Lakshminarayanan et al. 2017, arXiv:1612.01474.
 */
export class AnomalyForecaster extends Module {
  readonly config: Readonly<AnomalyForecasterConfig>;
  readonly networks: readonly ChannelVit[];
  readonly climatology: Parameter;
  readonly persistence: Parameter;
  readonly scale: Parameter;
  /** Part of the networks' corrections that is believed, 0 to 1, by lead time and target: `[L, V]`. */
  readonly gate: Parameter;

  constructor(config: AnomalyForecasterConfig) {
    super();
    const { stateHours, stateChannels, targets, hoursOfDay, leadTimesHours, inChannels, outChannels, numNetworks } =
      config;
    const where = "anomalyForecaster";
    if (stateHours[0] !== 0 || stateHours.length * stateChannels > inChannels)
      throw new RangeError(
        expectation(where, `stateHours from 0 on, of at most ${inChannels} channels`, stateHours.join(", ")),
      );
    if (targets.length !== outChannels || targets.some((target) => !(target >= 0 && target < stateChannels)))
      throw new RangeError(
        expectation(where, `${outChannels} targets below ${stateChannels}`, `[${targets.join(", ")}]`),
      );
    if (hoursOfDay.length === 0 || leadTimesHours.length === 0)
      throw new RangeError(expectation(where, "hours of the day and lead times", "none"));
    checkPositive(where, "numNetworks", numNetworks);
    this.config = Object.freeze({ ...checkChannelVitConfig(config) });
    this.networks = Array.from({ length: numNetworks }, () => new ChannelVit(config));
    this.climatology = new Parameter([hoursOfDay.length, stateChannels, ...config.imageSize], { trainable: false });
    this.persistence = new Parameter([leadTimesHours.length, targets.length], { trainable: false });
    this.scale = new Parameter([leadTimesHours.length, targets.length], { trainable: false });
    this.gate = new Parameter([leadTimesHours.length, targets.length], { trainable: false });
  }

  /** Channels that images need to have, rising: all, or those of this process's groups and of the targets. */
  get heldChannels(): readonly number[] {
    const { inChannels, targets } = this.config;
    const own = this.#ownChannels;
    return own.length === inChannels ? own : [...new Set([...own, ...targets])].sort((a, b) => a - b);
  }

  /** Those that the networks read. */
  get #ownChannels(): readonly number[] {
    return (this.networks[0] as ChannelVit).channels.heldChannels;
  }

  forward(images: Tensor, options: AnomalyForwardOptions): Tensor4D {
    return tidy(() => {
      const forecasts = this.#forecasts(images, options);
      return (forecasts.length === 1 ? forecasts[0] : div(addN(forecasts), forecasts.length)) as Tensor4D;
    });
  }

  /** The forecast of each network by itself. */
  #forecasts(images: Tensor, options: AnomalyForwardOptions): Tensor4D[] {
    const { leadTimeHours, startHours, turn = 0, noise, dropout } = options;
    const { stateHours, stateChannels } = this.config;
    return tidy(() => {
      const base = this.base(images, options);
      const [starts, leads] = [Array.from(startHours), Array.from(leadTimeHours)];
      const own = this.#ownChannels;
      const normals = stateHours.flatMap((hours, state) => {
        const channels = own.map((channel) => channel - state * stateChannels);
        const held = channels.filter((channel) => channel >= 0 && channel < stateChannels);
        return held.length > 0 ? [pickChannels(this.#climatologyAt(starts.map((start) => start - hours)), held)] : [];
      });
      const given = pickChannels(images, this.#placesOf(own, images));
      const [batch = 0, channels = 0, height = 0, width = 0] = given.shape;
      const statesSize = own.filter((channel) => channel < stateHours.length * stateChannels).length;
      const part = (from: number, count: number) => slice(given, [0, from, 0, 0], [batch, count, height, width]);
      const seen = concat(
        [
          ...(statesSize > 0 ? [sub(part(0, statesSize), concat(normals, 1))] : []),
          ...(channels > statesSize ? [part(statesSize, channels - statesSize)] : []),
        ],
        1,
      );
      const turned = turnGlobe(seen, turn);
      const told = { leadTimeHours: leads, ...(noise && { noise }) };
      const scale = mul(this.#atLeads(this.scale, leads), this.#atLeads(this.gate, leads));
      return this.networks.map((network, index) => {
        const streams: DropoutStreams | undefined =
          dropout && ((place, image) => dropout(`networks.${index}.${place}`, image));
        const output = turnGlobe(network.forward(turned, { ...told, ...(streams && { dropout: streams }) }), -turn);
        return add(base, mul(output, scale)) as Tensor4D;
      });
    });
  }

  /** Climatology plus what remains of the anomaly: what the untrained model predicts. Shapes as of `forward`. */
  base(images: Tensor, { leadTimeHours, startHours }: AnomalyForwardOptions): Tensor4D {
    const { targets } = this.config;
    return tidy(() => {
      const batch = images.shape[0] as number;
      const [starts, leads] = [Array.from(startHours), Array.from(leadTimeHours)];
      if (starts.length !== batch || leads.length !== batch)
        throw new ShapeError(
          "anomalyForecaster",
          `${batch} starts and lead times`,
          `${starts.length} and ${leads.length}`,
        );
      const state = pickChannels(images, this.#placesOf(targets, images));
      const anomaly = sub(state, pickChannels(this.#climatologyAt(starts), targets));
      const validHours = starts.map((start, at) => start + (leads[at] as number));
      const normal = pickChannels(this.#climatologyAt(validHours), targets);
      return add(normal, mul(anomaly, this.#atLeads(this.persistence, leads))) as Tensor4D;
    });
  }

  /**
   * Latitude-weighted squared error in units of the scale, over known values: about 1 for damped persistence. In training
   * it is the mean of each network's own error, otherwise the error of their mean.
   *
   * Shape: targets and mask `[B, V, H, W]` → scalar.
   */
  loss(
    images: Tensor,
    targets: Tensor,
    mask: Tensor,
    options: AnomalyForwardOptions & ForecastWeights & { readonly training?: boolean },
  ): Scalar {
    const { latitudeWeights, variableWeights, training = false } = options;
    return tidy(() => {
      const weight = div(mask, this.#atLeads(this.scale, Array.from(options.leadTimeHours)));
      const expected = mul(targets, weight);
      const forecasts = training ? this.#forecasts(images, options) : [this.forward(images, options)];
      const errors = forecasts.map((forecast) =>
        latitudeWeightedMeanSquaredError(
          mul(forecast, weight),
          expected,
          latitudeWeights,
          variableWeights && { variableWeights },
        ),
      );
      return div(addN(errors), errors.length);
    });
  }

  /**
   * Fair CRPS of an ensemble in units of the scale, over known values. To `dropout` image b of member m is m·B + b.
   *
   * Shape: images `[B, C, H, W]`, targets and mask `[B, V, H, W]` → scalar.
   *
   * @throws {RangeError} as `ensembleInputs`.
   */
  ensembleLoss(
    images: Tensor,
    targets: Tensor,
    mask: Tensor,
    options: Omit<AnomalyForwardOptions, "noise"> & ForecastWeights & EnsembleOptions,
  ): Scalar {
    const { members, leadTimeHours, startHours, turn = 0, dropout, latitudeWeights, variableWeights } = options;
    const repeat = (values: ArrayLike<number>): number[] =>
      Array.from({ length: members }, () => Array.from(values)).flat();
    return tidy(() => {
      const inputs = ensembleInputs(this, images, options);
      const forecasts = this.forward(inputs.images, {
        leadTimeHours: repeat(leadTimeHours),
        startHours: repeat(startHours),
        turn,
        ...(inputs.noise && { noise: inputs.noise }),
        ...(dropout && { dropout }),
      });
      const weight = div(mask, this.#atLeads(this.scale, Array.from(leadTimeHours)));
      const ensemble = mul(reshape(forecasts, [members, ...targets.shape]), weight);
      return fairCrps(ensemble, mul(targets, weight), {
        latitudeWeights,
        ...(variableWeights && { variableWeights }),
      });
    });
  }

  /** Where channels lie in images of all channels, or of the held ones. */
  #placesOf(channels: readonly number[], images: Tensor): readonly number[] {
    const { inChannels, imageSize } = this.config;
    const given = images.shape[1];
    if (given === inChannels) return channels;
    const held = this.heldChannels;
    if (given !== held.length)
      throw new ShapeError(
        "anomalyForecaster",
        `images [B, ${held.length < inChannels ? `${held.length} of ` : ""}${[inChannels, ...imageSize].join(", ")}]`,
        `[${images.shape.join(", ")}]`,
      );
    return channels.map((channel) => held.indexOf(channel));
  }

  /** `[B, S, H, W]` */
  #climatologyAt(hours: readonly number[]): Tensor {
    const { hoursOfDay } = this.config;
    const places = hours.map((time) => {
      const place = hoursOfDay.indexOf(((time % 24) + 24) % 24);
      if (place < 0)
        throw new RangeError(
          expectation("anomalyForecaster", `an hour of the day among ${hoursOfDay.join(", ")}`, `${time % 24}`),
        );
      return place;
    });
    return gather(this.climatology.variable, tensor1d(places, "int32"));
  }

  /** `[B, V, 1, 1]` from a table `[L, V]`; the ends serve beyond them. */
  #atLeads(table: Parameter, leads: readonly number[]): Tensor {
    const { leadTimesHours, targets } = this.config;
    const shares = leads.flatMap((lead) => {
      const after = leadTimesHours.findIndex((known) => known >= lead);
      const [low, high] =
        after < 0 ? [leadTimesHours.length - 1, leadTimesHours.length - 1] : [Math.max(0, after - 1), after];
      const [from, to] = [leadTimesHours[low] as number, leadTimesHours[high] as number];
      const share = to > from ? Math.max(0, (lead - from) / (to - from)) : 0;
      return leadTimesHours.map((_, at) => (at === low ? 1 - share : 0) + (at === high ? share : 0));
    });
    const mixing = tensor4d(shares, [leads.length, leadTimesHours.length, 1, 1]);
    const rows = reshape(table.variable, [1, leadTimesHours.length, targets.length, 1]);
    return reshape(sum(mul(mixing, rows), 1), [leads.length, targets.length, 1, 1]);
  }
}
