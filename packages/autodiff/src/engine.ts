import * as tf from "@tensorflow/tfjs-core";

/** One recorded operation, as `addTapeNode` in tfjs-core 4.22 builds it. */
export interface TapeNode {
  readonly id: number;
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor | null | undefined>>;
  readonly outputs: readonly tf.Tensor[];
  /** Clones that the derivative needs; kept, so only their owner frees them. */
  readonly saved: readonly tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Readonly<Record<string, () => tf.Tensor>>;
  /** Like `gradient`, for the named inputs only; set by operations that then skip the work for the others. */
  readonly gradientsOf?: (dys: (tf.Tensor | null)[], names: readonly string[]) => Map<string, tf.Tensor>;
}

/** The part of tfjs-core's engine that records and scopes; not in its public types, hence the exact version pin. */
export interface RecordingEngine {
  readonly state: {
    activeTape: TapeNode[] | null;
    gradientDepth: number;
    nextTapeNodeId: number;
    readonly activeScope: { readonly id: number } | null;
  };
  isTapeOn(): boolean;
}

export function recordingEngine(): RecordingEngine {
  return tf.engine() as unknown as RecordingEngine;
}

/** Runs `f` while tfjs records onto `tape`, apart from any recording that is going on outside. */
export function recordOnto<T>(tape: TapeNode[], f: () => T): T {
  return withRecording(tape, 1, f);
}

/** Runs `f` without recording. */
export function withoutRecording<T>(f: () => T): T {
  return withRecording(null, 0, f);
}

function withRecording<T>(tape: TapeNode[] | null, depth: number, f: () => T): T {
  const { state } = recordingEngine();
  const { activeTape, gradientDepth } = state;
  state.activeTape = tape;
  state.gradientDepth = depth;
  try {
    return f();
  } finally {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  }
}
