import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expectation, GraticuleError, type Logger } from "@graticule/core";
import { describeProcess, isRunning, type ProcessIdentity, thisProcess } from "./process-identity.js";

/** The right to work in a folder. */
export interface RunLock {
  /** @throws {GraticuleError} if another process has taken it, because this one gave no sign of life. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

interface Holder extends ProcessIdentity {
  readonly token: string;
}

const LOCK_FILE = "train.lock";

export interface LockTimes {
  /** How often the holder writes to the file. Units: seconds. */
  readonly beatSeconds: number;
  /** A holder on another machine that has not written for so long is gone. Units: seconds. */
  readonly goneAfterSeconds: number;
}

/** Longer than any turn of the event loop that a step may take, since none beats meanwhile. */
const TIMES: LockTimes = { beatSeconds: 15, goneAfterSeconds: 180 };

/** A rank that was just killed with its job may take a moment to be gone. Units: milliseconds. */
const MOST_DYING = 3000;

/**
 * Takes a run folder for this process. A lock whose process is gone is taken over with a warning: on this machine at once,
 * whatever killed it; one of another machine, which shares the file system, when it has not been touched for 180 s by the
 * file server's clock. So it is waited for at most that long.
 *
 * @throws {GraticuleError} if another process trains there.
 */
export async function lockRun(runFolder: string, logger: Logger, times: LockTimes = TIMES): Promise<RunLock> {
  await mkdir(runFolder, { recursive: true });
  const path = join(runFolder, LOCK_FILE);
  const own: Holder = { ...thisProcess(), token: randomUUID() };
  let waited: { token: string | undefined; modified: number } | undefined;
  const began = performance.now();
  for (;;) {
    const file = await create(path, own);
    if (file) {
      for (const name of await readdir(runFolder))
        if (name.startsWith(`${LOCK_FILE}.`)) await rm(join(runFolder, name), { force: true });
      return hold(path, file, own, times);
    }
    const found = await look(path);
    if (!found) continue;
    const { holder, modified } = found;
    const running = holder && isRunning(holder);
    const hasBeaten = waited && waited.token === holder?.token && waited.modified !== modified;
    if (running && performance.now() - began < MOST_DYING) {
      await setTimeout(50);
      continue;
    }
    if (running || (running === undefined && hasBeaten)) throw inUse(runFolder, holder);
    const name = holder ? describeProcess(holder) : "a process that wrote no name";
    if (running === undefined) {
      const silent = (await serverTime(`${path}.${own.token}`)) - modified;
      if (silent < times.goneAfterSeconds) {
        if (!waited) logger.info(`${path}: waiting for a sign of life of ${name}, ${times.goneAfterSeconds} s at most`);
        waited = { token: holder?.token, modified };
        await setTimeout(1000 * Math.min(5, times.goneAfterSeconds / 10));
        continue;
      }
    }
    if (await remove(path, holder?.token, `${path}.${own.token}`))
      logger.warn(`${path}: taking over from ${name}, which is gone`);
  }
}

/** Makes the file, or nothing if it is there. */
async function create(path: string, own: Holder): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
  try {
    await file.write(JSON.stringify(own), 0);
    return file;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

function hold(path: string, file: FileHandle, own: Holder, { beatSeconds }: LockTimes): RunLock {
  const text = JSON.stringify(own);
  // The same bytes again: the time of the change is the file server's. One that fails is made up for by the next.
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    beating = file.write(text, 0).catch(() => {});
  }, beatSeconds * 1000).unref();
  return {
    async assertHeld() {
      const holder = (await look(path))?.holder;
      if (holder?.token !== own.token) throw inUse(path, holder);
    },
    async release() {
      clearInterval(timer);
      await beating;
      await file.close();
      if ((await look(path))?.holder?.token === own.token) await rm(path, { force: true });
    },
  };
}

/** What the file says and when it was last written; nothing where it is gone. Units: seconds. */
async function look(path: string): Promise<{ holder: Holder | undefined; modified: number } | undefined> {
  try {
    const [text, { mtimeMs }] = [await readFile(path, "utf8"), await stat(path)];
    return { holder: parseHolder(text), modified: mtimeMs / 1000 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Nothing of a file that is not written yet, or never was. */
function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** The file system's own time, so that no two machines' clocks are compared. Units: seconds. */
async function serverTime(path: string): Promise<number> {
  await writeFile(path, "");
  const { mtimeMs } = await stat(path);
  await rm(path, { force: true });
  return mtimeMs / 1000;
}

/** Removes the lock of a holder; false if another process was faster, whose lock then stays. */
async function remove(path: string, token: string | undefined, aside: string): Promise<boolean> {
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const isIt = (await look(aside))?.holder?.token === token;
  if (!isIt) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return isIt;
}

function inUse(where: string, holder: Holder | undefined): GraticuleError {
  const got = holder ? describeProcess(holder) : "another";
  const message = expectation(
    where,
    "to be the only process that works there",
    got,
    "Stop that one, or choose another folder.",
  );
  return new GraticuleError("GRATICULE_IN_USE", message);
}
