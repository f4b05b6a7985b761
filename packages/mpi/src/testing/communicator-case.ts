import type { Communicator } from "../communicator.js";

/** One thing that every communicator does. Every rank runs it; a failed assertion throws. */
export interface CommunicatorCase {
  readonly title: string;
  run(world: Communicator): void | Promise<void>;
}
