/** SIGUSR2 is what launchers of several ranks, and Slurm before its time is over, pass on. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGUSR2"] as const;

/** Remembers whether the process was asked to stop. */
export interface StopRequest {
  /** The signal that came, if one did. */
  readonly signal: (typeof SIGNALS)[number] | undefined;
  /** Gives the signals back to their previous meaning. */
  dispose(): void;
}

/** Watches for SIGTERM, SIGINT and SIGUSR2. The first one is remembered; after it a second one has its default effect. */
export function watchStopSignals(): StopRequest {
  let received: StopRequest["signal"];
  const remember = (signal: NodeJS.Signals): void => {
    received = signal as StopRequest["signal"];
    dispose();
  };
  const dispose = (): void => {
    for (const signal of SIGNALS) process.off(signal, remember);
  };
  for (const signal of SIGNALS) process.on(signal, remember);
  return {
    get signal() {
      return received;
    },
    dispose,
  };
}
